"""Captures in an archive: put with their lines, verified, erased byte for byte."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.delete import UnprovenError
from nordcrawl.archive.keep.erase import finish, put_order
from nordcrawl.archive.keep.erase_plan import plan_erasure
from nordcrawl.archive.keep.proofs import Uncommitted
from nordcrawl.archive.keep.verify import Severity, verify
from nordcrawl.archive.log.erasures import read_erasures
from nordcrawl.archive.log.snapshot import take
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.capture.cdxj import index
from nordcrawl.capture.read import record_at
from nordcrawl.errors import SpoolError
from nordcrawl.model.ledger import Outcome
from nordcrawl.system.members import members_of, padded
from tests.support.archive_builders import (
    SOURCE,
    accept,
    make_draft,
    make_entry,
    make_record,
    open_writer,
    url_of,
)
from tests.support.archive_runs import CHECKPOINTS, erase, holding, maintainer, now, run

TRACES = ("Hemmeligheten", url_of(2), f"{SOURCE}:2")


def secret(number: int, **more: Any) -> Any:
    text = ("Hemmeligheten" if number == 2 else f"Vanlig {number}") + " og mer tekst" * 30
    return make_record(number, text=text, **more)


def crawl(root: Path, *numbers: int, run_id: str = "run-1") -> FolderStore:
    store = FolderStore(root / "archive")
    with open_writer(store, root / "spool", run_id) as writer:
        accept(writer, *(secret(n, run_id=run_id) for n in numbers), captures=True)
        report = writer.finish(deadline_s=300)
        assert (report.failure, report.pending_records) == (None, 0)
        assert writer.shipped.captures == len(numbers)
        writer.put_run({"run_id": run_id, "source": SOURCE, "nordcrawl": "0.2.0"})
    return store


def findings(store: FolderStore) -> list[tuple[str, str]]:
    return [(f.key, f.what) for f in verify(store).findings]


def captures_of(store: FolderStore) -> dict[str, dict[str, Any]]:
    """Of each article what its record says of its capture."""
    return {r["article_id"]: r["fetch"]["capture"] for r in Reader(store).records()}


def at(store: FolderStore, capture: dict[str, Any]) -> bytes:
    """What lies where a record says, by whichever part holds it now."""
    for part in take(store).live:
        if any(segment.origin == capture["object"] for segment in part.segments):
            body = store.get(part.entry.key)
            return body[capture["offset"] : capture["offset"] + capture["length"]]
    raise AssertionError(capture)


def key_of(store: FolderStore) -> str:
    ((key,),) = [[p.entry.key for p in take(store).live if p.entry.kind is PartKind.CAPTURE]]
    return key


def test_a_record_names_where_its_page_lies(tmp_path: Path) -> None:
    store = crawl(tmp_path, 1, 2, 3)
    assert findings(store) == []
    assert verify(store).captures == 3
    for number in (1, 2, 3):
        capture = captures_of(store)[f"{SOURCE}:{number}"]
        raw = gzip.decompress(at(store, capture))
        head, _, block = raw.partition(b"\r\n\r\n")
        assert head.startswith(b"WARC/1.1\r\n")
        assert f"WARC-Target-URI: {url_of(number)}\r\n".encode() in head
        assert block.endswith(secret(number).page.body + b"\r\n\r\n")
        assert capture["payload_digest"] == (
            "sha256:" + hashlib.sha256(secret(number).page.body).hexdigest()
        )
    entries = list(Reader(store).ledger())
    assert {e.capture.offset for e in entries if e.capture} == {
        c["offset"] for c in captures_of(store).values()
    }
    assert holding(tmp_path / "archive", "c2VjcmV0") == [], "no credentials"


def test_the_index_has_a_line_a_capture_and_leads_there(tmp_path: Path) -> None:
    store = crawl(tmp_path, 3, 1, 2)
    key = key_of(store)
    lines = store.get(keys.index_key(key) or "").decode().splitlines()
    assert lines == sorted(lines)
    assert [line.split(" ")[0] for line in lines] == [f"org,example)/{n}" for n in (1, 2, 3)]
    for line in lines:
        values = json.loads(line.split(" ", 2)[2])
        record = record_at(store.get(values["filename"]), int(values["offset"]))
        assert (record.url, record.length) == (values["url"], int(values["length"]))


def test_erasure_leaves_no_byte_and_the_others_where_they_were(tmp_path: Path) -> None:
    store = crawl(tmp_path, 1, 2, 3)
    before = captures_of(store)
    pages = {i: at(store, c) for i, c in before.items() if i != f"{SOURCE}:2"}
    assert holding(tmp_path / "archive", *TRACES)
    done = erase(store, tmp_path, url_of(2))
    assert (done.left, done.captures) == ([], 1)
    with open_writer(store, tmp_path / "spool", "run-2"):
        pass
    left = holding(tmp_path, *TRACES[:2])
    assert left == [], "neither in the archive nor on the crawler's disk"
    after = {i: c for i, c in captures_of(store).items() if c}
    assert after == {i: c for i, c in before.items() if i != f"{SOURCE}:2"}
    assert {i: at(store, c) for i, c in after.items()} == pages
    assert [f for f in findings(store) if "run-2" not in f[1] and "runs/" not in f[0]] == []
    assert erase(store, tmp_path, url_of(1), url_of(3)).left == []
    assert list(store.list("captures-v1/")) == []
    assert [f for f in verify(store).findings if f.severity is Severity.DAMAGE] == []


def test_compaction_leaves_captures_alone(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        store = crawl(tmp_path, number, run_id=f"run-{number}")
    before = sorted(e.key for e in store.list("captures-v1/"))
    with maintainer(store, tmp_path) as kept:
        assert compact(kept).commits == 1
    assert sorted(e.key for e in store.list("captures-v1/")) == before
    assert findings(store) == []


def test_an_order_that_comes_while_a_page_waits(tmp_path: Path) -> None:
    """It goes out without, under another key, and the others' records name that."""
    store = crawl(tmp_path, 1, 2)
    plan = plan_erasure(store, [url_of(2)], [])
    with open_writer(store, tmp_path / "spool", "run-2") as writer:
        again = [secret(n, run_id="run-2", revision=2) for n in (1, 2)]
        accept(writer, *again, captures=True)
        put_order(store, plan.order("a test", now()))
        report = writer.finish(deadline_s=300)
        assert (report.failure, report.erased_records) == (None, 1)
        writer.put_run({"run_id": "run-2", "source": SOURCE, "nordcrawl": "0.2.0"})
    with maintainer(store, tmp_path) as kept:
        for order in read_erasures(store).open_orders:
            assert finish(kept, order).left == []
    assert holding(tmp_path, *TRACES[:2]) == []
    assert findings(store) == []
    assert len(captures_of(store)) == 2
    latest = [r for r in Reader(store).records() if r["revision"] == 2 and r["change"] == "new"]
    assert url_of(1).encode() in gzip.decompress(at(store, latest[0]["fetch"]["capture"]))


