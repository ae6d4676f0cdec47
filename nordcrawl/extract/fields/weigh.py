"""Authors, tags and language, by the weight of who says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from nordcrawl.extract.fields import authors, language, signature, title
from nordcrawl.extract.fields import tags as keywords
from nordcrawl.extract.fields.context import Context
from nordcrawl.extract.page.jsonld import strings
from nordcrawl.extract.page.text import key
from nordcrawl.extract.page.text_runs import TextRun


def author_names(context: Context) -> tuple[tuple[str, ...], str]:
    """Return (names, origin); what the content system's places name gives way to a person, unless
    the source's own selector names it."""
    given = context.given
    told = given.authors, given.origin_of("authors")
    if given.authors and ("authors" in given.selected or not is_weak(context, given.authors)):
        return told
    found = authors.find(context.head, context.root, _site(context), context.page.url)
    return told if given.authors and is_weak(context, found[0]) else found


def is_weak(context: Context, names: Iterable[str]) -> bool:
    """Return whether authors are no person, and one that signs the text counts more."""
    return authors.gives_way(names, _site(context))


def signed(
    context: Context, runs: Sequence[TextRun], found: tuple[tuple[str, ...], str]
) -> tuple[tuple[str, ...], str]:
    """Return authors and origin, those that sign the article's text where none is a person."""
    if "authors" in context.given.selected or not is_weak(context, found[0]):
        return found
    names = signature.of(runs)
    if found[0]:
        names = authors.overruling(names, found[0], frozenset(map(key, _site(context))))
    return (names, "printed") if names else found


def _site(context: Context) -> tuple[str, ...]:
    return title.site_names(context.head, context.profile.site_title, context.page.url)


def tags(context: Context, names: Iterable[str] = ()) -> tuple[tuple[str, ...], str]:
    """Return (tags, origin), each once, as printed; `names` are the authors, whom some systems
    write among the metas of keywords."""
    if context.given.tags:
        return context.given.tags, context.given.origin_of("tags")
    found, origin = keywords.find(context.head, context.root, context.page.url, _site(context))
    own = {key(name) for name in names} if origin == "meta" else set()
    return tuple(tag for tag in found if key(tag) not in own) or found, origin


def text_language(context: Context, text: str) -> tuple[str | None, str]:
    """Return (language, origin)."""
    head = context.head
    said = head.jsonld.node.get("inLanguage") or head.jsonld.node.get("availableLanguage")
    return language.decide(
        text,
        context.profile.language_of(urlsplit(context.page.url).netloc),
        (
            head.language,
            next(strings(said, "alternateName", "name"), None),
            head.meta("og:locale", "language", "dc.language", "content-language"),
        ),
    )
