"""Read a page's h1 elements: the whole line, and the headline in it without its kicker.

Does not know which of several headings is the article's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import cast

from lxml import etree
from lxml.html import HtmlElement

from nordcrawl.extract.page.text import key, unmarked
from nordcrawl.extract.page.unseen import is_read_aloud

#: Bounds for pages whose headings are not closed.
_MOST = 100
_TEXTS = 1000
_CHARS = 2000
#: In a heading these hold no words of it. Source: HTML Living Standard, 4.5.12 (rt and rp hold the
#: reading of what stands beside them), 4.2.6 (style), 4.12 (scripting).
_SILENT = frozenset(("style", "script", "noscript", "template", "svg", "rt", "rp"))
_BREAKS = frozenset(("br", "p", "div", "h2", "h3", "h4", "li", "ul"))
#: Names of classes for the line above a headline. A subtitle is one only where it stands first.
_KICKER = re.compile(
    r"kicker|over-?line|top-?line|dachzeile|roof-?line|eyebrow|(?:supe?r|over|pre|sub)-?"
    r"(?:title|heading|headline|head)|surtitre|antetitulo|volanta|spitzmarke|stikktittel|trumpet|"
    r"(?<![a-z])(?:label|badge|flag|sticker|ribbon|premium|live|breaking)(?![a-z])",
    re.IGNORECASE,
)
#: What parts a kicker from the headline; a dash opens speech and stays.
_JOINT = " :|/-·•"


#: A trail's step is a level or two above the heading, and in few letters; below it so many elements
#: are looked at, lines of so many characters of white space too, in so many texts.
_TRAIL_LEVELS, _STEP_CHARS = 2, 60
_BELOW, _LINE_CHARS, _PARTS = 600, 1000, 40
_NO_LINES = frozenset(
    (
        "a",
        "nav",
        "aside",
        "footer",
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "path",
        "img",
        "button",
    )
)

_OTHERS = ("a", "nav", "aside", "footer")
#: Names of classes for what stands behind a headline on its line, and links that do.
_BEHIND = re.compile(
    r"sub-?(?:title|heading|headline|head)|untertitel|undertittel|under-?rubrik|tagline|comment|"
    r"read(?:ing)?-?time|(?<![a-z])(?:date|edit|editsection|share|print|meta)(?![a-z])|"
    r"(?:header|perma)-?link|(?<![a-z])anchor",
    re.IGNORECASE,
)
_HEADLINE = re.compile(r"(?<![a-z-])(?:head-?line|title)(?![a-z])", re.IGNORECASE)
_ASIDE = frozenset(("time", "small", "button"))
_TOOLS = re.compile(r"[\W_]*(?:\[\s*\w{2,12}\s*\])?[\W_]*")
#: Pieces of a heading, and headings of the second level, that are looked at.
_PIECES, _SECOND = 8, 12
_HIDDEN_LEVELS = 2
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_MARKED = etree.XPath(
    "//body//*[@itemprop='headline' or (@role='heading' and @aria-level='1')][not(self::h1)]"
)

_HOME = re.compile(r"/|(?:https?:)?//[^/?#]+/?|\./")


@dataclass(frozen=True, slots=True)
class Heading:
    """One h1 that has text."""

    text: str
    bare: str
    """Without the kicker, where an element in the heading is marked as one; else the same."""
    leads_home: bool = False
    """Whether all of it is a link to the front page, as the site's name is."""
    pieces: tuple[str, ...] = ()
    """Its words by the elements that they stand in, where these are several; else none."""
    below: frozenset[str] = frozenset()
    """Keys of the lines below it, where it is the last step of a trail; else none."""


def read(root: HtmlElement) -> tuple[Heading, ...]:
    """Return the page's headings in order."""
    elements = (e for e in islice(root.iter("h1"), _MOST) if not _is_hidden(e))
    found = [(element, heading) for element in elements if (heading := of(element))]
    if found and is_in_trail(found[0][0]):
        element, heading = found[0]
        found[0] = element, replace(heading, below=_lines_below(element))
    return tuple(heading for _, heading in found)


def marked(root: HtmlElement) -> tuple[str, ...]:
    """Return what is marked as the headline, or as a heading of the first level, and is no h1.

    Source: schema.org, headline; WAI-ARIA 1.2, heading and aria-level.
    """
    found = cast("list[HtmlElement]", _MARKED(root))[:_SECOND]
    lines = (e.get("content") or _line(e) for e in found if e.tag != "meta")
    return tuple(line for line in lines if line)


def second(root: HtmlElement) -> tuple[str, ...]:
    """Return the first headings of the second level that stand in no menu and lead nowhere."""
    found: list[str] = []
    for element in islice(root.iter("h2"), _SECOND):
        if next(element.iterancestors(*_OTHERS), None) is None and (line := _line(element)):
            links = next(element.iter("a"), None)
            if links is None or "".join(_line(links).split()) != "".join(line.split()):
                found.append(line)
    return tuple(found)


def _is_hidden(element: HtmlElement) -> bool:
    """Return whether an element, or what it stands in, is not shown."""
    return any(
        e.get("hidden") is not None or _HIDDEN.search(e.get("style") or "") is not None
        for e in (element, *islice(element.iterancestors(), _HIDDEN_LEVELS))
        if e.tag != "body"
    )


