"""Bold lines that stand for headings, as imported and hand-made pages print them.

Knows how such a line looks among paragraphs. Pages that have headings of their own use bold for
something else: there no line is taken for one.
"""

from __future__ import annotations

from collections.abc import Sequence

from nordcrawl.extract.body.holders import wide_marks
from nordcrawl.extract.page.text import key
from nordcrawl.extract.page.text_runs import TextRun
from nordcrawl.extract.page.tree import text_of

_HEADING_WORDS = 12
#: The paragraph below a heading has so many words at least.
_TEXT_WORDS = 6
#: What ends a sentence, a question, an introduction or a quotation, and no heading.
_ENDS = '.:;,?!…»"”'
_STARTS = '–—-«"“”•(['
_NO_HEADING = frozenset(
    (
        "heading", "quote", "figure", "caption", "list", "table", "factbox", "update", "byline",
        "time",
    )
)  # fmt: skip


def bold_headings(runs: Sequence[TextRun], summaries: frozenset[int]) -> frozenset[int]:
    """Return the id() of the runs that are headings by their bold letters and place alone.

    `runs` are the article's in reading order, `summaries` the id() of those of its standfirst.
    """
    body = [run for run in runs if id(run) not in summaries]
    if any("heading" in run.near and not {"quote", "factbox"} & run.marks for run in body):
        return frozenset()
    other = _NO_HEADING - wide_marks(runs)
    found: set[int] = set()
    for before, run, after in zip(body, body[1:], body[2:], strict=False):
        if (
            is_bold_line(run, other)
            and not is_bold_line(before, other)
            and not other & after.marks
            and after.words >= _TEXT_WORDS
            and not _is_bold(after)
        ):
            found.add(id(run))
    return frozenset(found)


def is_bold_line(run: TextRun, other: frozenset[str] = _NO_HEADING) -> bool:
    """Return whether a run is a short line, all in bold, that may stand for a heading.

    `other` are the marks of what has no such headings in it.
    """
    if run.words > _HEADING_WORDS or run.links or other & run.marks or not run.key:
        return False
    return run.text[-1] not in _ENDS and run.text[0] not in _STARTS and _is_bold(run)


def _is_bold(run: TextRun) -> bool:
    """Return whether all of a line is in bold, and its element holds nothing else."""
    if run.strong < len(run.key):
        return False
    bold = [e for e in run.element.iter("b", "strong") if key(text_of(e))]
    return "".join(key(text_of(e)) for e in bold) == run.key
