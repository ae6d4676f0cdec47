"""Counters: lines of a page that count its readers, which are other at each look and no edit."""

from __future__ import annotations

import re
from typing import Final

#: What is counted, in the languages of the sources: readings, comments, shares, likes.
_COUNTED: Final = (
    *("views?", "page ?views?", "reads?", "readers?", "comments?", "replies", "shares?", "likes?"),
    *("visninger", "visning", "lesere", "lesninger", "kommentar(?:er)?", "delinger", "deling"),
    *("visningar", "läsningar", "delningar", "gillar", "læsere", "læst", "lukukertaa"),
    *("katselukertaa", "kommenttia", "jakoa", "tykkäystä", "skoðanir", "ummæli", "deilingar"),
    *("aufrufe", "kommentare", "vues", "commentaires", "partages", "просмотров", "просмотра"),
)
_NUMBER: Final = r"\d{1,3}(?:[.,\u00a0\u202f ]\d{3})*(?:[.,]\d+)?|\d+"
_COUNTER: Final = re.compile(
    rf"\W*(?:(?:{_NUMBER})\s?(?:k|m|mill\.?|tusen|thousand)?\s+(?:{'|'.join(_COUNTED)})"
    rf"|(?:{'|'.join(_COUNTED)})\W{{0,3}}(?:{_NUMBER})\s?(?:k|m)?)\W*",
    re.IGNORECASE,
)
_LONGEST: Final = 40


def is_counter(line: str) -> bool:
    """Return whether a line is nothing but a number and what it counts of a page's readers.

    >>> is_counter("1 234 visninger"), is_counter("Comments (12)"), is_counter("3 dead")
    (True, True, False)
    """
    return len(line) <= _LONGEST and _COUNTER.fullmatch(line) is not None
