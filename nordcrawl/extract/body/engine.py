"""Ask trafilatura which lines of a page are the article, and find them again in the page.

The engine's tree is thrown away: only its choice is used, so that text, order and kind come from
the page itself. Does not correct the choice; that is for `nordcrawl.extract.body.rules`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from copy import copy, deepcopy
from functools import cached_property, lru_cache
from itertools import accumulate

from lxml import etree, html
from lxml.html import HtmlElement
from trafilatura.core import bare_extraction
from trafilatura.readability_lxml import Document as Readability
from trafilatura.settings import DEFAULT_CONFIG, Extractor

from nordcrawl.extract.page.pictures import shows_any
from nordcrawl.extract.page.text import clean, key
from nordcrawl.extract.page.text_runs import TextRun
from nordcrawl.extract.page.tree import cut, text_of
from nordcrawl.extract.page.unseen import is_named_for_unfolding

#: Elements in the engine's result above which it gives up; a book has fewer paragraphs.
_MAX_TREE_SIZE = 20_000
#: The careful choice is kept when it has this share of the words of the default one; else
#: readability decides. Measured on 274 news pages.
_ENOUGH = 0.75
_TEXT_WORDS = 8
_PART_LINKED = 0.5
_AGREED = 0.8
#: A run is chosen when this part of its letters was.
_COVERED = 0.5
#: A line with more of its letters in links is one of a menu, or of a list of articles.
_LINKED = 0.8
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
#: Attributes that trafilatura's XPaths and its readability ask for (2.3.1, xpaths.py).
_LOOKED_AT = frozenset(
    [
        "class", "id", "style", "itemprop", "role", "data-component", "data-testid", "rel", "href",
        "data-lp-replacement-content", "aria-hidden",
    ]
)  # fmt: skip
_NO_TEXT = frozenset(["script", "style", "noscript", "svg", "iframe", "template"])
_BULLET = re.compile(r"^(?:[-•*]|\d{1,2}[.)])\s+")


@lru_cache(maxsize=8)
def _options(precision: bool, fast: bool, comments: bool) -> Extractor:
    config = deepcopy(DEFAULT_CONFIG)
    config.set("DEFAULT", "MAX_TREE_SIZE", str(_MAX_TREE_SIZE))
    return Extractor(
        config=config, output_format="python", precision=precision, fast=fast, comments=comments
    )


class Answers:
    """What the engine says of a page, asked for once and only when wanted.

    `runs` are all of the page: a choice that has most of what could be text in them can't be
    bettered by much, and neither the engine's comparison of algorithms nor its default choice is
    asked for. Measured on 847 pages: the same lines as with all of them, for half of the time.
    `hidden` is what no reader sees.
    """

    def __init__(
        self,
        root: HtmlElement,
        runs: Sequence[TextRun],
        hidden: frozenset[HtmlElement] = frozenset(),
    ) -> None:
        self._root = slim(root, runs, hidden)
        self.most = sum(
            run.words for run in runs if run.words >= _TEXT_WORDS and run.link_share < _PART_LINKED
        )
        """Words of what may be text on the page: lines of some words that are no links."""

    def lines(self) -> list[str]:
        """Return the lines that are the article with care, none when the engine finds no text or
        fails on it; the default ones where those are far more and readability has them too."""
        for fast in (True, False):
            careful = _run(self._root, True, fast)
            count = sum(line.count(" ") + 1 for line in careful)
            if count and count >= _ENOUGH * self.most:
                return careful
        default = self.default()
        if count >= _ENOUGH * sum(line.count(" ") + 1 for line in default):
            return careful
        return careful if _is_arbitrated(self._root, careful) else default

    def default(self) -> list[str]:
        """Return the lines that the engine gives to whoever asks for nothing special."""
        return self._default

    @cached_property
    def _default(self) -> list[str]:
        return _run(self._root, False)


def whole(root: HtmlElement) -> list[str]:
    """Return the lines of the engine's default answer on a page as it is, nothing cut off: what it
    takes for comments by a name is no proof where there is no other text."""
    return _run(deepcopy(root), False, comments=True)


def slim(
    root: HtmlElement,
    runs: Sequence[TextRun],
    hidden: frozenset[HtmlElement] = frozenset(),
) -> HtmlElement:
    """Return a copy of the page without what can't be its text: menus, scripts, empty elements.

    The engine copies the tree five times and asks some fifty XPaths of each; most of a news page
    is links. Kept are the elements that hold a line which isn't one, and what is around them.
    """
    texts = {run.element for run in runs if run.link_share < _LINKED and "button" not in run.near}
    kept: set[HtmlElement] = set(texts)
    for element in texts:
        for above in element.iterancestors():
            if above in kept:
                break
            kept.add(above)
    copied = root.makeelement("html", _attributes(root))
    _slim(root, copied, kept, texts, hidden)
    return copied


def _slim(
    source: HtmlElement,
    copied: HtmlElement,
    kept: set[HtmlElement],
    texts: set[HtmlElement],
    hidden: frozenset[HtmlElement],
) -> None:
    """Fill an element's copy with its text and with those of its children that are kept."""
    has_text = source in texts
    last: HtmlElement | None = None
    if has_text:
        copied.text = source.text
    for child in source:
        inner: HtmlElement | None = None
        if child in kept:
            tag = str(child.tag)
            if child in texts and (tag == "span" or "-" in tag):
                tag = "p"  # printed as a paragraph, which its tag does not tell
            elif "-" in tag or not _TAG.fullmatch(tag):
                tag = "div"
            elif tag == "figure" and not shows_any(child):
                tag = "div"  # of text, which the engine leaves out with all figures
            inner = etree.SubElement(copied, tag, _attributes(child))
            _slim(child, inner, kept, texts, hidden)
        elif has_text and child.tag not in _NO_TEXT and child not in hidden:
            whole = not hidden or hidden.isdisjoint(child.iter())
            inner = deepcopy(child) if whole else _shown(child, hidden)
            inner.tail = None
            copied.append(inner)
        if inner is not None:
            last = inner
        if has_text and child.tail:
            if last is None:
                copied.text = (copied.text or "") + child.tail
            else:
                last.tail = (last.tail or "") + child.tail


