"""Boxes: pull quotes and pictures' captions, told by how they stand and not by one class name.

Looks at a whole page's runs before any is chosen: who is quoted is the last short line in the
quote's box, and a short line in a picture's own smallest box is its caption. Does not decide
whether a box belongs to the article.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from lxml.html import HtmlElement

from nordcrawl.extract.body.captions import is_small, names_within
from nordcrawl.extract.body.container import Shape, shape_of
from nordcrawl.extract.lexicon.phrases import CREDIT_IN_CAPTION, CREDIT_LABEL
from nordcrawl.extract.page.marks import words_of
from nordcrawl.extract.page.text import SENTENCE_ENDS, clean, key
from nordcrawl.extract.page.text_runs import Cut, Picture, TextRun
from nordcrawl.extract.page.tree import text_of

#: Words of a class or tag that make an element a pull quote's box, or a line in it.
QUOTE_WORDS = frozenset(
    (
        "quote", "pullquote", "quotebox", "blockquote", "quotation", "sitat", "zitat", "citat",
        "sitatboks", "uttrekk", "pullquotes", "quotes",
    )
)  # fmt: skip
#: The others are as often the name of an ordinary quotation.
_PULL_WORDS = QUOTE_WORDS - {"blockquote", "quotes"}
#: Words of a class of the line that names who is quoted.
_WHO_WORDS = frozenset(
    (
        "author", "byline", "cite", "citation", "source", "kilde", "credit", "name", "navn", "who",
        "speaker", "person", "attribution", "caption", "role", "rolle", "footer", "signature",
    )
)  # fmt: skip
#: A box of more words or runs is a wrapper of text and no pull quote.
_QUOTE_TEXT = 150
_QUOTE_RUNS = 8
#: Who is quoted, with a title and a place, has so many words at most; beside a role, so many.
_WHO_LENGTH = 16
_NAME_LENGTH = 8
#: Only such elements are a pull quote's by the marks around their words alone.
_OWN_BOX = frozenset(("aside", "figure", "details"))
_QUOTED = re.compile(r"^[«“„»\"”].{8,}[»”“«\"][.!?,]?$")
_DASHES = "–—-‒―− "
#: What in and around a pull quote's box tells of the box and not of the words in it.
_OF_BOX = frozenset(
    (
        "aside", "byline", "caption", "credit", "figure", "lead", "label", "cite", "bio", "time",
        "header", "footer", "toggle", "gallery", "list", "share",
    )
)  # fmt: skip
_NO_QUOTE = frozenset(("table", "factbox", "update", "comments", "nav", "form", "related", "ad"))
#: Levels above a picture at which its box may be.
_LEVELS = 5
_CAPTION_RUNS = 4
_CAPTION_WORDS = 90
_LINKED = 0.5
#: So many lines beside pictures, with more than this share of the words, are no captions.
_MANY = 4
_MUCH = 0.3
_NO_CAPTION = frozenset(
    (
        "heading", "list", "table", "quote", "factbox", "update", "comments", "nav", "form", "bio",
        "related", "footer", "ad", "newsletter", "button", "toggle", "time", "tags", "player",
        "share", "tooltip",
    )
)  # fmt: skip
_NO_PICTURE = frozenset(("byline", "bio", "nav", "related", "comments", "footer", "ad", "share"))
_PLAIN = frozenset(("p", "div", "span", "em", "small", "figcaption", "td", "center", "section"))
#: Share of a page's longer paragraphs above which their shape is the text's.
_TEXT_SHARE = 0.15
_TEXT_LENGTH = 12
#: The part of a line that is in italics where it is set off as a whole.
_SET_OFF = 0.9


def boxed(found: Cut) -> Cut:
    """Return a page's runs and pictures, those of pull quotes and captions marked as such.

    Order and text stay; a line that holds a quote and its speaker in elements of their own is
    parted in two.
    """
    wide = _wide_marks(found.runs)
    runs = list(found.runs)
    pictures = list(found.pictures)
    if any("quote" in run.marks for run in runs) or any(map(_may_be_quoted, runs)):
        runs, pictures = _parted(runs, pictures)
        _mark_quotes(runs, wide)
    if pictures:
        _mark_captions(runs, pictures, wide)
    return Cut(tuple(runs), tuple(pictures))


def _wide_marks(runs: Sequence[TextRun]) -> frozenset[str]:
    """Return the marks that most of a page's longer text has: they tell of what is around it."""
    weights: Counter[str] = Counter()
    total = 0
    for run in runs:
        if run.words >= _TEXT_LENGTH and run.link_share < _LINKED:
            total += run.words
            for mark in run.marks:
                weights[mark] += run.words
    return frozenset(mark for mark, weight in weights.items() if 2 * weight > total)


