"""Run: one crawl of one source, from the first link to the last commit.

Holds what the stages need together: the ledger's tally, the archive's writer, the workers. It
decides nothing about pages (the stages do) and knows no Scrapy (the spider, pipelines and
extension beside it do).
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from nordcrawl._version import __version__
from nordcrawl.archive.format.order import ERASED_URI, hidden_url
from nordcrawl.archive.read.earlier import Earlier
from nordcrawl.archive.store.address import archive_name, open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write import Poll, Row
from nordcrawl.archive.write.writer import Limits, Writer
from nordcrawl.config.arguments import Arguments, new_run_id
from nordcrawl.config.options import Options
from nordcrawl.config.state_folder import spool_folder
from nordcrawl.crawl import stopping
from nordcrawl.crawl.frontier import Frontier
from nordcrawl.crawl.knowledge import Knowledge
from nordcrawl.crawl.reservations import Reservations
from nordcrawl.crawl.stopping import Stopping
from nordcrawl.discover import Discovery, Link
from nordcrawl.errors import NordcrawlError, SpoolError, StoreUnavailable
from nordcrawl.extract.engine_version import VERSION
from nordcrawl.fetch import polling
from nordcrawl.fetch.polling import Ask, Polled
from nordcrawl.identity import changes, decide
from nordcrawl.identity.decide import Verdict
from nordcrawl.model.article import Article, Extractor
from nordcrawl.model.ledger import ArticleState, LedgerEntry, Outcome, Tally, UrlState
from nordcrawl.model.page import Page
from nordcrawl.model.printable import shown
from nordcrawl.model.record import Record
from nordcrawl.model.times import rfc3339, utc_now
from nordcrawl.model.url import canonicalize, host_of, path_of
from nordcrawl.model.words import reason
from nordcrawl.report.health import Asked, Recent
from nordcrawl.report.health import Limits as HealthLimits
from nordcrawl.report.run_report import EntryReport, Example, Gap, Report
from nordcrawl.rights import SiteRights, read_site
from nordcrawl.rights.tdmrep import PATH as TDMREP_PATH
from nordcrawl.sources.source import Source
from nordcrawl.system.disk import make_folders, write_file
from nordcrawl.workers.pool import Workers

logger = logging.getLogger(__name__)

#: Examples kept for the report, of each kind.
EXAMPLES = 50
#: Seconds between two looks at a full spool.
_ROOM_S = 0.2
#: Why a page of an erased article is not archived again.
ERASED_REASON = "erased by order"
#: Pages above are extracted one at a time; a news page has a tenth of it.
LARGE_PAGE_BYTES = 512 << 10
#: URLs settled at the end between two looks at what else there is to do.
_SETTLED_AT_ONCE = 500


class Run:
    """Open it before the first request, `finish` it after the last item, then ask `report`."""

    def __init__(
        self,
        options: Options,
        source: Source,
        arguments: Arguments,
        run_id: str,
        store: Store,
        writer: Writer,
        clock: Callable[[], datetime],
        stop: threading.Event,
    ) -> None:
        self.options = options
        self.source = source
        self.arguments = arguments
        self.run_id = run_id
        self.clock = clock
        self.tally = Tally()
        self.entries: dict[str, EntryReport] = {}
        self.on_failure: Callable[[], None] | None = None
        self.on_stop: Callable[[], None] | None = None
        self.stopping = Stopping()
        self.in_flight: set[str] = set()
        """Pages asked for whose end is not durable yet: what a kill costs."""
        self.on_landed: Callable[[], object] | None = None
        """Called in the event loop's thread whenever one of them has become durable."""
        self.failure: NordcrawlError | None = None
        self.internal_errors: list[str] = []
        self.notes: list[str] = []
        self._writer = writer
        self.frontier = Frontier(source, writer.state, stands_all=bool(arguments.urls))
        self._knowledge = Knowledge(source, writer.state, self.frontier.stands)
        self._is_first = not writer.state.counts()["urls"]
        self.gaps: list[Gap] = []
        self.unread: set[str] = set()
        self.sitemaps_unread = 0
        self._earlier = Earlier(store, source.name)
        self._looking_up = asyncio.Lock()
        self._large_pages = asyncio.Semaphore()
        self._stop = stop
        self._started_at = clock()
        self._fetched = 0
        self._statements: dict[tuple[str, str], Page] = {}
        self._sites: dict[str, SiteRights] = {}
        self._ending = False
        self._recent_file = spool_folder(options, source.name) / "recent.json"
        self._asked = Asked(_limits(options, source), Recent.read(self._recent_file))
        self._reserved = Reservations()
        self._examples: dict[Outcome, list[Example]] = {}
        self._report: Report | None = None
        self.workers = Workers(
            options.workers,
            timeout_s=options.page_timeout_s,
            memory_bytes=options.worker_memory_bytes,
            preload=("nordcrawl.discover", "nordcrawl.extract.warmed"),
        )

    @classmethod
    def open(
        cls,
        options: Options,
        source: Source,
        arguments: Arguments,
        clock: Callable[[], datetime] = utc_now,
    ) -> Run:
        """Take the lock, prove the store, ship what an earlier run left, and catch up.

        Raises:
            LockHeld: another run works on this source and archive.
            SpoolError: the state folder can't be written.
            StoreError: the archive can't be written or read.
            UsageError: the archive's address is wrong.
        """
        stop = threading.Event()
        store = open_store(options.archive, retry_s=options.store_retry_s, stop=stop)
        run_id = new_run_id(source.name, clock(), secrets.token_hex(2))
        writer = Writer.open(
            store,
            spool_folder(options, source.name),
            source.name,
            run_id,
            limits=Limits(
                part_bytes=options.part_bytes,
                part_age_s=options.part_age_s,
                spool_bytes=options.spool_bytes,
            ),
            clock=clock,
        )
        return cls(options, source, arguments, run_id, store, writer, clock, stop)

    def stop(self) -> None:
        """End the crawl within the times of `nordcrawl.crawl.stopping`, which begin with the first
        `stopping.request`: nothing more is asked, what was fetched is archived. Called in the
        event loop's thread; before the crawl has begun, it ends as it begins."""
        self.stopping.request()
        self._writer.hurry(deadline_s=self.stopping.left(stopping.SHIP_S), stall_s=stopping.STALL_S)
        if self.on_stop is not None:
            self.on_stop()

    # --- discover ---------------------------------------------------------------------------

    def entry(self, kind: str, url: str, parent: str | None = None) -> EntryReport:
        """Return the report of a sitemap, feed or listing, begun on the first call."""
        return self.entries.setdefault(url, EntryReport(kind, url, parent=parent))

    def ask(self, kind: str, url: str, told: str | None = None) -> Ask:
        """Return whether to ask an entry, with which headers; `told` is what an index says of its
        last change."""
        head = self._writer.polls.head(url)
        before = Polled(head.at, head.etag, head.last_modified, head.told) if head else None
        return polling.decide(
            kind,
            before,
            told=told,
            followed=self.entry(kind, url).parent is not None,
            whole=self.arguments.mode == "full" or bool(self.gaps),
            now=self.clock(),
        )

    def leave_sitemaps(self, count: int, named_by: str) -> None:
        """Take note of sitemaps that an entry names and that are not read in this run."""
        self.sitemaps_unread += count
        if named_by in self.entries:
            self.entries[named_by].unread += count
        self.notes.append(
            f"{count} sitemaps that {shown(named_by)} names were not read: too deep or too many"
        )

    async def asked_before(self, url: str) -> Discovery:
        """Return what an entry named the last time."""
        before = await asyncio.to_thread(self._writer.polls.get, url)
        if before is None:
            return Discovery(problem="not changed, but what it said is not known any more")
        return Discovery(
            links=tuple(map(_link, before.links)),
            sitemaps=tuple(map(_link, before.sitemaps)),
        )

    async def answered(self, kind: str, page: Page, found: Discovery, told: str | None) -> None:
        """Take note of what an entry named: for the next run, and for what it no longer names."""
        if found.problem is not None:
            return
        url = page.requested_url
        before = await asyncio.to_thread(self._writer.polls.get, url)
        now = await asyncio.to_thread(self._articles_of, found.links, url)
        then = None
        if before is not None:
            then = await asyncio.to_thread(self._articles_of, map(_link, before.links), url)
        if kind == "feed" or found.is_news:
            known = {link for link in now if self.state_of(link) is not None}
            if not self._is_first and polling.is_gap(then, now, known):
                self.gaps.append(Gap(kind, url, before.at if before else None, self.clock()))
                logger.warning("%s", self.gaps[-1].warning)
        elif kind == "sitemap" and then is not None:
            missing = polling.vanished(then, now)
            if missing is None:
                self.notes.append(
                    f"sitemap {shown(url)}: names {len(now)} articles, {len(then)} the last time; "
                    "those that are missing are looked at when they are due"
                )
            else:
                self.frontier.vanished |= missing
        poll = Poll(
            url,
            page.fetched_at,
            *own_validators(page),
            told,
            tuple(map(_row, found.links)),
            tuple(map(_row, found.sitemaps)),
        )
        await asyncio.to_thread(self._writer.polls.put, poll)

    def _articles_of(self, links: Iterable[Link], base: str) -> set[str]:
        found = set()
        for link in links:
            try:
                sort, url = self.source.sort(link.url, base)
            except ValueError:
                continue
            if sort == "article":
                found.add(url)
        return found

    def discover(self, url: str, link: Link, found_by: str) -> None:
        """Take note of an article's URL (canonical form) and of what is told of it."""
        if self._is_erased(url):
            url, link = hidden_url(url), Link(hidden_url(url))
        if self.frontier.add(url, link, found_by):
            self.tally.discover(url)

    async def plan(self) -> list[str]:
        """Return the discovered URLs to fetch, newest first; settle those that are not due.

        Discovers, besides, the archived pages that are due though nothing named them.
        """
        arguments, now = self.arguments, self.clock()
        mode = "full" if arguments.urls else arguments.mode
        if not arguments.urls:
            async for url, found_by in self.frontier.known_pages(mode, arguments.window, now):
                if self.stopping.requested:
                    return []
                self.discover(url, Link(url), found_by)
        due: list[tuple[str, str]] = []
        urls = list(self.tally.open)
        async for url, verdict in self.frontier.decided(urls, mode, arguments.window, now):
            if (
                self._ending or self.stopping.requested
            ):  # told to stop meanwhile: `finish` settles what is open
                return []
            if url.startswith(ERASED_URI):
                self.settle(url, Outcome.RIGHTS_DENIED, ERASED_REASON)
            elif verdict.fetch:
                link = self.frontier.found[url].link
                due.append((link.lastmod or link.published or "", url))
            elif verdict.outcome is not None:
                self.settle(url, verdict.outcome, verdict.reason)
        ordered = [url for _, url in sorted(due, key=lambda pair: pair[0], reverse=True)]
        limit = arguments.limit
        for number, url in enumerate(ordered[limit:] if limit is not None else []):
            if number % _SETTLED_AT_ONCE == 0:
                await asyncio.sleep(0)
                if self.stopping.requested:
                    return []
            self.settle(url, Outcome.OVER_BUDGET, f"limit={limit}")
        return ordered[:limit]

    def _is_erased(self, url: str) -> bool:
        """Tell whether an address is one of an erased article, by an order or because its page
        turned out to be one."""
        erasures = self._writer.erasures
        if not erasures:
            return False
        return erasures.covers_url(url) or self.state_of(hidden_url(url)) is not None

    # --- fetch ------------------------------------------------------------------------------

    def state_of(self, url: str) -> UrlState | None:
        """Return what is remembered of a URL."""
        return self._writer.state.url(url)

    def known_body(self, url: str) -> str | None:
        """Return the digest of the body that this URL had when this very extractor read it."""
        known = self.state_of(url)
        article = self._knowledge.article_of(known)
        if known is None or article is None or article.gone:
            return None
        if url in self.frontier.unconditional:
            return None
        return known.body_sha256 if article.extractor.endswith(EXTRACTOR) else None

    def validators(self, url: str) -> dict[str, str]:
        """Return the conditional headers for a URL: only where its article need not be read
        again. Source: RFC 9110 sections 13.1.2 and 13.1.3."""
        known = self.state_of(url)
        if known is None or self.known_body(url) is None:
            return {}
        headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
        return {name: value for name, value in headers.items() if value}

    def take_statement(self, page: Page) -> None:
        """Take a host's robots.txt or tdmrep.json, by the address asked for; the latest holds."""
        url = canonicalize(page.requested_url)
        host = host_of(url)
        self._statements[host, path_of(url)] = page
        files = (self._statements.get((host, path)) for path in ("/robots.txt", TDMREP_PATH))
        self._sites[host] = read_site(host, *files)

    def site_rights(self, url: str) -> SiteRights | None:
        """Return what the host of a fetched page says of itself; None where it told nothing."""
        return self._sites.get(host_of(canonicalize(url)))

    def room_for(self, page: Page) -> AbstractAsyncContextManager[None]:
        """Return what to hold while a page is extracted: large ones go one at a time, because a
        tree takes a multiple of its page, and all workers share the memory of one machine."""
        return self._large_pages if len(page.body) > LARGE_PAGE_BYTES else nullcontext()

    # --- dedup ------------------------------------------------------------------------------

    async def judge(self, url: str, page: Page, article: Article) -> Verdict:
        """Return what the article is to the archive.

        The URL holds the article and its text from here until `release`, so that two pages of one
        article never get their verdicts side by side.
        """
        candidate = self._knowledge.candidate(url, page, article)
        identity = self._knowledge.identity(candidate)
        keys = {identity, article.text_sha256}
        while True:
            await self._reserved.until_free(keys)
            # What was held may have given the address an article.
            identity = self._knowledge.identity(candidate)
            compared, known = self._knowledge.known(candidate, identity)
            verdict = decide.decide(compared, known, identity)
            wanted = {identity, article.text_sha256, verdict.article_id}
            if self._reserved.take(url, wanted):
                return replace(verdict, candidate=compared)
            keys = wanted

    def release(self, url: str) -> None:
        """Give back what a URL holds: its record is in the archive, or never will be."""
        self._reserved.release(url)

    # --- archive ----------------------------------------------------------------------------

    async def archive(self, url: str, page: Page, article: Article, verdict: Verdict) -> None:
        """Settle a judged page: its record and ledger line are durable when this returns.

        Raises:
            SpoolError: they could not be made so; the URL is not done.
        """
        await self._wait_for_room()
        final = self.source.link(page.url)
        erasures = self._writer.erasures
        if erasures.covers_page(
            self.source.name, verdict.article_id, (url, final)
        ) or erasures.covers_text(article.text_sha256):
            self._settle_erased(url)
            return
        record, state = None, None
        if verdict.change is not None:
            record, state = self._revision(url, page, article, verdict, final)
            record = replace(record, changed=await self._changed(record, verdict))
        entry = replace(
            self._line(url, verdict.outcome, verdict.reason, page),
            article_id=verdict.article_id,
            revision=verdict.revision,
            weak_alias=verdict.weak_alias,
            article=state,
        )
        known = self.state_of(url)
        try:
            await asyncio.wrap_future(self._writer.accept(entry, record))
        except SpoolError as error:
            self.fail(error)
            raise
        self._land(url)
        if verdict.ambiguous:
            self.notes.append(f"{shown(url)}: kept apart: {shown(verdict.reason)}")
        self._judge(entry, known, article)
        self._note(url, verdict.outcome, verdict.reason, article, verdict.article_id)

    def _revision(
        self, url: str, page: Page, article: Article, verdict: Verdict, final: str
    ) -> tuple[Record, ArticleState]:
        """Return the record that a verdict asks for, and the article's state after it."""
        judged = verdict.candidate
        partners = judged.partners if judged else ()
        hops = (url, *judged.hops) if judged else (url,)
        linked = replace(article, translations=self._knowledge.translations(article, partners))
        record = Record(
            source=self.source.name,
            article_id=verdict.article_id,
            revision=verdict.revision,
            change=str(verdict.change),
            article=linked,
            page=page,
            canonical_url=self._knowledge.canonical_url(article, final) or final,
            aliases=self._knowledge.aliases(verdict.article_id, hops, final),
            previous_text_sha256=verdict.previous_text_sha256,
            run_id=self.run_id,
            archived_at=self.clock(),
            moved_from=verdict.moved.move if verdict.moved else None,
            near_duplicate_of=verdict.near,
        )
        state = ArticleState(
            article_id=verdict.article_id,
            revision=verdict.revision,
            url=final,
            text_sha256=article.text_sha256,
            content_sha256=article.content_sha256,
            extractor=decide.extractor_id(article.extractor),
            title=article.title,
            published_at=article.published_at,
            modified_at=article.modified_at,
            language=article.language,
            near=self._knowledge.signature(article, verdict),
            fields=decide.field_digests(article),
            partners=partners,
        )
        return record, state

    async def _changed(self, record: Record, verdict: Verdict) -> dict[str, Any] | None:
        """Return what the revision changes: the fields by their digests, the words by the text
        before, where the archive has it."""
        if verdict.before is None:
            return None
        fields = decide.changed_fields(verdict.before, record.article)
        before = None
        if "text" in fields and verdict.change != "reextracted":
            before = await self._record_before(verdict.before)
        return changes.describe(fields, before["text"] if before else None, record.article.text)

    async def _record_before(self, before: ArticleState) -> dict[str, Any] | None:
        fetched_at = self._writer.state.fetched_at(before.article_id)
        if fetched_at is None:
            return None
        async with self._looking_up:
            look_up = asyncio.ensure_future(
                asyncio.to_thread(
                    self._earlier.record, before.article_id, before.revision, fetched_at
                )
            )
            while not look_up.done():
                await asyncio.wait({look_up}, timeout=_ROOM_S)
                if not look_up.done() and not self.stopping.left(stopping.LOOK_UP_S):
                    # The store's thread goes on with what it is at, and nobody waits for it.
                    look_up.add_done_callback(lambda done: done.cancelled() or done.exception())
                    self.notes.append(f"what changed in {before.article_id} is not told: stopped")
                    return None
            try:
                return look_up.result()
            except NordcrawlError as error:
                self.notes.append(f"what changed in {before.article_id} is not told: {error}")
                return None

    def settle(self, url: str, outcome: Outcome, reason: str, page: Page | None = None) -> None:
        """Give a URL an outcome that has no record; the ledger line is durable soon after."""
        entry, record = self._line(url, outcome, reason, page), None
        if page is not None and entry.is_gone:
            entry, record = self._lost(entry, page)
        self._judge(entry, self.state_of(url), None)
        future = self._writer.accept(entry, record)
        future.add_done_callback(partial(self._accepted, asyncio.get_running_loop(), url))
        self._note(url, entry.outcome, entry.reason or "", None, entry.article_id)

    def _lost(self, entry: LedgerEntry, page: Page) -> tuple[LedgerEntry, Record | None]:
        """Return the ledger line of an address where nothing is, and the record that says that
        its article was taken down, where it is time for one."""
        known = self.state_of(entry.url)
        verdict = decide.removal(entry.url, known, self._knowledge.article_of(known))
        if verdict is None:
            return entry, None
        entry = replace(
            entry,
            outcome=verdict.outcome,
            reason=f"{entry.reason}: {verdict.reason}",
            revision=verdict.revision,
        )
        before = verdict.before
        if before is None:
            return entry, None
        name, version, nordcrawl = before.extractor.rsplit("/", 2)
        article = Article(
            title=before.title,
            blocks=(),
            extractor=Extractor(name, version, nordcrawl),
            published_at=before.published_at,
            modified_at=before.modified_at,
            language=before.language,
        )
        record = Record(
            source=self.source.name,
            article_id=verdict.article_id,
            revision=verdict.revision,
            change=str(verdict.change),
            article=article,
            page=page,
            canonical_url=entry.url,
            aliases=self._knowledge.aliases(verdict.article_id, (), entry.url),
            previous_text_sha256=verdict.previous_text_sha256,
            run_id=self.run_id,
            archived_at=self.clock(),
        )
        # What it was stays known, so that it is told when the very same comes back.
        state = replace(before, revision=verdict.revision, gone=True)
        return replace(entry, article=state), record

    async def _wait_for_room(self) -> None:
        """Hold this page back while the spool is full; ends the run if the store takes nothing
        for as long as it is to be tried.

        Raises:
            SpoolError: the store took nothing; the URL is not done.
        """
        least = self._writer.backlog_bytes
        patience = time.monotonic() + self.options.store_retry_s
        while self._writer.is_full and self.failure is None and not self.stopping.requested:
            if self._writer.backlog_bytes < least:
                least = self._writer.backlog_bytes
                patience = time.monotonic() + self.options.store_retry_s
            elif time.monotonic() > patience:
                why = self._writer.ship_failure or "it gave no answer"
                self.fail(StoreUnavailable(f"the spool is full and the store takes nothing: {why}"))
                break
            await asyncio.sleep(_ROOM_S)
        if self._writer.is_full:
            raise SpoolError("the spool is full")

    def _settle_erased(self, url: str) -> None:
        """Settle a page of an erased article that came by another address; neither ledger nor
        log name it."""
        entry = LedgerEntry(
            run_id=self.run_id,
            source=self.source.name,
            url=hidden_url(url),
            outcome=Outcome.RIGHTS_DENIED,
            at=self.clock(),
            reason=ERASED_REASON,
        )
        future = self._writer.accept(entry, None)
        future.add_done_callback(partial(self._accepted, asyncio.get_running_loop(), url))
        self._fetched += 1
        self.tally.settle(url, Outcome.RIGHTS_DENIED)
        logger.info("%s %s (%s)", Outcome.RIGHTS_DENIED, entry.url, ERASED_REASON)

    def crashed(self, url: str, error: BaseException | None) -> None:
        """Settle a URL on which our own code failed; the run will not call itself whole."""
        self.internal_errors.append(f"{shown(url)}: {reason(error) if error else 'unknown'}")
        if url in self.tally.open and self.failure is None:
            self.settle(url, Outcome.EXTRACTION_FAILED, f"internal error: {type(error).__name__}")

    def fail(self, error: NordcrawlError) -> None:
        """Take note that the run can't go on; the first cause stays."""
        if self.failure is None:
            self.failure = error
            logger.error("%s", error)
            if self.on_failure is not None:
                self.on_failure()

    def _accepted(self, loop: asyncio.AbstractEventLoop, url: str, future: Future[None]) -> None:
        """Called in the archive's thread: a line that could not be kept ends the run, as a record
        would."""
        error = future.exception()
        if isinstance(error, NordcrawlError):
            loop.call_soon_threadsafe(self.fail, error)
        elif url in self.in_flight:  # most were never asked for
            loop.call_soon_threadsafe(self._land, url)

    def _land(self, url: str) -> None:
        self.in_flight.discard(url)
        if self.on_landed is not None:
            self.on_landed()

    def _line(self, url: str, outcome: Outcome, reason: str, page: Page | None) -> LedgerEntry:
        found = self.frontier.found[url]
        known = self.state_of(url)
        entry = LedgerEntry(
            run_id=self.run_id,
            source=self.source.name,
            url=url,
            outcome=outcome,
            at=self.clock(),
            reason=reason,
            found_by=tuple(found.found_by),
            lastmod=found.link.lastmod or (known.lastmod if known else None),
            published=found.link.published,
            title=found.link.title,
            article_id=known.article_id if known else None,
            weak_alias=known.weak_alias if known else False,
        )
        if page is None:
            return entry
        self._fetched += 1
        # A 304 names fewer headers than the page it speaks of; what it leaves out still holds.
        kept = known if page.status == 304 else None
        etag, last_modified = own_validators(page)
        return replace(
            entry,
            status=page.status,
            final_url=page.url,
            fetched_at=page.fetched_at,
            etag=etag or (kept.etag if kept else None),
            last_modified=last_modified or (kept.last_modified if kept else None),
            body_sha256=kept.body_sha256 if kept else page.body_sha256,
        )

    def _note(
        self,
        url: str,
        outcome: Outcome,
        reason: str,
        article: Article | None,
        article_id: str | None,
    ) -> None:
        self.tally.settle(url, outcome)
        title = article.title if article else None
        examples = self._examples.setdefault(outcome, [])
        if len(examples) < EXAMPLES:
            examples.append(Example(url, reason, title, article_id))
        quiet = outcome in (Outcome.SKIPPED_FRESH, Outcome.OVER_BUDGET, Outcome.OUT_OF_RANGE)
        logger.log(
            logging.DEBUG if quiet else logging.INFO,
            "%s %s (%s)%s",
            outcome,
            shown(url),
            shown(reason),
            f" {shown(title, 80)}" if title else "",
        )

    def _judge(self, entry: LedgerEntry, known: UrlState | None, article: Article | None) -> None:
        """Take note of what a page's end says of the site; `known` is from before it."""
        self._asked.add(
            entry,
            known,
            stands=self.frontier.stands(entry.url),
            text_sha256=article.text_sha256 if article else None,
        )

    # --- end --------------------------------------------------------------------------------

    async def finish(self, reason: str) -> Report:
        """Settle what was not reached, ship everything, write the report; never raises for what
        the store does, the report says it."""
        self.on_failure = self.on_stop = self.on_landed = None
        self._ending = True
        self.workers.close()
        if reason != "finished" and self.failure is None:
            why = "the run was stopped" if self.stopping.requested else f"the run ended: {reason}"
            for number, url in enumerate(list(self.tally.open)):
                if number % _SETTLED_AT_ONCE == 0:
                    await asyncio.sleep(0)
                if not self.stopping.left(stopping.SETTLE_S):
                    break  # the report names those that have no outcome
                self.settle(url, Outcome.OVER_BUDGET, why)
        return await asyncio.to_thread(self._finish, reason)

    def _finish(self, reason: str) -> Report:
        # Whoever stops a run wants it gone; what is not shipped by then waits in the spool.
        shipped = self._writer.finish(deadline_s=self.options.store_retry_s)
        failure = self.failure or self._writer.failure or shipped.failure
        report = Report(
            run_id=self.run_id,
            source=self.source.name,
            nordcrawl=__version__,
            archive=archive_name(self.options.archive),
            started_at=self._started_at,
            finished_at=self.clock(),
            finish_reason=reason,
            mode=self.arguments.mode,
            arguments=arguments_json(self.arguments),
            discovered=self.tally.discovered,
            unsettled=sorted(self.tally.open),
            outcomes=self.tally.counts(),
            fetched=self._fetched,
            entries=list(self.entries.values()),
            hosts=tuple(self.source.hosts) if not self.arguments.urls else (),
            examples=self._examples,
            internal_errors=self.internal_errors,
            notes=self.notes,
            pending_records=shipped.pending_records,
            committed_lines=shipped.ledger_lines + shipped.erased_ledger_lines,
            committed_records=shipped.records + shipped.erased_records,
            failure=str(failure) if failure else None,
            failure_code=failure.exit_code if failure else None,
            gaps=self.gaps,
            unread=tuple(sorted(self.unread)),
            health=self._asked.health(),
            sitemaps_unread=self.sitemaps_unread,
        )
        self._asked.recent.write(self._recent_file)
        self._write(report)
        self._report = report
        return report

    def _write(self, report: Report) -> None:
        """Put the report to the store with the run, and always into the state folder."""
        text = json.dumps(report.to_json(), ensure_ascii=False, indent=2) + "\n"
        folder = spool_folder(self.options, self.source.name) / "reports"
        try:
            make_folders(folder)
            # Half a surrogate pair is written as JSON's own escape of it.
            write_file(folder / f"{self.run_id}.json", text.encode(errors="backslashreplace"))
        except OSError as error:
            logger.error("report not written to %s: %s", folder, error.strerror)
        shipped = report.pending_records == 0 and report.failure_code is None
        try:
            if not shipped:
                self._writer.keep_run(report.to_json())
                return
            self._writer.put_run(report.to_json())
        except NordcrawlError as error:
            logger.error("report not put to the archive: %s", error)
            if report.failure_code is None:
                report.failure, report.failure_code = str(error), error.exit_code
            return
        if self.stopping.requested:
            return  # it may take long, and the next run writes one
        try:
            self._writer.checkpoint()
        except NordcrawlError as error:  # only a cache
            logger.warning("no checkpoint: %s", error)

    @property
    def report(self) -> Report | None:
        """The report, once finished."""
        return self._report

    def close(self) -> None:
        """Give the lock back; safe to call more than once. What is not shipped stays in the spool,
        and whoever still waits for the store is let go."""
        self._stop.set()
        self.workers.close()
        self._writer.close()


def _limits(options: Options, source: Source) -> HealthLimits:
    """Return what makes a run suspect: by the source's table, else by the settings."""
    share, pages = source.suspect_share, source.suspect_pages
    return HealthLimits(
        share=options.suspect.share if share is None else share,
        pages=options.suspect.pages if pages is None else pages,
    )


def own_validators(page: Page) -> tuple[str | None, str | None]:
    """Return the ETag and Last-Modified of the address that was asked for: none where another one
    answered, for whose bytes alone they stand. Source: RFC 9110 section 8.8."""
    if page.redirects:
        return None, None
    return page.header("etag"), page.header("last-modified")


def _row(link: Link) -> Row:
    return link.url, link.lastmod, link.published, link.title


def _link(row: Row) -> Link:
    return Link(*row)


#: How the name of what this process extracts with ends, whatever the page's family.
EXTRACTOR = f"/{VERSION}/{__version__}"


def arguments_json(arguments: Arguments) -> dict[str, str | int | None]:
    """Return the spider arguments for the report."""
    return {
        "since": rfc3339(arguments.window.since),
        "until": rfc3339(arguments.window.until),
        "limit": arguments.limit,
        "urls": len(arguments.urls) or None,
        "mode": arguments.mode,
    }