def _shown(element: HtmlElement, hidden: frozenset[HtmlElement]) -> HtmlElement:
    """Return a copy of an element without the hidden ones in it, whose tails stay."""
    places = {index for index, inner in enumerate(element.iter()) if inner in hidden}
    copied = deepcopy(element)
    for inner in [e for index, e in enumerate(copied.iter()) if index in places]:
        cut(inner)
    return copied


def _attributes(element: HtmlElement) -> dict[str, str]:
    """Return those attributes that the engine looks at; the style of what a reader unfolds by its
    name would hide it from the engine."""
    kept = {name: value for name, value in element.items() if name in _LOOKED_AT}
    if "style" in kept and is_named_for_unfolding(element):
        del kept["style"]
    return kept


def _run(
    root: HtmlElement, precision: bool, fast: bool = False, *, comments: bool = False
) -> list[str]:
    try:
        document = bare_extraction(root, options=copy(_options(precision, fast, comments)))
    except MemoryError:
        raise  # the page's failure, and not that it has no text
    except Exception:  # noqa: BLE001 - foreign code on hostile pages: any failure is "no text"
        return []
    text = getattr(document, "text", None) or ""
    return [line for part in text.split("\n") if (line := clean(_BULLET.sub("", part.strip())))]


def _is_arbitrated(root: HtmlElement, careful: Sequence[str]) -> bool:
    """Return whether readability's text is all in the careful choice, which then is the article."""
    try:
        summary = Readability(deepcopy(root), min_text_length=25).summary()
        words = key_words(text_of(html.fromstring(summary)))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - as above
        return False
    theirs = {tuple(words[i : i + 3]) for i in range(len(words) - 2)}
    mine = key_words(" ".join(careful))
    ours = {tuple(mine[i : i + 3]) for i in range(len(mine) - 2)}
    return bool(theirs) and len(theirs & ours) >= _AGREED * len(theirs)


def key_words(text: str) -> list[str]:
    """Return the words of a text, case-folded."""
    return re.findall(r"\w+", text.casefold())


def anchor(found: Sequence[str], runs: Sequence[TextRun]) -> list[int]:
    """Return the indices of the runs that the lines cover, in page order.

    A line may span several runs, or be a part of one; the nearest place after the last line is
    taken first, for text that stands twice on a page.
    """
    page = "".join(run.key for run in runs)
    starts = [0, *accumulate(len(run.key) for run in runs)]
    covered = [0] * len(runs)
    last = 0
    for line in found:
        folded = key(line)
        if not folded:
            continue
        for piece in _pieces(folded):
            at = page.find(piece, last)
            if at < 0 or len(piece) < 12:
                at = _whole(piece, page, starts, last)
            if at < 0:
                continue
            end = at + len(piece)
            index = bisect_right(starts, at) - 1
            while index < len(runs) and starts[index] < end:
                covered[index] += min(end, starts[index + 1]) - max(at, starts[index])
                index += 1
            last = end
            break
    return [i for i, run in enumerate(runs) if run.key and covered[i] >= _COVERED * len(run.key)]


def _pieces(folded: str) -> list[str]:
    """Return a line, and parts of it for one in which the engine has changed something."""
    if len(folded) < 60:
        return [folded]
    half = len(folded) // 2
    return [folded, folded[:half], folded[half:], folded[10 : half - 10]]


def _whole(piece: str, page: str, starts: list[int], last: int) -> int:
    """Return where a line is found that is short or behind: only as a whole run, if short."""
    for begin in (last, 0):
        at = page.find(piece, begin)
        while at >= 0:
            index = bisect_right(starts, at) - 1
            if len(piece) >= 12 or (starts[index] == at and starts[index + 1] == at + len(piece)):
                return at
            at = page.find(piece, at + 1)
    return -1
