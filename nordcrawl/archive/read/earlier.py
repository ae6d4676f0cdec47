"""Earlier: the record that a new revision follows, read back from the archive.

To say what changed, the text before is needed, and no crawler's disk keeps texts. Parts are named
by the day on which their pages were fetched, which the state knows, so few of them are read.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import partial
from typing import Any, Final

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import decode_json, unpack
from nordcrawl.archive.log.pieces import Bodies
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ObjectMissing
from nordcrawl.model.times import utc_date

_CACHE_BYTES: Final = 16 << 20
"""Compressed bytes of parts that are kept, for what changes was often fetched on one day."""
#: The first of these is the record's own (see `nordcrawl.model.record.Record.to_json`); within a
#: text its quotes have backslashes before them.
_NAME: Final = re.compile(rb'"article_id":"([^"]*)","revision":(\d+),')


class Earlier:
    """Looks up records of one source. Blocking, and not thread-safe."""

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._source = source
        self._places: dict[str, dict[tuple[bytes, int], tuple[str, int]]] = {}
        self._bodies = Bodies(_CACHE_BYTES)

    def record(self, article_id: str, revision: int, fetched_at: datetime) -> dict[str, Any] | None:
        """Return a record as JSON; None if the archive does not have it (yet).

        `fetched_at` is when its page was fetched.

        Raises:
            StoreRefused, StoreUnavailable: the store.
        """
        date = utc_date(fetched_at)
        if date not in self._places:
            self._places[date] = self._find(date)
        place = self._places[date].get((article_id.encode(), revision))
        if place is None:
            return None
        key, wanted = place
        try:
            for number, line in enumerate(unpack(self._body(key))):
                if number == wanted:
                    return dict(decode_json(line))
        except (ObjectMissing, ValueError):  # compacted meanwhile, or damaged: verify says that
            pass
        return None

    def _find(self, date: str) -> dict[tuple[bytes, int], tuple[str, int]]:
        """Return where the records of a day lie: part and number of the line."""
        places = {}
        prefix = f"{PartKind.ARTICLE.folder}/source={self._source}/date={date}/"
        for entry in self._store.list(prefix):
            try:
                for number, line in enumerate(unpack(self._body(entry.key))):
                    if (head := _NAME.search(line)) is not None:
                        places[head[1], int(head[2])] = (entry.key, number)
            except (ObjectMissing, ValueError):
                continue
        return places

    def _body(self, key: str) -> bytes:
        return self._bodies.get(key, partial(self._store.get, key))
