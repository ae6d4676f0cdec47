"""Languages: which ones a host is asked for, in the form of an Accept-Language header. Pure.

A site that negotiates answers in the language that is asked for: each edition is asked for its own.

Source: RFC 9110 section 12.5.4 (the header), RFC 4647 section 3.3 (``nb-NO`` also goes by ``nb``).
"""

from __future__ import annotations

from collections.abc import Iterable

#: What a publisher of one may say its pages are in: older names, and the macrolanguage.
_ALSO = {"nb": ("no",), "nn": ("no",), "no": ("nb", "nn"), "se": ("sme",)}
#: Weight of whatever else there is.
_ANY = 0.1


def accept_language(wanted: Iterable[str]) -> str:
    """Return the header for languages (BCP 47), the first one wanted most.

    >>> accept_language(["en"])
    'en,*;q=0.1'
    >>> accept_language(["nb-NO", "en"])
    'nb-NO,nb;q=0.9,no;q=0.8,en;q=0.7,*;q=0.1'
    """
    names: dict[str, None] = {}
    for tag in wanted:
        short = tag.partition("-")[0]
        names |= dict.fromkeys((tag, short, *_ALSO.get(short, ())))
    parts = []
    for number, name in enumerate(names):
        weight = max(1 - number / 10, 2 * _ANY)
        parts.append(name if weight == 1 else f"{name};q={weight:.1f}")
    return ",".join([*parts, f"*;q={_ANY}"])
