"""Many requests wait for one robots.txt: each is judged by it, whatever becomes of the asking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from scrapy import Request, Spider
from scrapy.http import TextResponse
from scrapy.utils.test import get_crawler

from nordcrawl.fetch.robots import MAX_BYTES
from nordcrawl.fetch.robots_copies import FRESH_FOR
from nordcrawl.middlewares import robots as robots_middleware
from nordcrawl.middlewares.robots import RobotsDenied, RobotsMiddleware, RobotsUnreachable
from nordcrawl.middlewares.whole_body import WholeBodyMiddleware

NO = b"User-agent: *\nDisallow: /\n"
MANY = 50


class Engine:
    """Stands in for Scrapy's: answers with what it is told, when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.request: Request | None = None
        self.go = asyncio.Event()
        self.answer: Callable[[Request], TextResponse] = lambda r: TextResponse(r.url, body=NO)

    async def download_async(self, request: Request) -> TextResponse:
        self.asked.append(request.url)
        self.request = request
        await self.go.wait()
        return self.answer(request)


@pytest.fixture
def robots() -> RobotsMiddleware:
    crawler = get_crawler(Spider, {"ROBOTSTXT_OBEY": True, "ROBOTSTXT_USER_AGENT": "nordcrawl"})
    crawler.engine = Engine()  # type: ignore[assignment]
    return RobotsMiddleware.from_crawler(crawler)


def waiting(robots: RobotsMiddleware, count: int = MANY) -> list[asyncio.Task[None]]:
    requests = [Request(f"http://a.example/news/{n}") for n in range(count)]
    return [asyncio.ensure_future(robots.process_request(request)) for request in requests]


async def started(robots: RobotsMiddleware) -> Engine:
    engine: Engine = robots.crawler.engine  # type: ignore[assignment]
    while not engine.asked:
        await asyncio.sleep(0)
    return engine


async def ends(tasks: list[asyncio.Task[None]]) -> list[BaseException | None]:
    """Return how each ended; one that waits for ever fails the test."""
    together: Awaitable[list[BaseException | None]] = asyncio.gather(*tasks, return_exceptions=True)
    return await asyncio.wait_for(together, 60)


async def test_every_waiter_is_denied(robots: RobotsMiddleware) -> None:
    tasks = waiting(robots)
    (await started(robots)).go.set()
    assert {type(end) for end in await ends([*tasks, *waiting(robots, 3)])} == {RobotsDenied}
    assert robots.crawler.engine.asked == ["http://a.example/robots.txt"]  # type: ignore[attr-defined]


async def test_its_head_is_asked_for_however_long_it_is(robots: RobotsMiddleware) -> None:
    tasks = waiting(robots, 1)
    engine = await started(robots)
    engine.go.set()
    await ends(tasks)
    assert engine.request is not None
    assert engine.request.meta[WholeBodyMiddleware.HEAD_BYTES] == MAX_BYTES
    assert engine.request.meta["download_maxsize"] == 0, "its size is no error"


async def test_every_waiter_sees_that_it_could_not_be_had(robots: RobotsMiddleware) -> None:
    def fails(request: Request) -> TextResponse:
        raise OSError("reset")

    tasks = waiting(robots)
    engine = await started(robots)
    engine.answer = fails
    engine.go.set()
    assert {type(end) for end in await ends([*tasks, *waiting(robots, 3)])} == {RobotsUnreachable}
    assert len(engine.asked) == 1


@pytest.mark.parametrize("first", [True, False])
async def test_one_that_stops_waiting_stops_no_other(robots: RobotsMiddleware, first: bool) -> None:
    tasks = waiting(robots)
    engine = await started(robots)
    left = tasks.pop(0 if first else 7)
    left.cancel()
    assert isinstance((await ends([left]))[0], asyncio.CancelledError)
    engine.go.set()
    assert {type(end) for end in await ends(tasks)} == {RobotsDenied}
    assert len(engine.asked) == 1


async def test_an_asking_that_is_broken_off_denies_all_and_is_begun_anew(
    robots: RobotsMiddleware,
) -> None:
    def broken_off(request: Request) -> TextResponse:
        raise asyncio.CancelledError

    tasks = waiting(robots)
    engine = await started(robots)
    before, engine.answer = engine.answer, broken_off
    engine.go.set()
    assert {type(end) for end in await ends(tasks)} == {RobotsUnreachable}
    engine.answer = before
    assert {type(end) for end in await ends(waiting(robots))} == {RobotsDenied}
    assert len(engine.asked) == 2


async def test_it_is_asked_for_again_after_a_day(
    robots: RobotsMiddleware, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    monkeypatch.setattr(robots_middleware, "utc_now", lambda: now)
    tasks = waiting(robots)
    engine = await started(robots)
    engine.go.set()
    assert {type(end) for end in await ends(tasks)} == {RobotsDenied}
    engine.answer = lambda request: TextResponse(request.url, status=404)
    now += FRESH_FOR - timedelta(seconds=1)
    assert {type(end) for end in await ends(waiting(robots))} == {RobotsDenied}
    now += timedelta(seconds=1)
    assert await ends(waiting(robots)) == [None] * MANY
    assert len(engine.asked) == 2
