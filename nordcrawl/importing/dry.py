"""Dry: what an import would do, without a run: no lock, no lease, nothing written.

What is known is folded from the archive's ledger, of the addresses of the files alone. So an
article that is known by another address counts as new here, where an import may find it the same.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Final

from nordcrawl.archive.read.reader import Reader as ArchiveReader
from nordcrawl.archive.store.protocol import Store
from nordcrawl.config.options import Options
from nordcrawl.crawl.knowledge import EXTRACTOR
from nordcrawl.identity.decide import extractor_id
from nordcrawl.importing.findings import Findings, Left
from nordcrawl.importing.gathered import Gathered, Task
from nordcrawl.importing.reading import Ended, Read, Reader
from nordcrawl.model.ledger import ArticleState, LedgerEntry, Outcome, UrlState, fold
from nordcrawl.sources.source import Source
from nordcrawl.workers.pool import Workers

_NOBODY: Final = "dry"


class Remembered:
    """What the archive's ledger says of some addresses, and what was read since."""

    def __init__(self) -> None:
        self._urls: dict[str, UrlState] = {}
        self._articles: dict[str, tuple[int, datetime, ArticleState]] = {}
        self.read: dict[str, ArticleState] = {}
        """Articles that were read since, by where their pages came from."""

    def absorb(self, entry: LedgerEntry) -> None:
        """Fold a ledger line in; in any order."""
        self._urls[entry.url] = fold(self._urls.get(entry.url), entry)
        if (new := entry.article) is not None:
            told = (new.revision, entry.article_fetched_at, new)
            before = self._articles.get(new.article_id)
            if before is None or told[:2] >= before[:2]:
                self._articles[new.article_id] = told

    def url(self, url: str) -> UrlState | None:
        """Return what is remembered of a URL."""
        return self._urls.get(url)

    def article_of(self, known: UrlState | None) -> ArticleState | None:
        """Return the article that a URL shows."""
        found = self._articles.get(known.article_id or "") if known is not None else None
        return found[2] if found is not None else None

    def known_body(self, url: str) -> str | None:
        """Return the digest of the body that a URL had when this very extractor read it."""
        known = self.url(url)
        article = self.article_of(known)
        is_read = article is not None and not article.gone and article.extractor.endswith(EXTRACTOR)
        return known.body_sha256 if known is not None and is_read else None

    def is_erased(self, url: str) -> bool:
        """Say no: who is erased is not looked up."""
        return False


async def look(
    options: Options, source: Source, store: Store | None, gathered: Gathered, findings: Findings
) -> None:
    """Read what was gathered, and count what would come of it; `store` is the archive, None where
    there is none yet.

    Raises:
        ArchiveDamaged, StoreRefused, StoreUnavailable: the archive.
    """
    memory = Remembered()
    if store is not None:
        wanted = {one for task in gathered for one in (task.asked, task.url)}
        for entry in ArchiveReader(store).ledger(source=source.name):
            if entry.url in wanted:
                memory.absorb(entry)
    workers = Workers(
        options.workers,
        timeout_s=options.page_timeout_s,
        memory_bytes=options.worker_memory_bytes,
        preload=("nordcrawl.extract.warmed",),
    )
    reader = Reader(source, gathered, workers, memory)
    try:
        async with aclosing(reader.read(gathered, lambda: True, options.workers)) as pages:
            async for task, found in pages:
                if isinstance(found, (Left, Ended, Read)):
                    _count(task, found, memory, source, findings)
    finally:
        workers.close()


def _count(
    task: Task, found: Left | Ended | Read, memory: Remembered, source: Source, findings: Findings
) -> None:
    if isinstance(found, Left):
        findings.left[found] += 1
        return
    if isinstance(found, Ended):
        findings.outcomes[found.outcome] += 1
        return
    entry = LedgerEntry(
        _NOBODY, source.name, task.asked, Outcome.UNCHANGED, task.fetched_at,
        fetched_at=task.fetched_at, body_sha256=found.page.body_sha256,
    )  # fmt: skip
    shown = (memory.article_of(memory.url(url)) for url in (task.asked, task.url))
    before = memory.read.get(task.url) or next(filter(None, shown), None)
    outcome = Outcome.NEW if before is None else Outcome.UPDATED
    if before is not None and before.content_sha256 == found.reading.content_sha256:
        outcome = Outcome.DUPLICATE if before.url != task.asked else Outcome.UNCHANGED
    findings.outcomes[outcome] += 1
    article, reading = found.reading.article, found.reading
    state = ArticleState(
        article_id=before.article_id if before is not None else task.url,
        revision=before.revision + 1 if before is not None else 1,
        url=task.url,
        text_sha256=reading.text_sha256,
        content_sha256=reading.content_sha256,
        extractor=extractor_id(article.extractor),
        title=article.title,
        published_at=article.published_at,
    )
    memory.read[task.url] = state
    memory.absorb(replace(entry, article_id=state.article_id, article=state))
