"""Whatever happens to an object, verification finds it and names it; and it finds nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit
from nordcrawl.archive.format.lines import encode_line, pack
from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.verify import Severity, verify
from nordcrawl.archive.log import follow
from nordcrawl.archive.log.archive_id import ID_KEY
from nordcrawl.archive.log.follow import chain, writers
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.errors import ExitCode, ObjectMissing
from tests.support.archive_builders import SOURCE, accept, make_record, open_writer, url_of
from tests.support.archive_runs import CHECKPOINTS, erase, maintainer, now, run


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder says "missing" of nothing that is there, so nothing need be waited for."""
    monkeypatch.setattr(follow, "_PATIENCE_S", (0.0, 0.0))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with something of everything: two writers, compaction, erasure, checkpoints."""
    root = tmp_path_factory.mktemp("whole")
    store = FolderStore(root / "archive")
    for number in range(1, 5):
        folder = root / ("one" if number % 2 else "two")
        run(store, folder, f"run-{number}", number, number + 50, limits=CHECKPOINTS)
    with maintainer(store, root) as kept:
        compact(kept)
    erase(store, root, url_of(2))
    run(store, root / "one", "run-5", 5, limits=CHECKPOINTS)
    assert [(f.key, f.what) for f in verify(store).findings] == []
    return root


@pytest.fixture
def store(root: Path) -> FolderStore:
    return FolderStore(root / "archive")


def objects(root: Path) -> list[Path]:
    files = (root / "archive").rglob("*")
    return sorted(f for f in files if f.is_file() and ".tmp" not in f.parts)


class Changed:
    """A file as it should not be, until the end of the block."""

    def __init__(self, file: Path, body: bytes | None) -> None:
        self.file, self.body = file, body

    def __enter__(self) -> None:
        self.before = self.file.read_bytes() if self.file.exists() else None
        if self.body is None:
            self.file.unlink()
        else:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_bytes(self.body)

    def __exit__(self, *_: object) -> None:
        if self.before is None:
            self.file.unlink()
        else:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_bytes(self.before)


@settings(max_examples=50)
@given(data=st.data())
def test_any_flipped_byte_is_found(root: Path, store: FolderStore, data: st.DataObject) -> None:
    flip_a_byte(root, store, data)


@pytest.mark.slow
@settings(max_examples=1000)
@given(data=st.data())
def test_any_of_many_flipped_bytes_is_found(
    root: Path, store: FolderStore, data: st.DataObject
) -> None:
    flip_a_byte(root, store, data)


def flip_a_byte(root: Path, store: FolderStore, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(objects(root)))
    body = bytearray(file.read_bytes())
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    with Changed(file, bytes(body)):
        found = verify(store)
    assert found.exit_code is ExitCode.DAMAGED
    key = file.relative_to(root / "archive").as_posix()
    # A changed commit or report is named; so is what can't be understood without it.
    assert key in {f.key for f in found.findings}


@settings(max_examples=50)
@given(data=st.data())
def test_any_cut_or_longer_object_is_found(
    root: Path, store: FolderStore, data: st.DataObject
) -> None:
    file = data.draw(st.sampled_from(objects(root)))
    body = file.read_bytes()
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    with Changed(file, data.draw(st.sampled_from([cut, body + b"\n", body + body]))):
        assert verify(store).exit_code is ExitCode.DAMAGED


def test_any_missing_object_is_found(root: Path, store: FolderStore) -> None:
    for file in objects(root):
        key = file.relative_to(root / "archive").as_posix()
        with Changed(file, None):
            found = verify(store)
            if key == ID_KEY:  # an archive of before has none, and one that is lost is given anew
                assert found.exit_code is ExitCode.WHOLE
                continue
            assert found.exit_code in (ExitCode.DAMAGED, ExitCode.PENDING), key
            if not key.startswith(("runs/", "checkpoints/")) and "receipt" not in key:
                assert found.exit_code is ExitCode.DAMAGED, key
            # A lost compaction, the last of its log, is known by the parts that it replaced.
            if not key.startswith(("checkpoints/", "commits/")):
                assert key in {f.key for f in found.findings}, key


@pytest.mark.parametrize(
    "key",
    [
        "notes.txt",
        "Notes of mine.TXT",
        ".hidden",
        "articles-v1/source=example/date=2026-10-26/.part.swp",
        "articles-v1/source=example/date=2026-10-26/notes.gz",
        "articles-v1/source=example/date=2026-10-26/00aa11bb22-000000000001.jsonl.gz",
        "articles-v2/source=example/date=2026-10-26/00aa11bb22-000000000001.jsonl.gz",
        "commits/00aa11bb22/000000000007.json",
        "commits/00aa11bb22/1.json",
        "commits/nobody/000000000001.json",
        "runs/report.txt",
        "schema/article-9.json",
        "erasures/x/order.json",
        "checkpoints/source=example/x.json",
        "catalog/latest.json",
        "probe/notes.json",
    ],
)
def test_any_foreign_object_is_found(root: Path, store: FolderStore, key: str) -> None:
    with Changed(root / "archive" / key, b"{}"):
        found = verify(store)
        assert found.exit_code in (ExitCode.DAMAGED, ExitCode.PENDING)
        folder = key.rpartition("/")[0]
        assert any(f.key == key or f.key.startswith(f"{folder}/") for f in found.findings)


def test_two_objects_exchanged_are_found(root: Path, store: FolderStore) -> None:
    parts = [f for f in objects(root) if f.name.endswith(".gz") and "articles" in str(f)]
    one, two = parts[:2]
    with Changed(one, two.read_bytes()):
        assert verify(store).damage
    commits = [f for f in objects(root) if f.parent.parent.name == "commits"]
    with Changed(commits[0], commits[1].read_bytes()):
        assert verify(store).damage


def forged(store: FolderStore, lines: list[bytes], kind: keys.PartKind, seq: int = 1) -> None:
    """Commit lines as only a broken program would."""

    from nordcrawl.archive.format.commit import PartEntry

    body = pack(lines)
    key = keys.part_key(kind, SOURCE, "2026-10-26", "00aa11bb22", seq)
    digest = hashlib.sha256(body).hexdigest()
    entry = PartEntry(key, kind, digest, len(body), len(lines), 1, 1, "", "")
    store.put(key, body, content_type="application/gzip")
    commit = Commit("00aa11bb22", 1, None, SOURCE, "run-1", now(), (entry,))
    store.put(commit.key, commit.encode(), content_type="application/json")


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ([b"{}\n"], "not by the schema"),
        ([b"nonsense\n"], "not JSON"),
        ([encode_line(make_record(1).to_json())] * 2, "a second time by the same writer"),
        ([encode_line(make_record(1, source="other").to_json())], "of source 'other'"),
        ([encode_line(make_record(1).to_json())], "no ledger line tells of it"),
        ([b'{"torn": '], "not ended by LF"),
    ],
)
def test_what_a_broken_writer_wrote_is_found(tmp_path: Path, lines: list[bytes], what: str) -> None:
    store = FolderStore(tmp_path / "archive")
    with open_writer(store, tmp_path / "spool"):
        pass
    forged(store, lines, keys.PartKind.ARTICLE)
    found = verify(store)
    assert found.exit_code is ExitCode.DAMAGED
    assert any(what in f.what for f in found.findings), found.findings


def test_a_lost_last_commit_is_found_by_the_report(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    for number in (1, 2):
        run(store, tmp_path / "spool", f"run-{number}", number)
    (writer,) = writers(store)
    last = chain(store, writer)[-1]
    store.delete(last.key)
    found = verify(store)
    assert last.key in {f.key for f in found.findings if f.severity is Severity.DAMAGE}


def test_a_run_under_way_is_no_damage(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, make_record(1))
        writer.finish(deadline_s=300)
        found = verify(store)
        assert (found.exit_code, found.damage, found.unfinished) == (ExitCode.PENDING, 0, 1)
        writer.put_run({"run_id": "run-1", "nordcrawl": "0.2.0"})
    assert verify(store).exit_code is ExitCode.WHOLE


def test_a_killed_run_leaves_a_trace(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    with open_writer(store, tmp_path / "spool", "run-1") as writer:
        accept(writer, make_record(1))
    assert verify(store).unfinished == 0, "nothing of it is in the archive yet"
    run(store, tmp_path / "spool", "run-2", 2)
    assert verify(store).exit_code is ExitCode.WHOLE


def test_a_compaction_meanwhile_is_no_damage(tmp_path: Path) -> None:
    class Compacting(FolderStore):
        armed = True

        def get(self, key: str) -> bytes:
            if self.armed and key.startswith("articles-v1"):
                self.armed = False
                with maintainer(FolderStore(tmp_path / "archive"), tmp_path) as kept:
                    compact(kept)
            return super().get(key)

    store = Compacting(tmp_path / "archive")
    store.armed = False
    for number in (1, 2, 3):
        run(store, tmp_path / "spool", f"run-{number}", number)
    store.armed = True
    assert verify(store).exit_code is ExitCode.WHOLE
    with pytest.raises(ObjectMissing):
        store.get("articles-v1/source=example/date=2026-10-26/gone")


def test_the_command_says_it(root: Path, tmp_path: Path, job: Callable[..., Any]) -> None:
    commands = job()
    commands.settings["NORDCRAWL_ARCHIVE"] = str(root / "archive")
    done = commands.nordcrawl("verify")
    assert (done.code, "whole: every object is there" in done.out) == (0, True)
    commit = next(f for f in objects(root) if f.parent.parent.name == "commits")
    with Changed(commit, commit.read_bytes().replace(b"committed_at", b"committed-at")):
        done = commands.nordcrawl("verify")
    assert done.code == ExitCode.DAMAGED
    assert f"commits/{commit.parent.name}/{commit.name}" in done.out
    commands.settings["NORDCRAWL_ARCHIVE"] = str(tmp_path / "nowhere")
    assert commands.nordcrawl("verify").code in (2, 4)
