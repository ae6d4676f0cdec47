"""Where a redirect leads is made fit to be shown before anything logs it."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from w3lib.url import safe_url_string

from nordcrawl.model.printable import without_user


class RedirectsNowhere(IgnoreRequest):
    """Where a redirect leads is no address."""


class RedirectTargetMiddleware:
    """Take user name and password out of where a redirect leads: no name and password is ever
    sent, and none may come to a log, a ledger line or a record.

    Stands between the network and RedirectMiddleware, which logs where it goes.
    """

    def process_response(self, request: Request, response: Response) -> Response:
        """Return the response with a target that may be shown."""
        location = response.headers.get("Location")
        if location is None or b"@" not in location:
            return response
        path, mark, query = location.partition(b"?")
        # Browsers read \\ as / before the query, and any number of them before the host as two.
        # Source: WHATWG URL section 4.4, "special authority ignore slashes state".
        text = safe_url_string(path.strip().replace(b"\\", b"/") + mark + query)
        text = re.sub(r"^(https?:)?/{2,}", r"\1//", text, flags=re.IGNORECASE)
        try:
            response.headers["Location"] = without_user(urljoin(request.url, text))
        except ValueError as error:
            raise RedirectsNowhere("redirects to what is no address") from error
        return response
