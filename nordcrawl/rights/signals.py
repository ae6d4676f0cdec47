"""The signals: what each word of a publisher's is worth to an archive, as one table.

The table is data; docs/rights.md gives the same with the reasons at length. Knows nothing of
where a signal is read or which of two holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where a signal stood."""

    ROBOTS = "robots.txt"
    TDMREP = "tdmrep.json"
    HEADER = "header"
    META = "meta"


@dataclass(frozen=True, slots=True)
class Signal:
    """One row: a word and what it says, and whether it forbids keeping the page."""

    name: str
    value: str | None
    """The value that is spoken of; None where the word stands alone, or any value."""
    refuses: bool
    why: str
    source: str


_GOOGLE = "Google Search Central, robots meta tag, data-nosnippet and X-Robots-Tag"
_BING = "Bing Webmaster Blog, September 2023: controls for Bing Chat"
_DEVIANTART = "DeviantArt, All deviations are opted out of AI datasets (November 2022)"
_SIGNALS = "contentsignals.org; EU 2019/790 article 4(3)"
_AIPREF = "draft-ietf-aipref-vocab, draft-ietf-aipref-attach (work in progress)"

#: Every signal that is known. What is not here is recorded as it stands and decides nothing.
SIGNALS = (
    Signal("noarchive", None, True, "no copy is to be kept: what an archive is", _GOOGLE),
    Signal("nocache", None, True, "Bing's word for: no cached copy", _BING),
    Signal("noai", None, True, "no part in data sets, and no finer word beside it", _DEVIANTART),
    Signal(
        "tdm-reservation", "1", True, "rights to mine are reserved", "TDMRep; EU 2019/790 4(3)"
    ),
    Signal("search", "no", True, "not to be collected for finding: what is left is keeping",
           _SIGNALS),
    Signal("search", "n", True, "the same by AIPREF's words", _AIPREF),
    Signal("tdm-reservation", "0", False, "rights to mine are not reserved", "TDMRep"),
    Signal("tdm-policy", None, False, "where a licence to mine can be had", "TDMRep"),
    Signal("noimageai", None, False, "of pictures, which are not kept", _DEVIANTART),
    Signal("ai-train", "no", False, "a use, not the keeping: passed on to readers", _SIGNALS),
    Signal("ai-input", "no", False, "a use, not the keeping: passed on to readers", _SIGNALS),
    Signal("train-ai", "n", False, "a use, not the keeping: passed on to readers", _AIPREF),
    Signal("ai-input", "n", False, "the same by AIPREF's words", _AIPREF),
    Signal("noindex", None, False, "of being shown in a search engine", _GOOGLE),
    Signal("none", None, False, "noindex and nofollow in one word", _GOOGLE),
    Signal("unavailable_after", None, False, "noindex from a time on", _GOOGLE),
    Signal("nofollow", None, False, "of links", _GOOGLE),
    Signal("nosnippet", None, False, "of excerpts beside a search result", _GOOGLE),
    Signal("max-snippet", None, False, "of excerpts beside a search result", _GOOGLE),
    Signal("noimageindex", None, False, "of pictures, which are not kept", _GOOGLE),
    Signal("max-image-preview", None, False, "of pictures beside a search result", _GOOGLE),
    Signal("max-video-preview", None, False, "of films beside a search result", _GOOGLE),
    Signal("notranslate", None, False, "of translating a search result", _GOOGLE),
    Signal("indexifembedded", None, False, "of search results", _GOOGLE),
)  # fmt: skip

_REFUSING = frozenset((s.name, s.value) for s in SIGNALS if s.refuses)
#: The words of robots meta and X-Robots-Tag among them.
DIRECTIVES = frozenset(s.name for s in SIGNALS if s.value is None) - {"tdm-policy"}
#: Those that have a value after a colon, and so must not be taken for the name of a robot.
VALUED = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})

_VALUE_CHARS = 300
_FORM = re.compile(r"(?P<name>[a-z_-]{1,30})(?:=(?P<value>[^;]*))? \((?P<place>[a-z.]{4,11})\)")


@dataclass(frozen=True, slots=True)
class Statement:
    """A signal as it stood somewhere: ``tdm-reservation=1 (header)``."""

    name: str
    """In lower case, as in `SIGNALS`."""
    value: str
    place: Place

    @property
    def refuses(self) -> bool:
        """Whether it forbids keeping the page."""
        return (self.name, self.value) in _REFUSING or (self.name, None) in _REFUSING

    @property
    def signal(self) -> Signal | None:
        """The row that it is, if its value has one."""
        for row in SIGNALS:
            if row.name == self.name and row.value in (None, self.value):
                return row
        return None

    def __str__(self) -> str:
        value = " ".join(self.value.replace(";", " ").split())[:_VALUE_CHARS]
        return f"{self.name}{f'={value}' if value else ''} ({self.place})"


def join(statements: Iterable[Statement]) -> str:
    """Return statements as they stand in a record, parted by ``; ``, each once.

    >>> join([Statement("noarchive", "", Place.META), Statement("search", "no", Place.ROBOTS)])
    'noarchive (meta); search=no (robots.txt)'
    """
    return "; ".join(dict.fromkeys(map(str, statements)))


def split(text: str) -> tuple[Statement, ...]:
    """Read back what `join` wrote.

    Raises:
        ValueError: it did not write this.
    """
    found = []
    for part in filter(None, text.split("; ")):
        if (match := _FORM.fullmatch(part)) is None:
            raise ValueError(f"not a signal as a record has it: {part[:80]!r}")
        found.append(Statement(match["name"], match["value"] or "", Place(match["place"])))
    return tuple(found)
