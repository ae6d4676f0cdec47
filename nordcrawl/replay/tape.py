"""Tape: the pages of a replay in a folder: their WARC records in one file, and what is known of
each in another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import orjson

from nordcrawl.capture.read import Warc, record_at
from nordcrawl.discover import By, Link, Words
from nordcrawl.model.times import parse_rfc3339, rfc3339

RECORDS: Final = "replayed.warc.gz"
_PAGES: Final = "replayed.jsonl"


class Place(NamedTuple):
    """Where a gzip member lies in the file of records."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """A page to be replayed."""

    url: str
    """What is asked for, in the source's canonical form."""
    at: datetime
    """When it was last seen as it is here, UTC."""
    target: str
    """Where its answer came from: another address where redirects led there."""
    answer: Place
    """The record with status and headers, and the time of the answer."""
    payload: Place | None
    """The record with the body, where that is another one."""
    link: Link
    """What sitemaps and feeds told of it."""
    found_by: tuple[str, ...] = ()
    article_id: str | None = None
    """Which article the archive has of it."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        link = {name: getattr(self.link, name) for name in ("url", "lastmod", "published", "title")}
        return {
            "url": self.url,
            "at": rfc3339(self.at),
            "target": self.target,
            "answer": [*self.answer],
            "payload": [*self.payload] if self.payload else None,
            "link": link | {"words": [*self.link.words], "by": [*self.link.by]},
            "found_by": [*self.found_by],
            "article_id": self.article_id,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read back `to_json`.

        Raises:
            KeyError, TypeError, ValueError: it is nothing of the kind.
        """
        at, link, payload = parse_rfc3339(values["at"]), values["link"], values["payload"]
        if at is None:
            raise ValueError("a recorded page without a time")
        return cls(
            url=values["url"],
            at=at,
            target=values["target"],
            answer=Place(*values["answer"]),
            payload=Place(*payload) if payload else None,
            link=Link(**link | {"words": Words(*link["words"]), "by": By(*link["by"])}),
            found_by=tuple(values["found_by"]),
            article_id=values["article_id"],
        )


class Tape:
    """Recorded pages, by the address that is asked for."""

    def __init__(self, folder: Path, pages: Iterable[Recorded]) -> None:
        self.folder = folder
        self.pages = {page.url: page for page in pages}

    def save(self) -> None:
        """Write down what is known of the pages; their records are there already."""
        lines = (orjson.dumps(page.to_json()) + b"\n" for page in self.pages.values())
        with (self.folder / _PAGES).open("wb") as file:
            file.writelines(lines)

    def records(self, page: Recorded) -> tuple[Warc, bytes]:
        """Return the record of a page's answer, and the body that belongs to it, as it was sent.

        Raises:
            OSError, ValueError: it is not there, or no such record.
        """
        with (self.folder / RECORDS).open("rb") as file:

            def read(place: Place) -> Warc:
                file.seek(place.offset)
                return record_at(file.read(place.length))

            answer = read(page.answer)
            return answer, (read(page.payload) if page.payload else answer).http[2]


@lru_cache(maxsize=1)
def opened(folder: Path) -> Tape:
    """Read back what `Tape.save` wrote; the same tape to all who ask for it.

    Raises:
        OSError, KeyError, TypeError, ValueError: there is none.
    """
    with (folder / _PAGES).open("rb") as file:
        return Tape(folder, [Recorded.from_json(orjson.loads(line)) for line in file])
