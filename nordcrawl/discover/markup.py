"""Markup: the entries of a sitemap or feed out of XML of any quality.

Well-formed XML is streamed. Of the rest each entry is read for itself, so that a bad byte, a stray
``&`` or a lost end tag costs at most the entry that it stands in; only what is cut off at the end
is gone, and that is told. Entities that the document defines are never expanded, and nothing is
fetched.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from typing import Generic, TypeVar

from lxml import etree

from nordcrawl.discover.addresses import Unreadable
from nordcrawl.model.printable import shown

_T = TypeVar("_T")

#: Entries that are told of, of the bad ones.
SHOWN = 20
#: What no XML may hold. Source: XML 1.0 section 2.2 (Char).
_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TAG = re.compile(r"<([A-Za-z_][\w.:-]*)(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*>")
_REFERENCE = re.compile(r"&(#[xX]?[0-9A-Fa-f]{1,8};|[A-Za-z][A-Za-z0-9]{0,31};)?")
#: A ``<`` that begins nothing.
_NO_TAG = re.compile(r"<(?!/?[A-Za-z_][^<>]*>|!)")
#: What is read, by the local names of their root elements.
ROOTS = frozenset({"urlset", "sitemapindex", "rss", "feed", "rdf"})
_OWN = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})


@dataclass(slots=True)
class Entries(Generic[_T]):
    """What was made of a document's entries."""

    found: list[_T] = field(default_factory=list)
    root: str | None = None
    """Local name of the root element, lower-case; None if there is no element."""
    skipped: list[str] = field(default_factory=list)
    """Entries that were refused: the reason of each."""
    damage: list[str] = field(default_factory=list)
    """Entries whose markup is broken, and of which an address was had all the same."""
    lost: list[str] = field(default_factory=list)
    """Entries whose markup is broken, and of which no address was had."""
    cut: bool = False
    """The document breaks off."""
    fault: str | None = None
    """What the parser says of a document that is not well-formed."""
    more: bool = False
    """There are entries beyond the most that are read."""

    @property
    def problem(self) -> str | None:
        """Why this is not all that the document names."""
        parts = []
        if self.cut:
            parts.append(f"cut short (broken XML: {self.fault})")
        if self.lost:
            parts.append(f"broken XML: {len(self.lost)} entries lost, as {self.lost[0]}")
        if self.more:
            parts.append("more entries than are read")
        return "; ".join(parts) or None


def read(
    body: bytes,
    text: Callable[[], str],
    names: frozenset[str],
    take: Callable[[etree._Element, str], _T],
    most: int,
) -> Entries[_T]:
    """Return what `take` makes of each element that has one of the local names `names`.

    `take` is given the element and its base address as far as the document tells one (``xml:base``;
    empty if it tells none); it raises `ValueError` for an entry to be passed over. `body` is UTF-8
    and begins with its first character; `text` gives the same decoded.
    """
    entries: Entries[_T] = Entries()
    try:
        for element in _streamed(body, names, entries):
            if not _add(entries, element, take, most, ""):
                break
    except etree.XMLSyntaxError as error:
        # Once more from the start: what a parser says of the entries before a break is not kept.
        entries = Entries(fault=shown(error.msg))
        for piece, fault in _salvaged(text(), names, entries):
            if not _add(entries, piece, take, most, fault):
                break
        if not (entries.damage or entries.lost or entries.cut):
            entries.damage.append(f"broken XML: {entries.fault}")
    return entries


def _add(
    entries: Entries[_T],
    element: etree._Element | None,
    take: Callable[[etree._Element, str], _T],
    most: int,
    fault: str,
) -> bool:
    """Take an entry; return False when there are too many. `fault` is what broke it."""
    count = len(entries.found) + len(entries.skipped) + len(entries.lost)
    if count >= most:
        entries.more = True
        return False
    where = f"entry {count + 1}"
    try:
        if element is None:
            raise Unreadable("not to be made out")
        taken = take(element, element.base or "")
    except Unreadable as error:
        entries.lost.append(f"{where}: {error}")
    except ValueError as error:
        (entries.lost if fault else entries.skipped).append(
            f"{where}: {fault}" if fault else str(error)
        )
    else:
        entries.found.append(taken)
        if fault:
            entries.damage.append(f"{where}: {fault}")
    return True


def _streamed(body: bytes, names: frozenset[str], entries: Entries[_T]) -> Iterator[etree._Element]:
    parser = etree.iterparse(
        BytesIO(body),
        events=("start", "end"),
        encoding="utf-8",  # whatever the document says of itself: it was decoded
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )
    inside = 0  # an element of such a name may stand in an entry
    for event, element in parser:
        if entries.root is None:
            entries.root = local(element)
        elif local(element) not in names:
            continue
        elif event == "start":
            inside += 1
        elif (inside := inside - 1) == 0:
            yield element
            element.clear()
            before, parent = element.getprevious(), element.getparent()
            if before is not None and parent is not None and local(before) in names:
                parent.remove(before)


