"""What an archive costs that was written by very many writers, each of them gone.

    python benchmarks/many_writers.py [writers] [articles]

Ten years of hourly runs on machines that are thrown away are 87,600 writers, here with one commit
of two parts each. Their commits are made without the parts, in a store in memory that counts the
requests as S3 would take them (1,000 names a listing); none takes any time. Printed are requests,
seconds on this machine, and the memory that a snapshot holds.

Then, with parts and all, in archives of growing size: one erasure, and a verification, by article.
"""

from __future__ import annotations

import gc
import hashlib
import platform
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive import records  # type: ignore[import-not-found]  # of this folder

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.catalog import Catalog
from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.commit import Commit, PartEntry
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.keep.erase import finish, put_order
from nordcrawl.archive.keep.erase_plan import plan_erasure
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.log.snapshot import take
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.protocol import MARKER_BODY, MARKER_KEY, Capabilities, ObjectEntry, Put
from nordcrawl.archive.write.limits import Limits
from nordcrawl.archive.write.writer import Writer
from nordcrawl.errors import ObjectConflict, ObjectMissing
from nordcrawl.model.times import rfc3339, utc_date

START = datetime(2016, 10, 26, tzinfo=UTC)
PAGE = 1000
"""Names in an answer of S3 to a listing."""


class Counted:
    """A store in memory that counts requests."""

    uri = "memory://archive"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {MARKER_KEY: MARKER_BODY}
        self.requests: Counter[str] = Counter()

    def probe(self) -> Capabilities:
        self.requests["put"] += 1
        return Capabilities(conditional_put=True, checksum=True)

    def put(self, key: str, body: bytes, *, content_type: str) -> Put:
        self.requests["put"] += 1
        if key in self.objects:
            if self.objects[key] != body:
                raise ObjectConflict(key)
            return Put.ALREADY
        self.objects[key] = body
        return Put.CREATED

    def get(self, key: str) -> bytes:
        self.requests["get"] += 1
        if key not in self.objects:
            raise ObjectMissing(key)
        return self.objects[key]

    def exists(self, key: str) -> bool:
        self.requests["head"] += 1
        return key in self.objects

    def list(self, prefix: str) -> Iterator[ObjectEntry]:
        found = [key for key in self.objects if key.startswith(prefix)]
        self.requests["list"] += 1 + len(found) // PAGE
        for key in found:
            yield ObjectEntry(key, len(self.objects[key]), START)

    def folders(self, prefix: str) -> Iterator[str]:
        start = len(prefix)
        found = {key[start:].partition("/")[0] for key in self.objects if key.startswith(prefix)}
        self.requests["list"] += 1 + len(found) // PAGE
        yield from sorted(found)

    def strangers(self) -> Iterator[str]:
        return iter(())

    def sweep(self) -> None:
        pass

    def delete(self, key: str) -> None:
        self.requests["delete"] += 1
        self.objects.pop(key, None)


def digest(*what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()


def commit_of(number: int, articles: int) -> Commit:
    writer, at = digest("writer", number)[:10], START + timedelta(hours=number)
    told = rfc3339(at) or ""

    def part(kind: PartKind, first: int, count: int) -> PartEntry:
        key = keys.part_key(kind, "example", utc_date(at), writer, first)
        sha256, size = digest(kind, number), 300 * count
        return PartEntry(key, kind, sha256, size, count, first, first + count - 1, told, told)

    parts = (part(PartKind.ARTICLE, 1, articles), part(PartKind.LEDGER, 2, articles + 1))
    return Commit(writer, 1, None, "example", f"run-{number}", at, parts, closed=True)


def fill(store: Counted, writers: int, articles: int) -> dict[str, tuple[int, str | None]]:
    """Put the commits, a catalog of them in daily layers, and a checkpoint; return the heads."""
    heads: dict[str, tuple[int, str | None]] = {}
    catalog, layer = Catalog(), dict[str, int]()
    for number in range(writers):
        commit = commit_of(number, articles // writers)
        body = store.objects[commit.key] = commit.encode()
        heads[commit.writer] = (1, hashlib.sha256(body).hexdigest())
        layer[commit.writer] = 1
        if len(layer) == 24:
            at = START + timedelta(hours=number)
            name = f"{int(at.timestamp()):08x}{digest('layer', number)[:10]}"
            catalog, layer = catalog.with_layer(name, layer, at), {}
    store.objects[catalog.key] = catalog.encode()
    checkpoint = Checkpoint("example", "20261026t000000000000z-00aa11bb22", START, heads, ())
    store.objects[checkpoint.key] = checkpoint.encode()
    return heads


def told(what: str, store: Counted, work: Callable[[], Any]) -> Any:
    """Do it, and print what it took."""
    store.requests.clear()
    began = time.process_time()
    found = work()
    taken = time.process_time() - began
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(store.requests.items()))
    print(f"{what:46} {store.requests.total():7} requests ({kinds}), {taken:6.1f} CPU s")
    return found


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def starts(writers: int, articles: int) -> None:
    store = Counted()
    fill(store, writers, articles)
    with tempfile.TemporaryDirectory(prefix="nordcrawl-") as name:

        def start(run: int) -> None:
            clock = lambda: datetime.now(UTC)  # noqa: E731
            folder = Path(name) / "spool"
            with Writer.open(store, folder, "example", f"r-{run}", limits=Limits(), clock=clock):
                pass

        told("start of a run, empty disk", store, lambda: start(1))
        told("start of a run, kept disk", store, lambda: start(2))
    gc.collect()
    before = resident_mib()
    snapshot = told("snapshot of all", store, lambda: take(store))
    gc.collect()
    print(f"{'memory of that snapshot':46} {resident_mib() - before:7.0f} MiB")
    cursor = snapshot.cursor
    print(f"{'its cursor':46} {len(str(cursor)):7} bytes")
    del snapshot
    found = told("read --since, nothing new", store, lambda: Reader(store).snapshot(cursor))
    if found.pieces:
        raise RuntimeError("there was something new")


def keeping(articles: int) -> None:
    """Archive so many articles by a writer for each ten, erase one of them, verify."""
    store = Counted()
    clock = lambda: datetime.now(UTC)  # noqa: E731
    data = records(articles)
    with tempfile.TemporaryDirectory(prefix="nordcrawl-") as name:
        for start in range(0, articles, 10):
            folder = Path(name) / f"spool-{start}"
            with Writer.open(store, folder, "example", "run-1", limits=Limits(), clock=clock) as w:
                for entry, record in data[start : start + 10]:
                    w.accept(entry, record)
                w.finish(deadline_s=600, last=True)
    began = time.process_time()
    plan = plan_erasure(store, [], ["example:7"])
    order = plan.order("", clock())
    put_order(store, order)
    done = finish(Maintainer(store, clock), order)
    erased = time.process_time() - began
    if done.left:
        raise RuntimeError(done.left)
    began = time.process_time()
    found = verify(store)
    verified = time.process_time() - began
    if found.damage:
        raise RuntimeError(found.findings[:3])
    print(
        f"{articles:7} articles, {articles // 10:5} writers: erasure rewrote {done.parts} parts of "
        f"{plan.parts} that name the article, {erased / articles * 1e3:.2f} CPU ms an article; "
        f"verify {verified / articles * 1e3:.2f} CPU ms an article"
    )


def main() -> None:
    writers, articles = (int(x) for x in (sys.argv[1:] + ["87600", "1000000"][len(sys.argv) - 1 :]))
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}")
    print(f"{writers} writers, {articles} articles")
    starts(writers, articles)
    for size in (500, 1000, 2000):
        keeping(size)


if __name__ == "__main__":
    main()
