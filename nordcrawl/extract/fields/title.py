"""Find the headline of a page by a vote of all that claim to be it.

Does not look at the body's text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import unquote, urlsplit

from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.headings import Heading
from nordcrawl.extract.page.text import key, unmarked

#: Weights of the vote; measured on 127 news pages: JSON-LD is right on 81 % of those that have
#: one, og:title on 72 %, h1 on 70 %. The title element mostly repeats og:title.
_WEIGHTS = {"json-ld": 1.5, "h1": 1.4, "og": 1.6, "meta": 0.7, "class": 0.7, "title": 0.5}
#: Without JSON-LD, the only h1 is the headline that readers see, og:title often one for others.
#: Measured on 61 such pages where they differ: h1 is right on 39, og:title on 11; from 2.2 on the
#: weight makes no difference.
_ONLY_HEADING = 2.5
#: Of several, the first is more often it; measured: 0.8 to 1.0 is as good, 1.2 and more is worse.
_FIRST_HEADING, _LATER_HEADING = 1.0, 0.7
_HEADINGS = 3
#: An h1 in a trail is for search engines; what the head has and is printed below is what readers
#: see. Measured: right on 8 of 10 news pages.
_IN_TRAIL, _PRINTED = 0.3, 1.5
#: A longer title is none; each of its separators is tried.
_CHARS = 1000
_SEPARATOR = re.compile(r"\s+(?:[|\-–—·•:/~⁄*<>]+|[»«›‹]+|::)\s+|\s*[|｜]\s*")
#: What hardly ever stands in a headline itself.
_STRONG = re.compile(r"\s*[|｜]+\s*|\s+[»›•·]\s+|\s+::\s+")
_DANGLING = re.compile(r"\s+[|\-–—·•:/]+\s*$|^\s*[|·•/»›]+\s+")
#: What may stand between a kicker and the headline behind it.
_JOINTS = re.compile(r"\s*[:|/]\s+|\s+[-–—·•]\s+")
_PAYWALL_MARK = re.compile(r"^\(\+\)\s+|\s+\(\+\)$|^\+\s+")
#: A part of a title is told from others only if it has so many letters.
_PART_LETTERS = 9
_TAIL_LETTERS = 13
_SLUG_LETTERS = 12
#: Separators of a title that are looked at for what its address says.
_BREAKS = 6
_ENDING = re.compile(r"\.\w{2,5}$")
#: What addresses write for letters that others only lose their marks of.
_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "æ": "ae", "ø": "oe"}
)
#: In an h1 a kicker can stand without any mark; longer ones are no kickers.
_KICKER_WORDS = 7
#: A site's name is of fewer spaces.
_SITE_WORDS = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """What one place of the page says that the headline is."""

    origin: str
    text: str
    weight: float


def vote(head: Head, site_title: str | None, url: str) -> tuple[str | None, str, tuple[str, ...]]:
    """Return (title, origin, all candidates): the printing that most of the page agrees on."""
    names = site_names(head, site_title, url)
    said = [replace(claim, text=claim.text[:_CHARS]) for claim in _said(head) if claim.text]
    # A page that calls itself by the site's name only is still called something.
    claims = _weighed(_without_names(said, names, url) or _printed_below(head) or said, head)
    if not claims:
        return None, "", ()
    claims = _without_masthead(claims, url)
    bare = [claim.text for claim in claims]
    claims = _unified(claims, url)
    scores = [
        sum(
            other.weight * _agreement(claim.text, other.text)
            for other in claims
            if other.origin != claim.origin or other is claim
        )
        for claim in claims
    ]
    best = max(range(len(claims)), key=lambda i: (scores[i], claims[i].weight))
    printed = head.headings[:_HEADINGS]
    everything = dict.fromkeys(
        (*(c.text for c in claims), *bare, *(c.text for c in said), *(h.text for h in printed))
    )
    return _in_small_letters(claims[best].text, claims), claims[best].origin, tuple(everything)


def _in_small_letters(title: str, claims: Sequence[Claim]) -> str:
    """Return a headline that is all in capitals as another claim has it."""
    if not title.isupper():
        return title
    same = (claim.text for claim in claims if key(claim.text) == key(title))
    return next((text for text in same if not text.isupper()), title)


def _said(head: Head) -> Iterator[Claim]:
    told = head.jsonld.text("headline") or head.jsonld.text("name")
    social = next((title for value in head.all("og:title") if (title := unmarked(value))), None)
    if told:
        yield Claim("json-ld", told, _WEIGHTS["json-ld"])
    whole = [key(value) for value in (told, social) if value]
    alone = {*whole, *map(key, _parts(unmarked(head.title)))}
    for heading in [h for h in head.headings[:_HEADINGS] if not h.leads_home] or head.headings[:1]:
        # What the page's head has in the headline too is no kicker.
        is_whole = any(value.startswith(key(heading.text)) for value in whole)
        is_whole = is_whole and key(heading.text) != key(heading.bare)
        text = heading.text if is_whole else _piece(heading, alone) or heading.bare
        yield Claim("h1", text, _WEIGHTS["h1"])
    for value in head.marked[:1]:
        yield Claim("class", value, _WEIGHTS["class"])
    if social:
        yield Claim("og", social, _WEIGHTS["og"])
    for value in map(unmarked, head.all("twitter:title")[:1]):
        if social is None or key(value) != key(social):
            yield Claim("meta", value, _WEIGHTS["meta"])
    if window := unmarked(head.title):
        yield Claim("title", window, _WEIGHTS["title"])


def _parts(title: str) -> list[str]:
    """Return a title and its parts, as separators part it."""
    return [title, *_SEPARATOR.split(title)] if len(title) < _CHARS else []


def _piece(heading: Heading, alone: set[str]) -> str | None:
    """Return what stands in one of a heading's elements, or in some one behind the other, and is
    all that the page's head says; None where that is nothing, or all of the heading."""
    pieces = heading.pieces
    for start in range(len(pieces)):
        for end in range(start + 1, len(pieces) + 1):
            text = " ".join(pieces[start:end])
            if end - start < len(pieces) and len(key(text)) >= _TAIL_LETTERS and key(text) in alone:
                return text.lstrip(" :|/·•")
    return None


