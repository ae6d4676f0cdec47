"""An erasure takes the articles that were planned, and none that only shares an address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.order import Order, url_digest
from nordcrawl.archive.keep.erase import finish, put_order
from nordcrawl.archive.keep.erase_plan import plan_erasure
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.errors import ExitCode
from nordcrawl.model.record import Record
from tests.support.archive_builders import (
    SOURCE,
    START,
    accept,
    make_entry,
    make_record,
    open_writer,
    url_of,
)
from tests.support.archive_runs import erase, ids, maintainer, now, run

FRONT = "https://example.org/"
LOGIN = "https://login.example.org/consent"


def with_front_as_canonical(number: int, **more: Any) -> Record:
    return replace(make_record(number, **more), canonical_url=FRONT)


def through_a_login(number: int, **more: Any) -> Record:
    record = make_record(number, **more)
    asked = f"https://example.org/short/{number}"
    page = replace(record.page, requested_url=asked, redirects=(asked, LOGIN))
    return replace(record, page=page, aliases=(asked,))


def with_a_common_entrance(number: int, **more: Any) -> Record:
    record = make_record(number, **more)
    latest = "https://example.org/latest"
    return replace(record, page=replace(record.page, requested_url=latest, redirects=(latest,)))


def under_one_address(number: int, **more: Any) -> Record:
    record = make_record(number, **more)
    return replace(record, page=replace(record.page, url="https://example.org/today"))


SHARED: dict[str, Callable[..., Record]] = {
    "canonical": with_front_as_canonical,
    "hop": through_a_login,
    "entrance": with_a_common_entrance,
    "address": under_one_address,
}


@pytest.mark.parametrize("how", SHARED)
def test_only_the_one_that_was_asked_for_goes(tmp_path: Path, how: str) -> None:
    store, make = FolderStore(tmp_path / "archive"), SHARED[how]
    for number in range(1, 7):
        run(store, tmp_path / "spool", f"run-{number}", number, make=make)
    plan = plan_erasure(store, [], [f"{SOURCE}:3"])
    assert list(plan.articles) == [(SOURCE, f"{SOURCE}:3")]
    assert plan.lines == 2
    with maintainer(store, tmp_path) as kept:
        order = plan.order("a test", now())
        put_order(store, order)
        done = finish(kept, order)
    assert (done.lines, done.tombstones, done.left) == (2, 1, [])
    assert [r["article_id"] for r in Reader(store).latest()] == [
        f"{SOURCE}:{n}" for n in (1, 2, 4, 5, 6)
    ]
    # What comes later is not barred by what it shares, and is no damage.
    for number in (7, 8):
        run(store, tmp_path / "spool", f"run-{number}", number, make=make)
    assert ids(store)[-2:] == [f"{SOURCE}:7", f"{SOURCE}:8"]
    assert verify(store).exit_code is ExitCode.WHOLE
    with open_writer(store, tmp_path / "spool", "run-9") as writer:
        later = make(9).page
        assert not writer.erasures.covers_page(SOURCE, f"{SOURCE}:9", (later.url,))
        assert writer.state.article(f"{SOURCE}:7") is not None


def test_a_page_that_once_had_its_text_stays(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    text = "Den samme teksten hos begge, en gang for lenge siden. " * 9
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, make_record(1, text=text))
        alias = make_entry(number=2, article_id=f"{SOURCE}:1", revision=1, weak_alias=True)
        writer.accept(alias).result(timeout=300)
        writer.finish(deadline_s=300)
    run(store, tmp_path / "spool", "run-2", 2)
    done = erase(store, tmp_path, url_of(1))
    assert (done.tombstones, done.left) == (1, [])
    assert [r["article_id"] for r in Reader(store).latest()] == [f"{SOURCE}:2"]
    with open_writer(store, tmp_path / "spool", "run-3") as writer:
        assert not writer.erasures.covers_url(url_of(2))
        assert writer.state.article(f"{SOURCE}:2") is not None
    assert verify(store).exit_code is ExitCode.WHOLE


def test_an_address_asked_for_plans_every_article_that_was_there(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    run(store, tmp_path / "spool", "run-1", 1, 2, make=under_one_address)
    plan = plan_erasure(store, ["https://example.org/today"], [])
    assert [article_id for _, article_id in plan.articles] == [f"{SOURCE}:1", f"{SOURCE}:2"]
    assert plan.urls == {"https://example.org/today"}


def test_who_only_mentions_an_address_is_told_and_stays(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    run(store, tmp_path / "spool", "run-1", 1, 2, make=with_front_as_canonical)
    plan = plan_erasure(store, [FRONT], [])
    assert (plan.articles, plan.lines) == ({}, 0)
    assert plan.only_mention == {(SOURCE, f"{SOURCE}:1"), (SOURCE, f"{SOURCE}:2")}


def order_of(*articles: tuple[str, str], urls: tuple[str, ...] = ()) -> Erasures:
    digests = frozenset(map(url_digest, urls))
    return Erasures.of([Order("o", START, "", frozenset(articles), digests, frozenset())])


def test_the_rule_is_one_for_lines_rows_and_pages() -> None:
    erasures = order_of((SOURCE, f"{SOURCE}:1"), urls=(url_of(1),))
    line = make_entry(make_record(1)).to_json()
    assert erasures.covers(PartKind.LEDGER, line)
    assert not erasures.covers(PartKind.LEDGER, line | {"source": "other", "url": url_of(5),
                                                        "final_url": url_of(5)})  # fmt: skip
    failed = make_entry(number=1).to_json()
    assert erasures.covers(PartKind.LEDGER, failed), "no article, so the address tells"
    assert erasures.covers(PartKind.LEDGER, failed | {"url": LOGIN, "final_url": url_of(1)})
    weak = make_entry(number=1, article_id=f"{SOURCE}:2", weak_alias=True).to_json()
    assert not erasures.covers(PartKind.LEDGER, weak)
    for row, gone in (
        ({"table": "url", "url": url_of(1), "article_id": None, "weak_alias": 0}, True),
        ({"table": "url", "url": url_of(1), "article_id": f"{SOURCE}:2", "weak_alias": 1}, False),
        ({"table": "url", "url": url_of(3), "article_id": f"{SOURCE}:1", "weak_alias": 1}, True),
        ({"table": "text", "text_sha256": "0", "article_id": f"{SOURCE}:1"}, True),
        ({"table": "other", "article_id": f"{SOURCE}:1"}, True),
        ({"table": "other", "article_id": "third:1"}, False),
    ):
        assert erasures.covers_row(SOURCE, row) is gone, row
