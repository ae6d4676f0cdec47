"""The state is the fold of all ledgers, however it came about."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nordcrawl.archive.format.lines import pack
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.log.follow import writers
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.write.recovery import rebuild_state
from nordcrawl.errors import ArchiveDamaged
from nordcrawl.model.ledger import BY_CAPTURES, ArticleState, LedgerEntry, Outcome, UrlState, fold
from tests.support.archive_builders import (
    SOURCE,
    START,
    FileStore,
    accept,
    archive,
    check_archive,
    make_entry,
    make_record,
    open_writer,
    url_of,
)

READ = (Outcome.NEW, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.NOT_ARTICLE)


def everything(state: State) -> dict[str, object]:
    """All that a state answers."""
    urls = list(state.urls())
    ids = sorted({u.article_id for u in urls if u.article_id})
    articles = {i: state.article(i) for i in ids}
    texts = {a.text_sha256: state.text_owner(a.text_sha256) for a in articles.values() if a}
    return {
        "urls": urls,
        "one by one": [state.url(u.url) for u in urls],
        "articles": articles,
        "texts": texts,
        "aliases": {i: state.aliases(i) for i in ids},
    }


@st.composite
def ledgers(draw: st.DrawFn) -> list[LedgerEntry]:
    """Ledger lines of few URLs and articles, no two at the same time."""
    entries = []
    moments = draw(st.lists(st.integers(0, 10**9), unique=True, min_size=1, max_size=12))
    for moment in moments:
        at = START + timedelta(microseconds=moment * 2)
        number = draw(st.integers(1, 3))
        outcome = draw(st.sampled_from([*READ, Outcome.FETCH_FAILED, Outcome.SKIPPED_FRESH]))
        article = None
        article_id = draw(st.sampled_from([None, "example:1", "example:2"]))
        if outcome in (Outcome.NEW, Outcome.UPDATED):
            article_id = article_id or "example:3"
            text = draw(st.sampled_from("abc")) * 64
            article = ArticleState(
                article_id, draw(st.integers(1, 3)), url_of(number), text, text, "x/1/1"
            )
        entries.append(
            LedgerEntry(
                run_id="run-1",
                source=SOURCE,
                url=url_of(number),
                outcome=outcome,
                at=at,
                fetched_at=at if outcome in READ else None,
                etag=str(moment),
                article_id=article_id,
                weak_alias=draw(st.booleans()),
                article=article,
            )
        )
    # Some are read again later by another version, which finds the same content.
    for entry in draw(st.lists(st.sampled_from(entries), max_size=3)):
        if entry.article is not None:
            version = draw(st.sampled_from(["1/1", "1/2", "10/1"]))
            again = replace(entry.article, extractor=f"x/{version}", fetched_at=entry.fetched_at)
            at = entry.at + timedelta(days=1)
            by = (BY_CAPTURES,)
            entries.append(
                replace(entry, outcome=Outcome.UNCHANGED, at=at, article=again, found_by=by)
            )
    return entries


def fold_all(folder: Path, entries: Iterable[LedgerEntry], *, write: bool) -> dict[str, object]:
    spool = Spool.open(folder, SOURCE)
    try:
        state = State(spool)
        state.drop()
        for entry in entries:
            change = state.absorb(entry)
            if write:
                with spool.state.transaction() as db:
                    state.write(db, [change])
                state.settle([change])
        return everything(state)
    finally:
        spool.close()


@settings(max_examples=60)
@given(entries=ledgers(), data=st.data())
def test_any_order_folds_to_the_same(
    entries: list[LedgerEntry], data: st.DataObject, tmp_path: Path
) -> None:
    shuffled = data.draw(st.permutations(entries))
    in_order = sorted(entries, key=lambda entry: entry.at)
    expected = fold_all(tmp_path / "s", in_order, write=True)
    assert fold_all(tmp_path / "s", shuffled, write=True) == expected
    assert fold_all(tmp_path / "s", [*shuffled, *entries], write=False) == expected
    known: dict[str, UrlState] = {}
    for entry in in_order:
        known[entry.url] = fold(known.get(entry.url), entry)
    assert expected["urls"] == [known[url] for url in sorted(known)]


def test_it_answers_at_once_and_the_same_from_the_disk(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool", SOURCE)
    state = State(spool)
    record = make_record(1)
    entry = make_entry(record)
    change = state.absorb(entry)
    recent = everything(state)
    assert state.counts() == {"urls": 0, "articles": 0, "texts": 0}
    with spool.state.transaction() as db:
        state.write(db, [change])
    state.settle([change])
    assert everything(state) == recent
    assert state.counts() == {"urls": 1, "articles": 1, "texts": 1}
    assert state.text_owner(record.article.text_sha256) == record.article_id
    assert state.url("https://example.org/unknown") is None
    assert (state.article("unknown"), state.text_owner("f" * 64)) == (None, None)
    assert state.aliases("unknown") == []
    spool.close()


def test_the_first_owner_of_a_text_stays_it(tmp_path: Path) -> None:
    with open_writer(FileStore(tmp_path / "archive"), tmp_path / "spool") as writer:
        first, second = make_record(1, text="Samme"), make_record(2, text="Samme")
        accept(writer, first, second)
        assert writer.state.text_owner(first.article.text_sha256) == "example:1"
        accept(writer, make_record(1, revision=2, text="Endret", at=START + timedelta(days=1)))
        assert writer.state.text_owner(first.article.text_sha256) == "example:1"


def test_all_urls_are_listed_page_by_page(tmp_path: Path) -> None:
    with open_writer(FileStore(tmp_path / "archive"), tmp_path / "spool") as writer:
        accept(writer, *(make_record(n) for n in range(10, 19)))
    spool = Spool.open(tmp_path / "spool", SOURCE)
    state = State(spool, page_rows=3)
    state.absorb(make_entry(number=13))
    state.absorb(make_entry(number=99))
    urls = [known.url for known in state.urls()]
    spool.close()
    assert urls == [url_of(n) for n in [*range(10, 19), 99]]


def test_an_empty_disk_catches_up_by_itself(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "archive")
    for run in range(1, 4):
        at = START + timedelta(days=run)
        archive(
            store,
            tmp_path / "one",
            make_record(1, revision=run, run_id=f"run-{run}", at=at),
            make_record(run + 10, run_id=f"run-{run}", at=at),
        )
    archive(store, tmp_path / "else", make_record(1, source="another"), source="another")
    with open_writer(store, tmp_path / "one") as writer:
        expected = everything(writer.state)
    with open_writer(store, tmp_path / "two") as writer:
        assert everything(writer.state) == expected
        article = writer.state.article("example:1")
        assert article is not None
        assert article.revision == 3
        accept(writer, make_record(99))
        writer.finish(deadline_s=300)
    with open_writer(store, tmp_path / "one") as writer:
        assert writer.state.article("example:99"), "and the first one learns of the second"
    assert rebuild_state(store, tmp_path / "one", SOURCE, clock=now) == {
        "urls": 5,
        "articles": 5,
        "texts": 7,
    }
    with open_writer(store, tmp_path / "one") as writer:
        accept(writer, make_record(100))
        writer.finish(deadline_s=300)
    assert len(writers(store)) == 3, "rebuilding makes no new writer"
    assert len(check_archive(store)) == 9


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("pending", [False, True])
def test_state_of_a_deleted_archive_is_dropped(
    tmp_path: Path, pending: bool, caplog: pytest.LogCaptureFixture
) -> None:
    store, spool = FileStore(tmp_path / "archive"), tmp_path / "spool"
    archive(store, spool, make_record(1), make_record(2))
    (before,) = writers(store)
    if pending:
        with open_writer(store, spool, "run-2") as writer:
            accept(writer, make_record(3, run_id="run-2"))
    shutil.rmtree(store.root)
    with open_writer(store, spool, "run-3") as writer:
        urls = [state.url for state in writer.state.urls()]
        assert urls == ([url_of(3)] if pending else []), "else no page would be fetched again"
        assert "deleted" in caplog.text
        accept(writer, make_record(4, run_id="run-3"))
        assert writer.finish(deadline_s=300).failure is None
    assert before not in writers(store)
    assert len(check_archive(store)) == 1 + pending
    caplog.clear()
    with open_writer(store, spool, "run-4") as writer:
        assert len(list(writer.state.urls())) == 1 + pending
    assert "deleted" not in caplog.text


def test_state_that_only_others_made_is_dropped_too(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "archive")
    archive(store, tmp_path / "one", make_record(1))
    with open_writer(store, tmp_path / "two") as writer:
        assert writer.state.url(url_of(1))
    shutil.rmtree(store.root)
    with open_writer(store, tmp_path / "two") as writer:
        assert writer.state.url(url_of(1)) is None


def test_a_killed_rebuild_is_done_at_the_next_open(tmp_path: Path) -> None:
    store, folder = FileStore(tmp_path / "archive"), tmp_path / "spool"
    archive(store, folder, make_record(1))
    with open_writer(store, folder, "run-2") as writer:
        accept(writer, make_record(2, run_id="run-2"))
    spool = Spool.open(folder, SOURCE)
    State(spool).drop()
    spool.close()
    with open_writer(store, folder, "run-3") as writer:
        assert [state.url for state in writer.state.urls()] == [url_of(1), url_of(2)]
        accept(writer, make_record(3, run_id="run-3"))
        writer.finish(deadline_s=300)
    with open_writer(store, folder, "run-4") as writer:
        assert len(list(writer.state.urls())) == 3
    assert len(writers(store)) == 1
    assert len(check_archive(store)) == 3


def test_a_damaged_ledger_is_named(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "archive")
    archive(store, tmp_path / "one", make_record(1))
    key = next(entry.key for entry in store.list("ledger-v1/"))
    (store.root / key).write_bytes(pack([b"{}\n"]))
    with pytest.raises(ArchiveDamaged, match=key):
        open_writer(store, tmp_path / "two")
    assert [r["article_id"] for r in Reader(store).records()] == ["example:1"]


def test_a_weak_alias_counts_as_alias(tmp_path: Path) -> None:
    with open_writer(FileStore(tmp_path / "archive"), tmp_path / "spool") as writer:
        accept(writer, make_record(1))
        entry = replace(
            make_entry(make_record(1)),
            url=url_of(2),
            outcome=Outcome.DUPLICATE,
            weak_alias=True,
            article=None,
        )
        writer.accept(entry).result()
        assert writer.state.aliases("example:1") == [url_of(1), url_of(2)]
        known = writer.state.url(url_of(2))
        assert known is not None
        assert known.weak_alias


def test_reading_loads_nothing_of_the_crawler() -> None:
    import subprocess

    code = (
        "import sys, nordcrawl.archive.read.reader\n"
        "print([m for m in ('scrapy', 'twisted', 'trafilatura', 'lxml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"[]\n"
