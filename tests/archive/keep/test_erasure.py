"""What is erased is gone from every place, stays away, and everybody is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.cursor import Cursor
from nordcrawl.archive.format.lines import encode_line, pack
from nordcrawl.archive.format.order import hidden_url, url_digest
from nordcrawl.archive.format.schema_file import schema
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.erase import finish, put_order
from nordcrawl.archive.keep.erase_plan import plan_erasure
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.log.erasures import Erasures, read_erasures
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.write.recovery import ship_left_over
from nordcrawl.errors import ExitCode, StoreRefused, StoreUnavailable
from nordcrawl.model.record import Record
from tests.support.archive_builders import (
    SOURCE,
    accept,
    finish_in_vain,
    make_entry,
    make_record,
    open_writer,
    url_of,
)
from tests.support.archive_runs import CHECKPOINTS, erase, holding, ids, maintainer, now, run

SECRET = "Hemmeligheten om nummer to"


def secret(number: int, **more: Any) -> Record:
    """Number 2 is the one to be erased."""
    text = (SECRET if number == 2 else f"Vanlig {number}") + " og noe mer tekst som er lang" * 9
    return make_record(number, text=text, **more)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "archive")
    for number in (1, 2, 3):
        assert run(
            store, tmp_path / "spool", f"run-{number}", number, make=secret, limits=CHECKPOINTS
        )
    return store


TRACES = (SECRET, "Tittel 2", url_of(2))


def test_nothing_of_it_is_left_anywhere(store: FolderStore, tmp_path: Path) -> None:
    with open_writer(store, tmp_path / "spool", "run-4") as writer:
        accept(writer, secret(4, run_id="run-4"))
        writer.finish(deadline_s=300)
        example = {"url": url_of(2), "title": "Tittel 2", "article_id": f"{SOURCE}:2"}
        writer.put_run({
            "run_id": "run-4", "source": SOURCE, "nordcrawl": "0.2.0",
            "examples": {"new": [example, {"url": url_of(3), "title": "Tittel 3"}]},
            "notes": [f"HTTP 500: {url_of(2)}"],
        })  # fmt: skip
    reports = tmp_path / "spool" / "reports"
    reports.mkdir()
    (reports / "run-4.json").write_text(json.dumps({"source": SOURCE, "examples": [example]}))
    (reports / ".run-4.json.0a.tmp").write_text(url_of(2))  # of a process that was killed
    (reports / "run-3.json").write_text(f'{{"examples": ["{url_of(2)}"')  # of a power cut
    (reports / "run-2.json").write_text("")
    assert len(holding(tmp_path, *TRACES)) >= 9
    done = erase(store, tmp_path, url_of(2))
    assert (done.left, done.tombstones) == ([], 1)
    assert done.checkpoints == 2
    open_writer(store, tmp_path / "spool", "run-5").close()  # the crawler's machine hears of it
    assert holding(tmp_path, *TRACES) == []
    found = verify(store)
    assert [f.what for f in found.findings] == []
    assert (found.exit_code, found.erasures, found.checkpoints) == (ExitCode.WHOLE, 1, 3)
    (report,) = (r for r in Reader(store).runs() if r["run_id"] == "run-4")
    assert report["examples"] == {"new": [{"url": url_of(3), "title": "Tittel 3"}]}
    assert report["notes"] == [f"HTTP 500: {hidden_url(url_of(2))}"]


def test_readers_are_told(store: FolderStore, tmp_path: Path) -> None:
    cursor = Reader(store).snapshot().cursor
    erase(store, tmp_path, url_of(2))
    (tombstone,) = Reader(store).records(since=cursor)
    assert (tombstone["article_id"], tombstone["change"]) == (f"{SOURCE}:2", "erased")
    assert (tombstone["revision"], tombstone["text"], tombstone["title"]) == (2, "", None)
    jsonschema.validate(tombstone, schema("article-1"))
    assert ids(store) == [f"{SOURCE}:1", f"{SOURCE}:3", f"{SOURCE}:2"]
    assert [r["article_id"] for r in Reader(store).latest()] == [f"{SOURCE}:1", f"{SOURCE}:3"]
    late = [r["change"] for r in Reader(store).records(since=Cursor({}))]
    assert late == ["new", "new", "erased"]


def test_an_order_alone_hides_it(store: FolderStore) -> None:
    put_order(store, plan_erasure(store, [url_of(2)], []).order("", now()))
    assert ids(store) == [f"{SOURCE}:1", f"{SOURCE}:3"]
    reader = Reader(store)
    assert not any(SECRET.encode() in line for line in reader.lines_of(reader.snapshot()))
    assert not [e for e in reader.ledger() if e.url == url_of(2)]
    found = verify(store)
    assert (found.exit_code, found.unfinished) == (ExitCode.PENDING, 1)


def test_a_reader_under_way_is_not_lost(store: FolderStore, tmp_path: Path) -> None:
    with maintainer(store, tmp_path) as kept:
        compact(kept)
    snapshot = Reader(store).snapshot()
    erase(store, tmp_path, url_of(2))
    assert [r["article_id"] for r in Reader(store).records_of(snapshot)] == [
        f"{SOURCE}:1",
        f"{SOURCE}:3",
    ]


def test_a_plan_changes_nothing_and_finds_all_of_an_article(
    store: FolderStore, tmp_path: Path
) -> None:
    moved = make_record(2, revision=2, change="updated", text="Kort", run_id="run-4")
    with open_writer(store, tmp_path / "spool", "run-4") as writer:
        accept(writer, moved)
        alias = make_entry(number=77, run_id="run-4", article_id=f"{SOURCE}:2", weak_alias=True)
        same = make_record(8, text=SECRET + " og noe mer tekst som er lang" * 9, run_id="run-4")
        writer.accept(alias).result()
        accept(writer, same)
        writer.finish(deadline_s=300)
    before = {e.key for e in store.list("")}
    plan = plan_erasure(store, [url_of(2)], [])
    assert {e.key for e in store.list("")} == before
    found = {key[1]: (a.revisions, a.why) for key, a in plan.articles.items()}
    assert found == {f"{SOURCE}:2": (2, "asked for"), f"{SOURCE}:8": (1, "has the same text")}
    assert plan.urls == {url_of(2), url_of(8)}, "a weak alias is a page of its own"
    assert plan.lines == 7
    by_id = plan_erasure(store, [], [f"{SOURCE}:2"])
    assert (by_id.articles.keys(), by_id.lines) == (plan.articles.keys(), plan.lines)


def test_it_is_not_archived_again(store: FolderStore, tmp_path: Path) -> None:
    erase(store, tmp_path, url_of(2))
    with open_writer(store, tmp_path / "spool", "run-4") as writer:
        erasures = writer.erasures
        assert erasures.covers_url(url_of(2).replace("https://", "http://www."))
        assert erasures.covers_article(SOURCE, f"{SOURCE}:2")
        assert erasures.covers_text(secret(2).article.text_sha256)
        assert not erasures.covers_url(url_of(1))
        assert writer.state.url(url_of(2)) is None
        assert writer.state.article(f"{SOURCE}:2") is None


def test_what_waits_in_a_spool_is_taken_out(store: FolderStore, tmp_path: Path) -> None:
    class Down(FolderStore):
        down = False

        def put(self, key: str, body: bytes, *, content_type: str) -> Any:
            if self.down and key.startswith(("articles", "ledger", "commits")):
                raise StoreUnavailable("down")
            return super().put(key, body, content_type=content_type)

    far = Down(tmp_path / "archive")
    other = tmp_path / "other spool"
    with open_writer(far, other, "run-4") as writer:
        far.down = True
        accept(writer, secret(2, run_id="run-4"), secret(5, run_id="run-4"))
        assert finish_in_vain(writer).pending_records == 4
    with open_writer(store, tmp_path / "spool", "run-5"):
        pass
    erase(store, tmp_path, url_of(2))
    assert holding(other, SECRET)
    report = ship_left_over(store, other, SOURCE, clock=now)
    assert (report.failure, report.records) == (None, 1)
    assert ids(store)[-1] == f"{SOURCE}:5"
    for spool in (other, tmp_path / "spool"):
        open_writer(store, spool, "run-6").close()
    assert holding(tmp_path, *TRACES) == []
    assert verify(store).damage == 0


def test_a_crawl_under_way_does_not_bring_it_back(store: FolderStore, tmp_path: Path) -> None:
    with open_writer(store, tmp_path / "spool", "run-4") as writer:
        accept(writer, secret(2, run_id="run-4", revision=2), secret(6, run_id="run-4"))
        erase(store, tmp_path, url_of(2))
        assert writer.finish(deadline_s=300).failure is None
    assert ids(store) == [f"{SOURCE}:{n}" for n in (1, 3, 2, 6)]
    assert holding(tmp_path, SECRET) == []


def test_a_frozen_commit_goes_out_and_is_erased_after(store: FolderStore, tmp_path: Path) -> None:
    class LosesCommit(FolderStore):
        armed = lost = False

        def put(self, key: str, body: bytes, *, content_type: str) -> Any:
            done = super().put(key, body, content_type=content_type)
            if self.armed and key.startswith("commits"):
                self.lost = True
                raise StoreUnavailable("the answer was lost")
            return done

    far = LosesCommit(tmp_path / "archive")
    with open_writer(far, tmp_path / "spool", "run-4") as writer:
        far.armed = True
        accept(writer, secret(2, run_id="run-4", revision=2))
        finish_in_vain(writer)
    erase(store, tmp_path, url_of(2))
    open_writer(store, tmp_path / "spool", "run-5").close()
    assert ids(store) == [f"{SOURCE}:{n}" for n in (1, 3, 2)]
    assert holding(tmp_path, SECRET) == []


class KilledError(BaseException):
    """Stands for a kill: nobody handles it."""


@pytest.mark.slow
def test_killed_at_every_put_and_delete_it_is_resumed(tmp_path: Path) -> None:
    class Deadly(FolderStore):
        left = 10**9

        def put(self, key: str, body: bytes, *, content_type: str) -> Any:
            self._step()
            done = super().put(key, body, content_type=content_type)
            self._step()
            return done

        def delete(self, key: str) -> None:
            self._step()
            super().delete(key)
            self._step()

        def _step(self) -> None:
            self.left -= 1
            if self.left < 0:
                raise KilledError

    steps = 0
    while True:
        steps += 1
        root = tmp_path / str(steps)
        store = FolderStore(root / "archive")
        for number in (1, 2, 3):
            run(store, root / "spool", f"run-{number}", number, make=secret, limits=CHECKPOINTS)
        deadly = Deadly(root / "archive")
        order = plan_erasure(store, [url_of(2)], []).order("", now())
        put_order(store, order)
        with maintainer(deadly, root) as kept:
            deadly.left = steps
            try:
                finish(kept, order)
            except KilledError:
                pass
            else:
                break
        (again,) = read_erasures(store).open_orders or (order,)
        with maintainer(store, root) as kept:
            assert finish(kept, again).left == []
            compact(kept, orphans=timedelta(0))
        open_writer(store, root / "spool", "run-4").close()
        open_writer(store, root / "spool", "run-5").close()
        assert holding(root, *TRACES) == []
        assert [(f.key, f.what) for f in verify(store).findings] == []
        assert ids(store) == [f"{SOURCE}:{n}" for n in (1, 3, 2)], "one tombstone"
    assert steps > 20


def test_a_compaction_never_brings_it_back(store: FolderStore, tmp_path: Path) -> None:
    order = plan_erasure(store, [url_of(2)], []).order("", now())
    put_order(store, order)
    with maintainer(store, tmp_path) as kept:
        with pytest.raises(StoreRefused, match="--resume"):
            compact(kept)
        finish(kept, order)
        compact(kept)
    assert holding(tmp_path / "archive", *TRACES) == []
    assert ids(store) == [f"{SOURCE}:{n}" for n in (1, 3, 2)]


def test_a_compaction_that_began_before_is_cleaned_too(store: FolderStore, tmp_path: Path) -> None:
    order = plan_erasure(store, [url_of(2)], []).order("", now())
    with maintainer(store, tmp_path) as kept:
        compact(kept, grace=timedelta(days=1))  # what it replaced lies there still
    put_order(store, order)
    with maintainer(store, tmp_path) as kept:
        assert finish(kept, order).left == []
    open_writer(store, tmp_path / "spool", "run-5").close()
    assert holding(tmp_path, *TRACES) == []


def test_an_uncommitted_part_that_holds_it_is_told(store: FolderStore, tmp_path: Path) -> None:
    line = encode_line(secret(2).to_json())
    orphan = f"articles-v1/source={SOURCE}/date=2026-10-26/00aa11bb22-000000000001.jsonl.gz"
    store.put(orphan, pack([line]), content_type="application/gzip")
    done = erase(store, tmp_path, url_of(2))
    assert [orphan in text for text in done.left] == [True]
    assert read_erasures(store).open_orders
    (order,) = read_erasures(store).open_orders
    with maintainer(store, tmp_path) as kept:
        assert finish(kept, order, under_way=timedelta(0)).left == []
    assert not store.exists(orphan)


@pytest.mark.parametrize(
    "url",
    ["https://example.org/2", "http://example.org/2", "https://www.EXAMPLE.org/2?utm_source=x#y"],
)
def test_an_address_has_one_digest_in_all_spellings(url: str) -> None:
    assert url_digest(url) == url_digest(url_of(2)) == url_digest(hidden_url(url))


@pytest.mark.parametrize("rest", ["", "x", "abcde", "ø", "AAAA", "A" * 44])
def test_what_only_begins_like_the_name_of_a_digest_is_an_address_like_others(
    store: FolderStore, tmp_path: Path, rest: str
) -> None:
    """A page may have it in its title, and a report quote that."""
    word = f"ni:///sha-256;{rest}"
    assert len(url_digest(word)) == 64
    report = {"run_id": "run-9", "source": SOURCE, "nordcrawl": "0.2.0", "title": f"Se {word}: x"}
    store.put("runs/run-9.json", encode_sealed(report), content_type=keys.JSON_TYPE)
    assert erase(store, tmp_path, url_of(2)).left == []


def test_nothing_ordered_covers_nothing() -> None:
    assert not Erasures()
    assert not Erasures().covers(keys.PartKind.ARTICLE, secret(2).to_json())


def test_the_command_asks_first(
    store: FolderStore, tmp_path: Path, job: Callable[..., Any]
) -> None:
    commands = job()
    commands.settings["NORDCRAWL_ARCHIVE"] = str(tmp_path / "archive")
    looked = commands.nordcrawl("erase", "--url", url_of(2))
    assert (looked.code, "nothing was changed" in looked.out) == (0, True)
    assert f"{SOURCE}:2  1 revisions" in looked.out
    assert len(ids(store)) == 3
    for wrong in (
        ["--article", f"{SOURCE}:99"],
        [],
        ["--url", "nonsense"],
        ["--resume", "--url", "x"],
    ):
        refused = commands.nordcrawl("erase", *wrong)
        assert (refused.code, "Traceback" in refused.err) == (2, False)
    done = commands.nordcrawl("erase", "--article", f"{SOURCE}:2", "--execute", "--reason", "asked")
    assert done.code == 0, done.text
    assert "1 tombstones" in done.out
    assert commands.nordcrawl("erase", "--resume").out.startswith("no erasure is unfinished")
    verified = commands.nordcrawl("verify", "--json")
    assert (verified.code, json.loads(verified.out)["erasures"]) == (0, 1)