# --- pull quotes -----------------------------------------------------------------------------


def _may_be_quoted(run: TextRun) -> bool:
    return run.text[0] in '«“„»"”' and _QUOTED.match(run.text) is not None


def _under(runs: Sequence[TextRun], wanted: set[HtmlElement]) -> dict[HtmlElement, list[int]]:
    """Return for each wanted element the indices of the runs in it."""
    found: dict[HtmlElement, list[int]] = {}
    for index, run in enumerate(runs):
        for element in (run.element, *run.element.iterancestors()):
            if element in wanted:
                found.setdefault(element, []).append(index)
    return found


def _quote_boxes(
    runs: Sequence[TextRun], wide: frozenset[str]
) -> Iterator[tuple[HtmlElement, list[int], bool]]:
    """Yield (box, indices of its runs, whether it is a pull quote), none within another."""
    candidates: dict[HtmlElement, bool] = {}
    for run in runs:
        if "quote" in run.marks and not _NO_QUOTE & run.marks - wide:
            for kind, element in run.groups:
                if kind == "quote":
                    candidates[element] = True
        elif _may_be_quoted(run) and not run.links and not _NO_QUOTE & run.marks - wide:
            for element in islice(run.element.iterancestors(), 2):
                candidates.setdefault(element, False)
    around = {above for e in candidates for above in islice(e.iterancestors(), 2)}
    inside = _under(runs, set(candidates) | around)
    small = {
        e: told for e, told in candidates.items() if e in inside and _is_small_text(inside[e], runs)
    }
    for element, told in small.items():
        if not told and not _is_bare_quote(element, inside[element], runs):
            continue
        if any(small.get(above) for above in element.iterancestors()):
            continue
        box = element
        # A wrapper that adds nothing but who is quoted is the box.
        for above in islice(element.iterancestors(), 2):
            if above in inside and _adds_speaker(inside[box], inside[above], runs):
                box = above
        pull = not told or any(
            e.tag in _OWN_BOX or words_of(e.get("class") or "") & _PULL_WORDS
            for e in (box, element)
        )
        yield box, inside[box], pull


def _is_small_text(inside: Sequence[int], runs: Sequence[TextRun]) -> bool:
    return len(inside) <= _QUOTE_RUNS and sum(runs[i].words for i in inside) <= _QUOTE_TEXT


def _is_bare_quote(box: HtmlElement, inside: Sequence[int], runs: Sequence[TextRun]) -> bool:
    """Return whether a box without a quote's name holds words in quotation marks and who said them.

    Beside the text, in an aside or figure, the words alone are enough.
    """
    first, *rest = (runs[i] for i in inside)
    if not _may_be_quoted(first) or any(run.links or "heading" in run.near for run in rest):
        return False
    if rest and (len(rest) > 2 or any(run.words > _NAME_LENGTH for run in rest)):
        return False
    return bool(rest) or box.tag in _OWN_BOX


def _adds_speaker(inside: Sequence[int], wider: Sequence[int], runs: Sequence[TextRun]) -> bool:
    """Return whether a wrapper holds the quote and behind it one or two short lines, no more."""
    extra = wider[len(inside) :]
    if not extra or list(wider[: len(inside)]) != list(inside) or len(extra) > 2:
        return False
    return all(
        runs[i].words <= _WHO_LENGTH
        and not runs[i].links[1:]
        and "heading" not in runs[i].near
        and not CREDIT_LABEL.match(runs[i].text)
        for i in extra
    )


