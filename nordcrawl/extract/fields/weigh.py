"""Authors, tags and language, by the weight of who says so."""

from __future__ import annotations

from urllib.parse import urlsplit

from nordcrawl.extract.fields import authors, language, title
from nordcrawl.extract.fields import tags as keywords
from nordcrawl.extract.fields.context import Context
from nordcrawl.extract.page.jsonld import strings


def author_names(context: Context) -> tuple[tuple[str, ...], str]:
    """Return (names, origin)."""
    if context.given.authors:
        return context.given.authors, context.given.origin_of("authors")
    return authors.find(context.head, context.root, _site(context))


def _site(context: Context) -> tuple[str, ...]:
    return title.site_names(context.head, context.profile.site_title, context.page.url)


def tags(context: Context) -> tuple[tuple[str, ...], str]:
    """Return (tags, origin), each once, as printed."""
    if context.given.tags:
        return context.given.tags, context.given.origin_of("tags")
    return keywords.find(context.head, context.root, context.page.url, _site(context))


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
