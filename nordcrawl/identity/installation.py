"""Installations: whether a CMS's id means the same article at two addresses. Pure.

An id is unique within one installation of a CMS. Two editions on two hosts, or in two folders, may
be two installations that count alike, and one that is translated may give both languages one id. So
an id joins two addresses only where something else agrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container
from urllib.parse import urlsplit

from nordcrawl.identity.moved import MIN_TEXT_CHARACTERS, Candidate, address
from nordcrawl.model import signature as near
from nordcrawl.model.article import normalize
from nordcrawl.model.ledger import ArticleState


def may_be(candidate: Candidate, before: ArticleState, aliases: Container[str] = ()) -> bool:
    """Return whether a page is the article that holds its CMS id already; `aliases` are the
    addresses known of that one.

    An id in the address identifies the article in that folder of that host, whatever became of its
    text: the source's table says so. Elsewhere, and where only the page tells the id, title, text
    or a redirect must agree, and the language.
    """
    if address(candidate.url) == address(before.url) or candidate.url in aliases:
        return True
    if before.url in candidate.visit.passed:
        return True
    same_host = _host(candidate.url) == _host(before.url)
    if candidate.visit.cms_id is not None and _place(candidate.url) == _place(before.url):
        return True
    page = candidate.article
    if page.language and before.language and page.language != before.language:
        return False
    if candidate.reading.text_sha256 == before.text_sha256:
        return same_host or len(page.text) >= MIN_TEXT_CHARACTERS
    if same_host and page.title and _key(page.title) == _key(before.title):
        return True
    if candidate.reading.signature is None or before.near is None:
        return False
    return near.similarity(candidate.reading.signature, before.near) >= near.SAME_STORY


def scoped(cms_id: str, url: str) -> str:
    """Return a CMS id as it is told where another installation has that id: host and first folder
    of the address are part of it.

    >>> scoped("77", "https://www.a.org/nb/77") == scoped("77", "https://a.org/nb/8")
    True
    >>> scoped("77", "https://a.org/nb/77") == scoped("77", "https://a.org/en/77")
    False
    """
    return f"{hashlib.sha256(_place(url).encode()).hexdigest()[:8]}-{cms_id}"


def _place(url: str) -> str:
    """Return host and first folder of an address."""
    folders = urlsplit(url).path.split("/")[1:-1]
    return "/".join([_host(url), *folders[:1]])


def _host(url: str) -> str:
    return urlsplit(url).netloc.removeprefix("www.")


def _key(title: str | None) -> str:
    return normalize(title or "").casefold()
