"""History: all revisions of the articles that an address or an id names.

Lines are looked at as bytes first, so that few are parsed. Does not know what differs between two
revisions: `nordcrawl.identity.changes` does.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from nordcrawl.archive.format.lines import decode_json, encode_json
from nordcrawl.errors import ArchiveDamaged, UsageError
from nordcrawl.model.printable import shown
from nordcrawl.model.url import path_of
from nordcrawl.model.words import reason
from nordcrawl.reading import addresses
from nordcrawl.reading.query import Query, time_of
from nordcrawl.reading.selection import Selection, Snapshot

_URL: Final = re.compile(rb'"url":"([^"\\]+)"')
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_NEAREST: Final = 3


def revisions(taking: Selection, name: str) -> list[dict[str, Any]]:
    """Return the revisions of each article that `name` names, as they lie in the archive.

    `name` is an article id, or any address that an article has had, in any spelling with or
    without scheme and ``www.``. Articles one after the other, each by revision. A page that only
    calls the address its canonical one counts where no article has had the address itself.

    Raises:
        UsageError: there is no archive, no such article, or `name` is no address.
        ArchiveDamaged: a part or line is not what it should be.
    """
    snapshot = taking.snapshot()
    if "/" not in name:
        ids = {name}
        told = (
            f"no article {shown(name)!r} in this archive; ids are as article_id in nordcrawl read"
        )
    else:
        url = addresses.given(name, "neither an article id nor an address")
        ids = _ids_of(taking, snapshot, url) or _ids_of_duplicate(taking, url)
        told = f"no article has had the address {shown(url)} in this archive"
        if not ids and (near := _nearest(taking, snapshot, url)):
            told += f"; the nearest are {', '.join(map(shown, near))}"
    found = list(_of_ids(taking, snapshot, ids)) if ids else []
    if not found:
        raise UsageError(told)
    return sorted(found, key=_place)


def _ids_of(taking: Selection, snapshot: Snapshot, url: str) -> set[str]:
    wanted = addresses.bare(url)
    needle = addresses.needle(url).encode()
    own: set[str] = set()
    claimed: set[str] = set()
    for record in _records(taking, snapshot, Query(), lambda line: needle in line):
        if any(addresses.same(wanted, address) for address in addresses.of_article(record)):
            own.add(record["article_id"])
        elif addresses.same(wanted, str(record.get("canonical_url"))):
            claimed.add(record["article_id"])
    return own or claimed


def _ids_of_duplicate(taking: Selection, url: str) -> set[str]:
    """Return what the ledger knows of an address at which there was only a duplicate."""
    wanted = addresses.bare(url)
    needle = addresses.needle(url)
    return {
        line.article_id
        for line in taking.reader.ledger()
        if line.article_id is not None
        and any(
            address is not None and needle in address and addresses.same(wanted, address)
            for address in (line.url, line.final_url)
        )
    }


def _of_ids(taking: Selection, snapshot: Snapshot, ids: set[str]) -> Iterator[dict[str, Any]]:
    needles = [encode_json({"article_id": one})[1:-2] for one in ids]
    sources = frozenset(one.partition(":")[0] for one in ids)
    for record in _records(
        taking, snapshot, Query(sources=sources), lambda line: any(n in line for n in needles)
    ):
        if record["article_id"] in ids:
            yield record


def _records(
    taking: Selection, snapshot: Snapshot, query: Query, may: Callable[[bytes], bool]
) -> Iterator[dict[str, Any]]:
    for line in filter(may, taking.lines(snapshot, query)):
        try:
            record: dict[str, Any] = decode_json(line)
            record["article_id"], record["revision"], record["fetch"]["fetched_at"]
        except (ValueError, KeyError, TypeError) as error:
            raise ArchiveDamaged(f"a line can't be read: {line[:80]!r}: {reason(error)}") from error
        yield record


def _place(record: dict[str, Any]) -> tuple[str, int, datetime]:
    # Two crawlers may have written one revision each of the same number.
    fetched_at = time_of(record, "fetch", "fetched_at") or _NEVER
    return record["article_id"], record["revision"], fetched_at


def _nearest(taking: Selection, snapshot: Snapshot, url: str) -> list[str]:
    """Return addresses that share the most words with one that is not there."""
    wanted = set(addresses.PLAIN.findall(path_of(url).replace("-", " ")))
    urls: dict[str, float] = {}
    for line in taking.lines(snapshot, Query()):
        if (match := _URL.search(line)) is not None:
            other = match[1].decode(errors="replace")
            words = set(addresses.PLAIN.findall(path_of(other).replace("-", " ")))
            if shared := len(words & wanted):
                urls[other] = shared / len(words | wanted)
    return heapq.nlargest(_NEAREST, urls, key=lambda one: (urls[one], one))
