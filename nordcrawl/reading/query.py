"""Query: which records are wanted, checked, and whether a record is one of them.

Pure. What is wrong with a value is said in the words of who gave it: an option or an argument.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final, Self, TypeAlias, TypedDict

from nordcrawl.errors import ArchiveDamaged, UsageError
from nordcrawl.model.printable import shown
from nordcrawl.model.times import parse_rfc3339
from nordcrawl.reading import addresses

#: A whole UTC day, or a time with its zone; a string says either.
Moment: TypeAlias = date | datetime | str
#: One of these words is enough; a single string is one word.
Words: TypeAlias = str | Iterable[str]

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENTS: Final = "a date 2026-01-31 (a whole day in UTC) or a time 2026-01-31T06:00Z is allowed"


class Filters(TypedDict, total=False):
    """What records can be chosen by. Of several values of one filter one must hold; of `text` all.

    A record without a language, section, kind or publication time is not chosen by it.
    """

    source: Words | None
    language: Words | None
    """BCP 47; ``en`` is ``en-GB`` too."""
    section: Words | None
    kind: Words | None
    """What the page says it is, as ``news`` or ``commentary``."""
    article: Words | None
    """Ids of articles."""
    url: Words | None
    """An address at which the article was found, with or without scheme and ``www.``; a record
    from before a move does not know the later one."""
    published_from: Moment | None
    published_to: Moment | None
    """Inclusive, as are all ends: a date is the whole of its day."""
    fetched_from: Moment | None
    fetched_to: Moment | None
    text: Words | None
    """Substrings of title, subtitle or text, whatever their case."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, both ends included; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def __bool__(self) -> bool:
        return self.start is not None or self.end is not None

    def holds(self, at: datetime | None) -> bool:
        """Return whether a time lies within; no time lies in no stretch that has an end."""
        if at is None:
            return not self
        return (self.start is None or self.start <= at) and (self.end is None or at <= self.end)


