"""The processes of a crawl stay within the memory that docs/operations.md names."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from nordcrawl.crawl.extraction import PageReader
from nordcrawl.discover import Discovery
from nordcrawl.model.article import Rejected
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from nordcrawl.spiders.entries import Entries
from nordcrawl.workers.pool import LARGE_BYTES, Workers
from tests.support.jobs import Job
from tests.support.news_site import Paper

ROOT = Path(__file__).parents[2]
BENCHMARK = ROOT / "benchmarks" / "memory.py"
URL = "http://127.0.0.1/news/1"


class Counting:
    """Stands in for workers: tells how many tasks were at work at once, and in which of them."""

    def __init__(self, value: object) -> None:
        self._value = value
        self._at_work = 0
        self.most = 0
        self.calls = 0

    async def call(self, function: Callable[..., Any], *arguments: Any) -> object:
        self.calls += 1
        self._at_work += 1
        self.most = max(self.most, self._at_work)
        await asyncio.sleep(0)
        self._at_work -= 1
        return self._value


class Both(Counting):
    def __init__(self, value: object) -> None:
        super().__init__(value)
        self.apart = Counting(value)


def entries_read_by(workers: Both) -> Entries:
    info = SimpleNamespace(source=SimpleNamespace(timezone="UTC"))
    run: Any = SimpleNamespace(workers=workers, info=info)
    return Entries(run, lambda request, seconds: None)


async def test_a_large_page_is_read_apart_and_one_at_a_time() -> None:
    workers = Both(Rejected("no text"))
    reader, made = PageReader(), cast(Workers, workers)

    async def read(*sizes: int) -> None:
        now = datetime(2026, 11, 2, tzinfo=UTC)
        pages = [Page(URL, b"x" * size, now, URL) for size in sizes]
        await asyncio.gather(*(reader.read(made, page, Profile()) for page in pages))

    await read(*[LARGE_BYTES] * 3)
    assert (workers.calls, workers.most, workers.apart.calls) == (3, 3, 0)
    await read(*[LARGE_BYTES + 1] * 3)
    assert (workers.calls, workers.apart.calls, workers.apart.most) == (3, 3, 1)


async def test_a_large_sitemap_is_read_apart() -> None:
    workers = Both(Discovery())
    entries = entries_read_by(workers)
    now = datetime(2026, 11, 2, tzinfo=UTC)
    await entries._read("sitemap", Page(URL, b"x" * LARGE_BYTES, now, URL))
    assert (workers.calls, workers.apart.calls) == (1, 0)
    await entries._read("sitemap", Page(URL, b"x" * (LARGE_BYTES + 1), now, URL))
    assert (workers.calls, workers.apart.calls) == (1, 1)


#: At the end of the crawler's own process, and of none that it starts.
TELLING = """
import atexit, gc, json, logging, os, sys
def tell():
    if "twisted.internet.reactor" in sys.modules:
        from tests.support.c_library import large_block_of_its_own
        told = {
            "large blocks go back": large_block_of_its_own(8 << 20),
            "objects passed over": gc.get_freeze_count(),
            "a web server": "aiohttp" in sys.modules,
            "records at debug": logging.getLogger("scrapy.core.engine").isEnabledFor(10),
        }
        with open(os.environ["TOLD"], "w") as file:
            json.dump(told, file)
atexit.register(tell)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc 2.33")
def test_the_crawler_gives_memory_back_and_does_not_look_through_what_it_loaded(
    paper: Paper, job: Callable[..., Job], tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(TELLING)
    paper.publish("/news/a", "A story")
    told = tmp_path / "told.json"
    path = os.pathsep.join(map(str, (tmp_path, ROOT)))
    done = job(PYTHONPATH=path, TOLD=str(told)).crawl()
    assert done.code == 0, done.text
    found = json.loads(told.read_text())
    assert found.pop("objects passed over") > 50_000
    assert found == {
        "large blocks go back": True,
        "a web server": False,
        "records at debug": False,
    }


@pytest.mark.slow
def test_plain_and_hostile_pages_stay_within_the_limit() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "60"],
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
