"""Reading: the pages that were gathered, in the order of their dates, read by worker processes as a
crawl reads pages that just came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from nordcrawl.capture.read import Warc
from nordcrawl.crawl.extraction import MOST_BYTES, PageReader, permitted
from nordcrawl.crawl.told import Told
from nordcrawl.discover import Link
from nordcrawl.fetch import transfer
from nordcrawl.fetch.answer import judge
from nordcrawl.fetch.recorded import page_of
from nordcrawl.importing.findings import Left
from nordcrawl.importing.gathered import Gathered, Task
from nordcrawl.model.article import Rejected
from nordcrawl.model.capture import Exchange
from nordcrawl.model.ledger import ArticleState, Outcome, UrlState
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading
from nordcrawl.rights import Denial
from nordcrawl.sources.landing import Landing, landing
from nordcrawl.sources.source import Source
from nordcrawl.workers.pool import Workers, WorkFailed, WorkStopped

#: Pages that are read or wait for it, a worker.
_AHEAD: Final = 3
#: Headers about the connection, and of what is undone: none of a page as it is kept.
_NOT_KEPT: Final = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)


class Memory(Protocol):
    """What is known of addresses, of all pages before."""

    def url(self, url: str) -> UrlState | None:
        """Return what is remembered of a URL."""

    def article_of(self, known: UrlState | None) -> ArticleState | None:
        """Return the article that a URL shows."""

    def known_body(self, url: str) -> str | None:
        """Return the digest of the body that a URL had when this very extractor read it."""

    def is_erased(self, url: str) -> bool:
        """Return whether an address is one of an erased article."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A page without an article that may be archived; it gets a ledger line."""

    page: Page
    exchange: Exchange
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """A page with what it is read as."""

    page: Page
    exchange: Exchange
    reading: Reading


@dataclass(frozen=True, slots=True)
class Later:
    """A page whose URL has its outcome in this run already: it is for the next one."""


Found: TypeAlias = Left | Ended | Read | Later
_Window: TypeAlias = list[tuple[Task, asyncio.Event, "asyncio.Task[Found | None]"]]
"""Pages under way, in their order; each tells by its event that it was taken."""


