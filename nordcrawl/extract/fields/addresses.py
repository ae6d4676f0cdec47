"""Addresses that a page names: canonical, lead image, translations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from nordcrawl.extract.fields import language
from nordcrawl.extract.fields.context import Context
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.jsonld import strings
from nordcrawl.extract.page.text import clean, key, unmarked
from nordcrawl.model.article import Translation
from nordcrawl.model.printable import without_user


def descriptions(head: Head) -> list[str]:
    """Return what claims to sum up the article, Open Graph first."""
    found = [
        *head.all("og:description"), *head.all("description"), *head.all("twitter:description"),
        *strings(head.jsonld.node.get("description")), *head.all("dc.description"),
    ]  # fmt: skip
    plain = (re.sub(r"<[^<>]{1,200}>", " ", unmarked(value)) for value in found)
    return list(dict.fromkeys(clean(value) for value in plain))


def canonical_url(context: Context) -> tuple[str | None, str]:
    """Return (absolute address, origin): link rel=canonical, og:url, JSON-LD."""
    head = context.head
    found = [(link.href, "link") for link in head.links if "canonical" in link.rel.split()]
    found.extend((value, "og") for value in head.all("og:url"))
    found.extend((v, "json-ld") for v in strings(head.jsonld.node.get("mainEntityOfPage"), "@id"))
    for value, origin in found:
        if absolute := _absolute(value, head.base):
            return absolute, origin
    return None, ""


def _absolute(value: str, base: str) -> str | None:
    try:
        absolute = without_user(urljoin(base, value)).partition("#")[0]
        parts = urlsplit(absolute)
        if parts.scheme in ("http", "https") and parts.hostname and not re.search(r"\s", absolute):
            return absolute
    except ValueError:
        pass
    return None


def lead_image(context: Context) -> tuple[str | None, str]:
    """Return (address, origin) of the picture that stands for the article."""
    head = context.head
    for values, origin in (
        (head.all("og:image", "og:image:url", "og:image:secure_url"), "og"),
        (tuple(_pictures(head.jsonld.node.get("image"))), "json-ld"),
        (head.all("twitter:image", "twitter:image:src"), "meta"),
    ):
        for value in values:
            if "null" not in value[:6] and (absolute := _absolute(value, head.base)):
                return absolute, origin
    return None, ""


#: How the address of a picture ends; the name of a node is mostly the page's own address.
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|avif|gif)$", re.IGNORECASE)


def _pictures(value: Any) -> Iterator[str]:
    """Yield the addresses of pictures in data; a node's name counts only if it is such a file."""
    yield from strings(value, "url", "contentUrl")
    for name in strings(value, "@id"):
        if _PICTURE.search(name.partition("?")[0]) and "#" not in name:
            yield name


def translations(context: Context, own: str | None) -> tuple[Translation, ...]:
    """Return other language versions: of the text's own line, then of hreflang links."""
    found = {t.language: t for t in reversed(context.given.translations)}
    here = {key(context.page.url), key(canonical_url(context)[0] or "")}
    for link in context.head.links:
        tag = language.primary(link.hreflang)
        if "alternate" not in link.rel.split() or not tag or "-" in link.rel:
            continue
        absolute = _absolute(link.href, context.head.base)
        if absolute and tag != own and key(absolute) not in here:
            found.setdefault(tag, Translation(tag, absolute))
    return tuple(t for t in found.values() if t.language != own)
