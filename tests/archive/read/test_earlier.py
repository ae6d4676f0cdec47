"""The record that a revision follows is found by name, whatever else its line holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from nordcrawl.archive.read.earlier import Earlier
from nordcrawl.model.record import Publisher
from tests.support.archive_builders import SOURCE, START, archive, make_record
from tests.support.memory_store import MemoryStore

#: As a page may have it in its text, to be taken for another article.
LIE = 'x","article_id":"example:2","revision":1,"change":"new'
DAY = timedelta(days=1)


def test_a_record_is_found_by_article_and_revision_on_its_day(tmp_path: Path) -> None:
    store = MemoryStore()
    other = make_record(2, at=START)
    known = replace(make_record(1, at=START, text=LIE), publisher=Publisher(LIE))
    later = make_record(1, revision=2, at=START + DAY, text="Havna er åpnet.")
    archive(store, tmp_path, known, other, later)
    earlier = Earlier(store, SOURCE)
    for record in (known, other, later):
        at = record.page.fetched_at
        assert earlier.record(record.article_id, record.revision, at) == record.to_json()
    assert earlier.record(known.article_id, 2, START) is None, "it is of another day"
    assert earlier.record("example:3", 1, START) is None
