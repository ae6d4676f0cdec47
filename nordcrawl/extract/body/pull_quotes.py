"""Pull quotes: the words, and who said them, told by the build of their box.

Who is quoted is the last short line of a quote's box, in any element. Does not decide whether the
box belongs to the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from lxml.html import HtmlElement

from nordcrawl.extract.body.holders import under
from nordcrawl.extract.lexicon.phrases import CREDIT_LABEL
from nordcrawl.extract.page.marks import names_of, words_of
from nordcrawl.extract.page.text import SENTENCE_ENDS, clean, key
from nordcrawl.extract.page.text_runs import Picture, TextRun, words_in
from nordcrawl.extract.page.tree import text_of

#: Words of a class or tag that make an element a pull quote's box, or a line in it.
_QUOTE_WORDS = names_of("quote")
#: The others are as often the name of an ordinary quotation.
_PULL_WORDS = _QUOTE_WORDS - {"blockquote", "quotes"}
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


def may_be_quoted(run: TextRun) -> bool:
    """Return whether a whole line stands in quotation marks."""
    return run.text[0] in '«“„»"”' and _QUOTED.match(run.text) is not None


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
        elif may_be_quoted(run) and not run.links and not _NO_QUOTE & run.marks - wide:
            for element in islice(run.element.iterancestors(), 2):
                candidates.setdefault(element, False)
    around = {above for e in candidates for above in islice(e.iterancestors(), 2)}
    inside = under(runs, set(candidates) | around)
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
    if not may_be_quoted(first) or any(run.links or "heading" in run.near for run in rest):
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


def mark_quotes(runs: list[TextRun], wide: frozenset[str]) -> None:
    """Mark the lines of pull quotes in the list as such, and who said them as their speaker.

    `wide` are the marks of what is around the page's text.
    """
    before: tuple[HtmlElement, int] | None = None
    done: set[int] = set()
    for box, inside, pull in list(_quote_boxes(runs, wide)):
        indices = [i for i in inside if runs[i].key]
        if not indices or not done.isdisjoint(indices):
            continue
        done.update(indices)
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
        return not may_be_quoted(last)
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


def parted(
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
    return "quote" in run.marks and (not run.key or run.key in _QUOTE_WORDS)


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
        pieces.append(replace(run, text=text, words=words_in(text), key=key(text), near=near))
    return pieces
