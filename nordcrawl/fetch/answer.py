"""Answer: what a response to an article request means, before anything is extracted."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from nordcrawl.model.ledger import Outcome
from nordcrawl.model.page import Page

#: Source: WHATWG MIME Sniffing section 2 and XHTML; servers that name no type are given the
#: benefit of the doubt.
_HTML_TYPES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")


@dataclass(frozen=True, slots=True)
class Ending:
    """An outcome without an article, with its reason for the ledger."""

    outcome: Outcome
    reason: str


def judge(page: Page, known_body_sha256: str | None, *, conditional: bool = False) -> Ending | None:
    """Return how the page ended, or None when it is worth extracting.

    `conditional` is whether the answered request, the last one after redirects, was: a 304 to any
    other says nothing of the page. Source: RFC 9110 section 15.4.5.

    `known_body_sha256` is that of the last time this URL was extracted by the same extractor.
    """
    if page.status == 304:
        if not conditional:
            return Ending(Outcome.FETCH_FAILED, "HTTP 304 to a request without condition")
        return Ending(Outcome.UNCHANGED, "304")
    if page.status in (401, 402, 403, 429, 451):
        return Ending(Outcome.BLOCKED, f"HTTP {page.status}")
    if not 200 <= page.status < 300:
        return Ending(Outcome.FETCH_FAILED, f"HTTP {page.status}")
    if page.status != 200:
        return Ending(Outcome.NOT_ARTICLE, f"HTTP {page.status}")
    if not page.body.strip():
        return Ending(Outcome.NOT_ARTICLE, "empty body")
    if (kind := _kind(page)) is not None:
        return Ending(Outcome.NOT_ARTICLE, f"content type {kind}")
    if page.redirects and urlsplit(page.url).path in ("", "/"):
        return Ending(Outcome.NOT_ARTICLE, "redirects to the front page")
    if page.body_sha256 == known_body_sha256:
        return Ending(Outcome.UNCHANGED, "same bytes")
    return None


def _kind(page: Page) -> str | None:
    """Return the content type where it can't be an article's."""
    value = (page.header("content-type") or "").split(";")[0].strip().lower()
    if value and value not in _HTML_TYPES and b"<html" not in page.body[:2048].lower():
        return value[:80]
    return None
