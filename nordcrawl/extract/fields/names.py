"""Read the names in a line that names authors: apart from what they did, from places and roles.

Does not know where on a page a line stands, nor whether a name is a person's or an agency's: both
sign articles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from functools import lru_cache

from nordcrawl.extract.lexicon.phrases import BYLINE
from nordcrawl.extract.lexicon.tables import one_of, table, words
from nordcrawl.extract.page import dates
from nordcrawl.extract.page.text import key, unmarked

_CHARS = 120
_NOT_NAMES = re.compile(
    r"https?://|\bwww\.\S|@|^\W*$|^\d+$|^\d+ ?(?:min|hours?|days?|timer?|stunden|tagen?)\b|"
    r"^(?-i:[a-z\d-]+)\.(?:de|com|org|net|no|se|dk|fi|is|ch|at|fr|uk|cl)$|^\(|"
    r"^(?:image|photo|foto|bild|bilde)\s*:|^(?:admin|administrator|null|none|undefined|author|by|av)$",
    re.IGNORECASE,
)
_ROLES = one_of(*sorted(words("names", "roles"), key=len, reverse=True))
_PLACES_AT = one_of(*words("names", "places"))
_ROLE = re.compile(rf"\s*(?:,|\||\(|–|—|\s-\s|/)\s*(?:{_ROLES}|{_PLACES_AT}\s)\b.*$", re.IGNORECASE)
#: The same behind a full name, without any mark: "Kari Strand journalist", "Kari Strand i Tromsø".
_BARE_ROLE = re.compile(
    rf"(?<=\w\s)(?:(?:[^\W\d_A-ZÆØÅÄÖÜ]+\s){{0,2}}(?i:{_ROLES})$|{_PLACES_AT}\s(?=[^\W\d_a-zæøåäöü]).*$)"
)
_FULL = r"[^\W\d_a-zæøåäöü][\w.'’-]*\s[^\W\d_a-zæøåäöü][\w.'’-]*"
#: The same before a name: "journalist Kari Strand", "Vår medarbeider Kari Strand".
_LEADING_ROLE = re.compile(rf"^(?:[^\W\d_]+\s){{0,2}}?(?i:{_ROLES})\s(?=[^\W\d_a-zæøåäöü]\w*\s)")
#: A role between two full names is the first one's.
_BETWEEN = re.compile(rf"({_FULL})\s+(?i:{_ROLES})\s+(?={_FULL})")
_PICTURED = re.compile(rf"\s+\(?(?:{one_of(*words('bylines', 'pictures'))})\)?$", re.IGNORECASE)
#: A part of a line that is one, and no name: "Chief Political Correspondent", "special to Avisa".
_ONLY_ROLE = re.compile(
    rf"(?:[^\W\d_][\w-]*\s){{0,3}}{_ROLES}|(?:special to|{_PLACES_AT})\s.*", re.IGNORECASE
)
_DEGREE = re.compile(r",\s*(?:ph\.?\s?d|m\.?d|m\.?a|b\.?a|m\.?sc|dr|jr|llm|mph)\.?$", re.IGNORECASE)
#: "Kari Strand @kari", "Kari Strand (kari@avis.test)".
_HANDLE = re.compile(r"\s*[(<]?(?:(?<![\w.])@\w+|[\w.+-]+@[\w.-]+\.\w+)[)>]?$")
#: Initials, agencies, what they did and places, in brackets behind a name.
_BRACKETS = re.compile(r"\s*[(\[{][^()\[\]{}]{0,60}[)\]}]")
_WEEKDAYS = one_of(*(day for names in table("weekdays").values() for days in names for day in days))
_MONTHS = one_of(*(m for names in table("months").values() for those in names for m in those))
_DATED = one_of(*words("datelines", "changed"), *words("datelines", "published"))
#: A date or time behind a name.
_TIME = re.compile(
    r"(?:\s+[|,·•–—-]?\s*|\s*[|,·•–—-]\s*)(?:(?<!\w)(?:\d{1,2}[.:/-]\d|"
    rf"\d{{1,2}}\.?\s{_MONTHS}\b|\d{{4}}\b|\d+\s?(?:min|h)\b)|(?<=\s){_DATED}).*$|"
    r"\s*[|,·•–—-]\s*(?:i dag|i går|today|yesterday|heute|gestern)\b.*$",
    re.IGNORECASE,
)
#: What is left of the words before a date.
_DANGLING = re.compile(
    rf"\s(?:{one_of(*words('bylines', 'ends'))}|{_WEEKDAYS})[\s,:]*$", re.IGNORECASE
)
_THROUGH_DIGITS = re.compile(r"^.*\d\S*\s*(?:[ap]\.?m\b\.?)?", re.IGNORECASE)
#: What stands behind an upright line in data: the paper, the place.
_BEHIND = re.compile(r"(?<=\w)\s+\|\s.*$")
#: "Paper by Name": what stands before is where it was written for.
_PAPER_BY = re.compile(
    r"[^\W\d_]\w{1,20}(?: [a-z]{3,12})? (?:[Vv]on|[Bb]y|[Aa]v|[Pp]ar|[Pp]or) ([^\W\d_]\w+ .+)$"
)
_ANDS = words("names", "and")
#: In capitals where names are; a single letter would be an initial there.
_AND = one_of(*_ANDS, *(word.upper() for word in _ANDS if word.isalpha() and len(word) > 1))
_JOIN = re.compile(rf"\s*(?:,\s*(?:{_AND}\s)?|;|\s{_AND}\s|[|•·]|\s*/\s*|\n)\s*")
#: One name of a kind on each side of the comma; of two authors, data has two values.
_LAST_FIRST = re.compile(r"([^\W\d_a-zæøåäöü][\w'’-]+),\s+([^\W\d_a-zæøåäöü][\w'’-]+)")
#: Where somebody works, behind a name: "University of Tromsø".
_HOUSE = re.compile(rf"(?<!\w){one_of(*words('names', 'houses'))}(?!\w)", re.IGNORECASE)
_SLASH = re.compile(r"\s*/\s*")
_CAPITAL = re.compile(r"[^\W\d_a-zà-öø-ÿа-яё]")
#: What a line is labelled with: who wrote, who took the pictures, who did something else.
_WRITING = words("bylines", "writing")
_OTHER = (*words("bylines", "pictures"), *words("bylines", "helping"))
_DOES = one_of(*sorted((*_WRITING, *_OTHER), key=len, reverse=True))
_LABEL = re.compile(
    rf"(?<!\w)({_DOES}(?:\s*(?:,|/|&|\+|\b{_AND}\b)\s*{_DOES})*)"
    rf"(?:\s*[:：]\s*|\s+{one_of(*words('bylines', 'by'))}:?\s+)",
    re.IGNORECASE,
)
_PLACE_LABEL = re.compile(r"^[^\W\d_][\w -]{1,24}:\s+(?=[^\W\d_]\w*\s[^\W\d_])")
#: What a line begins or ends with, or is labelled with, when the name itself is missing.
_NO_NAME = re.compile(
    one_of(*words("bylines", "openings"), *words("bylines", "no_names"), *words("bylines", "ends"))
    + rf"|{_WEEKDAYS}|{_DATED}\w*",
    re.IGNORECASE,
)
#: "View all posts by Name", and the same behind the name: "Alle Beiträge von Name anzeigen".
_LISTING = re.compile(rf"^\s*{one_of(*words('names', 'listings'))}:?\s+(?=\S)", re.IGNORECASE)
_LISTED = re.compile(r"(?<=\w)\s+(?:anzeigen|ansehen|lesen)$", re.IGNORECASE)
_ALL = frozenset(words("names", "all"))
_DESK = re.compile(rf"(?<!\w){one_of(*words('names', 'desks'))}(?!\w)", re.IGNORECASE)
_AGENCIES = frozenset(map(key, words("agencies", "names")))
_VOWEL = re.compile(r"[aeiouyæøåäöüéáíóúýаеёиоуыэюя]", re.IGNORECASE)


def split(text: str, *, is_data: bool = False) -> list[str]:
    """Return the names in a printed byline, perhaps with roles; a line break parts names.

    In data, `is_data`, a value is one author's: agencies and places behind a name are a part of it.

    >>> split("Av Kari Nordmann og Ola Hansen")
    ['Kari Nordmann', 'Ola Hansen']
    >>> split("Tekst: Kari Nordmann Foto: Ola Hansen")
    ['Kari Nordmann']
    """
    whole = "\n".join(unmarked(part) for part in text.split("\n"))
    lines = [line for line in _BETWEEN.sub(r"\1\n", whole).split("\n") if line]
    lines = [line for line in lines if not _PICTURED.search(line)] or lines
    found: list[str] = []
    for line in lines:
        for wrote in _written(line):
            found.extend(_parts(BYLINE.sub("", wrote, count=1), is_data))
    return found


def _written(line: str) -> Iterator[str]:
    """Yield the stretches of a line that say who wrote; those of other labels are left out."""
    labels = list(_LABEL.finditer(line))
    if not labels:
        yield line
        return
    if before := line[: labels[0].start()].strip(" ,;|/•·–—-"):
        yield before
    for label, after in zip(labels, [*labels[1:], None], strict=True):
        did = label[1].casefold()
        if any(re.search(rf"(?<!\w){word}(?!\w)", did) for word in _WRITING):
            yield line[label.end() : after.start() if after else None].strip(" ,;|/•·–—-.")


def _parts(text: str, is_data: bool) -> list[str]:
    if is_data:
        text = _BEHIND.sub("", text)
    text = _undated(text)
    if ";" in text:
        parts = [part.strip() for part in text.split(";") if part.strip()]
        return [_first_name_first(part) for part in parts] if is_data else parts
    if is_data and (turned := _first_name_first(text)) != text:
        return [turned]
    parts = [part for part in _JOIN.split(text) if part and not _ONLY_ROLE.fullmatch(part.strip())]
    if not is_data:
        parts = [part for part in parts if not _HOUSE.search(part)] or parts
    if not parts:
        return [text]
    bare = [_without_role(part) for part in parts]
    full = sum(" " in part for part in bare)
    signs = [is_agency(part) for part in bare]
    # A part in lower case is none of several names.
    if not all(_CAPITAL.match(b) or is_sign for b, is_sign in zip(bare, signs, strict=True)):
        return [text]
    if is_data and full >= 2:
        return parts
    if full >= 2 or (full == 1 and any(signs) and not is_data and not all(signs)):
        # A single word beside full names is the place where they wrote.
        return [p for p, b, is_sign in zip(parts, bare, signs, strict=True) if " " in b or is_sign]
    if full == 1 and not is_data and " " in bare[0]:
        return parts[:1]
    return parts if len(parts) == 1 else [text]


def _first_name_first(name: str) -> str:
    """Return a name as it is said: "Vik, Kari" is Kari Vik."""
    found = _LAST_FIRST.fullmatch(name)
    if found is None or is_agency(found[1]) or is_agency(found[2]):
        return name
    return f"{found[2]} {found[1]}"


def _undated(text: str) -> str:
    """Return a line without the date in it and what stands behind that."""
    if not any(map(str.isdigit, text)):
        return text
    start = next((at for at, _ in dates.every(text, UTC, None)), None)
    if start is None:
        return text
    return _DANGLING.sub("", text[:start]).strip() or _THROUGH_DIGITS.sub("", text)


def is_agency(name: str) -> bool:
    """Return whether a name is a news agency's, as it signs itself."""
    return key(name) in _AGENCIES or (name.isupper() and " " not in name and 2 <= len(name) <= 5)