def flipped(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda warc, index: (flipped(warc), index), "bytes that are not"),
        (lambda warc, index: (warc[:-20], index), "bytes that are not"),
        (lambda warc, index: (None, index), "missing, with"),
        (lambda warc, index: (warc, None), "missing, beside"),
        (lambda warc, index: (warc, index.replace(b'"offset":"', b'"offset":"1')), "not the index"),
    ],
)
def test_each_fault_is_found(tmp_path: Path, change: Callable[..., Any], what: str) -> None:
    store = crawl(tmp_path, 1, 2)
    warc = tmp_path / "archive" / key_of(store)
    index = tmp_path / "archive" / (keys.index_key(key_of(store)) or "")
    for path, body in zip(
        (warc, index), change(warc.read_bytes(), index.read_bytes()), strict=True
    ):
        path.unlink()
        if body is not None:
            path.write_bytes(body)
    found = verify(store)
    assert any(what in f.what for f in found.findings if f.severity is Severity.DAMAGE)


def recommit(root: Path, change: Callable[[bytes], bytes]) -> FolderStore:
    """An archive in which a record's line says something else, with digests that fit."""
    store = FolderStore(root / "archive")
    with open_writer(store, root / "spool") as writer:
        record = secret(1)
        writer.accept(make_entry(record), record, make_draft(record)).result(timeout=300)
        spool = writer._spool
        lines = [x for x in spool.outbox() if x.kind is PartKind.ARTICLE]
        spool.change_lines([replace(x, line=change(x.line)) for x in lines])
        assert writer.finish(deadline_s=300).failure is None
        writer.put_run({"run_id": "run-1", "source": SOURCE, "nordcrawl": "0.2.0"})
    return store


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda c: c | {"offset": c["offset"] + 1}, "where none is"),
        (lambda c: c | {"length": c["length"] + 1}, "not as long"),
        (lambda c: c | {"object": c["object"].replace("-0000", "-0001")}, "where none is"),
    ],
)
def test_a_record_that_names_no_capture_is_found(
    tmp_path: Path, change: Callable[..., Any], what: str
) -> None:
    def changed(line: bytes) -> bytes:
        values = json.loads(line)
        values["fetch"]["capture"] = change(values["fetch"]["capture"])
        return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    found = verify(recommit(tmp_path, changed))
    assert any(what in f.what for f in found.findings if f.severity is Severity.DAMAGE)