def _printed_below(head: Head) -> list[Claim]:
    """Return the first heading of the second level, for a page that calls itself nothing but its
    site's name."""
    long = (text for text in head.second if text.count(" ") >= _SITE_WORDS)
    return [Claim("h2", text, _WEIGHTS["h1"]) for text in islice(long, 1)]


def _without_names(said: Iterable[Claim], names: Sequence[str], url: str) -> list[Claim]:
    """Return the claims without the names of the site and of its sections, those left out that are
    no more."""
    keys = {key(name) for name in names}
    sections = {key(unquote(part)) for part in urlsplit(url).path.rstrip("/").split("/")[:-1]} - {
        ""
    }
    found: list[Claim] = []
    for claim in said:
        text = without_site(_PAYWALL_MARK.sub("", claim.text), names)
        if claim.origin in ("og", "meta", "title"):
            text = _behind_colon(_without_section(text, sections), keys)
        text = _DANGLING.sub("", text)
        if key(text) and key(text) not in keys:
            found.append(replace(claim, text=text))
    return found


def _without_section(title: str, sections: set[str]) -> str:
    """Return a title without the name of a part of its address behind its last separator."""
    last = next(reversed(list(_SEPARATOR.finditer(title))), None)
    if last is None or len(key(title[: last.start()])) < _PART_LETTERS:
        return title
    return title[: last.start()].rstrip() if key(title[last.end() :]) in sections else title


def _behind_colon(title: str, names: set[str]) -> str:
    """Return a title without the site's whole name before its first colon, or behind its last."""
    before, _, behind = title.partition(": ")
    if key(before) in names and len(key(behind)) >= _PART_LETTERS:
        return behind.strip()
    before, _, behind = title.rpartition(": ")
    return before.strip() if key(behind) in names and len(key(before)) >= _PART_LETTERS else title


def _weighed(claims: Sequence[Claim], head: Head) -> list[Claim]:
    """Return the claims with each h1 given the weight that its number deserves."""
    told = key(head.jsonld.text("headline") or "")
    headings = [claim for claim in claims if claim.origin == "h1"]
    found: list[Claim] = []
    for claim in claims:
        if claim.origin == "h1" and len(head.headings) == 1:
            claim = replace(claim, weight=claim.weight if told else _ONLY_HEADING)
        elif claim.origin == "h1" and (not told or key(claim.text) != told):
            weight = _FIRST_HEADING if claim is headings[0] else _LATER_HEADING
            claim = replace(claim, weight=weight)
        found.append(claim)
    return _against_trail(_against_section(found, head), head)


