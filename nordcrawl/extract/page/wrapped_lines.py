"""Tell the line breaks of a text that was wrapped at a fixed width from those that part lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

#: How a sentence or the line before a list ends.
_ENDS = '.!?…:;"”»。」)'
#: Widths at which text is wrapped, in characters; shorter lines are verse or an address.
_NARROW = 35
_WIDE = 130
#: Part of the breaks that must stand where the next word had no place.
_MOST = 0.75
#: Lines that must be seen before a width is known.
_LINES = 3
#: Characters by which writers of mail and text miss their width.
_SLACK = 6


class LineWrap:
    """What is known of a page's wrapping: the width, once a stretch of text has shown it."""

    def __init__(self) -> None:
        self._width = 0

    def joins(self, lines: Sequence[str]) -> list[bool]:
        """Return for each of the lines between breaks whether it goes on with the one before.

        It does within a sentence, and where lines are wrapped: the line before has no place for
        its first word.
        """
        width = self._width_of(lines)
        found = [False] * len(lines)
        for index in range(1, len(lines)):
            before, line = lines[index - 1], lines[index]
            if line[0].islower() and before[-1] not in _ENDS:
                found[index] = True
            elif width:
                found[index] = _is_full(before, line, width) and len(before) <= width + _SLACK
        return found

    def _width_of(self, lines: Sequence[str]) -> int:
        """Return the width that the lines are wrapped at, 0 if they are not."""
        if len(lines) >= _LINES and max(map(len, lines)) <= _WIDE:
            width = max(map(len, lines))
            full = [_is_full(a, b, width) for a, b in pairwise(lines)]
            open_ends = sum(line[-1] not in _ENDS for line in lines[:-1])
            if (
                fmean(map(len, lines[:-1])) >= _NARROW
                and sum(full) >= _MOST * len(full)
                and 2 * open_ends >= len(lines) - 1
            ):
                self._width = max(self._width, width)
                return width
        return self._width


def _is_full(line: str, following: str, width: int) -> bool:
    word = following.split(" ", 1)[0]
    return len(line) + 1 + len(word) > width - _SLACK
