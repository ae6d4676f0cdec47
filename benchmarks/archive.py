"""What archiving and reading cost, beside the plainest way of doing the same.

    python benchmarks/archive.py [articles] [pairs]

Writing: records of news length are accepted one by one, each with its ledger line, fsynced, sealed,
put, committed; beside it the same records are written with ``json.dumps`` into one gzip file.
Reading: the archive read by `Reader.records` (digest, count, erasures, and copies by other writers
checked); beside it gzip lines read with orjson; then the same lines archived by 2, 20 and 200
writers, with the memory that reading them adds. Both of a pair run in turn, in a process of their
own, on the same data; the figures are medians of the pairs' ratios.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.write.limits import Limits
from nordcrawl.archive.write.writer import Writer
from nordcrawl.model.article import Article, Block, BlockKind, Extractor, Image
from nordcrawl.model.ledger import ArticleState, LedgerEntry, Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading
from nordcrawl.model.record import Record

START = datetime(2026, 10, 26, 8, 38, tzinfo=UTC)
WRITERS = (2, 20, 200)
#: Words to make news of; enough that gzip finds about what it finds in real text.
SYLLABLES = "nor land is vind hav skip fisk rein by vei olje sne fjord år tid folk is stat ting råd"


def records(count: int) -> list[tuple[LedgerEntry, Record]]:
    """Return articles of some 3.5 KB with their ledger lines, the same in each run."""
    dice = random.Random(7)
    parts = SYLLABLES.split()
    words = ["".join(dice.choices(parts, k=dice.randrange(1, 4))) for _ in range(6000)]
    return [_record(number, words, dice) for number in range(count)]


def _record(number: int, words: list[str], dice: random.Random) -> tuple[LedgerEntry, Record]:
    def sentence(length: int) -> str:
        return " ".join(dice.choices(words, k=length)).capitalize() + "."

    url = f"https://www.example.org/news/{'-'.join(dice.choices(words, k=6))}/{number}"
    at = START + timedelta(seconds=number)
    article = Article(
        title=sentence(8),
        subtitle=sentence(20),
        blocks=(
            Block(BlockKind.SUMMARY, sentence(20)),
            *(Block(BlockKind.P, sentence(30)) for _ in range(dice.randrange(4, 10))),
        ),
        extractor=Extractor("labrador", "3", "0.2.0"),
        authors=("Kari Nordmann",),
        published_at=at,
        language="nb",
        section="politikk",
        tags=("arktis", "forsvar"),
        images=(Image("https://www.example.org/a.jpg", caption=sentence(9)),),
    )
    # What the crawler has computed by then to judge the page; archiving does not do it again.
    body = article.text.encode()
    page = Page(url=url, body=body, fetched_at=at, headers=(("etag", f'"{number}"'),))
    record = Record(
        source="example",
        article_id=f"example:{number}",
        revision=1,
        change="new",
        reading=Reading.of(article, page.body_sha256),
        page=page,
        canonical_url=url,
        aliases=(),
        previous_text_sha256=None,
        run_id="run-1",
        archived_at=at,
    )
    entry = LedgerEntry(
        run_id="run-1",
        source="example",
        url=url,
        outcome=Outcome.NEW,
        at=at,
        found_by=("https://www.example.org/sitemap.xml",),
        status=200,
        final_url=url,
        fetched_at=at,
        etag=f'"{number}"',
        body_sha256=page.body_sha256,
        article_id=record.article_id,
        revision=1,
        article=ArticleState(
            article_id=record.article_id,
            revision=1,
            url=url,
            text_sha256=record.reading.text_sha256,
            content_sha256=record.reading.content_sha256,
            extractor="labrador/3/0.2.0",
            title=article.title,
            published_at=at,
        ),
    )
    return entry, record


def write_archive(data: list[tuple[LedgerEntry, Record]], folder: Path) -> None:
    """Acknowledge each record durably, then ship all."""
    store = FolderStore(folder / "archive")
    clock = lambda: datetime.now(UTC)  # noqa: E731
    with Writer.open(
        store, folder / "spool", "example", "run-1", limits=Limits(), clock=clock
    ) as w:
        futures = [w.accept(entry, record) for entry, record in data]
        for future in futures:
            future.result()
        report = w.finish(deadline_s=600)
        if report.failure or report.pending_records:
            raise RuntimeError(report)


def write_plain(data: list[tuple[LedgerEntry, Record]], folder: Path) -> None:
    """Write the same records the way that anyone would first."""
    folder.mkdir(parents=True)
    with gzip.open(folder / "plain.jsonl.gz", "wt", compresslevel=6, encoding="utf-8") as file:
        for _, record in data:
            file.write(json.dumps(record.to_json(), ensure_ascii=False) + "\n")


def write_by(data: list[tuple[LedgerEntry, Record]], folder: Path, writers: int) -> None:
    """Archive the same by so many writers, one after the other."""
    store = FolderStore(folder / "archive")
    clock = lambda: datetime.now(UTC)  # noqa: E731
    size = -(-len(data) // writers)
    for start in range(0, len(data), size):
        spool = folder / f"spool-{start}"
        with Writer.open(store, spool, "example", "run-1", limits=Limits(), clock=clock) as w:
            for entry, record in data[start : start + size]:
                w.accept(entry, record)
            if (failure := w.finish(deadline_s=600, last=True).failure) is not None:
                raise failure


def read_archive(folder: Path) -> int:
    """Read all records as dicts."""
    return sum(1 for _ in Reader(FolderStore(folder / "archive")).records())


def read_plain(folder: Path) -> int:
    """Read the same lines with gzip and orjson."""
    count = 0
    for part in sorted((folder / "archive" / "articles-v1").rglob("*.gz")):
        with gzip.open(part, "rb") as file:
            for line in file:
                orjson.loads(line)
                count += 1
    return count


def measured(work: Callable[..., Any], *arguments: Any) -> tuple[float, float, float]:
    """Return (seconds, CPU seconds, MiB that it added to the peak of memory) of a call in a process
    of its own."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(_timed, (work, arguments))