def _mark_quotes(runs: list[TextRun], wide: frozenset[str]) -> None:
    before: tuple[HtmlElement, int] | None = None
    for box, inside, pull in list(_quote_boxes(runs, wide)):
        indices = [i for i in inside if runs[i].key]
        if not indices:
            continue
        if (
            before
            and indices[0] == before[1] + 1
            and _only_names(indices, runs)
            and before[0].getparent() is box.getparent()
        ):
            # The speaker's line is called after the quote too, and stands behind it.
            _mark(runs, indices, before[0], pull, len(indices))
            continue
        named = _speakers(indices, runs, box, pull)
        _mark(runs, indices, box, pull, named)
        before = (box, indices[-1]) if not named else None


def _only_names(indices: Sequence[int], runs: Sequence[TextRun]) -> bool:
    return len(indices) <= 2 and all(
        runs[i].words <= _WHO_LENGTH and _is_called_speaker(runs[i]) for i in indices
    )


def _speakers(indices: Sequence[int], runs: Sequence[TextRun], box: HtmlElement, pull: bool) -> int:
    """Return how many of the last lines of a quote's box name who is quoted: 0, 1 or 2."""
    if len(indices) < 2 or not _is_speaker(indices, runs, box, pull):
        return 0
    if len(indices) > 2:
        before = runs[indices[-2]]
        short = before.words <= _NAME_LENGTH and before.text[-1] not in SENTENCE_ENDS
        if _is_called_speaker(before) or (short and _is_name(before.text)):
            return 2
    return 1


def _is_speaker(
    indices: Sequence[int], runs: Sequence[TextRun], box: HtmlElement, pull: bool
) -> bool:
    """Return whether the last line of a quote's box names who is quoted."""
    last = runs[indices[-1]]
    if _is_called_speaker(last):
        return last.words <= 2 * _WHO_LENGTH
    if last.words > _WHO_LENGTH:
        return False
    if _is_name(last.text):
        return not _may_be_quoted(last)
    # An ordinary quotation may end in a short paragraph of its own.
    return pull and box.tag != "blockquote" and last.words < runs[indices[0]].words


def _is_called_speaker(run: TextRun) -> bool:
    """Return whether a line's own element is called after who is quoted."""
    if {"cite", "byline", "credit", "caption"} & run.near:
        return True
    names = words_of(run.element.get("class") or "")
    return bool(names & _WHO_WORDS) and not names & {"text", "tekst", "body"}


def _is_name(text: str) -> bool:
    """Return whether a line can be a name: set off by a dash, or in capitals where names have them.

    >>> _is_name("Kari Li, fisker."), _is_name("– fiskeren på brua"), _is_name("Det var sant.")
    (True, True, False)
    """
    bare = text.lstrip(_DASHES)
    if bare != text:
        return True
    words = bare.split()
    if not words or not words[0][:1].isupper():
        return False
    return len(words) == 1 or words[0].endswith(",") or any(w[:1].isupper() for w in words[1:3])


def _mark(
    runs: list[TextRun], indices: Sequence[int], box: HtmlElement, pull: bool, named: int
) -> None:
    said = len(indices) - named
    for place, index in enumerate(indices):
        run = runs[index]
        marks = (run.marks - _OF_BOX) | {"quote"} | ({"pull"} if pull else frozenset())
        groups = tuple(
            pair for pair in run.groups if pair[0] not in ("quote", "figure", "caption", "list")
        )
        near = frozenset({"cite"}) if place >= said else (run.near - _OF_BOX) | {"quote"}
        runs[index] = replace(run, marks=marks, near=near, groups=(*groups, ("quote", box)))


def _parted(
    runs: Sequence[TextRun], pictures: Sequence[Picture]
) -> tuple[list[TextRun], list[Picture]]:
    """Return the runs, a quote's line made of inline elements only cut between them.

    There the words are in one element, who said them in another, as a template prints them. What
    only adorns a quote is left out.
    """
    out: list[TextRun] = []
    moved: list[int] = []
    for run in runs:
        moved.append(len(out))
        if not _is_ornament(run):
            out.extend(_pieces(run) if _may_part(run) else (run,))
    moved.append(len(out))
    return out, [replace(p, runs=moved[min(p.runs, len(runs))]) for p in pictures]


