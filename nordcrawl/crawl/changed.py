"""Changed: what a revision changes, told by the revision before, which the archive has."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from nordcrawl.archive.read.earlier import Earlier
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write import State
from nordcrawl.crawl import stopping
from nordcrawl.crawl.info import RunInfo
from nordcrawl.errors import NordcrawlError
from nordcrawl.identity import changes, decide
from nordcrawl.identity.decide import Verdict
from nordcrawl.model.ledger import ArticleState
from nordcrawl.model.reading import Reading

#: Seconds between two looks at whether the run was told to stop.
_LOOK_S: Final = 0.2


class Changed:
    """Looks up one revision at a time; the event loop goes on meanwhile."""

    def __init__(self, info: RunInfo, store: Store, state: State) -> None:
        self._info = info
        self._state = state
        self._earlier = Earlier(store, info.source.name)
        self._looking_up = asyncio.Lock()

    async def describe(self, reading: Reading, verdict: Verdict) -> dict[str, Any] | None:
        """Return what the revision changes, None of a first one: the fields by their digests, the
        words by the text before, where the archive has it."""
        if verdict.before is None:
            return None
        fields = decide.changed_fields(verdict.before, reading)
        before = None
        if "text" in fields and verdict.change != "reextracted":
            before = await self._record(verdict.before)
        return changes.describe(fields, before["text"] if before else None, reading.article.text)

    async def _record(self, before: ArticleState) -> dict[str, Any] | None:
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
                return look_up.result()
            except NordcrawlError as error:
                notes.append(f"what changed in {article_id} is not told: {error}")
                return None