def test_a_capture_without_a_line_is_explained(tmp_path: Path) -> None:
    """As a kill between the two leaves it; it is no damage."""
    store = FolderStore(tmp_path / "archive")
    with open_writer(store, tmp_path / "spool") as writer:
        captures = writer._spool.captures
        accept(writer, secret(1), captures=True)
        with captures.lock:
            captures.append([make_draft(secret(2))], now())
        file = next(iter(captures._open.values()))
        writer._spool.captures._open.clear()  # killed here
        assert file.handle is not None
        file.handle.write(b"half a member")
        file.handle.close()
    with open_writer(store, tmp_path / "spool", "run-2"):
        pass
    found = verify(store)
    assert found.captures == 2
    assert found.damage == 0
    assert [f.what.split(":")[0] for f in found.findings if f.severity is Severity.NOTE] == [
        "1 captures that no line names"
    ]


def test_a_lost_database_loses_no_capture(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, secret(1), secret(2), captures=True)
        writer._shipper.seal_all()
    for file in (tmp_path / "spool").glob("spool.sqlite*"):
        file.unlink()
    with open_writer(store, tmp_path / "spool", "run-2"):
        pass
    assert verify(store).damage == 0
    assert verify(store).captures == 2
    assert len(captures_of(store)) == 2


def test_a_cut_file_is_told_and_nothing_is_changed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, secret(1), captures=True)
    (file,) = (tmp_path / "spool" / "sealed").glob("capture-*")
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(SpoolError, match="damaged"):
        open_writer(store, tmp_path / "spool", "run-2")


def test_two_copies_of_a_spool_put_the_same_captures_once(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, secret(1), captures=True)
        writer._shipper.seal_all()
    shutil.copytree(tmp_path / "spool", tmp_path / "copy")
    for name in ("spool", "copy"):
        with open_writer(store, tmp_path / name, f"run-{name}"):
            pass
    assert verify(store).damage == 0
    assert verify(store).captures == 1


@pytest.mark.parametrize("later", ["committed", "only put", "erased since"])
def test_a_backup_of_a_spool_whose_captures_grew_is_shipped(tmp_path: Path, later: str) -> None:
    """The key of a file of captures is fixed when it is begun, and the archive has more under it
    than the backup."""
    store = FolderStore(tmp_path / "archive")
    spool = tmp_path / "spool"
    with open_writer(store, spool) as writer:
        accept(writer, secret(1), captures=True)
        shutil.copytree(spool, tmp_path / "backup")
        accept(writer, secret(2), captures=True)
        assert writer.finish(deadline_s=300).failure is None
    if later == "only put":
        for entry in list(store.list("commits/")):
            store.delete(entry.key)
    elif later == "erased since":
        assert erase(store, tmp_path, url_of(2)).left == []
    shutil.rmtree(spool)
    (tmp_path / "backup").rename(spool)
    with open_writer(store, spool, "run-2") as writer:
        accept(writer, secret(3, run_id="run-2"), captures=True)
        report = writer.finish(deadline_s=300)
        assert (report.failure, report.pending_records) == (None, 0)
    named = captures_of(store)
    assert set(named) == {f"{SOURCE}:{n}" for n in ((1, 3) if later == "only put" else (1, 2, 3))}
    for number in (1, 3):
        page = gzip.decompress(at(store, named[f"{SOURCE}:{number}"]))
        assert page.endswith(secret(number).page.body + b"\r\n\r\n")
    told = [entry.url for entry in Reader(store).ledger() if entry.url == url_of(1)]
    assert later == "erased since" or told == [url_of(1)]
    assert verify(store).damage == 0


