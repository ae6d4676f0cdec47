"""Fixtures that every test may use: a site on loopback, and jobs against it; and the part of the
tests that one run takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import parts
from jobs import Job
from paper import Paper


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--part",
        type=parts.Part.parse,
        metavar="K/N",
        help="run the K-th of N parts of the tests; which one a test is in stays the same",
    )


@pytest.hookimpl(tryfirst=True)  # before xdist writes the groups into the names
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    part: parts.Part | None = config.getoption("--part")
    if part is not None:
        left_out = [item for item in items if not part.has(item.nodeid)]
        items[:] = [item for item in items if part.has(item.nodeid)]
        config.hook.pytest_deselected(items=left_out)
    for item in items:
        if isinstance(item, pytest.Function):
            group = _group(item)
            if group is not None:
                item.add_marker(pytest.mark.xdist_group(group))


def _group(item: pytest.Function) -> str | None:
    names = list(item.fixturenames)
    if hasattr(item, "callspec"):
        names += [value for value in item.callspec.params.values() if isinstance(value, str)]
    definitions = item._fixtureinfo.name2fixturedefs
    shared = [name for name, found in definitions.items() if found[-1].scope == "module"]
    return parts.group(item.nodeid.partition("::")[0], names, shared)


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
