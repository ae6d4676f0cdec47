"""Firsts: which writer's line came first, of lines that are the same. Memory does not grow."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from nordcrawl.system.lock import explained

_RECENT: Final = 50_000
"""Lines held in memory; what is beyond goes to a temporary file."""
_MARKS: Final = 1 << 24
"""Bytes of marks, a bit each, that tell most lines that are not in the file."""


class Firsts:
    """Remembers lines by two numbers: a key, which is another for another line, but for one in some
    billions; and its content, should that be the one. Not thread-safe."""

    def __init__(self) -> None:
        self._recent: dict[int, tuple[int, int]] = {}
        self._marks = bytearray()
        self._file: sqlite3.Cursor | None = None

    def is_first(self, key: int, content: int, writer: int) -> bool:
        """Return whether no other writer's line was the same; both numbers have 64 bits, signed."""
        held = self._recent.get(key)
        if held is None and self._file is not None and self._is_marked(key):
            held = self._file.execute(_SELECT, (key,)).fetchone()
        if held is None:
            self._recent[key] = (content, writer)
            if len(self._recent) >= _RECENT:
                self._spill()
            return True
        return held[1] == writer or held[0] != content

    def _is_marked(self, key: int) -> bool:
        return bool(self._marks[(key >> 3) % _MARKS] >> (key & 7) & 1)

    def _spill(self) -> None:
        with explained(Path(gettempdir())):
            self._write()

    def _write(self) -> None:
        if self._file is None:
            db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._file = db.cursor()
            self._file.execute("PRAGMA journal_mode=OFF")
            self._file.execute(_CREATE)
            self._marks = bytearray(_MARKS)
        self._file.execute("BEGIN")
        rows = sorted((key, *held) for key, held in self._recent.items())
        self._file.executemany("INSERT INTO first VALUES (?, ?, ?)", rows)
        self._file.execute("COMMIT")
        for key in self._recent:
            self._marks[(key >> 3) % _MARKS] |= 1 << (key & 7)
        self._recent.clear()


_CREATE: Final = "CREATE TABLE first(key INTEGER PRIMARY KEY, content INTEGER, writer INTEGER)"
_SELECT: Final = "SELECT content, writer FROM first WHERE key = ?"
