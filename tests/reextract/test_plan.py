"""Which captures are read again: by ledger lines, in any order."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nordcrawl.model.capture import RESPONSE, REVISIT, Capture
from nordcrawl.model.ledger import ArticleState, LedgerEntry, Outcome
from nordcrawl.reextract.plan import Left, Plan

DAY = datetime(2026, 11, 2, 6, tzinfo=UTC)


def capture(number: int, kind: str = RESPONSE) -> Capture:
    return Capture(f"captures-v1/{number}", 100, 10, kind, f"urn:uuid:{number}", "sha256:00")


def state(revision: int = 1, **more: object) -> ArticleState:
    values = ArticleState("s:1", revision, "https://e.org/a", "t", "c", "generic/t 1/0.2.0")
    return replace(values, **more)  # type: ignore[arg-type]


def line(day: int, outcome: Outcome, **more: object) -> LedgerEntry:
    at = DAY + timedelta(days=day)
    values = LedgerEntry(
        f"run-{day}", "s", "https://e.org/a", outcome, at + timedelta(seconds=1),
        fetched_at=at, body_sha256="one", article_id="s:1",
    )  # fmt: skip
    return replace(values, **more)  # type: ignore[arg-type]


NEW = line(0, Outcome.NEW, article=state(), capture=capture(0))
SAME = line(1, Outcome.UNCHANGED, capture=capture(1, REVISIT))
AGAIN = line(2, Outcome.UNCHANGED, body_sha256="two", capture=capture(2))
EDITED = line(3, Outcome.UPDATED, body_sha256="three", article=state(2), capture=capture(3))
NOT_KEPT = line(4, Outcome.UPDATED, body_sha256="four", article=state(3))
WALLED = line(5, Outcome.NOT_ARTICLE, body_sha256="wall")
GONE = line(6, Outcome.REMOVED, article=state(4, gone=True), status=404)
ALIAS = line(7, Outcome.DUPLICATE, url="https://e.org/b", body_sha256="other", capture=capture(7))
MOVED = line(
    8, Outcome.MOVED, url="https://e.org/n", body_sha256="new", capture=capture(8),
    article=state(5, url="https://e.org/n"),
)  # fmt: skip
OTHERS = line(9, Outcome.NEW, article_id="s:2", body_sha256="x", capture=capture(9))


@pytest.mark.parametrize(
    ("lines", "chosen", "left"),
    [
        ([NEW], 0, Left()),
        ([NEW, SAME], 0, Left()),  # the bytes are those of the response
        ([NEW, SAME, AGAIN], 2, Left()),
        ([NEW, AGAIN, EDITED], 3, Left()),
        ([NEW, EDITED, NOT_KEPT], None, Left(later_page=1)),
        ([NEW, WALLED], 0, Left()),  # what was there instead says nothing of the article
        ([NEW, GONE], None, Left(gone=1)),
        ([line(0, Outcome.NEW, article=state())], None, Left(not_kept=1)),
        ([NEW, ALIAS], 0, Left()),  # the page of another address is not the article's own
        ([NEW, MOVED], 8, Left()),
        ([NEW, OTHERS], None, Left(not_kept=1)),  # the address shows another article now
    ],
)
def test_the_latest_page_of_each_article_is_chosen(
    lines: list[LedgerEntry], chosen: int | None, left: Left
) -> None:
    for seed in range(6):
        shuffled = random.Random(seed).sample(lines, len(lines))
        with Plan(shuffled) as plan:
            found = [task.capture for task in plan]
            assert found == ([] if chosen is None else [capture(chosen)])
            assert (len(plan), plan.left) == (len(found), left)


def test_only_pages_fetched_since_a_time() -> None:
    for since, count in ((DAY, 1), (DAY + timedelta(seconds=1), 0)):
        with Plan([NEW], since) as plan:
            assert (len(plan), plan.left.earlier) == (count, 1 - count)


def spread(count: int, parts: int) -> list[LedgerEntry]:
    """Lines of as many articles, in parts by turns, the last ones first in each."""
    lines = []
    for number in range(count):
        url = f"https://e.org/{number}"
        article = state(article_id=f"s:{number}", url=url)
        place = replace(capture(number % parts), offset=count * 10 - number)
        lines.append(
            line(0, Outcome.NEW, url=url, article_id=f"s:{number}", article=article, capture=place)
        )
    return lines


def test_they_come_in_the_order_in_which_they_lie() -> None:
    with Plan(spread(20, parts=3)) as plan:
        places = [(task.capture.object, task.capture.offset) for task in plan]
    assert places == sorted(places)
    assert len(places) == 20


def test_it_is_gone_through_by_several_at_once_without_the_parts_that_are_done() -> None:
    with Plan(spread(1500, parts=3)) as plan:
        everything = [task.url for task in plan]
        assert everything == [task.url for task in plan.behind(set())]
        done = capture(1).object
        rest = plan.behind({done})
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: [task.url for task in rest], range(16)))
        assert found == [[task.url for task in plan if task.capture.object != done]] * 16
        assert (len(everything), len(found[0])) == (1500, 1000)


def test_when_the_page_of_the_revision_was_fetched_is_known() -> None:
    reread = line(2, Outcome.UNCHANGED, article=state(fetched_at=DAY, extractor="g/t 2/0.3.0"))
    with Plan([NEW, replace(reread, capture=capture(2))]) as plan:
        (task,) = plan
    assert (task.before_fetched_at, task.fetched_at) == (DAY, DAY + timedelta(days=2))
    assert task.before.extractor == "g/t 2/0.3.0"
