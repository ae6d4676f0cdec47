"""Fixtures that every test may use: a site on loopback, and jobs against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs import Job
from paper import Paper


@pytest.fixture
def paper() -> Iterator[Paper]:
    with Paper() as site:
        yield site


@pytest.fixture
def job(tmp_path: Path, paper: Paper) -> Callable[..., Job]:
    """Return a maker of jobs that crawl `paper`; keyword arguments are settings."""

    def make(*lines: str, **settings: str) -> Job:
        file = paper.source(tmp_path, *lines)
        return Job(tmp_path, "paper", {"NORDCRAWL_SOURCES": str(file), **settings})

    return make
