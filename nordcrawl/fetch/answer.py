"""Answer: what a response to an article request means, before anything is extracted.

Only a page that is there, whole and in the place of the one asked for counts as read; whatever may
be otherwise the next time is failed or blocked, and due again in the next run.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from nordcrawl.model.challenges import told_by_header
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.url import path_of
from nordcrawl.sources.landing import Landing

#: Source: WHATWG MIME Sniffing section 2 and XHTML; servers that name no type are given the
#: benefit of the doubt.
_HTML_TYPES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")

#: The page itself. Source: RFC 9110 sections 15.3.1 and 15.3.4 (203: a proxy has changed it).
READABLE = frozenset({200, 203})
#: Refused to us, or to everybody without a key.
_REFUSED = frozenset({401, 402, 403, 407, 429, 451, 511})


@dataclass(frozen=True, slots=True)
class Ending:
    """An outcome without an article, with its reason for the ledger."""

    outcome: Outcome
    reason: str


def judge(
    page: Page,
    known_body_sha256: str | None,
    *,
    conditional: bool = False,
    landing: Landing = Landing.ARTICLE,
) -> Ending | None:
    """Return how the page ended, or None when it is worth extracting.

    `conditional` is whether the answered request, the last one after redirects, was: a 304 to any
    other says nothing of the page. Source: RFC 9110 section 15.4.5.

    `known_body_sha256` is that of the last time this URL was extracted by the same extractor;
    `landing` what `page.url` is to the source, where redirects led there.
    """
    if (wall := told_by_header(page)) is not None:
        return Ending(Outcome.BLOCKED, f"wall: {wall}")
    if page.status == 304:
        if not conditional:
            return Ending(Outcome.FETCH_FAILED, "HTTP 304 to a request without condition")
        return Ending(Outcome.UNCHANGED, "304")
    if page.status in _REFUSED:
        return Ending(Outcome.BLOCKED, f"HTTP {page.status}")
    # 202 is a page to be made yet, 204 and 205 are none, 206 is a part that nobody asked for.
    if page.status not in READABLE:
        return Ending(Outcome.FETCH_FAILED, f"HTTP {page.status}")
    if page.redirects and (elsewhere := _elsewhere(page, landing)) is not None:
        return elsewhere
    if not page.body.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        return Ending(Outcome.FETCH_FAILED, "empty body")
    if (kind := other_type(page.header("content-type"), page.body)) is not None:
        return Ending(Outcome.NOT_ARTICLE, f"content type {kind}")
    if known_body_sha256 is not None and page.body_sha256 == known_body_sha256:
        return Ending(Outcome.UNCHANGED, "same bytes")
    return None


def _elsewhere(page: Page, landing: Landing) -> Ending | None:
    """Return how a page ended whose redirects led to something else than an article."""
    if is_gate(page.url, page.redirects):
        return Ending(Outcome.BLOCKED, "redirects to a gate, which is to lead back")
    if landing is Landing.DENIED:
        return Ending(Outcome.BLOCKED, f"redirects to {landing}")
    if path_of(page.url) == "/":
        landing = Landing.FRONT_PAGE
    if landing is not Landing.ARTICLE:
        return Ending(Outcome.NOT_ARTICLE, f"redirects to {landing}")
    return None


def is_gate(url: str, passed: tuple[str, ...]) -> bool:
    """Return whether an address carries in its query one of those that led there: consent, login
    and challenge pages are told so where to send the reader afterwards.

    >>> is_gate("https://a.org/consent?to=%2Fnews%2F1", ("https://a.org/news/1",))
    True
    >>> is_gate("https://a.org/news/1?from=feed", ("https://a.org/a/1",))
    False
    """
    wanted = {unquote(path_of(each)).rstrip("/") for each in passed} - {""}
    for part in urlsplit(url).query.split("&"):
        value = unquote(unquote(part.partition("=")[2])).strip()
        if value.startswith(("http://", "https://", "//")):
            value = value.partition("//")[2]
            value = value[value.find("/") :] if "/" in value else ""
        if value.rstrip("/") in wanted:
            return True
    return False


def other_type(told: str | None, body: bytes) -> str | None:
    """Return the content type, by its header, where it can't be an article's; of the body the first
    2048 bytes are looked at."""
    value = (told or "").split(";")[0].strip().lower()
    if value and value not in _HTML_TYPES and b"<html" not in body[:2048].lower():
        return value[:80]
    return None