def _is_ornament(run: TextRun) -> bool:
    """Return whether a line in a quote's box is a quotation mark, or the word for a quote."""
    return "quote" in run.marks and (not run.key or run.key in QUOTE_WORDS)


def _may_part(run: TextRun) -> bool:
    return "quote" in run.marks and run.words <= _QUOTE_TEXT and len(run.element) > 1


def _pieces(run: TextRun) -> list[TextRun]:
    element = run.element
    children = [child for child in element if isinstance(child.tag, str)]
    between = [element.text, *(child.tail for child in children)]
    if any(text.strip(_DASHES + "\n\t\xa0,") for text in between if text):
        return [run]
    texts = [(child, text) for child in children if (text := clean(text_of(child)))]
    said = [text for _, text in texts if key(text)]
    last = texts[-1][1] if texts else ""
    if len(said) < 2 or clean(text_of(element)) != run.text or len(last.split()) > _WHO_LENGTH:
        return [run]
    first = texts[0][1]
    if first.rstrip()[-1] not in SENTENCE_ENDS and not _is_name(last):
        return [run]
    head = clean(" ".join(text for _, text in texts[:-1]))
    pieces = []
    for text, child in ((head, texts[0][0]), (last, texts[-1][0])):
        names = words_of(child.get("class") or "")
        is_who = child is texts[-1][0] and (child.tag == "cite" or names & _WHO_WORDS)
        near = run.near | {"cite"} if is_who else run.near - {"cite", "byline"}
        pieces.append(replace(run, text=text, key=key(text), near=near))
    return pieces


# --- captions --------------------------------------------------------------------------------


def _mark_captions(runs: list[TextRun], pictures: list[Picture], wide: frozenset[str]) -> None:
    found = _picture_boxes(runs, pictures, wide)
    beside = {i for _, inside in found.values() for i in inside}
    texts = _text_shapes([run for i, run in enumerate(runs) if i not in beside])
    known = Counter(run.key for run in runs if _is_told(run))
    marked: list[tuple[int, HtmlElement, list[int]]] = []
    for index, (box, inside) in found.items():
        picture = pictures[index]
        if any(
            known[runs[i].key] > _is_told(runs[i]) and not CREDIT_LABEL.match(runs[i].text)
            for i in inside
        ):
            continue  # printed again, for another size of screen
        if inside and all(_is_beside(runs[i], picture, texts, wide) for i in inside):
            marked.append((index, box, inside))
        elif (line := _line_below(picture, runs, wide)) is not None:
            marked.append((index, runs[line].element, [line]))
    if _is_much(marked, runs):
        return
    for index, box, inside in marked:
        _caption(runs, inside, pictures, index, box)


def _picture_boxes(
    runs: Sequence[TextRun], pictures: Sequence[Picture], wide: frozenset[str]
) -> dict[int, tuple[HtmlElement, list[int]]]:
    """Return for the index of each picture its smallest box with text, and the runs in that.

    None are in it where the box holds more than a picture's.
    """
    shown = [
        index
        for index, picture in enumerate(pictures)
        if not is_small(picture.element) and not _NO_PICTURE & picture.marks - wide
    ]
    above = {
        element
        for index in shown
        for element in islice(pictures[index].element.iterancestors(), _LEVELS)
    }
    inside = _under(runs, above)
    found: dict[int, tuple[HtmlElement, list[int]]] = {}
    for index in shown:
        for element in islice(pictures[index].element.iterancestors(), _LEVELS):
            if element in inside:
                small = _is_picture_box(element, inside[element], runs)
                found[index] = (element, inside[element] if small else [])
                break
    return found


def _is_told(run: TextRun) -> bool:
    return bool({"figure", "caption"} & run.marks)


