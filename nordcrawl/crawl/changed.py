"""Changed: what a revision changes, told by the revision before, which the archive has."""

from __future__ import annotations

import asyncio
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final

from nordcrawl.archive.read.earlier import Earlier
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write import State
from nordcrawl.crawl import stopping
from nordcrawl.crawl.info import RunInfo
from nordcrawl.errors import NordcrawlError
from nordcrawl.identity import changes
from nordcrawl.identity.decide import Verdict
from nordcrawl.model.ledger import ArticleState
from nordcrawl.workers.pool import Workers, WorkFailed

#: Seconds between two looks at whether the run was told to stop.
_LOOK_S: Final = 0.2


class Changed:
    """Looks up one revision at a time, and has a worker compare; the event loop goes on."""

    def __init__(self, info: RunInfo, store: Store, state: State, workers: Workers) -> None:
        self._info = info
        self._state = state
        self._workers = workers
        self._earlier = Earlier(store, info.source.name)
        self._looking_up = asyncio.Lock()

    async def describe(self, verdict: Verdict, text: str) -> dict[str, Any] | None:
        """Return what the revision of a verdict changes, None of a first one: the fields by their
        digests, the words of `text` by the text before, where the archive has it."""
        if verdict.before is None:
            return None
        before = None
        if "text" in verdict.changed and verdict.change != "reextracted":
            before = await self._text(verdict.before)
        if before is not None:
            try:
                return await self._workers.call(changes.describe, verdict.changed, before, text)
            except (WorkFailed, BrokenProcessPool) as error:
                self._info.notes.append(
                    f"what changed in {verdict.article_id} is not told: {error}"
                )
        return changes.describe(verdict.changed, None, text)

    async def _text(self, before: ArticleState) -> str | None:
        """Return the text of a revision, None where it can't be had now."""
        fetched_at = self._state.fetched_at(before.article_id)
        if fetched_at is None:
            return None
        notes, article_id = self._info.notes, before.article_id
        async with self._looking_up:
            look_up = asyncio.ensure_future(
                asyncio.to_thread(self._earlier.record, article_id, before.revision, fetched_at)
            )
            while not look_up.done():
                await asyncio.wait({look_up}, timeout=_LOOK_S)
                if not look_up.done() and not self._info.stopping.left(stopping.LOOK_UP_S):
                    # The store's thread goes on with what it is at, and nobody waits for it.
                    look_up.add_done_callback(lambda done: done.cancelled() or done.exception())
                    notes.append(f"what changed in {article_id} is not told: stopped")
                    return None
            try:
                found = look_up.result()
            except NordcrawlError as error:
                notes.append(f"what changed in {article_id} is not told: {error}")
                return None
        return found["text"] if found else None
