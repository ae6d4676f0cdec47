"""Responses: Scrapy's answers and failures as our own values."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from itemadapter import ItemAdapter
from scrapy.http import Response
from twisted.python.failure import Failure

from nordcrawl.items import WrongItem
from nordcrawl.middlewares.address_guard import VALIDATORS
from nordcrawl.model import words
from nordcrawl.model.page import Page

#: In a request's meta: when its answer came, UTC, where that was not now but recorded.
FETCHED_AT: Final = "fetched_at"


def to_page(response: Response, url: str, fetched_at: datetime) -> Page:
    """Return a response to a request for `url` as a value; the time is UTC, aware."""
    return Page(
        url=response.url,
        body=response.body,
        fetched_at=fetched_at,
        requested_url=url,
        redirects=_passed(response),
        status=response.status,
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, values in response.headers.items()
            for value in values
        ),
    )


def _passed(response: Response) -> tuple[str, ...]:
    # One that a spider made itself has no request.
    return tuple(response.meta.get("redirect_urls", ())) if response.request is not None else ()


def page_of_item(item: Any, fetched_at: datetime) -> Page:
    """Return the page that somebody else's spider yields: a response, an item of any kind that
    Scrapy knows with a ``response``, or one with ``url`` and ``body`` (bytes, or text).

    Raises:
        WrongItem: it is none of these; the text names its kind and the field.
    """
    kind = f"item of type {type(item).__name__}"
    fields = ItemAdapter(item) if ItemAdapter.is_item(item) else {"response": item}
    response = fields.get("response")
    if isinstance(response, Response):
        return to_page(response, next(iter(_passed(response)), response.url), fetched_at)
    if "url" not in fields and "body" not in fields:
        raise WrongItem(f"{kind}: url and body, or a response, are needed to archive it")
    url, body = fields.get("url"), fields.get("body")
    if not isinstance(url, str):
        raise WrongItem(f"{kind}: url must be str, is {type(url).__name__}")
    if isinstance(body, str):
        told = (("content-type", "text/html; charset=utf-8"),)
        return Page(url, body.encode(errors="replace"), fetched_at, headers=told)
    if not isinstance(body, bytes):
        raise WrongItem(f"{kind}: body must be bytes or str, is {type(body).__name__}")
    return Page(url, body, fetched_at, headers=(("content-type", "text/html"),))


def is_conditional(response: Response) -> bool:
    """Return whether the request that was answered, the last one after redirects, was
    conditional."""
    request = response.request
    return request is not None and any(request.headers.get(name) for name in VALIDATORS)


def reason(failure: Failure) -> str:
    """Return why a request failed, on one line that names no library."""
    return words.reason(failure.value) if failure.value is not None else "unknown"
