"""Answers: a WARC record as the response that Scrapy's own download handler would have made of
what the server sent."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from nordcrawl.capture.read import Warc
from nordcrawl.model.capture import RESPONSE
from nordcrawl.model.times import parse_rfc3339

#: What Scrapy says of a body that broke off, by how WARC 1.1 says it (section 5.13).
_TRUNCATED: Final = {"length": "download_stopped", "disconnect": "dataloss"}


def response_of(record: Warc, body: bytes, url: str) -> Response:
    """Return the response to a request for `url` that a `response` or `revisit` record holds.

    `body` is as it was sent, behind the transfer coding and before the content coding is undone:
    the record's own, or that of the record to which a revisit refers.

    Raises:
        ValueError: the record holds no HTTP response.
    """
    first, lines, _ = record.http
    protocol, _, rest = first.partition(" ")
    headers = Headers()
    for name, value in lines:
        headers.appendlist(name, value.encode("latin-1"))
    flags = []
    if record.type == RESPONSE and (told := record.headers.get("warc-truncated")) in _TRUNCATED:
        flags.append(_TRUNCATED[told])
    kind = responsetypes.from_args(headers=headers, url=url, body=body)
    return kind(
        url=url,
        status=int(rest[:3]),
        headers=headers,
        body=body,
        flags=flags,
        protocol=protocol,
    )


def answered_at(record: Warc) -> datetime | None:
    """Return when the answer of a record came, UTC; None where it does not say."""
    return parse_rfc3339(record.headers.get("warc-date"))


def redirect_to(target: str, url: str) -> Response:
    """Return a response that leads to where a page was: the real ones, of which there may have been
    several, are not kept."""
    return Response(url, status=302, headers={"Location": target}, protocol="HTTP/1.1")
