"""Archives to read, written by the real writer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.model.record import Record
from tests.support.archive_builders import START, archive, make_record
from tests.support.in_process import LocalJob
from tests.support.jobs import Job


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def store(root: Path) -> Store:
    return open_store(str(root))


@pytest.fixture
def a_job(tmp_path: Path) -> Job:
    return LocalJob(tmp_path, "example")


def sample() -> list[Record]:
    """Five articles over three days: one updated, one removed."""
    day = timedelta(days=1)
    return [
        make_record(1, at=START),
        make_record(2, at=START + day),
        make_record(3, at=START + day),
        make_record(1, revision=2, change="updated", at=START + 2 * day, text="Havna er åpnet."),
        make_record(4, at=START + 2 * day),
        make_record(3, revision=2, change="removed", at=START + 2 * day),
        make_record(5, at=START + 2 * day),
    ]


@pytest.fixture
def filled(store: Store, tmp_path: Path) -> Store:
    """The sample, each revision a run of its own with a commit of its own."""
    for record in sample():
        archive(store, tmp_path / "spool", record)
    return store
