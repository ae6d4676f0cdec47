"""The power goes at any moment: what was acknowledged is found again, once, whatever of the rest
the disk has kept. A real run is recorded by its system calls, SQLite's among them, and cut
everywhere."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.erase import finish
from nordcrawl.archive.keep.verify import Severity, verify
from nordcrawl.archive.log.erasures import read_erasures
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.write.limits import Limits
from nordcrawl.crawl.finish import write_report
from nordcrawl.model.ledger import Outcome
from tests.support.archive_builders import (
    LIMITS,
    SOURCE,
    START,
    make_draft,
    make_entry,
    make_record,
    open_writer,
    url_of,
)
from tests.support.archive_runs import CHECKPOINTS, erase, maintainer, run
from tests.support.disk_after_a_power_cut import Disk, Fates, any_fate, fates
from tests.support.recorded_run import record
from tests.support.run_reports import report


def crawl(root: Path, run_id: str, *numbers: int, limits: Limits = LIMITS) -> None:
    """A run of a few articles, in more commits than one, with its report; says what is safe."""
    store = FolderStore(root / "archive")
    with open_writer(store, root / "spool", run_id, limits=limits) as writer:
        for number in numbers:
            made = make_record(number, run_id=run_id, at=START + timedelta(hours=8 * number))
            writer.accept(make_entry(made), made, make_draft(made)).result(timeout=300)
            os.write(1, b"%d" % number)
        done = writer.finish(deadline_s=300)
        assert (done.failure, done.pending_records) == (None, 0)
        counts = {Outcome.NEW: len(numbers)}
        told = report(
            run_id=run_id, source=SOURCE, outcomes=counts, discovered=len(numbers), archive="file:/"
        )
        write_report(told, root / "spool")
        os.write(1, f"report {run_id}".encode())
        writer.put_run(told.to_json())
        writer.checkpoint()


def runs_and_keeping(root: Path) -> None:
    """Two runs, and all that an operator may do to an archive."""
    crawl(root, "run-1", 1, 2, limits=CHECKPOINTS)
    crawl(root, "run-2", 3, limits=CHECKPOINTS)
    store = FolderStore(root / "archive")
    with maintainer(store, root) as keeper:
        compact(keeper)
    assert erase(store, root, url_of(2)).left == []
    os.write(1, b"erased")
    crawl(root, "run-3", 4, limits=CHECKPOINTS)


def check(root: Path, told: set[bytes], *, keeping: bool) -> None:
    """Go on after the cut, and see that all is well."""
    for file in root.glob("spool/reports/*.json"):
        assert json.loads(file.read_bytes())["run_id"] == file.stem
    for words in told:
        if words.startswith(b"report "):
            assert (root / "spool" / "reports" / f"{words[7:].decode()}.json").is_file()
    store = FolderStore(root / "archive")
    run(store, root / "spool", "last", 99)
    orders = read_erasures(store)
    assert orders or b"erased" not in told
    if orders.open_orders:
        with maintainer(store, root) as keeper:
            for order in orders.open_orders:
                assert finish(keeper, order).left == []
    wanted = {f"{SOURCE}:{n.decode()}" for n in told if n.isdigit()} | {f"{SOURCE}:99"}
    found = [(r["article_id"], r["revision"], r["change"]) for r in Reader(store).records()]
    assert len(found) == len(set(found)), "twice"
    assert wanted <= {article_id for article_id, _, _ in found}, "lost"
    assert {i for i, _, change in found if change == "erased"} <= {f"{SOURCE}:2"}
    if left := findings(store):
        # Of a checkpoint or a maintenance that was not ended; a crawl leaves no such thing.
        assert keeping
        assert {severity for severity, _, _ in left} == {Severity.UNFINISHED}
        with maintainer(store, root) as keeper:
            compact(keeper, orphans=timedelta(0))
        assert findings(store) == []
    assert not list((root / "spool" / "sealed").iterdir())


def recorded(folder: Path, work: Callable[[Path], object]) -> Disk:
    root = folder / "whole"
    root.mkdir()
    return Disk(root, record(lambda: work(root), root))


def findings(store: FolderStore) -> list[tuple[Severity, str, str]]:
    found = verify(store).findings
    return [(f.severity, f.key, f.what) for f in found if f.severity is not Severity.NOTE]


def cut_everywhere(
    disk: Disk, ways: dict[str, Fates], folder: Path, every: int = 1, *, keeping: bool = False
) -> Iterator[str]:
    """Yield the name of each cut that leaves another disk than all before it did, checked."""
    seen = set()
    for number, (name, fate) in enumerate(ways.items()):
        for cut in (*range(number % every, len(disk.events), every), len(disk.events)):
            root = folder / f"{number}-{cut}"
            disk.leave(cut, fate, root)
            told = disk.told(cut)
            if (left := (digest(root), frozenset(told))) not in seen:
                seen.add(left)
                try:
                    check(root, told, keeping=keeping)
                except Exception as error:
                    error.add_note(f"{name}, power cut before step {cut}")
                    raise
                yield f"{name}, {cut}"
            shutil.rmtree(root)


def digest(root: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        found.update(f"{path.relative_to(root)}\n".encode())
        found.update(path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()


def test_what_was_acknowledged_is_found_after_a_power_cut(tmp_path: Path) -> None:
    disk = recorded(tmp_path, lambda root: crawl(root, "run-1", 1, 2))
    assert {b"1", b"2", b"report run-1"} == disk.told(len(disk.events))
    done = list(cut_everywhere(disk, fates(), tmp_path / "cut", every=61))
    assert len(done) > 20


@pytest.mark.slow
@pytest.mark.parametrize("way", fates())
def test_the_same_at_every_step(tmp_path: Path, way: str) -> None:
    disk = recorded(tmp_path, lambda root: crawl(root, "run-1", 1, 2))
    done = list(cut_everywhere(disk, {way: fates()[way]}, tmp_path / "cut"))
    assert len(done) > 30, "of what is safe alone there are the fewest"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_the_same_with_the_dice_and_while_it_is_maintained(tmp_path: Path, seed: int) -> None:
    disk = recorded(tmp_path, runs_and_keeping)
    assert {b"4", b"erased"} <= disk.told(len(disk.events))
    ways = {f"dice {n}": any_fate(n) for n in range(seed, seed + 3)}
    way = list(fates())[seed // 3 % len(fates())]
    done = list(
        cut_everywhere(disk, ways | {way: fates()[way]}, tmp_path / "cut", every=59, keeping=True)
    )
    assert len(done) > 25