def test_a_payload_that_is_known_is_not_kept_twice(tmp_path: Path) -> None:
    store = crawl(tmp_path, 1)
    with open_writer(store, tmp_path / "spool", "run-2") as writer:
        earlier = writer.state.payload(url_of(1))
        assert earlier is not None
        assert earlier.url == url_of(1)
        record = secret(1, run_id="run-2")
        entry = make_entry(
            number=1, outcome=Outcome.UNCHANGED, run_id="run-2", final_url=url_of(1), at=now()
        )
        writer.accept(entry, None, make_draft(record, earlier=earlier)).result(timeout=300)
        assert writer.finish(deadline_s=300).failure is None
        assert writer.state.payload(url_of(1)) == earlier
        writer.put_run({"run_id": "run-2", "source": SOURCE, "nordcrawl": "0.2.0"})
    assert findings(store) == []
    (revisit,) = [e.capture for e in Reader(store).ledger() if e.run_id == "run-2"]
    assert revisit is not None
    assert revisit.type == "revisit"
    warc = record_at(at(store, revisit.to_json()))
    assert warc.headers["warc-refers-to-target-uri"] == url_of(1)
    assert warc.headers["warc-payload-digest"] == earlier.digest
    assert warc.http[2] == b""


def test_runs_without_captures_leave_none(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    run(store, tmp_path / "spool", "run-1", 1)
    assert list(store.list("captures-v1/")) == []
    assert captures_of(store) == {f"{SOURCE}:1": None}


def test_a_line_that_an_order_covers_takes_its_page_along(tmp_path: Path) -> None:
    """Accepted after the order was obeyed here, as by a crawl that did not look."""
    store = crawl(tmp_path, 1, 2)
    assert erase(store, tmp_path, url_of(2)).left == []
    with open_writer(store, tmp_path / "spool", "run-2") as writer:
        again = [secret(n, run_id="run-2", revision=2) for n in (1, 2)]
        accept(writer, *again, captures=True)
        assert holding(tmp_path / "spool", *TRACES[:1])
        assert writer.finish(deadline_s=300).failure is None
        writer.put_run({"run_id": "run-2", "source": SOURCE, "nordcrawl": "0.2.0"})
    assert holding(tmp_path, *TRACES[:2]) == []
    assert findings(store) == []
    assert verify(store).captures == 2


def test_a_file_is_bounded_though_nothing_is_shipped(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    with open_writer(store, tmp_path / "spool") as writer:
        writer._spool.captures.file_bytes = 1500
        for number in range(1, 8):
            accept(writer, secret(number), captures=True)
        files = list((tmp_path / "spool" / "sealed").glob("capture-*"))
        assert len(files) == 7
        assert writer.backlog_bytes > sum(file.stat().st_size for file in files)
        accept(writer, *(secret(n) for n in range(8, 14)), captures=True)
        assert writer.finish(deadline_s=300).failure is None
        assert writer.pending_records == writer.backlog_bytes == 0
        writer.put_run({"run_id": "run-1", "source": SOURCE, "nordcrawl": "0.2.0"})
    assert findings(store) == []
    assert verify(store).captures == 13
    for number in range(1, 14):
        at(store, captures_of(store)[f"{SOURCE}:{number}"])


def test_what_was_committed_meanwhile_is_not_deleted_as_nobodys(tmp_path: Path) -> None:
    """The key of a capture does not say whose it is, so all logs are asked."""
    store = crawl(tmp_path, 1)
    with maintainer(store, tmp_path) as kept:
        deleter = kept.deleter()
        crawl(tmp_path, 2, run_id="run-2")
        for part in take(store).live:
            with pytest.raises(UnprovenError):
                deleter.delete(part.entry.key, Uncommitted(timedelta(0)))
    assert findings(store) == []
    assert verify(store).captures == 2


def test_a_part_that_no_log_lists_goes_with_its_index(tmp_path: Path) -> None:
    store = crawl(tmp_path, 1)
    key = key_of(store)
    body, other = store.get(key), key.replace(keys.id_of(key), "0123456789")
    store.put(other, body, content_type=keys.PART_TYPE)
    beside = keys.index_key(other) or ""
    store.put(beside, index(body, other), content_type=keys.INDEX_TYPE)
    assert {(k, w.split(":")[0]) for k, w in findings(store)} == {(other, "in no commit")}
    with maintainer(store, tmp_path) as kept:
        compact(kept, orphans=timedelta(0))
    assert findings(store) == []
    store.put(beside, b"", content_type=keys.INDEX_TYPE)
    assert [w.split(":")[0] for _, w in findings(store)] == ["an index without its part"]
    with maintainer(store, tmp_path) as kept:
        compact(kept, orphans=timedelta(0))
    assert findings(store) == []


def test_the_state_is_folded_with_what_was_captured(tmp_path: Path) -> None:
    """On an empty disk, from a checkpoint and from the ledgers alone."""
    store = FolderStore(tmp_path / "archive")
    with open_writer(store, tmp_path / "spool", limits=CHECKPOINTS) as writer:
        accept(writer, secret(1), secret(2), captures=True)
        assert writer.finish(deadline_s=300).failure is None
        writer.put_run({"run_id": "run-1", "source": SOURCE, "nordcrawl": "0.2.0"})
        assert writer.checkpoint()
        known = [writer.state.payload(url_of(n)) for n in (1, 2)]
    assert None not in known
    assert findings(store) == []
    for name in ("other", "third"):
        with open_writer(store, tmp_path / name, f"run-{name}") as writer:
            assert [writer.state.payload(url_of(n)) for n in (1, 2)] == known
        for file in (tmp_path / "archive" / "checkpoints").rglob("*.*"):
            file.unlink()
    assert erase(store, tmp_path, url_of(2)).left == []
    with open_writer(store, tmp_path / "third", "run-4") as writer:
        assert [writer.state.payload(url_of(n)) for n in (1, 2)] == [known[0], None]


def test_a_page_that_is_not_that_of_its_digest_is_found(tmp_path: Path) -> None:
    """Changed on the crawler's disk before it was sealed, so that all digests of parts fit."""
    store = FolderStore(tmp_path / "archive")
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, secret(1), captures=True)
        (file,) = (tmp_path / "spool" / "sealed").glob("capture-*")
        body = file.read_bytes()
        _, first, *_ = members_of(body)
        page = secret(1).page.body
        changed = padded(first.raw.replace(page, b" " * len(page)), first.length)
        file.write_bytes(body.replace(body[first.offset : first.offset + first.length], changed))
        assert writer.finish(deadline_s=300).failure is None
    found = [f.what for f in verify(store).findings if f.severity is Severity.DAMAGE]
    assert [what.partition(": ")[2] for what in found] == ["its block is not that of its digest"]


def test_a_file_that_no_line_can_name_goes_though_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path / "archive")
    with open_writer(store, tmp_path / "spool") as writer:
        captures = writer._spool.captures
        with captures.lock:
            captures.append([make_draft(secret(1))], now())

    def killed(path: Path, **more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            open_writer(store, tmp_path / "spool", "run-2")
    with open_writer(store, tmp_path / "spool", "run-3"):
        assert list((tmp_path / "spool" / "sealed").iterdir()) == []
    assert list(store.list("captures-v1/")) == []