def _salvaged(
    text: str, names: frozenset[str], entries: Entries[_T]
) -> Iterator[tuple[etree._Element | None, str]]:
    """Yield each entry by itself, with what is wrong with it ("" if nothing is); None for one that
    can't be made out."""
    text = _NO_CHARACTER.sub("\ufffd", text)
    starts = list(_starts(text, names))
    around = _around(text[: starts[0][0] if starts else len(text)])
    entries.root = _name(around[0][1]) if around else None
    if around:
        end = re.compile(rf"</{re.escape(around[0][1])}\s*>", re.IGNORECASE)
        entries.cut = end.search(text, starts[-1][0] if starts else 0) is None
    for (start, name), (after, _) in pairwise([*starts, (len(text), "")]):
        piece = text[start:after]
        ends = [m.end() for m in re.finditer(rf"</{re.escape(name)}\s*>", piece, re.IGNORECASE)]
        if ends:
            piece = piece[: ends[-1]]
        elif after == len(text) and entries.cut:
            return  # half of it; that the document is cut is told
        yield _entry(around, piece if ends else f"{piece}</{name}>", names)


def _starts(text: str, names: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Yield where entries begin, and how their elements are written."""
    words = "|".join(sorted(names))
    token = re.compile(rf"<!--|<!\[CDATA\[|<((?:[\w.-]+:)?(?:{words}))(?=[\s>/])", re.IGNORECASE)
    place, endings = 0, {"<!--": "-->", "<![CDATA[": "]]>"}
    while (found := token.search(text, place)) is not None:
        place = found.end()
        if found[1] is not None:
            yield found.start(), found[1]
            continue
        ending = endings[found[0].upper()]
        after = text.find(ending, place)
        if after < 0:
            return  # what is not closed goes to the end
        place = after + len(ending)


def root_of(text: str) -> str | None:
    """Return the local name of a document's root element as far as its beginning tells, lower-case.

    What stands before it may be anything, such as a warning of the server's own.
    """
    around = _around(text)
    return _name(around[0][1]) if around else None


def _around(head: str) -> list[re.Match[str]]:
    """Return the start tags of the elements around all entries, which tell prefixes and base."""
    tags = [found for found in _TAG.finditer(head) if not found[0].endswith("/>")]
    known = [n for n, tag in enumerate(tags) if _name(tag[1]) in ROOTS]
    root = tags[known[0] : known[0] + 1] if known else tags[:1]
    if root and _name(root[0][1]) == "rss":
        root += [tag for tag in tags if _name(tag[1]) == "channel"][:1]
    return root


def _entry(
    around: Sequence[re.Match[str]], piece: str, names: frozenset[str]
) -> tuple[etree._Element | None, str]:
    parser = etree.XMLParser(
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    mended = _mended(piece)
    fault = "a character that can't be read" if "\ufffd" in mended else ""
    if mended != piece:
        fault = fault or "an entity or character that is no markup"
    opening = "".join(tag[0] for tag in around)
    closing = "".join(f"</{tag[1]}>" for tag in reversed(around))
    try:
        root = etree.fromstring(f"{opening}{mended}{closing}".encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return None, shown(getattr(error, "msg", str(error)), 120)
    element = None if root is None else next((e for e in root.iter() if local(e) in names), None)
    told = [error.message for error in parser.error_log]
    told = [text for text in told if not text.startswith("Namespace prefix")]
    return element, fault or (shown(told[0], 120) if told else "")


def _mended(piece: str) -> str:
    """Return an entry whose entities XML knows: HTML's by their characters, others as text."""
    parts = re.split(r"(<!\[CDATA\[.*?\]\]>)", piece, flags=re.DOTALL)
    return "".join(
        part
        if part.startswith("<![CDATA[")
        else _NO_TAG.sub("&lt;", _REFERENCE.sub(_reference, part))
        for part in parts
    )


def _reference(match: re.Match[str]) -> str:
    name = match[1]
    if name is None:
        return "&amp;"
    if name in _OWN:
        return match[0]
    if name.startswith("#"):
        character = html.unescape(match[0])
        good = len(character) == 1 and character != "\ufffd"
        return match[0] if good and not _NO_CHARACTER.match(character) else "\ufffd"
    character = html.unescape(match[0])
    return f"&amp;{name}" if character.startswith("&") else character.replace("<", "&lt;")


def local(element: etree._Element) -> str:
    """Return the local name of an element, lower-case; of a prefix that nobody declares the part
    behind it; empty for what is no element."""
    return _name(element.tag) if isinstance(element.tag, str) else ""


def _name(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def space(element: etree._Element) -> str:
    """Return the namespace of an element; of a prefix that nobody declares the prefix."""
    if not isinstance(element.tag, str):
        return ""
    name, _, tag = element.tag.rpartition("}")
    return name.removeprefix("{") or tag.rpartition(":")[0]


def address_in(element: etree._Element) -> str:
    """Return the address that stands in an element.

    Raises:
        Unreadable: a part of it is an entity that the document defines, which is not expanded.
    """
    if any(not isinstance(child.tag, str) for child in element):
        raise Unreadable("an address with an entity of the document's own in it")
    return text_of(element)


def text_of(element: etree._Element) -> str:
    """Return the text in an element, single-spaced."""
    return " ".join("".join(element.itertext()).split())
