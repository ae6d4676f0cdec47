"""Kept archives, killed: SIGKILL at every write step of a compaction and of an erasure, and many
kills in a row on one state folder."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.erase import finish, put_order
from nordcrawl.archive.keep.erase_plan import plan_erasure
from nordcrawl.archive.keep.verify import Severity, verify
from nordcrawl.archive.local.purge import Obedience
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.log.erasures import read_erasures
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.errors import ExitCode
from tests.archive.write.test_crash import COUNT
from tests.support.archive_builders import SOURCE, make_record, open_writer, url_of
from tests.support.archive_runs import CHECKPOINTS, holding, ids, lines, maintainer, now, run

WRITES = ("fsync", "link", "replace", "rename", "unlink")
TRACES = ("Hemmeligheten", "Tittel 2", url_of(2))


def secret(number: int, **more: Any) -> Any:
    text = ("Hemmeligheten" if number == 2 else f"Vanlig {number}") + " og mer tekst" * 30
    return make_record(number, text=text, **more)


def build(root: Path) -> FolderStore:
    store = FolderStore(root / "archive")
    for number in (1, 2, 3):
        spool, run_id = root / "spool", f"run-{number}"
        run(store, spool, run_id, number, make=secret, limits=CHECKPOINTS, captures=True)
    return store


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do some work in a child that kills itself at its `step`-th write; tell whether it did."""
    child = os.fork()
    if child == 0:
        steps = itertools.count(1)

        def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
            def wrapped(*arguments: Any, **more: Any) -> Any:
                if next(steps) == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*arguments, **more)

            return wrapped

        try:
            for name in WRITES:
                setattr(os, name, deadly(getattr(os, name)))
            work()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def compaction(root: Path, orphans: timedelta | None = None) -> None:
    with maintainer(FolderStore(root / "archive"), root) as kept:
        compact(kept, orphans=orphans)


every = pytest.mark.parametrize(
    "nth", [pytest.param(1, marks=pytest.mark.slow, id="every"), pytest.param(9, id="every ninth")]
)


@every
def test_a_compaction_killed_at_every_write(tmp_path: Path, nth: int) -> None:
    for step in itertools.count(1, nth):
        root = tmp_path / str(step)
        store = build(root)
        before = lines(store)
        killed = killed_at(step, lambda: compaction(root))  # noqa: B023
        assert lines(store) == before
        assert verify(store).damage == 0
        compaction(root)
        assert lines(store) == before
        assert verify(store).damage == 0
        compaction(root, orphans=timedelta(0))  # a part that was put, and not committed
        assert lines(store) == before
        assert [
            (f.key, f.what) for f in verify(store).findings if f.severity is not Severity.NOTE
        ] == []
        assert len(list(store.list("articles-v1/"))) == 1
        if not killed:
            break
    assert step > 30


def erasure(root: Path) -> None:
    """Resume what is open, or begin; then clean this machine's spool, as the command does."""
    store = FolderStore(root / "archive")
    orders = read_erasures(store).open_orders
    if not orders and not read_erasures(store).orders:
        order = plan_erasure(store, [url_of(2)], []).order("", now())
        put_order(store, order)
        orders = (order,)
    with maintainer(store, root) as kept:
        for order in orders:
            assert finish(kept, order).left == []
    spool = Spool.open(root / "spool", SOURCE)
    try:
        Obedience(store, spool, State(spool)).check()
    finally:
        spool.close()


@pytest.mark.slow
@every
def test_an_erasure_killed_at_every_write(tmp_path: Path, nth: int) -> None:
    for step in itertools.count(1, nth):
        root = tmp_path / str(step)
        store = build(root)
        killed = killed_at(step, lambda: erasure(root))  # noqa: B023
        if read_erasures(store).orders:
            assert f"{SOURCE}:2" not in [r["article_id"] for r in Reader(store).latest()]
        erasure(root)
        compaction(root, orphans=timedelta(0))  # a part that was put, and not committed
        open_writer(store, root / "spool", "run-4").close()
        for staged in (root / "archive" / ".tmp").iterdir():
            staged.unlink()  # of the killed process; a day later the next one does so
        assert holding(root, *TRACES) == []
        assert ids(store) == [f"{SOURCE}:{n}" for n in (1, 3, 2)], "one tombstone"
        assert [
            (f.key, f.what) for f in verify(store).findings if f.severity is not Severity.NOTE
        ] == []
        if not killed:
            break
    assert step > 60


@pytest.mark.slow
def test_killed_a_hundred_times_in_a_row(tmp_path: Path) -> None:
    dice = random.Random()
    acknowledged: set[int] = set()
    kills = 0
    for round_ in itertools.count():
        if kills == 100:
            break
        assert round_ < 400, "too few of them came in time"
        first = round_ * COUNT + 1
        arguments = [str(tmp_path), f"run-{round_}", str(first), str(COUNT), "0"]
        with subprocess.Popen(
            [sys.executable, "-m", "tests.support.killed_run", *arguments],
            cwd=Path(__file__).parents[3],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as child:
            assert child.stdout is not None
            seen = child.stdout.readline() if dice.random() < 0.8 else b""
            time.sleep(dice.uniform(0, 0.06 if seen else 0.5))
            kills += child.poll() is None
            child.kill()
            acknowledged |= {int(x) for x in (seen + child.stdout.read()).split()}
        if round_ % 20 == 10:
            compaction(tmp_path)
    assert len(acknowledged) >= 80
    store = FolderStore(tmp_path / "archive")
    with open_writer(store, tmp_path / "spool", "last") as writer:
        assert writer.pending_records == 0
    numbers = [int(r["article_id"].split(":")[1]) for r in Reader(store).records()]
    assert len(numbers) == len(set(numbers)), "twice"
    assert acknowledged <= set(numbers), "lost"
    assert verify(store).exit_code is ExitCode.WHOLE
    assert not list((tmp_path / "spool" / "sealed").iterdir())
