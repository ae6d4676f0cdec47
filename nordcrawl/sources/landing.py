"""Landing: what the address is to a source to which a page was redirected."""

from __future__ import annotations

from enum import StrEnum

from nordcrawl.model.url import path_of
from nordcrawl.sources.source import Source


class Landing(StrEnum):
    """What an address is by its shape, in the words of a ledger line."""

    ARTICLE = "an article"
    DENIED = "an address that is denied (deny_urls, deny_query)"
    LISTING = "a listing"
    FRONT_PAGE = "the front page"
    OTHER = "an address that no article has (article_urls)"


def landing(source: Source, url: str) -> Landing:
    """Return what an address of this source is, by the rules for addresses that are found.

    A last slash more or less is no other shape: it is what redirects add and take off most.
    """
    kept = source.link(url)
    if source.is_denied(url):
        return Landing.DENIED
    if path_of(kept) == "/":
        return Landing.FRONT_PAGE
    if source.is_listing(kept) or kept in source.entries("listing"):
        return Landing.LISTING
    if source.is_article(kept) or source.is_article(_other_slash(kept)):
        return Landing.ARTICLE
    return Landing.OTHER


def _other_slash(url: str) -> str:
    return url.removesuffix("/") if url.endswith("/") else f"{url}/"