def _against_section(claims: list[Claim], head: Head) -> list[Claim]:
    """Return the claims where the only h1 is of few words, the page's head says something else, and
    that is printed below as a heading of the second level: the h1 is the section's."""
    first = next(iter(head.headings), None)
    if first is None or len(head.headings) > 1 or first.text.count(" ") >= _SITE_WORDS:
        return claims
    told = [claim for claim in claims if claim.origin not in ("h1", "class")]
    if any(key(first.text) in key(claim.text) for claim in told):
        return claims
    printed = {key(text) for text in head.second}
    if not any(key(part) in printed for claim in told for part in _parts(claim.text)):
        return claims
    return [replace(c, weight=_IN_TRAIL) if c.origin == "h1" else c for c in claims]


def _against_trail(claims: list[Claim], head: Head) -> list[Claim]:
    """Return the claims where the h1 is the last step of a trail, and another headline that the
    page's head tells is printed below: that one is what readers see."""
    first = next(iter(head.headings), None)
    if first is None or not first.below:
        return claims
    printed = key(first.text)
    if not any(key(claim.text) in first.below - {printed} for claim in claims):
        return claims
    return [
        replace(claim, weight=_IN_TRAIL)
        if claim.origin == "h1" and key(claim.text) == printed
        else replace(claim, weight=claim.weight + _PRINTED)
        if claim.origin in ("og", "json-ld") and key(claim.text) in first.below - {printed}
        else claim
        for claim in claims
    ]


def _unified(claims: list[Claim], url: str) -> list[Claim]:
    """Return the claims without what only some of them have before or behind the headline."""
    if all(claim.origin == "title" for claim in claims):
        return [replace(claim, text=_by_address(claim.text, url)) for claim in claims]
    if all(claim.origin in ("og", "meta", "title") for claim in claims):
        claims = [replace(claim, text=_named_by_address(claim.text, url)) for claim in claims]
    alone = {key(claim.text) for claim in claims if claim.origin in ("h1", "json-ld")}
    # What a headline of the page's data has behind a separator is not the site's name.
    whole = {key(claim.text) for claim in claims if claim.origin == "json-ld"}
    claims = [
        claim if key(claim.text) in whole else replace(claim, text=_parted(claim.text, alone))
        for claim in _uncut(claims)
    ]
    tails = {key(claim.text) for claim in claims if claim.origin in ("og", "json-ld")}
    claims = [
        replace(claim, text=_parted(claim.text, tails, _STRONG)) if claim.origin == "h1" else claim
        for claim in claims
    ]
    if len(tails) > 1:  # the page's head is of two minds
        return claims
    return [replace(c, text=_behind_kicker(c.text, tails, c.origin == "h1")) for c in claims]


def _without_masthead(claims: list[Claim], url: str) -> list[Claim]:
    """Return the claims without headings that are the site's, where nothing but the title element
    is there beside them, and the address repeats another part of that.

    Older templates print the name of the site as h1 on every page.
    """
    if {claim.origin for claim in claims} != {"h1", "title"}:
        return claims
    windows = [claim for claim in claims if claim.origin == "title"]
    told = _plain(_told_by_address(windows[0].text, url) or "")
    printed = [_plain(claim.text) for claim in claims if claim.origin == "h1"]
    if not told or any(text in told or told in text for text in printed):
        return claims
    return windows


def _uncut(claims: list[Claim]) -> list[Claim]:
    """Return the claims with those made whole that end where another one opens a quotation.

    A quotation mark in the value of an attribute ends it, where nobody has escaped it.
    Source: HTML Living Standard, 13.1.2.3 (attributes).
    """
    texts = [claim.text for claim in claims]
    return [
        replace(claim, text=next((t for t in texts if _opens(t, claim.text)), claim.text))
        for claim in claims
    ]


def _opens(whole: str, cut: str) -> bool:
    return whole.startswith(cut) and whole[len(cut) :].lstrip().startswith('"')


def _parted(title: str, alone: set[str], separator: re.Pattern[str] = _SEPARATOR) -> str:
    """Return the part of a title before or behind a separator that stands alone elsewhere."""
    for found in separator.finditer(title):
        for part in (title[: found.start()], title[found.end() :]):
            if len(key(part)) >= _PART_LETTERS and key(part) in alone:
                return part.strip()
    return title


