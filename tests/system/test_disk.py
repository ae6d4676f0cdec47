"""What is written is there whole, and its name is durable, when it counts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest

from nordcrawl.alerts.memory import Memory
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.config.state_folder import _Tie
from nordcrawl.crawl.finish import write_report
from nordcrawl.fetch.robots_copies import Copies, Copy
from nordcrawl.report.health import Recent
from nordcrawl.system import disk
from tests.support.archive_builders import FileStore, make_entry, make_record, open_writer

NOW = datetime(2026, 11, 26, tzinfo=UTC)


class Trace:
    """What is asked of the kernel, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[tuple[str, Path]] = []
        mkdir, fsync, link = os.mkdir, os.fsync, os.link

        def traced_mkdir(path: str, *rest: int, **more: int) -> None:
            mkdir(path, *rest, **more)
            self.events.append(("name", Path(path)))

        def traced_link(source: str, path: str, **more: bool) -> None:
            link(source, path, **more)
            self.events.append(("name", Path(path)))

        def traced_fsync(descriptor: int) -> None:
            fsync(descriptor)
            self.events.append(("fsync", Path(f"/proc/self/fd/{descriptor}").readlink()))

        monkeypatch.setattr(os, "mkdir", traced_mkdir)
        monkeypatch.setattr(os, "link", traced_link)
        monkeypatch.setattr(os, "fsync", traced_fsync)

    def names(self) -> set[Path]:
        return {path for what, path in self.events if what == "name"}

    def lost(self) -> set[Path]:
        """What a power cut now would take: names whose folder was not synced since."""
        return {
            path
            for at, (what, path) in enumerate(self.events)
            if what == "name" and ("fsync", path.parent) not in self.events[at:]
        }


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trace:  # after the folder is made
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    return Trace(monkeypatch)


def made_folder_store(root: Path) -> None:
    FolderStore(root).probe()


def made_by_a_put(root: Path) -> None:
    FolderStore(root).put("a/b/c/d.json", b"{}", content_type="application/json")


def made_spool(root: Path) -> None:
    Spool.open(root, "example").close()


def made_maintainer(root: Path) -> None:
    store = FileStore(root.parents[1] / "elsewhere")
    Maintainer.open(store, root, lambda: NOW).close()


MAKERS: list[Callable[[Path], None]] = [
    disk.make_folders, made_folder_store, made_by_a_put, made_spool, made_maintainer
]  # fmt: skip


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_every_new_folder_is_durable_in_the_one_above(
    trace: Trace, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    root = tmp_path / "one" / "two" / "three"
    make(root)
    assert {root, root.parent, root.parent.parent} <= trace.names()
    elsewhere = {path for path in trace.lost() if "elsewhere" in path.parts}
    assert trace.lost() == elsewhere


def test_a_first_acknowledgement_survives_a_power_cut(trace: Trace, tmp_path: Path) -> None:
    with open_writer(FolderStore(tmp_path / "a" / "archive"), tmp_path / "b" / "c") as writer:
        assert trace.lost() == set()
        record = make_record(1)
        writer.accept(make_entry(record), record).result(60)
        assert trace.lost() == set()
        assert writer.finish(deadline_s=60).failure is None
        assert trace.lost() == set()
    assert tmp_path / "a" in trace.names()
    assert tmp_path / "b" in trace.names()


def test_a_folder_that_a_killed_process_made_is_synced_by_the_next(
    trace: Trace, tmp_path: Path
) -> None:
    (tmp_path / "made").mkdir()
    disk.make_folders(tmp_path / "made")
    assert trace.lost() == set()


@pytest.mark.parametrize("when", ["written", "synced", "named"])
def test_a_file_is_whole_or_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    path = tmp_path / "file"
    disk.write_file(path, b"before")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if when == "named":
        monkeypatch.setattr(Path, "replace", fail)
    elif when == "synced":
        monkeypatch.setattr(os, "fsync", fail)

    def write() -> None:
        with disk.replaced(path) as file:
            file.write(b"half")
            if when == "written":
                fail()

    with pytest.raises(OSError, match="No space"):
        write()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_on_disk_before_its_name_is_and_the_name_then(
    trace: Trace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def traced(self: Path, path: Path) -> Path:
        trace.events.append(("replace", path))
        return replace(self, path)

    monkeypatch.setattr(Path, "replace", traced)
    disk.write_file(tmp_path / "file", b"new")
    assert [what for what, _ in trace.events] == ["fsync", "replace", "fsync"]
    assert trace.events[-1] == ("fsync", tmp_path)


def test_local_files_are_written_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them is found half written by whoever reads it next."""
    placed: set[Path] = set()
    replaced = disk.replaced

    @contextmanager
    def noted(path: Path) -> Iterator[IO[bytes]]:
        with replaced(path) as file:
            yield file
        placed.add(path)

    monkeypatch.setattr(disk, "replaced", noted)
    Copies(tmp_path / "robots.json").put("example.org", Copy(NOW, 200, b"x"))
    Recent().write(tmp_path / "recent.json")
    Memory().write(tmp_path / "alerts.json", (), NOW)
    _Tie(("0a",), ("file:///archive",)).write(tmp_path)
    report = SimpleNamespace(to_json=lambda: {"half": "\ud800"}, run_id="run-1")
    write_report(report, tmp_path / "run")  # type: ignore[arg-type]
    written = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert len(written) == 5
    assert written == placed
    told = json.loads((tmp_path / "run" / "reports" / "run-1.json").read_bytes())
    assert told == {"half": "\ud800"}