def _without_role(name: str) -> str:
    """Return a name without brackets, roles, degrees, places and times behind or before it."""
    name = _HANDLE.sub("", _BRACKETS.sub("", name)).strip()
    if (timeless := _TIME.sub("", name)) != name:
        name = _DANGLING.sub("", timeless)
    name = _ROLE.sub("", name)
    name = _DEGREE.sub("", name.strip(" ,;:|•·/–—-"))
    bare = _BARE_ROLE.sub("", name).strip()
    if " " in bare:
        name = bare
    name = _LEADING_ROLE.sub("", name)
    return name.strip(" ,;:|•·/–—-")


def tidy(told: Iterable[str]) -> tuple[str, ...]:
    """Return names without labels, roles, addresses and twins that differ in hyphens only."""
    kept: dict[str, str] = {}
    for value in told:
        name = _unlisted(BYLINE.sub("", unmarked(value), count=1))
        if found := _PAPER_BY.match(name):
            name = found[1]
        name = _without_role(_PLACE_LABEL.sub("", name))
        if not name or len(name) > _CHARS or _NOT_NAMES.search(name) or _NO_NAME.fullmatch(name):
            continue
        name = _in_small_letters(name)
        folded = key(name)
        if folded not in kept or kept[folded].count("-") > name.count("-"):
            kept[folded] = name
    names = tuple(kept.values())
    return tuple(name for name in names if not _ONLY_ROLE.fullmatch(name)) or names


def _unlisted(name: str) -> str:
    """Return a name without what a link to all that its bearer wrote says around it.

    >>> _unlisted("View all posts by Kari Vik"), _unlisted("Alle Artikel")
    ('Kari Vik', '')
    """
    if name.casefold() in _ALL:
        return ""
    bare = _LISTING.sub("", name)
    return _LISTED.sub("", bare) if bare != name else name


def is_desk(name: str) -> bool:
    """Return whether a name is that of an editorial office or of nobody in particular.

    >>> is_desk("Avis Nord redaksjonen"), is_desk("Kari Vik")
    (True, False)
    """
    return _DESK.search(name) is not None


@lru_cache(maxsize=1024)
def _in_small_letters(name: str) -> str:
    """Return a name in capitals as names are written; an agency or station writes itself so."""
    if not (name.isupper() and " " in name and len(name) > 6) or "/" in name:
        return name
    if any(
        key(word) in _AGENCIES or (word.isascii() and not _VOWEL.search(word))
        for word in name.split()
    ):
        return name
    return name.title()