@dataclass(frozen=True, slots=True)
class Query:
    """Which records are wanted."""

    latest: bool = False
    """Each article once, as its latest revision; filters then choose among these."""
    as_of: datetime | None = None
    """Only what the archive had accepted by then."""
    sources: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    """Folded."""
    sections: frozenset[str] = frozenset()
    """Folded."""
    kinds: frozenset[str] = frozenset()
    """Folded."""
    articles: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()
    """Without what makes no difference; see `nordcrawl.reading.addresses.bare`."""
    published: Span = Span()
    fetched: Span = Span()
    words: tuple[str, ...] = ()
    """Folded."""

    @classmethod
    def of(
        cls,
        *,
        latest: bool = False,
        as_of: Moment | None = None,
        source: Words | None = None,
        language: Words | None = None,
        section: Words | None = None,
        kind: Words | None = None,
        article: Words | None = None,
        url: Words | None = None,
        published_from: Moment | None = None,
        published_to: Moment | None = None,
        fetched_from: Moment | None = None,
        fetched_to: Moment | None = None,
        text: Words | None = None,
        spelled: Callable[[str], str] = str,
    ) -> Self:
        """Check what was asked for; `spelled` turns a parameter's name into what its giver wrote.

        Raises:
            UsageError: a value is wrong; the text names the parameter and what is allowed.
        """

        def span(name: str, first: Moment | None, last: Moment | None) -> Span:
            start_name, end_name = spelled(f"{name}_from"), spelled(f"{name}_to")
            span = Span(
                None if first is None else moment(first, start_name),
                None if last is None else moment(last, end_name, end=True),
            )
            if span.start and span.end and span.start > span.end:
                raise UsageError(
                    f"{start_name} {shown(str(first))} lies after {end_name} {shown(str(last))}"
                )
            return span

        return cls(
            latest=latest,
            as_of=None if as_of is None else moment(as_of, spelled("as_of"), end=True),
            sources=frozenset(_words(source, spelled("source"))),
            languages=frozenset(map(fold, _words(language, spelled("language")))),
            sections=frozenset(map(fold, _words(section, spelled("section")))),
            kinds=frozenset(map(fold, _words(kind, spelled("kind")))),
            articles=frozenset(_words(article, spelled("article"))),
            urls=frozenset(
                addresses.bare(addresses.given(one, f"no address for {spelled('url')}"))
                for one in _words(url, spelled("url"))
            ),
            published=span("published", published_from, published_to),
            fetched=span("fetched", fetched_from, fetched_to),
            words=tuple(map(fold, _words(text, spelled("text")))),
        )

    @property
    def reads_records(self) -> bool:
        """Whether a record must be looked into for what the archive's reader does not choose by:
        that is source, time of fetch and time of acceptance."""
        return any(
            (
                *(self.languages, self.sections, self.kinds, self.articles, self.urls),
                *(self.published, self.words),
            )
        )

    def chooses(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record passes the filters; `latest` and `as_of` are the reader's.

        Raises:
            ArchiveDamaged: a time in it is none.
        """
        return (
            (not self.sources or record["source"] in self.sources)
            and (not self.articles or record["article_id"] in self.articles)
            and (not self.urls or self._is_at(record))
            and (not self.kinds or fold(record.get("kind") or "") in self.kinds)
            and (not self.languages or self._speaks(record.get("language")))
            and (not self.sections or fold(record.get("section") or "") in self.sections)
            and (not self.published or self.published.holds(time_of(record, "published_at")))
            and (not self.fetched or self.fetched.holds(time_of(record, "fetch", "fetched_at")))
            and (not self.words or self._tells(record))
        )

    def _speaks(self, language: str | None) -> bool:
        """Source: RFC 4647 section 3.3.1, basic filtering."""
        tag = fold(language or "")
        return any(tag == asked or tag.startswith(f"{asked}-") for asked in self.languages)

    def _is_at(self, record: Mapping[str, Any]) -> bool:
        return any(
            addresses.same(wanted, address)
            for address in addresses.of_article(record)
            for wanted in self.urls
        )

    def _tells(self, record: Mapping[str, Any]) -> bool:
        texts = [fold(record.get(name) or "") for name in ("title", "subtitle", "text")]
        return all(any(word in text for text in texts) for word in self.words)


def fold(text: str) -> str:
    """Return a text in the one form in which its spelling and case make no difference.

    >>> fold("TROMSØ A\\u030angstro\\u0308m") == fold("tromsø ångström")
    True
    """
    # Folding can undo the composed form, so it is made a second time.
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def moment(value: Moment, name: str, *, end: bool = False) -> datetime:
    """Return a time in UTC: of a date its first instant, or its last one if `end`.

    Raises:
        UsageError: it is neither date nor time, or a time without a zone.

    >>> moment("2026-01-31", "--as-of", end=True).isoformat()
    '2026-01-31T23:59:59.999999+00:00'
    """
    at = value
    if isinstance(at, str):
        at = _parsed(at.strip(), name)
    if not isinstance(at, datetime):
        return datetime.combine(at, time.max if end else time.min, tzinfo=UTC)
    if at.utcoffset() is None:
        raise UsageError(
            f"{name} {shown(str(value))!r}: the time has no zone; end it with Z or +01:00"
        )
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"{name} {shown(str(value))!r}: out of the calendar") from None


def time_of(record: Mapping[str, Any], *path: str) -> datetime | None:
    """Return a time of a record.

    Raises:
        ArchiveDamaged: what is there is no time.
    """
    value: Any = record
    for name in path:
        value = value.get(name)
    try:
        return parse_rfc3339(value)
    except (ValueError, TypeError) as error:
        raise ArchiveDamaged(
            f"{shown(str(record.get('article_id')))} revision {record.get('revision')}: "
            f"{'.'.join(path)} is no time: {shown(str(value))!r}"
        ) from error


def _parsed(text: str, name: str) -> date | datetime:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if _DATE.match(text):  # not the other spellings of ISO 8601, as 20260131
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise UsageError(f"{name} {shown(text)!r}: {_MOMENTS}")


def _words(given: Words | None, name: str) -> list[str]:
    words = [given] if isinstance(given, str) else list(given or ())
    if any(not word.strip() for word in words):
        raise UsageError(f"{name} is empty: a word is needed")
    return words
