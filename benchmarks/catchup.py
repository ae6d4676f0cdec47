"""How long a crawler on an empty disk takes to know what the archive knows.

    python benchmarks/catchup.py [urls] [runs]

Makes an archive whose ledger tells of so many URLs in each of so many runs, folds it on an empty
disk, writes a checkpoint, and begins another empty disk with that; the ratio is of the two.
"""

from __future__ import annotations

import hashlib
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit, PartEntry
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import encode_line, pack
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.log.checkpoint import CheckpointPolicy
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.write.catch_up import catch_up, write_checkpoint
from nordcrawl.model.ledger import ArticleState, LedgerEntry, Outcome
from nordcrawl.model.times import utc_date

START = datetime(2026, 10, 26, tzinfo=UTC)
WRITER = "00aa11bb22"
LINES = 20_000
"""Of a part; what 16 MiB of articles have beside them is less."""


def entry(number: int, run: int) -> LedgerEntry:
    """Return a URL's line: new in the first run, then unchanged or not due."""
    at = START + timedelta(days=run, seconds=number % 80_000)
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    article = ArticleState(
        article_id=f"example:{number}",
        revision=1,
        url=f"https://www.example.org/news/a-headline-of-usual-length-{number}",
        text_sha256=digest,
        content_sha256=digest[::-1],
        extractor="labrador/3/0.2.0",
        title=f"A headline of usual length, number {number}",
        published_at=at,
    )
    outcomes = [Outcome.NEW, Outcome.UNCHANGED, Outcome.SKIPPED_FRESH]
    fetched = run < 2
    return LedgerEntry(
        run_id=f"run-{run}",
        source="example",
        url=article.url,
        outcome=outcomes[min(run, 2)],
        at=at,
        found_by=("https://www.example.org/sitemap.xml",),
        status=200 if fetched else None,
        final_url=article.url if fetched else None,
        fetched_at=at if fetched else None,
        etag=f'"{number}"' if fetched else None,
        body_sha256=digest if fetched else None,
        article_id=article.article_id,
        revision=1,
        article=article if run == 0 else None,
    )


def make_archive(store: FolderStore, urls: int, runs: int) -> int:
    """Commit the ledger; return how many lines it has."""
    store.probe()
    seq, digest, first = 0, None, 1
    for run in range(runs):
        for start in range(0, urls, LINES):
            count = min(LINES, urls - start)
            lines = (entry(start + n, run).to_json() for n in range(count))
            body = pack(encode_line(line) for line in lines)
            day = utc_date(START + timedelta(days=run))
            key = keys.part_key(PartKind.LEDGER, "example", day, WRITER, first)
            store.put(key, body, content_type=keys.PART_TYPE)
            sha256 = hashlib.sha256(body).hexdigest()
            part = PartEntry(
                key, PartKind.LEDGER, sha256, len(body), count, first, first + count - 1, "", ""
            )
            seq, first = seq + 1, first + count
            commit = Commit(WRITER, seq, digest, "example", f"run-{run}", START, (part,))
            encoded = commit.encode()
            store.put(commit.key, encoded, content_type=keys.JSON_TYPE)
            digest = hashlib.sha256(encoded).hexdigest()
    return first - 1


def begun(store: FolderStore, folder: Path, *, checkpoints: bool) -> tuple[float, Spool, State]:
    """Return how long an empty disk took, and what it has then."""
    began = time.perf_counter()
    spool = Spool.open(folder, "example")
    state = State(spool)
    catch_up(store, spool, state, checkpoints=checkpoints)
    return time.perf_counter() - began, spool, state


def main() -> None:
    urls, runs = (int(x) for x in (sys.argv[1:] + ["10000", "10"][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory(prefix="nordcrawl-") as name:
        root = Path(name)
        store = FolderStore(root / "archive")
        lines = make_archive(store, urls, runs)
        print(f"{urls} URLs in {runs} runs: {lines} ledger lines")
        slow, spool, state = begun(store, root / "one", checkpoints=False)
        began = time.perf_counter()
        if not write_checkpoint(store, spool, state, START, CheckpointPolicy()):
            raise RuntimeError("no checkpoint was due")
        written = time.perf_counter() - began
        size = sum(entry.size for entry in store.list("checkpoints/"))
        counts = state.counts()
        spool.close()
        fast, spool, state = begun(store, root / "two", checkpoints=True)
        if state.counts() != counts:
            raise RuntimeError("the two disks differ")
        spool.close()
        began = time.perf_counter()
        spool = Spool.open(root / "two", "example")
        catch_up(store, spool, State(spool))
        spool.close()
        again = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"from the ledger      {slow:7.1f} s")
    print(f"checkpoint written   {written:7.1f} s, {size / (1 << 20):.1f} MiB")
    print(f"from the checkpoint  {fast:7.1f} s, {slow / fast:.1f} times as fast")
    print(f"nothing new          {again:7.2f} s")
    print(f"peak memory          {peak:7.0f} MiB")


if __name__ == "__main__":
    main()
