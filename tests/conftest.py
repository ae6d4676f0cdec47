"""Fixtures that every test may use: a site on loopback, and jobs against it; and the part of the
tests that one run takes.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import nordcrawl
from tests.support import suite_parts as parts
from tests.support.in_process import LocalJob
from tests.support.jobs import Job
from tests.support.news_site import Paper
from tests.support.s3_fixtures import juicefs, seaweedfs, swift

__all__ = ["juicefs", "seaweedfs", "swift"]

# How long an example takes says how busy the machine is; no test changes a fixture for good.
settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--part",
        type=parts.Part.parse,
        metavar="K/N",
        help="run the K-th of N parts of the tests; which one a test is in stays the same",
    )


def pytest_sessionstart() -> None:
    """Leave the collector alone while the tests are found: all that comes is kept."""
    gc.disable()


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if parts.is_of_another_server(item.nodeid):
            item.add_marker(pytest.mark.slow)
    part: parts.Part | None = config.getoption("--part")
    if part is not None:
        left_out = [item for item in items if not part.has(item.nodeid)]
        items[:] = [item for item in items if part.has(item.nodeid)]
        config.hook.pytest_deselected(items=left_out)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: a packed body can hold the time at which it was packed, and all
    processes of one run must find the same tests.
    """
    return argname if isinstance(val, bytes) and len(val) > 16 else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each process that runs tests the next of them that share nothing, or all that do."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return parts.together(nodeid)

    return Scheduling(config, log)


def pytest_collection_finish() -> None:
    """Spare the collector the thousands of tests themselves, again and again."""
    gc.enable()
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.enable()
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _settings_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings module reads the environment when it is imported: once a test, lest which tests
    went before in this process decide where a command looks and writes.
    """
    for name in [name for name in os.environ if name.startswith("NORDCRAWL_")]:
        monkeypatch.delenv(name)
    sys.modules.pop("nordcrawl.settings", None)
    vars(nordcrawl).pop("settings", None)


@pytest.fixture
def paper() -> Iterator[Paper]:
    with Paper() as site:
        yield site


@pytest.fixture
def job(tmp_path: Path, paper: Paper) -> Callable[..., Job]:
    """Return a maker of jobs that crawl `paper`; keyword arguments are settings."""

    def make(*lines: str, **settings: str) -> Job:
        file = paper.source(tmp_path, *lines)
        return LocalJob(tmp_path, "paper", {"NORDCRAWL_SOURCES": str(file), **settings})

    return make
