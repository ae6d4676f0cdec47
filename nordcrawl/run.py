"""Run: one crawl of one source, from the first link to the last commit.

Holds what the stages need together: the ledger's tally, the archive's writer, the workers. It
decides nothing about pages (the stages do) and knows no Scrapy (the spider, pipelines and
extension beside it do).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from nordcrawl import __version__, dedup, extract
from nordcrawl.archive.erasure import HIDDEN, hidden_url
from nordcrawl.archive.uri import archive_name, open_store
from nordcrawl.archive.writer import Limits, Writer
from nordcrawl.article import Article, Record, rfc3339
from nordcrawl.dedup import Candidate, Known, Verdict
from nordcrawl.discover import Link
from nordcrawl.errors import NordcrawlError, SpoolError, StoreUnavailable
from nordcrawl.fetch.revisit import Told, decide
from nordcrawl.ledger import ArticleState, LedgerEntry, Outcome, Tally, UrlState
from nordcrawl.options import Arguments, Options, new_run_id
from nordcrawl.page import Page
from nordcrawl.report import EntryReport, Example, Report
from nordcrawl.sources import Source
from nordcrawl.url import shown
from nordcrawl.workers import Workers

logger = logging.getLogger(__name__)

#: Examples kept for the report, of each kind.
EXAMPLES = 50
#: Seconds between two looks at a full spool.
_ROOM_S = 0.2
#: Why a page of an erased article is not archived again.
ERASED_REASON = "erased by order"
#: Seconds that shipping may take after a signal to stop; service managers wait 30 or 90.
STOP_S = 12.0


def utc_now() -> datetime:
    """Return the time; the only clock of a run, passed on from here."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Found:
    """A discovered URL: what was told of it, and by whom."""

    link: Link
    found_by: list[str] = field(default_factory=list)


