"""Decide whether a site puts the month before the day in dates of numbers alone.

By the page's own dates that can only be one or the other, then by its language and region, then by
the country of its host. Where none of them tells, nothing is guessed.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from nordcrawl.extract.fields import language
from nordcrawl.extract.page.head import Head
from nordcrawl.model.profile import Profile

#: Source: Unicode CLDR, short date patterns of en by region: M/d/y is en_US's and that of its
#: territories and of the Philippines; Canada writes both, and y-MM-dd.
_MONTH_FIRST = frozenset(("US", "PR", "GU", "VI", "AS", "MP", "UM", "PH"))
_BOTH = frozenset(("CA", "001", "150"))
#: Domains of one country, and those of institutions of the United States (RFC 1591, RFC 2146).
_AMERICAN = frozenset(("us", "gov", "mil", "edu", "ph"))
_DATE = re.compile(r"(?<![\d.,/-])(\d{1,2})/(\d{1,2})/(?:19|20)\d\d(?!\d)")
_COUNTRY = re.compile(r"[a-z]{2}")
#: Two letters that are used all over the world, as .com is.
_GENERIC = frozenset(("io", "co", "tv", "me", "ai", "fm", "cc", "eu", "ca"))


def month_first(head: Head, profile: Profile, url: str) -> bool | None:
    """Return whether the month stands first, None where nothing tells."""
    own = {_order(value) for values in head.metas.values() for value in values} - {None}
    if len(own) == 1:
        return own.pop()
    parts = urlsplit(url)
    said = (profile.language_of(parts.netloc), head.language, head.meta("og:locale"))
    tags = [tag for value in said if (tag := language.tag(value))]
    for tag in tags:
        primary, _, region = tag.rpartition("-")
        if not primary and tag != "en":
            return False  # day first, or the year
        if primary and region not in _BOTH:
            return region in _MONTH_FIRST
    domain = (parts.hostname or "").rpartition(".")[2]
    if domain in _AMERICAN:
        return True
    if _COUNTRY.fullmatch(domain) and domain not in _GENERIC:
        return False
    return None


def _order(text: str) -> bool | None:
    found = _DATE.search(text) if len(text) < 80 else None
    if found is None:
        return None
    first, second = int(found[1]), int(found[2])
    if first <= 12 < second <= 31:
        return True
    return False if second <= 12 < first <= 31 else None
