"""Site: the demo news site as an HTTP server on loopback.

Three host names on one port, told apart by the Host header. Serves what `nordcrawl.demo.routes`
answers and keeps a list of what was asked. Bound to 127.0.0.1 only; knows nothing of what the
pages say, nor of HTTP's finer points, which `nordcrawl.demo.handler` knows.
"""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Mapping
from types import FrameType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from nordcrawl.demo import lists
from nordcrawl.demo.handler import Seen, Server
from nordcrawl.demo.hosts import LOCAL_NAMES, Hosts
from nordcrawl.demo.markup import View
from nordcrawl.demo.routes import Answer, Ask, answer, host_name
from nordcrawl.demo.story import EDITIONS, stories
from nordcrawl.demo.truth import ExpectedStory, expected

#: Paths below it steer the server and are neither counted, delayed nor failed.
CONTROL = "/__demo__/"

Extra = Mapping[tuple[str, str], tuple[int, Mapping[str, str], bytes]]


class DemoSite:
    """The demo site; a context manager that serves from a thread of its own.

    `fail` maps a path (with its query, or without) to the status that it answers on every host.
    `extra` adds pages: ``(host without port, path with query)`` to ``(status, headers, body)``;
    the host may be the real name or the one below localhost, or an address.

    >>> with DemoSite() as site:
    ...     site.hosts["en.highnorthnews.com"] == f"en.highnorthnews.localhost:{site.port}"
    True
    """

    def __init__(
        self,
        port: int = 0,
        *,
        delay_s: float = 0.0,
        fail: Mapping[str, int] | None = None,
        extra: Extra | None = None,
    ) -> None:
        self.delay_s = delay_s
        self.fail = dict(fail or {})
        self.extra = {(_local(host), path): made for (host, path), made in (extra or {}).items()}
        self.edition = 1
        self._seen: list[Seen] = []
        self._lock = threading.Lock()
        self._turns = itertools.count(1)
        self._server = Server(port, self.answer, self.control, self._keep)
        self.port: int = self._server.server_address[1]
        self._links = Hosts.on(self.port)
        self._thread: threading.Thread | None = None

    @property
    def hosts(self) -> dict[str, str]:
        """Real host name to host and port here."""
        return {real: f"{name}:{self.port}" for real, name in LOCAL_NAMES.items()}

    @property
    def host_map(self) -> str:
        """The same as one string, ``real=here`` parted by commas."""
        return ",".join(f"{real}={here}" for real, here in self.hosts.items())

    @property
    def requests(self) -> list[Seen]:
        """All requests answered so far, oldest first; a copy."""
        with self._lock:
            return list(self._seen)

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        with self._lock:
            self._seen.clear()

    def publish_changes(self) -> None:
        """Go on to the second edition: one article has been edited, all else is the same."""
        self.edition = EDITIONS

    def expected(self, edition: int | None = None) -> tuple[ExpectedStory, ...]:
        """Return what a right crawl archives, of the present edition where none is named."""
        return expected(edition or self.edition)

    def url(self, story: ExpectedStory) -> str:
        """Return the address here of an expected story."""
        return f"http://{self.hosts[story.host]}{story.url_path}"

    def start(self) -> Self:
        """Serve from a thread until `stop`."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="demo-site", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and close the port."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def answer(self, host: str, target: str) -> Answer:
        """Return the answer to a GET of a target under a Host header, with faults and extras."""
        path = urlsplit(target).path
        if path.startswith(CONTROL):
            html = lists.index_page(View(self._links, stories(self.edition)), self.edition)
            return Answer(200 if path == CONTROL else 404, html.encode())
        if self.delay_s:
            time.sleep(self.delay_s)
        status = self.fail.get(target, self.fail.get(path))
        if status is not None:
            return Answer(status, b"made to fail\n", "text/plain")
        if (made := self.extra.get((_local(host_name(host)), target))) is not None:
            return _extra(*made)
        return answer(Ask(self._links, host, target, self.edition, next(self._turns)))

    def _keep(self, seen: Seen) -> None:
        if not urlsplit(seen.path).path.startswith(CONTROL):
            with self._lock:
                self._seen.append(seen)

    def control(self, target: str) -> Answer:
        """Obey a POST below `CONTROL`: ``edition?n=1`` or ``edition?n=2``."""
        parts = urlsplit(target)
        wanted = parse_qs(parts.query).get("n", [""])[0]
        if parts.path != f"{CONTROL}edition" or wanted not in map(str, range(1, EDITIONS + 1)):
            return Answer(404, b"POST /__demo__/edition?n=1 or 2\n", "text/plain")
        self.edition = int(wanted)
        return Answer(200, f"edition {wanted}\n".encode(), "text/plain")


def serve(port: int = 0) -> None:
    """Serve until SIGINT or SIGTERM, having printed the addresses; for the main thread."""
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with DemoSite(port) as site:
            print(f"index   http://127.0.0.1:{site.port}{CONTROL}")
            for real, here in site.hosts.items():
                print(f"{real:24} http://{here}/")
            print(f"hosts   {site.host_map}", flush=True)
            stopped.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _extra(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    return Answer(status, body, "text/html; charset=utf-8", dict(headers))


def _local(host: str) -> str:
    return LOCAL_NAMES.get(host, host)