def _timed(work: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[float, float, float]:
    def used() -> tuple[float, float]:
        now = resource.getrusage(resource.RUSAGE_SELF)
        return now.ru_utime + now.ru_stime, now.ru_maxrss / 1024

    began, (cpu, peak) = time.perf_counter(), used()
    work(*arguments)
    taken = time.perf_counter() - began
    return taken, used()[0] - cpu, used()[1] - peak


def main() -> None:
    count, pairs = (int(x) for x in (sys.argv[1:] + ["20000", "3"][len(sys.argv) - 1 :]))
    data = records(count)
    raw = sum(len(orjson.dumps(record.to_json())) for _, record in data)
    print(f"{count} articles of {raw / count:.0f} bytes, {pairs} pairs")
    writing, reading = [], []
    with tempfile.TemporaryDirectory(prefix="nordcrawl-") as root:
        for pair in range(pairs):
            ours, plain = Path(root) / f"ours-{pair}", Path(root) / f"plain-{pair}"
            wall, cpu, _ = measured(write_archive, data, ours)
            plain_wall, plain_cpu, _ = measured(write_plain, data, plain)
            writing.append(cpu / plain_cpu)
            print(
                f"write  {count / wall:7.0f} articles/s, {cpu / count * 1e3:.3f} CPU ms each;  "
                f"plain {count / plain_wall:7.0f} articles/s, {plain_cpu / count * 1e3:.3f} CPU ms"
            )
            reading.append(read(ours, raw)[0])
        many = {}
        for writers in WRITERS:
            write_by(data, Path(root) / f"by-{writers}", writers)
            many[writers] = [read(Path(root) / f"by-{writers}", raw) for _ in range(pairs)]
    print(f"write  {statistics.median(writing):.2f} times the CPU of the plain write")
    print(f"read   {statistics.median(reading):.2f} times the speed of the plain read")
    for writers, ratios in many.items():
        ratio, mib = (statistics.median(x) for x in zip(*ratios, strict=True))
        print(f"read   {ratio:.2f} times, of {writers} writers, with {mib:.0f} MiB of memory")


def read(folder: Path, raw: int) -> tuple[float, float]:
    """Return how many times the speed of the plain read it is, by CPU, and the memory it adds."""
    wall, cpu, mib = measured(read_archive, folder)
    plain_wall, plain_cpu, _ = measured(read_plain, folder)
    print(
        f"read   {raw / wall / 1e6:7.0f} MB/s, {raw / cpu / 1e6:5.0f} MB a CPU s;  "
        f"plain {raw / plain_wall / 1e6:7.0f} MB/s, {raw / plain_cpu / 1e6:5.0f} MB a CPU s"
    )
    return plain_cpu / cpu, mib


if __name__ == "__main__":
    main()
