"""Reservations: what a page under way holds, so that no other page of the same article or with the
same text is judged beside it.

The owner is the page's discovered URL, which is the one thing that every kind of item keeps on its
way through the pipelines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable


class Reservations:
    """Keys and their owners; of one event loop."""

    def __init__(self) -> None:
        self._of: dict[str, frozenset[str]] = {}
        self._held: set[str] = set()
        self._released = asyncio.Event()

    async def until_free(self, keys: Iterable[str]) -> bool:
        """Wait until none of the keys is held, and return whether that took any waiting. Nothing is
        reserved by that: ask `take` next."""
        wanted, waited = frozenset(keys), False
        while self._held & wanted:
            waited = True
            self._released.clear()
            await self._released.wait()
        return waited

    def take(self, owner: str, keys: Iterable[str]) -> bool:
        """Reserve the keys for an owner, which holds none yet; False if any of them is held."""
        wanted = frozenset(keys)
        if self._held & wanted:
            return False
        if owner in self._of:
            raise ValueError(f"{owner}: holds keys already")
        self._of[owner] = wanted
        self._held |= wanted
        return True

    def release(self, owner: str) -> None:
        """Give back all that an owner holds; safe to call again, or for who holds nothing."""
        self._held -= self._of.pop(owner, frozenset())
        self._released.set()
