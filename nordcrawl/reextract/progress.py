"""Progress: which parts a run that was killed had done with, so that the next one goes on there.

A file in the source's part of the state folder, of no consequence when it is lost: pages are then
read once more, and nothing new comes of it. It holds for the very same extractor and table of the
source alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from nordcrawl.crawl.knowledge import EXTRACTOR
from nordcrawl.sources.source import Source
from nordcrawl.system.disk import private

logger = logging.getLogger(__name__)

_NAME: Final = "reextract.jsonl"


class Progress:
    """The parts all of whose pages have a durable end, a line each behind what they hold for."""

    def __init__(self, path: Path, holds_for: str, done: set[str]) -> None:
        self.done = frozenset(done)
        """Keys of the parts that an earlier run had done with."""
        self._path = path
        self._holds_for = holds_for
        self._is_new = not done

    @classmethod
    def open(cls, folder: Path, source: Source, asked: str, *, anew: bool = False) -> Self:
        """Read what an earlier run left; `asked` is what else it must have been asked for alike.
        With `anew` that does not count."""
        told = repr((EXTRACTOR, source.profile, source.rights, asked))
        holds_for = hashlib.sha256(told.encode()).hexdigest()
        path, done = folder / _NAME, set[str]()
        with suppress(OSError, ValueError):
            first, *lines = path.read_text("utf-8").splitlines()
            if not anew and json.loads(first) == {"holds_for": holds_for}:
                done = {json.loads(line) for line in lines if line.endswith('"')}
        return cls(path, holds_for, done)

    def add(self, part: str) -> None:
        """Take note of a part; a disk that refuses costs time alone."""
        try:
            if self._is_new:
                with private(self._path) as file:
                    file.write(json.dumps({"holds_for": self._holds_for}).encode() + b"\n")
                self._is_new = False
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(part) + "\n")
        except OSError as error:
            logger.warning("%s: %s", self._path, error.strerror)

    def forget(self) -> None:
        """Begin from the start the next time: all is done."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
