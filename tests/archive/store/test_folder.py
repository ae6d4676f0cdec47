"""What only a folder does: disks, permissions, leftovers."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.store.protocol import Put
from nordcrawl.errors import ObjectConflict, ObjectMissing, StoreRefused, StoreUnavailable
from tests.support.waiting import until

TYPE = "application/gzip"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "archive")
    store.probe()
    return store


def failing(code: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(code, os.strerror(code))

    return fail


def test_probe_says_why_it_cannot_write(tmp_path: Path) -> None:
    """Tried by writing, for root may write whatever the permission bits say."""
    (tmp_path / "file").write_text("x")
    for root in (
        tmp_path / "file",
        tmp_path / "file" / "below",
        Path("/proc/x"),
        Path("/dev/full"),
    ):
        with pytest.raises(StoreRefused) as raised:
            FolderStore(root).probe()
        assert str(root) in str(raised.value)
        assert "NORDCRAWL_ARCHIVE" in str(raised.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_probe_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreRefused, match="Permission denied"):
        FolderStore(tmp_path / "archive").probe()


@pytest.mark.parametrize("call", ["os.fsync", "os.link"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, StoreUnavailable),
        (errno.EDQUOT, StoreUnavailable),
        (errno.EIO, StoreUnavailable),
        (errno.EROFS, StoreRefused),
        (errno.EACCES, StoreRefused),
    ],
)
def test_put_that_fails_leaves_nothing(
    store: FolderStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    code: int,
    kind: type[Exception],
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(call, failing(code))
        with pytest.raises(kind, match="a/b"):
            store.put("a/b", b"x" * 9999, content_type=TYPE)
    assert not store.exists("a/b")
    assert list((tmp_path / "archive" / ".tmp").iterdir()) == []
    assert store.put("a/b", b"x", content_type=TYPE) is Put.CREATED


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP])
def test_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setattr(os, "link", failing(code))
    store = FolderStore(tmp_path)
    assert not store.probe().conditional_put
    assert store.put("a/b", b"one", content_type=TYPE) is Put.CREATED
    assert store.put("a/b", b"one", content_type=TYPE) is Put.ALREADY
    with pytest.raises(ObjectConflict):
        store.put("a/b", b"two", content_type=TYPE)
    assert store.get("a/b") == b"one"
    assert [entry.key for entry in store.list("a/")] == ["a/b"]


def test_leftovers_of_killed_processes(store: FolderStore, tmp_path: Path) -> None:
    staging = tmp_path / "archive" / ".tmp"
    for name, age_h in (("old", 25), ("lock", 25), ("young", 1)):
        (staging / name).write_bytes(b"half")
        os.utime(staging / name, (time.time() - age_h * 3600,) * 2)
    store.probe()
    assert sorted(path.name for path in staging.iterdir()) == ["lock", "young"]
    assert [entry.key for entry in store.list("")] == ["_nordcrawl.json"]


def test_what_others_leave_is_not_listed(store: FolderStore, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    (root / "a" / "empty").mkdir(parents=True)
    for name in (".DS_Store", "Thumbs.db", "a/.nfs0001", "a/ok", "å"):
        (root / name).write_bytes(b"x")
    assert [entry.key for entry in store.list("")] == ["_nordcrawl.json", "a/ok"]
    assert list(store.folders("")) == ["a"]
    assert list(store.folders("a/")) == [], "an empty folder is no prefix of anything"


def test_unmounted(store: FolderStore, tmp_path: Path) -> None:
    """The empty folder below a lost mount is not the archive."""
    root = tmp_path / "archive"
    shutil.rmtree(root)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="mounted"):
            store.put("a/b", b"x", content_type=TYPE)
        root.mkdir(exist_ok=True)
    assert list(root.iterdir()) == []


def test_delete_removes_the_folders_that_it_empties(store: FolderStore, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    store.put("articles-v1/source=a/date=1/x", b"x", content_type=TYPE)
    store.put("articles-v1/source=b/date=1/x", b"x", content_type=TYPE)
    store.delete("articles-v1/source=a/date=1/x")
    assert [path.name for path in (root / "articles-v1").iterdir()] == ["source=b"]
    store.delete("articles-v1/source=b/date=1/x")
    assert sorted(path.name for path in root.iterdir()) == [".tmp", "_nordcrawl.json"]
    store.delete("_nordcrawl.json")
    assert root.is_dir(), "never the root"


def test_delete_on_a_disk_that_is_not_mounted(store: FolderStore, tmp_path: Path) -> None:
    """What is not there may lie on the disk all the same."""
    root = tmp_path / "archive"
    store.put("a/b", b"x", content_type=TYPE)
    root.rename(tmp_path / "elsewhere")
    with pytest.raises(StoreRefused, match="no folder"):
        store.delete("a/b")
    root.mkdir()
    with pytest.raises(StoreUnavailable, match="mounted"):
        store.delete("a/b")


@pytest.mark.parametrize(
    ("code", "kind"), [(errno.EIO, StoreUnavailable), (errno.EROFS, StoreRefused)]
)
def test_delete_that_fails_says_so(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[Exception]
) -> None:
    store.put("a/b", b"x", content_type=TYPE)
    with monkeypatch.context() as patched:
        patched.setattr("os.unlink", failing(code))
        patched.setattr("pathlib.Path.unlink", failing(code))
        with pytest.raises(kind, match=r"delete .*a/b"):
            store.delete("a/b")
    assert store.get("a/b") == b"x"


READS: list[Callable[[FolderStore], object]] = [
    lambda store: store.get("a/b"),
    lambda store: store.get("a/none"),
    lambda store: store.exists("a/b"),
    lambda store: list(store.list("a/")),
    lambda store: list(store.folders("a/")),
    lambda store: list(store.strangers()),
    lambda store: store.delete("a/b"),
]


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("call", ["os.stat", "os.scandir", "io.open"])
@pytest.mark.parametrize(
    ("code", "kind"), [(errno.EACCES, StoreRefused), (errno.ESTALE, StoreUnavailable)]
)
def test_what_cannot_be_read_is_told_and_is_not_missing(
    store: FolderStore,
    monkeypatch: pytest.MonkeyPatch,
    read: Callable[[FolderStore], object],
    call: str,
    code: int,
    kind: type[Exception],
) -> None:
    store.put("a/b", b"x", content_type=TYPE)
    store.put("a/c/d", b"x", content_type=TYPE)
    asked: list[object] = []
    told: type[Exception] | None = None

    def fail(*of: object, **_: object) -> Any:
        asked.append(of)
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(call, fail)
        try:
            read(store)
        except Exception as error:  # noqa: BLE001 (which one is the question)
            told = type(error)
    assert told in ((kind,) if asked else (None, ObjectMissing))


def test_file_in_the_way(store: FolderStore) -> None:
    store.put("a", b"x", content_type=TYPE)
    with pytest.raises(StoreRefused, match="a/b"):
        store.put("a/b", b"x", content_type=TYPE)
    store.put("c/d", b"x", content_type=TYPE)
    with pytest.raises(ObjectConflict, match="c"):
        store.put("c", b"x", content_type=TYPE)


def test_files_follow_the_umask(store: FolderStore, tmp_path: Path) -> None:
    """Consumers read as another user; the operator's umask decides."""
    before = os.umask(0o027)
    try:
        store.put("a/b", b"x", content_type=TYPE)
    finally:
        os.umask(before)
    assert (tmp_path / "archive" / "a" / "b").stat().st_mode & 0o777 == 0o640


def _put_for_ever(root: Path, seed: int) -> None:
    store = FolderStore(root)
    for number in range(10_000):
        store.put(f"k/{seed}/{number:05d}", bytes([seed]) * 50_000, content_type=TYPE)


def test_kill_9_leaves_whole_objects_only(tmp_path: Path) -> None:
    FolderStore(tmp_path).probe()
    context = multiprocessing.get_context("spawn")
    for seed in (1, 2, 3):
        process = context.Process(target=_put_for_ever, args=(tmp_path, seed))
        process.start()
        folder = tmp_path / "k" / str(seed)
        until(lambda: folder.exists() and len(list(folder.iterdir())) > 5 * seed, "some objects")  # noqa: B023
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    store = FolderStore(tmp_path)
    entries = list(store.list("k/"))
    assert len(entries) > 3
    assert {entry.size for entry in entries} == {50_000}
    for entry in entries:
        seed = int(entry.key.split("/")[1])
        assert store.put(entry.key, bytes([seed]) * 50_000, content_type=TYPE) is Put.ALREADY
