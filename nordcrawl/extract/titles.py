"""Find the headline of a page by a vote of all that claim to be it.

Does not look at the body's text.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from nordcrawl.extract.head import Head
from nordcrawl.extract.text import key

#: Weights of the vote; measured on 127 news pages: JSON-LD is right on 81 % of those that have
#: one, og:title on 72 %, h1 on 70 %.
_WEIGHTS = {"json-ld": 1.5, "h1": 1.4, "og": 1.6, "meta": 0.7, "title": 0.5}
_SEPARATOR = re.compile(r"\s+[|\-–—·•:»«›‹/~⁄*]+\s+|\s*[|｜»›]\s*|\s+\|\|?\s*")
_PAYWALL_MARK = re.compile(r"^\(\+\)\s+|\s+\(\+\)$|^\+\s+")


def vote(head: Head, site_title: str | None, url: str) -> tuple[str | None, str, tuple[str, ...]]:
    """Return (title, origin, all candidates): the printing that most of the page agrees on."""
    names = site_names(head, site_title, url)
    found: list[tuple[str, str]] = []
    for value in (head.jsonld.text("headline"), head.jsonld.text("name")):
        if value:
            found.append(("json-ld", value))
            break
    found.extend(("h1", value) for value in head.headings[:3])
    found.extend(("og", value) for value in head.all("og:title")[:1])
    found.extend(("meta", value) for value in head.all("twitter:title")[:1])
    if head.title:
        found.append(("title", head.title))
    candidates: list[tuple[str, str, float]] = []
    found_og = next(iter(head.all("og:title")), None)
    h1_count = sum(origin == "h1" for origin, _ in found)
    for order, (origin, value) in enumerate(found):
        weight = _WEIGHTS[origin]
        if origin == "h1" and h1_count > 1 and not _is_told(value, head):
            weight *= 0.7 if order <= 1 else 0.5
        if origin == "meta" and found_og is not None and key(value) == key(found_og):
            continue  # the same field once more
        bare = without_site(_PAYWALL_MARK.sub("", value), names)
        if bare and key(bare) not in {key(name) for name in names}:
            candidates.append((origin, bare, weight))
    if not candidates:
        return None, "", ()
    alone = {key(value) for origin, value, _ in candidates if origin in ("h1", "json-ld")}
    # What a headline of the page's data has behind a separator is not the site's name.
    whole = {key(value) for origin, value, _ in candidates if origin == "json-ld"}
    candidates = [(o, v if key(v) in whole else _parted(v, alone), w) for o, v, w in candidates]
    scores = [
        sum(
            weight * _agreement(value, other)
            for other_origin, other, weight in candidates
            if other_origin != origin or other is value
        )
        for origin, value, _ in candidates
    ]
    best = max(range(len(candidates)), key=lambda i: (scores[i], candidates[i][2]))
    everything = tuple(dict.fromkeys((*(v for _, v, _ in candidates), *(v for _, v in found))))
    return candidates[best][1], candidates[best][0], everything


def _is_told(heading: str, head: Head) -> bool:
    """Tell whether a heading is the page's data's headline: then it is no other article's."""
    told = head.jsonld.text("headline")
    return told is not None and key(told) == key(heading)


def _parted(title: str, alone: set[str]) -> str:
    """Return the part of a title before or behind a separator that stands alone elsewhere."""
    for found in _SEPARATOR.finditer(title):
        for part in (title[: found.start()], title[found.end() :]):
            if len(key(part)) > 8 and key(part) in alone:
                return part.strip()
    return title


def _agreement(one: str, other: str) -> float:
    a, b = key(one), key(other)
    if a == b:
        return 1.0
    if len(a) > 15 and len(b) > 15 and (a.startswith(b) or b.startswith(a)):
        return 0.3  # one has a site name or section that was not known
    return 0.0


def site_names(head: Head, site_title: str | None, url: str) -> tuple[str, ...]:
    """Return the names that the site goes by, best known first."""
    names = [
        site_title,
        head.meta("og:site_name"),
        head.meta("application-name"),
        head.jsonld.publisher,
    ]
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    names.append(host)
    names.append(host.split(".")[-2] if host.count(".") else host)
    # Some systems write the headline where the site's name belongs.
    titles = {key(title) for title in (*head.headings[:1], *head.all("og:title"))}
    return tuple(dict.fromkeys(n for n in names if n and (n == site_title or key(n) not in titles)))


def without_site(title: str, names: tuple[str, ...]) -> str:
    """Return a title without the site's name at its end or start.

    >>> without_site("Ny havn åpnet - Avisa Nord", ("Avisa Nord",))
    'Ny havn åpnet'
    """
    keys = {key(name) for name in names} - {""}
    for _ in range(3):
        breaks = [found for found in _SEPARATOR.finditer(title) if not _closes(title, found)]
        if not breaks:
            return title
        last, first = breaks[-1], breaks[0]
        if _is_name(title[last.end() :], keys) and last.start():
            title = title[: last.start()].rstrip()
        elif _is_name(title[: first.start()], keys) and title[first.end() :].strip():
            title = title[first.end() :].lstrip()
        else:
            return title
    return title


def _closes(title: str, found: re.Match[str]) -> bool:
    """Tell whether a separator is a guillemet that closes, or opens, a quotation."""
    before, mark = title[: found.start()], found[0].strip()
    if mark in ("»", "›"):
        return before.count("«") + before.count("‹") > before.count("»") + before.count("›")
    return mark in ("«", "‹") and ("»" in title[found.end() :] or "›" in title[found.end() :])


def _is_name(part: str, keys: set[str]) -> bool:
    folded = key(part)
    return any(
        folded == name
        or (
            len(folded) > 3
            and len(name) > 3
            and (name.startswith(folded) or folded.startswith(name))
        )
        for name in keys
    )