class Reader:
    """Reads the pages of one source; of the event loop's thread."""

    def __init__(
        self,
        source: Source,
        gathered: Gathered,
        workers: Workers,
        memory: Memory,
        has_ended: Callable[[str], bool] = lambda url: False,
    ) -> None:
        self._source = source
        self._gathered = gathered
        self._workers = workers
        self._memory = memory
        self._has_ended = has_ended
        """Says whether a URL has its one outcome of this run."""
        self._pages = PageReader()
        self._put_off: set[str] = set()
        """URLs of which a page is for later, so that all that come after it are."""
        self._under_way: dict[str, asyncio.Event] = {}
        """The latest page of each address that is read or waits to be taken."""

    async def read(
        self, tasks: Iterable[Task], go_on: Callable[[], bool], most: int
    ) -> AsyncGenerator[tuple[Task, Found | None]]:
        """Yield each page, in its order, with what came of it; that is None where the workers were
        stopped before. Whoever asks for the next one is done with the one before, so that a later
        page of its address is held against it. Ends early once `go_on` says no; `most` workers
        there are."""
        window: _Window = []
        try:
            for task in tasks:
                if not go_on():
                    break
                addresses = {task.asked, task.url}
                before = [self._under_way[one] for one in addresses & self._under_way.keys()]
                done = asyncio.Event()
                self._under_way |= dict.fromkeys(addresses, done)
                window.append((task, done, asyncio.create_task(self._one(task, before))))
                if len(window) > _AHEAD * most:
                    yield await self._first(window)
                    self._end(window)
            while window:
                yield await self._first(window)
                self._end(window)
        finally:
            for _, _, coming in window:
                coming.cancel()

    async def _first(self, window: _Window) -> tuple[Task, Found | None]:
        task, _, coming = window[0]
        return task, await coming

    def _end(self, window: _Window) -> None:
        task, done, _ = window.pop(0)
        done.set()
        for one in {task.asked, task.url}:
            if self._under_way.get(one) is done:
                del self._under_way[one]

    async def _one(self, task: Task, before: list[asyncio.Event]) -> Found | None:
        for one in before:
            await one.wait()
        if task.asked in self._put_off:
            return Later()
        if self._memory.is_erased(task.asked) or self._memory.is_erased(task.url):
            return Left.ERASED
        known = self._memory.url(task.asked)
        if (why := _had(known, task)) is not None:
            return why
        record = await asyncio.to_thread(self._gathered.record, task)
        target = task.target.partition("#")[0]
        try:
            page = page_of(
                record, task.fetched_at, url=target, most=MOST_BYTES,
                requested_url=task.asked if task.passed else target, passed=task.passed,
            )  # fmt: skip
        except ValueError:
            return Left.UNREADABLE
        landed = landing(self._source, page.url) if page.redirects else Landing.ARTICLE
        ending = judge(page, self._memory.known_body(task.asked), landing=landed)
        if ending is None and self._has_ended(task.asked):
            self._put_off.add(task.asked)
            return Later()
        if ending is None:
            exchange = exchange_of(record, target, self._gathered.request(task))
            return await self._extracted(task, page, exchange, known)
        if ending.outcome is Outcome.UNCHANGED:
            return Left.SAME
        if ending.outcome is Outcome.NOT_ARTICLE:
            return Left.NO_ARTICLE if landed is not Landing.ARTICLE else Left.TYPE
        return Left.REFUSED

    async def _extracted(
        self, task: Task, page: Page, exchange: Exchange, known: UrlState | None
    ) -> Found | None:
        before = None
        if known is not None and not known.weak_alias:
            before = self._memory.article_of(known)
        told = Told(Link(task.asked), lambda _: "sitemap", self._source.zone, before)
        try:
            found = await self._pages.article(self._workers, self._source, page, told)
        except WorkStopped:
            return None
        except WorkFailed as error:
            return Ended(page, exchange, Outcome.EXTRACTION_FAILED, f"imported: {error}")
        if isinstance(found, Rejected):
            outcome = Outcome.BLOCKED if found.blocked else Outcome.NOT_ARTICLE
            return Ended(page, exchange, outcome, f"imported: {found.reason}")
        allowed = permitted(self._source, page, found, None)
        if isinstance(allowed, Denial):
            return Ended(page, exchange, Outcome.RIGHTS_DENIED, allowed.reason)
        return Read(page, exchange, allowed)


def _had(known: UrlState | None, task: Task) -> Left | None:
    """Return that the archive has a page of this address that is as new, or newer."""
    if known is None or known.fetched_at is None or known.fetched_at < task.fetched_at:
        return None
    return Left.KNOWN if known.fetched_at == task.fetched_at else Left.OLDER


def exchange_of(record: Warc, url: str, request: bytes) -> Exchange:
    """Return a page as the archive keeps it, behind the transfer coding; `request` is the head of
    what asked for it, if that is known.

    Raises:
        ValueError: the body is not whole.
    """
    status_line, headers, payload = record.http
    protocol, status, *_ = status_line.split(" ")
    _, *lines = request.decode("latin-1").split("\r\n")
    asked = [line.partition(":")[::2] for line in lines if ":" in line]
    return Exchange(
        url=url,
        request_headers=_raw((name.strip(), value.strip()) for name, value in asked),
        status=int(status),
        protocol=protocol,
        headers=_raw((n.title(), v) for n, v in headers if n and n not in _NOT_KEPT),
        body=transfer.undone(headers, payload),
        ip_address=record.headers.get("warc-ip-address"),
    )


def _raw(headers: Iterable[tuple[str, str]]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in headers
    )
