"""Killed at any step, a run loses nothing that it acknowledged and doubles nothing."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nordcrawl.archive.keep.verify import Severity, verify
from nordcrawl.archive.log.follow import writers
from nordcrawl.archive.read.reader import Reader
from nordcrawl.capture.read import problem, record_at
from tests.support.archive_builders import SOURCE, FileStore, check_archive, open_writer, url_of
from tests.support.waiting import HANG_S

COUNT = 6


def run(
    root: Path, run_id: str, first: int, die_at: int, *more: str, count: int = COUNT
) -> tuple[set[int], int]:
    """Return the acknowledged numbers, and the steps made, 0 if killed."""
    arguments = [str(root), run_id, str(first), str(count), str(die_at), *more]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.killed_run", *arguments],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode in (0, -9), done.stderr.decode()
    return {int(x) for x in done.stdout.split()}, 0 if done.returncode else int(done.stderr)


def check(root: Path, acknowledged: set[int]) -> None:
    """Open once more, which ships what is left, and see that all is well."""
    store = FileStore(root / "archive")
    with open_writer(store, root / "spool", "last") as writer:
        assert writer.pending_records == 0
        urls = {state.url for state in writer.state.urls()}
        articles = {n for n in range(1, 100) if writer.state.article(f"{SOURCE}:{n}")}
    assert not list((root / "spool" / "sealed").iterdir())
    lines = check_archive(store)
    assert len(writers(store)) <= 1, "a commit was put with other bytes than before"
    numbers = Counter(int(json.loads(line)["article_id"].split(":")[1]) for line in lines)
    assert set(lines.values()) | set(numbers.values()) <= {1}, "twice"
    assert acknowledged <= set(numbers), "lost"
    assert articles == set(numbers), "the state knows what the archive has, and no more"
    assert urls == {url_of(n) for n in numbers}
    assert Counter(e.url for e in Reader(store).ledger()) == Counter(url_of(n) for n in numbers)


def crash_twice(root: Path, die_at: int, then: int, *more: str, count: int = COUNT) -> None:
    first, _ = run(root, "run-1", 1, die_at, *more, count=count)
    second, _ = run(root, "run-2", 20, then, *more, count=count)
    check(root, first | second)


@pytest.mark.parametrize(
    "nth", [pytest.param(1, marks=pytest.mark.slow, id="every"), pytest.param(29, id="some")]
)
def test_killed_at_every_step_and_again_while_recovering(tmp_path: Path, nth: int) -> None:
    acknowledged, steps = run(tmp_path / "whole", "run-1", 1, 0)
    assert acknowledged == set(range(1, COUNT + 1))
    assert steps > 80, "each step is counted"
    check(tmp_path / "whole", acknowledged)
    dice = random.Random(1)

    def crash(step: int) -> None:
        crash_twice(tmp_path / str(step), step, dice.randrange(1, 60))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(crash, range(1, steps, nth)))


@pytest.mark.parametrize(
    "nth", [pytest.param(1, marks=pytest.mark.slow, id="every"), pytest.param(37, id="some")]
)
def test_killed_at_every_step_with_captures(tmp_path: Path, nth: int) -> None:
    """No record names a capture that is not there, and all that are there are whole."""
    acknowledged, steps = run(tmp_path / "whole", "run-1", 1, 0, "--captures", count=3)
    assert acknowledged == {1, 2, 3}
    assert steps > 110, "those of the captures, too"
    check(tmp_path / "whole", acknowledged)
    dice = random.Random(2)

    def crash(step: int) -> None:
        root = tmp_path / str(step)
        crash_twice(root, step, dice.randrange(1, 90), "--captures", count=3)
        check_captures(root)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(crash, range(1, steps, nth)))


def check_captures(root: Path) -> None:
    store = FileStore(root / "archive")
    named = {r["article_id"]: r["fetch"]["capture"] for r in Reader(store).records()}
    for article_id, capture in named.items():
        body = store.get(capture["object"])
        record = record_at(body, capture["offset"])
        assert record.url == url_of(int(article_id.split(":")[1]))
        assert problem(record) is None
    assert [f for f in verify(store).findings if f.severity is Severity.DAMAGE] == []


@pytest.mark.slow
def test_killed_at_random_fifteen_times(tmp_path: Path) -> None:
    dice = random.Random()
    acknowledged: set[int] = set()
    for round_ in range(15):
        first = round_ * COUNT + 1
        arguments = [str(tmp_path), f"run-{round_}", str(first), str(COUNT), "0"]
        with subprocess.Popen(
            [sys.executable, "-m", "tests.support.killed_run", *arguments],
            cwd=Path(__file__).parents[3],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as child:
            assert child.stdout is not None
            seen = child.stdout.readline()
            time.sleep(dice.uniform(0, 0.05))
            child.kill()
            acknowledged |= {int(x) for x in (seen + child.stdout.read()).split()}
    assert len(acknowledged) >= 15
    check(tmp_path, acknowledged)