def _behind_kicker(title: str, tails: set[str], printed: bool) -> str:
    """Return what stands behind a kicker, if the page's head has that alone.

    In a printed heading the kicker may be set apart by its look only.

    >>> _behind_kicker("Fiske: Mye torsk langs kysten", {key("Mye torsk langs kysten")}, False)
    'Mye torsk langs kysten'
    """
    for found in _JOINTS.finditer(title):
        if len(key(title[found.end() :])) >= _TAIL_LETTERS and key(title[found.end() :]) in tails:
            return title[found.end() :].strip()
    if printed:
        for found in list(re.finditer(r"\s+", title))[:_KICKER_WORDS]:
            rest = title[found.end() :]
            if len(key(rest)) >= _TAIL_LETTERS and key(rest) in tails:
                return rest
    return title


def _by_address(title: str, url: str) -> str:
    """Return the part of a title that the address repeats, else the longest of its parts.

    For pages where nothing else tells which part is the headline and which the site.
    """
    if told := _told_by_address(title, url):
        return told
    strong = [part.strip() for part in _STRONG.split(title) if part.strip()]
    return max(strong, key=lambda part: part.count(" ")) if strong else title


def _told_by_address(title: str, url: str) -> str | None:
    """Return the longest stretch of a title between two separators that the address repeats.

    >>> _told_by_address("Avis » Arkiv » Sild og torsk på land", "/sild-og-torsk-paa-land/")
    'Sild og torsk på land'
    """
    slug = _slug(url)
    breaks = [found.span() for found in islice(_SEPARATOR.finditer(title), _BREAKS)]
    starts = [0, *(end for _, end in breaks)]
    ends = [*(start for start, _ in breaks), len(title)]
    stretches = [title[start:end] for at, start in enumerate(starts) for end in ends[at:]]
    told = [s.strip() for s in stretches if len(key(s)) >= _SLUG_LETTERS and _plain(s) in slug]
    return max(told, key=len, default=None)


def _named_by_address(title: str, url: str) -> str:
    """Return the part of a title that is all that the last part of the address says."""
    slug = _slug(url)
    parts = [part.strip() for part in _SEPARATOR.split(title) if len(key(part)) >= _PART_LETTERS]
    return next((part for part in parts if _plain(part) == slug), title)


def _slug(url: str) -> str:
    last = unquote(urlsplit(url).path).rstrip("/").rsplit("/", 1)[-1]
    return _plain(_ENDING.sub("", last))


def _plain(text: str) -> str:
    """Return the letters and digits of a line as addresses have them: small, and of ASCII.

    >>> _plain("Größe på Ærø") == _plain("groesse-paa-aeroe")
    True
    """
    folded = key(text).translate(_LETTERS)
    return unicodedata.normalize("NFD", folded).encode("ascii", "ignore").decode("ascii")


def _agreement(one: str, other: str) -> float:
    a, b = key(one), key(other)
    if a == b:
        return 1.0
    if len(a) > 15 and len(b) > 15 and (a.startswith(b) or b.startswith(a)):
        return 0.3  # one has a site name or section that was not known
    return 0.0


def site_names(head: Head, site_title: str | None, url: str) -> tuple[str, ...]:
    """Return the names that the site goes by, best known first."""
    told = (head.meta("og:site_name"), head.meta("application-name"), head.jsonld.publisher)
    # Some systems write the headline where the site's name belongs; others write the name of the
    # site as their first heading, in few words, which then is not what the head calls the page.
    said = [*head.all("og:title"), *filter(None, (head.jsonld.text("headline"),))]
    printed = [heading.bare for heading in head.headings[:1]]
    is_long = bool(printed) and printed[0].count(" ") >= _SITE_WORDS
    titles = {key(title) for title in ([*said, *printed] if is_long or not said else said)}
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    names = (site_title, *(n for n in told if n and key(n) not in titles), host, *_labels(host))
    return tuple(dict.fromkeys(name for name in names if name))


def _labels(host: str) -> list[str]:
    """Return the labels of a host that may be a name: short ones are public suffixes mostly.

    >>> _labels("avisa.co.test"), _labels("ab.test")
    (['avisa'], ['ab'])
    """
    labels = host.split(".")[:-1]
    return [label for label in labels if len(label) > 3] or labels[-1:]


def without_site(title: str, names: tuple[str, ...] | Sequence[str]) -> str:
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
    """Return whether a separator is a guillemet that closes, or opens, a quotation."""
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
