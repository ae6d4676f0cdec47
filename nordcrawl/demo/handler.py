"""Handler: HTTP as the demo site speaks it: conditional requests, gzip, HEAD, keep-alive.

Knows neither pages nor editions: the answers come from whoever made the server.
"""

from __future__ import annotations

import gzip
import sys
import traceback
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from nordcrawl.demo.routes import Answer, host_name


class Seen(NamedTuple):
    """One request as it was answered."""

    host: str
    """The Host header without its port, lower case."""
    path: str
    """Path and query as sent."""
    status: int
    headers: dict[str, str]
    """Request headers, names in lower case."""
    method: str = "GET"


class Server(ThreadingHTTPServer):
    """A threading server on 127.0.0.1 that asks its maker for every answer.

    `get` is asked with Host header and target, `post` with the target, before any encoding;
    `seen` is told of each answer just before it is sent.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        get: Callable[[str, str], Answer],
        post: Callable[[str], Answer],
        seen: Callable[[Seen], None],
    ) -> None:
        self.get, self.post, self.seen = get, post, seen
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Be silent about clients that hang up; print what is our own fault."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            traceback.print_exc()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "nordcrawl-demo"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 30
    server: Server

    def do_GET(self) -> None:
        """Answer a GET."""
        self._send(self._conditional(self.server.get(self._host(), self.path)))

    def do_HEAD(self) -> None:
        """Answer a HEAD: as a GET, without the body."""
        self.do_GET()

    def do_POST(self) -> None:
        """Answer a POST: the control path only."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._send(self.server.post(self.path))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing; `Server.seen` is told."""

    def _host(self) -> str:
        return self.headers.get("Host", "")

    def _conditional(self, made: Answer) -> Answer:
        if made.status == 200 and _unchanged(made.headers, dict(self.headers.items())):
            return Answer(304, b"", made.content_type, made.headers)
        return made

    def _send(self, made: Answer) -> None:
        body, headers = made.body, dict(made.headers)
        given = {name.lower() for name in headers}
        if made.status != 304:
            headers |= {} if "content-type" in given else {"Content-Type": made.content_type}
            if self._wants_gzip(made, given):
                body = gzip.compress(body, mtime=0)
                headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            headers |= {} if "content-length" in given else {"Content-Length": str(len(body))}
        self.server.seen(
            Seen(host_name(self._host()), self.path, made.status,
                 {name.lower(): value for name, value in self.headers.items()}, self.command)
        )  # fmt: skip
        self.send_response(made.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _wants_gzip(self, made: Answer, given: set[str]) -> bool:
        is_text = made.content_type.startswith(("text/", "application/xml"))
        accepted = "gzip" in self.headers.get("Accept-Encoding", "")
        return is_text and accepted and len(made.body) > 500 and "content-encoding" not in given


def _unchanged(ours: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    """Return whether a conditional request is met by a 304.

    Source: RFC 9110 section 13.2.2: If-None-Match goes before If-Modified-Since.
    """
    given = {name.lower(): value for name, value in asked.items()}
    if (tags := given.get("if-none-match")) is not None:
        known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return "ETag" in ours and ours["ETag"] in known
    since, changed = given.get("if-modified-since"), ours.get("Last-Modified")
    if since is None or changed is None:
        return False
    try:
        return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False