def _is_much(marked: Sequence[tuple[int, HtmlElement, list[int]]], runs: Sequence[TextRun]) -> bool:
    """Return whether so much of a page stands beside pictures that it is the text itself."""
    told = {i for _, _, inside in marked for i in inside if not _is_told(runs[i])}
    words = sum(runs[i].words for i in told)
    return len(told) >= _MANY and words > _MUCH * sum(
        run.words for run in runs if run.words >= _TEXT_LENGTH and run.link_share < _LINKED
    )


def _caption(
    runs: list[TextRun],
    found: Sequence[int],
    pictures: list[Picture],
    index: int,
    box: HtmlElement,
) -> None:
    """Mark lines as captions of a picture, and both as of one figure."""
    for i in found:
        run = runs[i]
        if "figure" in run.marks:
            continue
        own = () if "caption" in run.marks else (("caption", run.element),)
        groups = (("figure", box), *run.groups, *own)
        credit = CREDIT_LABEL.match(run.text) or "credit" in run.near
        near = (run.near - {"lead", "label"}) | ({"credit"} if credit else {"caption"})
        runs[i] = replace(run, marks=run.marks | {"figure", "caption"}, near=near, groups=groups)
        picture = pictures[index]
        if ("figure", box) not in picture.groups:
            pictures[index] = replace(picture, groups=(*picture.groups, ("figure", box)))


def _line_below(picture: Picture, runs: Sequence[TextRun], wide: frozenset[str]) -> int | None:
    """Return the index of the paragraph right below a picture's own one, if it is its caption.

    It is set off as a whole, or ends in a credit.
    """
    if picture.runs >= len(runs):
        return None
    run = runs[picture.runs]
    if run.words > _CAPTION_WORDS or run.link_share > _LINKED or run.element.tag not in _PLAIN:
        return None
    if (_NO_CAPTION | {"figure", "caption", "lead", "byline"}) & (run.near | (run.marks - wide)):
        return None
    holder: HtmlElement | None = picture.element
    below = run.element.getprevious()
    while holder is not None and holder is not below:
        if holder.getnext() is not None or (holder.tail and holder.tail.strip()):
            return None
        holder = holder.getparent()
    if holder is None:
        return None
    told = CREDIT_IN_CAPTION.search(run.text) is not None
    return picture.runs if told or _is_set_off(run) else None


def _is_picture_box(box: HtmlElement, inside: Sequence[int], runs: Sequence[TextRun]) -> bool:
    """Return whether all that a box holds beside its picture is few words, and none a link's."""
    if box.tag in ("body", "html", "main", "li", "a", "tr", "tbody", "table", "header"):
        return False
    if len(inside) > _CAPTION_RUNS or sum(runs[i].words for i in inside) > _CAPTION_WORDS:
        return False
    return not any(runs[i].link_share > _LINKED for i in inside)


def _is_beside(
    run: TextRun, picture: Picture, texts: Mapping[Shape, int], wide: frozenset[str]
) -> bool:
    """Return whether a line in a picture's box reads as its caption or credit."""
    if run.element.tag not in _PLAIN or _NO_CAPTION & run.near or not run.key:
        return False
    if _NO_CAPTION & run.marks - wide - {"footer", "ad", "share", "list"}:
        return False
    if "byline" in run.near and not CREDIT_LABEL.match(run.text) and not names_within(run):
        return False
    if shape_of(run) not in texts:
        return True
    # A paragraph like those of the text: one that is set off as a whole, or tells its credit.
    return (
        _is_set_off(run) and run.element in picture.element.iterancestors()
    ) or CREDIT_IN_CAPTION.search(run.text) is not None


def _is_set_off(run: TextRun) -> bool:
    return run.strong >= _SET_OFF * len(run.text)


def _text_shapes(runs: Sequence[TextRun]) -> Mapping[Shape, int]:
    """Return the shapes that a fair part of the page's longer paragraphs have."""
    weights: Counter[Shape] = Counter()
    for run in runs:
        if run.words >= _TEXT_LENGTH and run.link_share < _LINKED and "figure" not in run.marks:
            weights[shape_of(run)] += run.words
    total = weights.total()
    return {shape: w for shape, w in weights.items() if w >= _TEXT_SHARE * total}