def is_in_trail(heading: HtmlElement) -> bool:
    """Return whether a heading stands behind links, and last, on a line, as the last step of a
    trail does.

    Some print what search engines are to read there, and the headline below it.
    """
    step = heading
    for _ in range(_TRAIL_LEVELS):
        before = [e for e in step.itersiblings(preceding=True) if _says(e)]
        if before:
            is_last = not any(_says(e) for e in step.itersiblings())
            return is_last and all(_is_step(e) for e in before)
        parent = step.getparent()
        if parent is None or parent.tag in ("article", "main", "body"):
            return False
        step = parent
    return False


def _says(element: HtmlElement) -> bool:
    return isinstance(element.tag, str) and bool(key(_line(element)))


def _is_step(element: HtmlElement) -> bool:
    """Return whether all that an element says is a short link."""
    line = _line(element)
    links = [element] if element.tag == "a" else list(element.iter("a"))
    return len(line) <= _STEP_CHARS and key("".join(map(_line, links))) == key(line)


def _lines_below(heading: HtmlElement) -> frozenset[str]:
    """Return the keys of the lines that stand below a heading and are no links; of other headings
    what they end with, as what they begin with may be a kicker."""
    found = set()
    for element in islice(heading.xpath("following::*"), _BELOW):
        if element.tag in _NO_LINES or next(element.iterancestors(*_OTHERS), None) is not None:
            continue
        if 0 < sum(map(len, islice(element.itertext(), _PARTS))) <= _LINE_CHARS:
            line = key(_line(element))
            around = next(element.iterancestors("h2", "h3"), None)
            if around is None or key(_line(around)).endswith(line):
                found.add(line)
    return frozenset(found - {""})


def of(element: HtmlElement) -> Heading | None:
    """Return what a heading's element says, None where it says nothing."""
    whole = _line(element) or unmarked("".join(islice(element.itertext(), _TEXTS))[:_CHARS])
    if not whole:
        return None
    if _leads_home(element, whole):
        return Heading(whole, whole, leads_home=True)
    bare = whole
    pieces: tuple[str, ...] = ()
    if len(element):
        pieces = tuple(islice((p for t in _texts(element) if (p := unmarked(t))), _PIECES))
        bare = _without_asides(element, whole)
    if (kicker := _kicker(element)) is not None:
        rest = bare.removeprefix(_line(kicker)).lstrip(_JOINT)
        bare = rest if len(key(rest)) > len(key(bare)) / 3 else bare
    return Heading(whole, bare, pieces=pieces if len(pieces) > 1 else ())


def _without_asides(heading: HtmlElement, whole: str) -> str:
    """Return a heading's line without what stands behind the headline: when, how long, a line
    below it, ways to edit, share and link."""
    bare = whole
    for child in reversed(heading):
        if (child.tail or "").strip() or not _is_aside(child):
            break
        rest = bare.removesuffix(_line(child)).rstrip()
        if not key(rest):
            break
        bare = rest
    return bare


def _is_aside(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str):
        return False
    names = element.get("class") or ""
    if element.tag in _ASIDE or (_BEHIND.search(names) and not _HEADLINE.search(names)):
        return True
    return element.tag == "a" and _TOOLS.fullmatch(_line(element)) is not None


def _leads_home(heading: HtmlElement, whole: str) -> bool:
    """Return whether a heading is, or stands in, a link to the front page."""
    links = [*heading.iter("a"), *heading.iterancestors("a")]
    return len(links) == 1 and (
        _HOME.fullmatch((links[0].get("href") or "").strip()) is not None
        and key(_line(links[0])).startswith(key(whole))
    )


def _line(element: HtmlElement) -> str:
    """Return the words in an element, those of silent elements left out."""
    return unmarked("".join(islice(_texts(element), _TEXTS))[:_CHARS])


def _texts(element: HtmlElement) -> Iterator[str]:
    """Yield the texts in an element as they are read: what breaks the line parts words."""
    if next(element.iter(*_SILENT, *_BREAKS), None) is None and not _hides_any(element):
        yield from element.itertext()
        return
    yield element.text or ""
    for child in element:
        if child.tag in _BREAKS:
            yield " "
        if child.tag not in _SILENT and not (isinstance(child.tag, str) and is_read_aloud(child)):
            yield from _texts(child)
        if child.tag in _BREAKS:
            yield " "
        yield child.tail or ""


def _hides_any(element: HtmlElement) -> bool:
    """Return whether an element holds a word that only a screen reader reads, and others."""
    return len(element) > 0 and any(
        isinstance(e.tag, str) and is_read_aloud(e) for e in element.iterdescendants()
    )


def _kicker(heading: HtmlElement) -> HtmlElement | None:
    """Return the element that a heading begins with, if its class says that it is a kicker."""
    if (heading.text or "").strip():
        return None
    for element in heading.iterdescendants():
        if _KICKER.search(element.get("class") or ""):
            return element
        if (element.text or "").strip() and element.tag not in _SILENT:
            return None
        if (element.tail or "").strip():
            return None
    return None
