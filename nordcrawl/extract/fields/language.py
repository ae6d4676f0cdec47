"""Decide the language of an article: what the host and page say, checked against the text.

Does not look at more than the text's first characters; a page in two languages gets the first.
"""

from __future__ import annotations

import re
from functools import lru_cache

from py3langid.langid import LanguageIdentifier

from nordcrawl.extract.fields import language_model
from nordcrawl.extract.lexicon import tables

_SAMPLE_CHARS = 1500
#: Under this many letters the identifier is not believed against what the page says.
_FEW_CHARS = 150
#: So near to each other that the identifier takes one for the other in short texts.
_SCANDINAVIAN = frozenset(("nb", "nn", "no", "da"))
_NEAR = frozenset(("nb", "nn", "no", "da", "sv", "fo", "is", "kl", "se"))
_TAG = re.compile(
    r"^([a-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?(?:[-_@.].*)?$", re.IGNORECASE
)
_THREE = {
    "nob": "nb", "nno": "nn", "nor": "no", "dan": "da", "swe": "sv", "eng": "en", "deu": "de",
    "ger": "de", "fin": "fi", "sme": "se", "kal": "kl", "fao": "fo", "isl": "is", "fra": "fr",
    "rus": "ru", "spa": "es",
}  # fmt: skip
_IMPLAUSIBLE = frozenset(tables.words("implausible_languages"))
_NYNORSK = frozenset(tables.table("small_words", "nynorsk_or_bokmal")["nn"])
_BOKMAL = frozenset(tables.table("small_words", "nynorsk_or_bokmal")["nb"])
_DANISH = frozenset(tables.table("small_words", "danish_or_norwegian")["da"])
_NORWEGIAN = frozenset(tables.table("small_words", "danish_or_norwegian")["no"])


def tag(value: str | None) -> str | None:
    """Return a language tag in the form of BCP 47, or None for what is none.

    Norwegian without its written form becomes Bokmål. Source: RFC 5646, section 2.1.1.

    >>> tag("nb-NO"), tag("no"), tag("EN_us"), tag("norsk tekst")
    ('nb-NO', 'nb', 'en-US', None)
    """
    found = _TAG.match((value or "").strip())
    if not found:
        return None
    primary = found[1].lower()
    primary = _THREE.get(primary, primary)
    if primary in ("xx", "und", "zxx", "mul") or (len(primary) == 3 and primary != "smj"):
        return None  # "utf-8", "eng" apart, three letters are rarely a language here
    parts = ["nb" if primary == "no" else primary]
    if found[2]:
        parts.append(found[2].title())
    if found[3]:
        parts.append(found[3].upper())
    return "-".join(parts)


def primary(value: str | None) -> str | None:
    """Return the language of a tag without script and region."""
    checked = tag(value)
    return checked.partition("-")[0] if checked else None


def decide(text: str, host: str | None, page: tuple[str | None, ...]) -> tuple[str | None, str]:
    """Return (language, origin) of a text; region and script are left off.

    `host` is what the source says of the host, `page` what the page says, best first. The text
    overrules both only where it is long and of a language far from theirs.
    """
    said = [(primary(host), "host"), *((primary(value), "page") for value in page)]
    declared = [(language, origin) for language, origin in said if language]
    found = _identify(text)
    if not declared:
        return (_refined(found, text), "text") if found else (None, "text")
    letters = sum(map(str.isalpha, text[:_SAMPLE_CHARS]))
    if found is None or letters < _FEW_CHARS:
        return declared[0]
    for language, origin in declared:
        if _agree(language, found, text):
            return language, origin
    if not _known(declared[0][0]):
        return declared[0]  # the identifier does not know this language: it can't contradict
    return _refined(found, text), "text"


def _agree(declared: str, found: str, text: str) -> bool:
    if declared == found:
        return True
    if declared in _SCANDINAVIAN and found in _SCANDINAVIAN:
        return True
    return declared in _NEAR and found in _NEAR and not _known(declared)


def _known(language: str) -> bool:
    """Return whether the identifier can find this language at all."""
    return ("no" if language == "nb" else language) in identifier().labels


def _refined(found: str, text: str) -> str:
    """Tell Bokmål, Nynorsk and Danish apart by small words that only one of them has."""
    if found not in _SCANDINAVIAN:
        return found
    words = re.findall(r"\w+", text[:_SAMPLE_CHARS].casefold())
    danish = sum(word in _DANISH - _NORWEGIAN for word in words)
    norwegian = sum(word in _NORWEGIAN - _DANISH for word in words)
    if danish > norwegian:
        return "da"
    nynorsk = sum(word in _NYNORSK for word in words)
    bokmal = sum(word in _BOKMAL for word in words)
    return "nn" if nynorsk > bokmal else "nb" if norwegian or found != "da" else "da"


@lru_cache(maxsize=1)
def identifier() -> LanguageIdentifier:
    """Return the model, loaded once a process, without the languages no newspaper is in."""
    model = language_model.load()
    model.set_languages([name for name in model.labels if name not in _IMPLAUSIBLE])
    return model


def _identify(text: str) -> str | None:
    sample = text[:_SAMPLE_CHARS]
    if sum(map(str.isalpha, sample[:400])) < 20:
        return None
    return str(identifier().classify(sample)[0])
