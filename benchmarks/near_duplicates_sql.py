"""Near duplicates of a whole corpus: time and memory of the table of signatures, and of the SQL.

Articles are made by chance: shingles as numbers, in place of words, so that a million take a
minute or two. Of a hundred, fifteen are near an earlier one (at four strengths), one is a form of
which there are some hundreds. Their ledger lines are read, folded and written as Parquet by what
`nordcrawl signatures` does, and DuckDB runs docs/examples/near_duplicates.sql on that. Each step is
a process of its own; memory is its peak (VmHWM), which no other one has a share in.

Usage: near_duplicates_sql.py [ARTICLES ...] [--memory-mib N]
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import orjson

from nordcrawl.model import signature
from nordcrawl.model.ledger import ArticleState, LedgerEntry, Outcome
from nordcrawl.reading.parquet import write_signatures
from nordcrawl.reading.signatures import Counts, Signed, signed

SQL = Path(__file__).parents[1] / "docs" / "examples" / "near_duplicates.sql"
SOURCES = 10
START = datetime(2026, 1, 1, tzinfo=UTC)
#: Shares of shingles that another version of a story does not have in common.
CHANGED = (0.0, 0.05, 0.2, 0.5)
#: Stories that later ones may be near.
RECENT = 2000
#: Articles of a form, about.
FORM = 300
TITLE = "Ferja over fjorden er innstilt til over helga etter vind og høy sjø"


def shingle_sets(count: int) -> Iterator[Any]:
    """Yield the shingles of articles, 64 bits each."""
    rng = np.random.default_rng(1)
    stories: list[Any] = []
    form = fresh(rng, 150)
    for number in range(count):
        kind = rng.random()
        if kind < 0.01:
            if rng.random() < 1 / FORM:
                form = fresh(rng, 150)
            yield np.concatenate((form, fresh(rng, 40)))
        elif kind < 0.16 and stories:
            story = stories[rng.integers(len(stories))]
            kept = story[rng.random(len(story)) >= CHANGED[rng.integers(len(CHANGED))]]
            yield np.concatenate((kept, fresh(rng, len(story) - len(kept))))
        else:
            words = int(np.clip(rng.lognormal(np.log(350), 0.7), signature.MIN_WORDS, 5000))
            story = fresh(rng, words - 2)
            if len(stories) < RECENT:
                stories.append(story)
            else:
                stories[number % RECENT] = story
            yield story


def fresh(rng: np.random.Generator, count: int) -> Any:
    return rng.integers(0, 1 << 63, size=count, dtype=np.int64)


def signature_of(shingles: Any) -> str:
    """Return the signature of shingles that are mixed already: see `signature.signature`."""
    least = np.full(signature.BINS, signature.EMPTY, dtype=np.int64)
    np.minimum.at(least, shingles % signature.BINS, (shingles >> 40) & 0xFFFF)
    return "m1:" + base64.b85encode(least.astype(">u2").tobytes()).decode()


def make(folder: Path, count: int) -> None:
    """Write ledger lines, a file a source; each fifth article has a revision before its last."""
    files = [(folder / f"source-{n}.jsonl").open("wb") for n in range(SOURCES)]
    for number, shingles in enumerate(shingle_sets(count)):
        source, near = f"source-{number % SOURCES}", signature_of(shingles)
        for revision in (1, 2)[: 2 if number % 5 == 0 else 1]:
            at = START + timedelta(seconds=number + revision)
            url = f"https://{source}.example.org/nyheter/2026/{number:09d}/{TITLE[:40]}"
            article = ArticleState(
                f"{source}:{number}", revision, url, f"{number:064x}", f"{revision:064x}",
                "generic/trafilatura 2.3/0.2.0", TITLE, at, language="nb", near=near,
                fields=dict.fromkeys(("title", "authors", "published_at", "text"), "0badcafe"),
            )  # fmt: skip
            entry = LedgerEntry(
                "20260101t000000z-run", source, url, Outcome.NEW, at, status=200, final_url=url,
                fetched_at=at, body_sha256="0" * 64, article_id=article.article_id,
                revision=revision, article=article,
            )  # fmt: skip
            files[number % SOURCES].write(orjson.dumps(entry.to_json()) + b"\n")
    for file in files:
        file.close()


def entries(path: Path) -> Iterator[LedgerEntry]:
    with path.open("rb") as lines:
        for line in lines:
            yield LedgerEntry.from_json(orjson.loads(line))


def read_only(folder: Path) -> dict[str, Any]:
    """Read the lines and do nothing: the plainest that there is."""
    return {"lines": sum(1 for path in folder.glob("*.jsonl") for _ in entries(path))}


def sketch(folder: Path) -> dict[str, Any]:
    """Make the table of signatures."""
    counts = Counts()

    def rows() -> Iterator[Signed]:
        for path in sorted(folder.glob("*.jsonl")):
            yield from signed(path.stem, entries(path), counts)

    with (folder / "signatures.parquet").open("wb") as out:
        write_signatures(rows(), out)
    return {"rows": counts.signed, "bytes": (folder / "signatures.parquet").stat().st_size}


def compare(folder: Path, memory_mib: int) -> dict[str, Any]:
    """Run the SQL, and say how much it found and what took longest."""
    db = duckdb.connect(folder / "near.duckdb")
    db.execute(f"SET memory_limit = '{memory_mib}MiB'")
    db.execute(f"CREATE VIEW signature AS FROM '{folder}/signatures.parquet'")
    took: dict[str, float] = {}
    for statement in duckdb.extract_statements(SQL.read_text(encoding="utf-8")):
        began = time.perf_counter()
        db.execute(statement)
        made = re.search(r"CREATE \w+ (\w+)", statement.query)
        took[made[1] if made else "?"] = round(time.perf_counter() - began, 2)
    taken = {"s": sum(took.values()), "mib": peak_mib()}  # before more is asked
    asked = {
        "chance": "SELECT count(*) FROM candidate JOIN article AS a ON a.n = one JOIN article AS b"
        " ON b.n = other WHERE agreeing(a.bins, b.bins) < 10",
        "candidates": "SELECT count(*) FROM candidate",
        "pairs": "SELECT count(*) FROM near",
        "clusters": "SELECT count(DISTINCT least) FROM component",
        "left_out": "SELECT count(*) FROM left_out",
    }
    found = {name: db.execute(query).fetchall()[0][0] for name, query in asked.items()}
    db.close()
    longest = sorted(took.items(), key=lambda one: -one[1])[:4]
    return {
        **taken,
        **found,
        "bytes": (folder / "near.duckdb").stat().st_size,
        "longest": dict(longest),
    }


def one_by_one(folder: Path) -> dict[str, Any]:
    """Compare pairs of a hundred signatures, which stay decoded, one after the other."""
    some = (entry.article for entry in entries(folder / "source-0.jsonl"))
    near = [article.near or "" for article, _ in zip(some, range(100), strict=False) if article]
    pairs = 50_000
    for number in range(pairs):
        signature.similarity(near[number % len(near)], near[number // len(near) % len(near)])
    return {"compared": pairs}


STEPS = {"read": read_only, "sketch": sketch, "one by one": one_by_one}


def peak_mib() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) // 1024 if found else 0


def step(name: str, folder: Path, memory_mib: int) -> None:
    """Do one step, in this process, and print what it took as JSON."""
    base, began = peak_mib(), time.perf_counter()
    found = compare(folder, memory_mib) if name == "sql" else STEPS[name](folder)
    wall = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"s": wall, "cpu_s": cpu, "mib": peak_mib(), "base_mib": base, **found}))


def measured(name: str, folder: Path, memory_mib: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--step", name, "--folder", str(folder)]
    command += ["--memory-mib", str(memory_mib)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def report(count: int, memory_mib: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make(folder, count)
        plain = measured("read", folder, memory_mib)
        table = measured("sketch", folder, memory_mib)
        sql = measured("sql", folder, memory_mib)
        slow = measured("one by one", folder, memory_mib)
    every = slow["s"] / slow["compared"] * count * (count - 1) / 2
    print(
        f"{count:,} articles, {plain['lines']:,} ledger lines\n"
        f"  read only    {plain['s']:8.1f} s  {plain['cpu_s']:8.1f} s CPU  {plain['mib']:6} MiB\n"
        f"  signatures   {table['s']:8.1f} s  {table['cpu_s']:8.1f} s CPU  {table['mib']:6} MiB"
        f"  ({table['s'] / plain['s']:.1f} times read only; {table['bytes'] / count:.0f} bytes "
        f"an article; {table['base_mib']} MiB before it began)\n"
        f"  SQL          {sql['s']:8.1f} s  {sql['cpu_s']:8.1f} s CPU  {sql['mib']:6} MiB"
        f"  ({sql['s'] / table['s']:.2f} times signatures; limit {memory_mib} MiB; "
        f"{sql['bytes'] / count:.0f} bytes an article in its file)\n"
        f"    {sql['candidates']:,} pairs compared ({sql['chance']:,} share a band by chance), "
        f"{sql['pairs']:,} near, {sql['clusters']:,} "
        f"clusters, {sql['left_out']:,} bands left out\n"
        f"    longest: {', '.join(f'{name} {s} s' for name, s in sql['longest'].items())}\n"
        f"  all with all, one by one, would take {every:,.0f} s: "
        f"{every / sql['s']:,.0f} times the SQL",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--memory-mib", type=int, default=1024, help="DuckDB's limit")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        step(options.step, options.folder, options.memory_mib)
        return 0
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}",
        flush=True,
    )
    for count in options.articles:
        report(count, options.memory_mib)
    return 0


if __name__ == "__main__":
    sys.exit(main())
