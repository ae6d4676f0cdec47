"""Standfirst: the lines above the text that introduce it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nordcrawl.extract.body.blocks import is_byline
from nordcrawl.extract.body.captions import is_credit
from nordcrawl.extract.body.container import TextContainer
from nordcrawl.extract.body.rules import is_date_line, is_label
from nordcrawl.extract.body.signs import Around, PageHints
from nordcrawl.extract.lexicon.phrases import NOTICES, POINTERS
from nordcrawl.extract.page.marks import marks_of
from nordcrawl.extract.page.text import SENTENCE_ENDS, key
from nordcrawl.extract.page.text_runs import TextRun

#: Runs that a standfirst may have, each of these words at least where nothing marks it.
_LEADS = 3
_SENTENCE_WORDS = 8
#: A teaser cut short is no standfirst.
_CUT = ("...", "…", "[…]", "[...]")
_NO_LEAD = frozenset(
    ["figure", "caption", "nav", "related", "comments", "footer", "ad", "consent", "gate", "button"]
)
_NO_SENTENCE = frozenset(
    [
        "byline", "time", "share", "newsletter", "form", "button", "list", "table", "credit",
        "tags", "label", "bio", "hidden", "toggle", "quote", "factbox", "player", "gallery",
        "aside", "tooltip",
    ]
)  # fmt: skip


def standfirst(
    runs: Sequence[TextRun],
    around: Around,
    home: TextContainer | None,
    titled: bool,
) -> list[TextRun]:
    """Return those of the runs that are the standfirst, chosen already or not.

    `runs` stand between the headline, if there is one (`titled`), and the text, with the text's
    first ones. The standfirst has a class of that meaning, or is what a description tells, or is
    the first whole sentence under the headline that isn't printed like the text; and it speaks of
    what the text or a description speaks of. A paragraph that is printed as all others are is one
    of them, whatever the description says.
    """
    clues = around.clues
    keys = [key(text) for text in clues.descriptions if len(text) > 30]
    found: dict[str, TextRun] = {}
    own: list[TextRun] = []
    within = True
    for index, run in enumerate(runs):
        if not _may_lead(run, clues):
            continue
        told = _matches(run.key, keys)
        if home is not None and home.is_text(run):
            # A description that was cut from a paragraph tells nothing of it.
            if run.key in keys or "lead" in run.near:
                own.append(run)
            within = False
        elif run.text.endswith(_CUT) or not (told or around.is_of_subject(run)):
            continue
        elif (
            told
            or "lead" in run.near
            or (within and _is_sentence(run, index) and is_in_lead(run))
            or (titled and within and not found and _is_sentence(run, index))
            or (within and found and _is_alike(run, next(reversed(found.values()))))
        ):
            found.setdefault(run.key, run)
    return list(found.values())[:_LEADS] or own[:_LEADS]


def _is_alike(run: TextRun, before: TextRun) -> bool:
    """Return whether a paragraph stands right behind one of the standfirst, printed as that is."""
    one, other = run.element, before.element
    names = [(e.get("class") or "").split()[:1] for e in (one, other)]
    return (
        one.getprevious() is other
        and one.tag == other.tag
        and names[0] == names[1] != []
        and not _NO_SENTENCE & run.near
    )


def _may_lead(run: TextRun, clues: PageHints) -> bool:
    if run.words < 4 or run.key in clues.titles or run.link_share > 0.5 or is_credit(run):
        return False
    if _NO_LEAD & run.marks:
        return False
    return not (is_byline(run.text) or is_label(run.text, clues.labels))


def is_in_lead(run: TextRun) -> bool:
    """Return whether the element right around the run's own is one for the standfirst."""
    parent = run.element.getparent()
    if parent is None:
        return False
    names = f"{parent.get('class') or ''} {parent.get('id') or ''}"
    return "lead" in marks_of(str(parent.tag), names, parent.get("itemprop"))


def _is_sentence(run: TextRun, behind: int) -> bool:
    """Return whether a run reads as a sentence or more of them, and nothing speaks against it.

    `behind` is how many runs stand between it and the headline: further down, a heading opens a
    part or box of the page.
    """
    if "heading" in run.marks and behind > 1:
        return False
    if run.words < _SENTENCE_WORDS or run.link_share > 0.2 or _NO_SENTENCE & run.marks:
        return False
    if is_date_line(run) or POINTERS.match(run.text) or NOTICES.match(run.text):
        return False
    return run.text[-1] in SENTENCE_ENDS or run.words >= 2 * _SENTENCE_WORDS


def _matches(folded: str, keys: Iterable[str]) -> bool:
    """Return whether a run is one of the descriptions, or what one of them was cut from."""
    for other in keys:
        short, long = sorted((folded, other), key=len)
        if len(short) >= 0.85 * len(long) and (long.startswith(short[: len(short) - 5])):
            return True
        if (
            other == short
            and len(other) > 60
            and folded.startswith(other[:-5])
            and len(folded) < 3 * len(other)
        ):
            return True
    return False
