"""Responses: Scrapy's answers and failures as our own values."""

from __future__ import annotations

from datetime import datetime

from scrapy.http import Response
from twisted.python.failure import Failure

from nordcrawl.middlewares.address_guard import VALIDATORS
from nordcrawl.model import words
from nordcrawl.model.page import Page


def to_page(response: Response, url: str, fetched_at: datetime) -> Page:
    """Return a response to a request for `url` as a value; the time is UTC, aware."""
    return Page(
        url=response.url,
        body=response.body,
        fetched_at=fetched_at,
        requested_url=url,
        redirects=tuple(response.meta.get("redirect_urls", ())),
        status=response.status,
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, values in response.headers.items()
            for value in values
        ),
    )


def is_conditional(response: Response) -> bool:
    """Return whether the request that was answered, the last one after redirects, was
    conditional."""
    request = response.request
    return request is not None and any(request.headers.get(name) for name in VALIDATORS)


def reason(failure: Failure) -> str:
    """Return why a request failed, on one line that names no library."""
    return words.reason(failure.value) if failure.value is not None else "unknown"
