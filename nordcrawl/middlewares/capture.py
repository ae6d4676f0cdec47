"""Answers are kept as they came, before anything is undone of them."""

from __future__ import annotations

from typing import Final

from scrapy import Request
from scrapy.http import Response
from scrapy.http.headers import Headers

from nordcrawl.model.capture import Exchange, RawHeaders

#: In a request's meta: that its answer is to be kept, and then the `Exchange`.
WANTED: Final = "capture"
EXCHANGE: Final = "exchange"


class CaptureMiddleware:
    """Take note of the exchange of each request whose meta asks for it.

    Stands between what follows redirects and what undoes content codings: it sees the last answer,
    with its body as sent.
    """

    def process_response(self, request: Request, response: Response) -> Response:
        """Put the exchange into the request's meta; the answer goes on as it is."""
        if request.meta.get(WANTED):
            request.meta[EXCHANGE] = _exchange(request, response)
        return response


def _exchange(request: Request, response: Response) -> Exchange:
    flags = response.flags
    truncated = "length" if "download_stopped" in flags else None
    address = None if request.meta.get("proxy") else response.ip_address
    return Exchange(
        url=response.url,
        method=request.method,
        request_headers=_raw(request.headers),
        status=response.status,
        protocol=response.protocol or "HTTP/1.1",
        headers=_raw(response.headers),
        body=response.body,
        ip_address=str(address) if address is not None else None,
        truncated="disconnect" if "dataloss" in flags else truncated,
    )


def _raw(headers: Headers) -> RawHeaders:
    return tuple((name, value) for name, values in headers.items() for value in values)