class Run:
    """Open it before the first request, `finish` it after the last item, then ask `report`."""

    def __init__(
        self,
        options: Options,
        source: Source,
        arguments: Arguments,
        run_id: str,
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
        self.found: dict[str, Found] = {}
        self.entries: dict[str, EntryReport] = {}
        self.on_failure: Callable[[], None] | None = None
        self.failure: NordcrawlError | None = None
        self.internal_errors: list[str] = []
        self.notes: list[str] = []
        self._writer = writer
        self._stop = stop
        self._started_at = clock()
        self._fetched = 0
        self._held: set[str] = set()
        self._released = asyncio.Event()
        self._examples: dict[Outcome, list[Example]] = {}
        self._report: Report | None = None
        self.workers = Workers(
            options.workers,
            timeout_s=options.page_timeout_s,
            memory_bytes=options.worker_memory_bytes,
            preload=("nordcrawl.extract", "nordcrawl.discover"),
            warm_up=extract.warm_up,
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
        return cls(options, source, arguments, run_id, writer, clock, stop)

    # --- discover ---------------------------------------------------------------------------

    def entry(self, kind: str, url: str) -> EntryReport:
        """Return the report of a sitemap, feed or listing, begun on the first call."""
        return self.entries.setdefault(url, EntryReport(kind, url))

    def discover(self, url: str, link: Link, found_by: str) -> None:
        """Take note of an article's URL (canonical form) and of what is told of it."""
        if self._is_erased(url):
            url, link = hidden_url(url), Link(hidden_url(url))
        if url not in self.found:
            self.found[url] = Found(link)
            self.tally.discover(url)
        else:
            self.found[url].link = self.found[url].link.merge(link)
        if found_by not in self.found[url].found_by:
            self.found[url].found_by.append(found_by)

    def plan(self) -> list[str]:
        """Return the discovered URLs to fetch, newest first; settle those that are not due."""
        due: list[tuple[str, str]] = []
        explicit = bool(self.arguments.urls)
        now = self.clock()
        for url in list(self.tally.open):
            if url.startswith(HIDDEN):
                self.settle(url, Outcome.RIGHTS_DENIED, ERASED_REASON)
                continue
            link, known = self.found[url].link, self.state_of(url)
            article = self._article_of(known)
            verdict = decide(
                Told(link.lastmod, link.published),
                known,
                article.published_at if article else None,
                mode="full" if explicit else self.arguments.mode,
                window=self.arguments.window,
                now=now,
            )
            if verdict.fetch:
                due.append((link.lastmod or link.published or "", url))
            elif verdict.outcome is not None:
                self.settle(url, verdict.outcome, verdict.reason)
        ordered = [url for _, url in sorted(due, key=lambda pair: pair[0], reverse=True)]
        limit = self.arguments.limit
        for url in ordered[limit:] if limit is not None else []:
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
        article = self._article_of(known)
        if known is None or article is None:
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

    # --- dedup ------------------------------------------------------------------------------

    async def judge(
        self, url: str, page: Page, article: Article
    ) -> tuple[Verdict, tuple[str, ...]]:
        """Return what the article is to the archive, and the keys that are held until `release`.

        Held are the article and its text, so that two pages of one article never get their
        verdicts side by side.
        """
        final = self.source.link(page.url)
        candidate = Candidate(
            source=self.source.name,
            url=final,
            requested_url=url,
            article=article,
            body_sha256=page.body_sha256,
            cms_id=self.source.cms_id(final) or article.cms_id,
        )
        identity = self._identity(candidate)
        keys = (identity, article.text_sha256)
        while self._held.intersection(keys):
            self._released.clear()
            await self._released.wait()
        self._held.update(keys)
        state = self._writer.state
        owner = state.text_owner(article.text_sha256)
        twin = state.article(owner) if owner and owner != identity else None
        known = Known(state.article(identity), twin, self._body_of(final))
        return dedup.decide(candidate, known, identity), keys

    def release(self, keys: Iterable[str]) -> None:
        """Give back the keys of a verdict: its record is in the archive, or never will be."""
        self._held.difference_update(keys)
        self._released.set()

    def _identity(self, candidate: Candidate) -> str:
        derived = dedup.article_id(candidate)
        if candidate.cms_id and self._writer.state.article(derived):
            return derived
        known = self.state_of(candidate.url)
        if known and known.article_id and not known.weak_alias:
            return known.article_id
        return derived

    def _body_of(self, url: str) -> str | None:
        known = self.state_of(url)
        return known.body_sha256 if known else None

    def _article_of(self, known: UrlState | None) -> ArticleState | None:
        if known is None or known.article_id is None:
            return None
        return self._writer.state.article(known.article_id)

    # --- archive ----------------------------------------------------------------------------

    async def archive(self, url: str, page: Page, article: Article, verdict: Verdict) -> None:
        """Settle a judged page: its record and ledger line are durable when this returns.

        Raises:
            SpoolError: they could not be made so; the URL is not done.
        """
        await self._wait_for_room()
        now = self.clock()
        final = self.source.link(page.url)
        erasures = self._writer.erasures
        if (
            erasures.covers_article(self.source.name, verdict.article_id)
            or erasures.covers_text(article.text_sha256)
            or any(map(erasures.covers_url, (final, *page.redirects)))
        ):
            self._settle_erased(url)
            return
        record, state = None, None
        if verdict.change is not None:
            record = Record(
                source=self.source.name,
                article_id=verdict.article_id,
                revision=verdict.revision,
                change=verdict.change,
                article=article,
                page=page,
                canonical_url=self._canonical(article, final),
                aliases=self._aliases(verdict.article_id, url, page, final),
                previous_text_sha256=verdict.previous_text_sha256,
                run_id=self.run_id,
                archived_at=now,
            )
            state = ArticleState(
                article_id=verdict.article_id,
                revision=verdict.revision,
                url=final,
                text_sha256=article.text_sha256,
                content_sha256=article.content_sha256,
                extractor=dedup.extractor_id(article.extractor),
                title=article.title,
                published_at=article.published_at,
                modified_at=article.modified_at,
            )
        entry = replace(
            self._line(url, verdict.outcome, verdict.reason, page),
            article_id=verdict.article_id,
            revision=verdict.revision,
            weak_alias=verdict.weak_alias,
            article=state,
        )
        try:
            await asyncio.wrap_future(self._writer.accept(entry, record))
        except SpoolError as error:
            self.fail(error)
            raise
        self._note(url, verdict.outcome, verdict.reason, article, verdict.article_id)

    def settle(self, url: str, outcome: Outcome, reason: str, page: Page | None = None) -> None:
        """Give a URL an outcome that has no record; the ledger line is durable soon after."""
        future = self._writer.accept(self._line(url, outcome, reason, page), None)
        future.add_done_callback(partial(self._accepted, asyncio.get_running_loop()))
        self._note(url, outcome, reason, None, None)

    async def _wait_for_room(self) -> None:
        """Hold this page back while the spool is full; ends the run if the store takes nothing
        for as long as it is to be tried.

        Raises:
            SpoolError: the store took nothing; the URL is not done.
        """
        least = self._writer.backlog_bytes
        patience = time.monotonic() + self.options.store_retry_s
        while self._writer.is_full and self.failure is None:
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
        future.add_done_callback(partial(self._accepted, asyncio.get_running_loop()))
        self._fetched += 1
        self.tally.settle(url, Outcome.RIGHTS_DENIED)
        logger.info("%s %s (%s)", Outcome.RIGHTS_DENIED, entry.url, ERASED_REASON)

    def crashed(self, url: str, error: BaseException | None) -> None:
        """Settle a URL on which our own code failed; the run will not call itself whole."""
        self.internal_errors.append(f"{shown(url)}: {type(error).__name__}: {shown(str(error))}")
        if url in self.tally.open and self.failure is None:
            self.settle(url, Outcome.EXTRACTION_FAILED, f"internal error: {type(error).__name__}")

    def fail(self, error: NordcrawlError) -> None:
        """Take note that the run can't go on; the first cause stays."""
        if self.failure is None:
            self.failure = error
            logger.error("%s", error)
            if self.on_failure is not None:
                self.on_failure()

    def _accepted(self, loop: asyncio.AbstractEventLoop, future: Future[None]) -> None:
        """Called in the archive's thread: a line that could not be kept ends the run, as a record
        would."""
        error = future.exception()
        if isinstance(error, NordcrawlError):
            loop.call_soon_threadsafe(self.fail, error)

    def _line(self, url: str, outcome: Outcome, reason: str, page: Page | None) -> LedgerEntry:
        found = self.found[url]
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
            article_id=known.article_id if known else None,
            weak_alias=known.weak_alias if known else False,
        )
        if page is None:
            return entry
        self._fetched += 1
        # A 304 names fewer headers than the page it speaks of; what it leaves out still holds.
        kept = known if page.status == 304 else None
        return replace(
            entry,
            status=page.status,
            final_url=page.url,
            fetched_at=page.fetched_at,
            etag=page.header("etag") or (kept.etag if kept else None),
            last_modified=page.header("last-modified") or (kept.last_modified if kept else None),
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

    def _canonical(self, article: Article, final: str) -> str:
        """Return the page's own canonical address if it is on this site, else where it was."""
        try:
            canonical = self.source.link(article.canonical_url or final, final)
        except ValueError:
            return final
        return canonical if self.source.allows(canonical) else final

    def _aliases(self, article_id: str, url: str, page: Page, final: str) -> tuple[str, ...]:
        known = self._writer.state.aliases(article_id)
        hops = []
        for hop in page.redirects:
            try:
                hops.append(self.source.link(hop))
            except ValueError:
                continue
        return tuple(a for a in dict.fromkeys([*known, url, *hops]) if a != final)

    # --- end --------------------------------------------------------------------------------

    async def finish(self, reason: str) -> Report:
        """Settle what was not reached, ship everything, write the report; never raises for what
        the store does, the report says it."""
        self.on_failure = None
        self.workers.close()
        if reason != "finished" and self.failure is None:
            for url in list(self.tally.open):
                self.settle(url, Outcome.OVER_BUDGET, f"the run ended: {reason}")
        return await asyncio.to_thread(self._finish, reason)

    def _finish(self, reason: str) -> Report:
        # Whoever stops a run wants it gone; what is not shipped by then waits in the spool.
        patience = self.options.store_retry_s
        if reason == "shutdown":
            patience = min(patience, STOP_S)
        shipped = self._writer.finish(deadline_s=patience)
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
            failure=str(failure) if failure else None,
            failure_code=failure.exit_code if failure else None,
        )
        self._write(report)
        self._report = report
        return report

    def _write(self, report: Report) -> None:
        """Put the report to the store with the run, and always into the state folder."""
        text = json.dumps(report.to_json(), ensure_ascii=False, indent=2) + "\n"
        folder = spool_folder(self.options, self.source.name) / "reports"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{self.run_id}.json").write_text(text, encoding="utf-8")
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


#: How the name of what this process extracts with ends, whatever the page's family.
EXTRACTOR = f"/{extract.VERSION}/{__version__}"


def spool_folder(options: Options, source: str) -> Path:
    """Return the folder of spool and state: one an archive and source."""
    return spools_folder(options) / source


def maintenance_folder(options: Options) -> Path:
    """Return where the maintenance of this archive keeps its writer id."""
    return spools_folder(options) / ".maintenance"


def spools(folder: Path) -> list[str]:
    """Return the sources that have a spool in a `spools_folder`, sorted."""
    return sorted(file.parent.name for file in folder.glob("*/spool.sqlite"))


def spools_folder(options: Options) -> Path:
    """Return the folder of an archive's spools, named so that a person finds it. A bucket's name
    says little without the endpoint that it is at."""
    name = archive_name(options.archive)
    endpoint = ""
    if name.startswith("s3:"):
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[-40:].strip("-")
    digest = hashlib.sha256(f"{name} {endpoint}".encode()).hexdigest()[:8]
    return options.state_dir / f"{slug}-{digest}"


def arguments_json(arguments: Arguments) -> dict[str, str | int | None]:
    """Return the spider arguments for the report."""
    return {
        "since": rfc3339(arguments.window.since),
        "until": rfc3339(arguments.window.until),
        "limit": arguments.limit,
        "urls": len(arguments.urls) or None,
        "mode": arguments.mode,
    }
