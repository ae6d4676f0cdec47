"""Recorded: the page that a WARC response record holds, as it came when it was fetched."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from nordcrawl.capture.read import Warc
from nordcrawl.fetch import coding, transfer
from nordcrawl.model.page import Page

#: HTTP/1.1 200 OK; of HTTP/2 some writers leave the minor version out. Source: RFC 9112 section 4.
_STATUS: Final = re.compile(r"HTTP/\d(?:\.\d)? (\d{3})(?: |$)")
#: Headers of what is undone in the page.
_UNDONE: Final = ("content-encoding", "transfer-encoding")


def status_of(status_line: str) -> int:
    """Return the status of an answer.

    Raises:
        ValueError: it is no response of HTTP.
    """
    status = _STATUS.match(status_line)
    if status is None:
        raise ValueError(f"no response of HTTP: {status_line[:80]!r}")
    return int(status[1])


def page_of(
    record: Warc,
    fetched_at: datetime,
    *,
    url: str | None = None,
    requested_url: str | None = None,
    passed: tuple[str, ...] = (),
    most: int,
) -> Page:
    """Return the page of a `response` record, its transfer and content codings undone.

    `requested_url` is what was asked for first, if another address answered, `passed` what was
    passed on the way, if that is known; `url` is where it came from, if that is not the record's
    target; `most` are the bytes that its body may have when unpacked.

    Raises:
        ValueError: it is no response of HTTP, or the body is not whole; the text says which.
    """
    status_line, headers, payload = record.http
    status = status_of(status_line)
    payload = transfer.undone(headers, payload)
    codings = coding.names(value for name, value in headers if name == "content-encoding")
    decoded = coding.decode(payload, codings, most)
    cut = record.headers.get("warc-truncated") and decoded.fault == "cut short"
    if decoded.fault is not None and not cut:
        raise ValueError(f"the body is {decoded.fault}")
    url = url or record.url
    asked = requested_url or url
    return Page(
        url=url,
        body=decoded.body,
        fetched_at=fetched_at,
        requested_url=asked,
        redirects=passed or (() if asked == url else (asked,)),
        status=status,
        headers=tuple(pair for pair in headers if pair[0] not in _UNDONE),
    )
