"""Boxes: pull quotes and pictures' captions, told by how they stand and not by one class name.

Looks at a whole page's runs before any is chosen, and only marks them.
"""

from __future__ import annotations

from nordcrawl.extract.body.holders import wide_marks
from nordcrawl.extract.body.picture_boxes import mark_captions
from nordcrawl.extract.body.pull_quotes import mark_quotes, may_be_quoted, parted
from nordcrawl.extract.page.text_runs import Cut


def boxed(found: Cut) -> Cut:
    """Return a page's runs and pictures, those of pull quotes and captions marked as such.

    Order and text stay; a line that holds a quote and its speaker in elements of their own is
    parted in two.
    """
    wide = wide_marks(found.runs)
    runs = list(found.runs)
    pictures = list(found.pictures)
    if any("quote" in run.marks for run in runs) or any(map(may_be_quoted, runs)):
        runs, pictures = parted(runs, pictures)
        mark_quotes(runs, wide)
    if pictures:
        mark_captions(runs, pictures, wide)
    return Cut(tuple(runs), tuple(pictures))
