"""Reports in the state folder: the latest stay, older ones go once the archive has them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nordcrawl.archive.format.keys import run_key
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.config.arguments import Arguments, new_run_id
from nordcrawl.config.options import Options
from nordcrawl.crawl.old_reports import ASKED, KEPT, delete_old
from nordcrawl.crawl.run import Run
from nordcrawl.crawl.unbegun import report_unbegun
from nordcrawl.errors import StoreUnavailable
from nordcrawl.sources.source import Source
from tests.support.memory_store import MemoryStore

SOURCE = Source(name="paper", title="The Paper", hosts={"127.0.0.1": "en"})
FIRST = datetime(2025, 1, 1, tzinfo=UTC)


def run_id(number: int, source: str = "paper") -> str:
    return new_run_id(source, FIRST + timedelta(hours=number), f"{number:04x}")


def put(store: Store, name: str, code: int | None = 0) -> None:
    body = encode_sealed({"run_id": name, "exit_code": code})
    store.put(run_key(name), body, content_type="application/json")


def write(reports: Path, *names: str, ended: str = "finished") -> None:
    reports.mkdir(parents=True, exist_ok=True)
    for name in names:
        (reports / f"{name}.json").write_text(json.dumps({"run_id": name, "finish_reason": ended}))


def there(reports: Path) -> set[str]:
    return {path.stem for path in reports.iterdir()}


class Away(MemoryStore):
    """A store that has gone."""

    def get(self, key: str) -> bytes:
        raise StoreUnavailable(f"memory://archive/{key}: timed out")


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """The folder of a source with twice as many reports as are kept, and three more."""
    write(tmp_path / "reports", *map(run_id, range(2 * KEPT + 3)))
    return tmp_path / "reports"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    options = Options(archive=str(tmp_path / "archive"), state_dir=tmp_path / "state")
    opened = Run.open(options, SOURCE, Arguments(urls=("http://127.0.0.1/1",)))
    yield opened
    opened.close()


def test_a_run_deletes_older_reports_that_the_archive_has(run: Run) -> None:
    reports, store = run.folder / "reports", open_store(run.info.options.archive)
    names = [run_id(number) for number in range(KEPT + 10)]
    write(reports, *names)
    (reports.parent / "recent.json").write_text("{}")
    for name in names:
        put(store, name)
    report = asyncio.run(run.finish("finished"))
    assert report.failure_code is None
    assert there(reports) == {*names[11:], report.run_id}
    assert store.exists(run_key(names[0]))
    assert (reports.parent / "recent.json").exists()


def test_what_the_archive_has_not_stays(reports: Path) -> None:
    store = MemoryStore()
    for number in range(KEPT):
        put(store, run_id(number), code=None if number == 1 else 0)  # that one was killed
    put(store, run_id(KEPT + 2))
    before = there(reports)
    delete_old(reports, "paper", run_id(9999), store, lambda: True)
    gone = before - there(reports)
    assert run_id(KEPT + 2) in gone
    assert not {run_id(KEPT), run_id(KEPT + 1), run_id(1)} & gone
    assert len(gone) == ASKED - 2
    for _ in range(KEPT):
        delete_old(reports, "paper", run_id(9999), store, lambda: True)
    latest = {run_id(number) for number in range(KEPT + 3, 2 * KEPT + 3)}
    assert there(reports) == latest | {run_id(1), run_id(KEPT), run_id(KEPT + 1)}


def test_a_run_that_could_not_begin_is_in_no_archive_and_is_not_asked_for(
    tmp_path: Path, reports: Path
) -> None:
    options = Options(archive=str(tmp_path / "archive"), state_dir=tmp_path / "state")
    told = StoreUnavailable("away")
    file = Path(report_unbegun(options, SOURCE, Arguments(), told, lambda: FIRST))
    assert json.loads(file.read_bytes())["finish_reason"] == "not begun"
    write(reports, *map(run_id, range(KEPT + 3)), ended="not begun")
    before = there(reports)
    delete_old(reports, "paper", run_id(9999), Away(), lambda: True)
    assert there(reports) == before


def test_nothing_else_in_the_folder_is_touched(reports: Path) -> None:
    store = MemoryStore()
    for number in range(2 * KEPT + 3):
        put(store, run_id(number))
        put(store, run_id(number, "other"))
    write(reports, *(run_id(number, "other") for number in range(3)), "notes")
    (reports / f"{run_id(-1)}.json").mkdir()
    (reports / f".{run_id(0)}.json.ab.tmp").write_text("{")
    (reports / f"{run_id(2)}.json").write_text("{half")
    strange = there(reports) - {run_id(number) for number in range(2 * KEPT + 3)}
    for _ in range(KEPT):
        delete_old(reports, "paper", run_id(0), store, lambda: True)
    latest = {run_id(number) for number in range(KEPT + 3, 2 * KEPT + 3)}
    assert there(reports) == latest | strange | {run_id(2), run_id(0)}


def test_a_store_that_is_gone_or_a_run_that_was_stopped_leaves_all(
    reports: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = there(reports)
    delete_old(reports, "paper", run_id(9999), Away(), lambda: False)
    assert not caplog.records
    delete_old(reports, "paper", run_id(9999), Away(), lambda: True)
    assert "timed out" in caplog.text
    assert there(reports) == before
