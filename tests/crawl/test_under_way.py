"""Which pages are next: so many at a time, in their order, and none is forgotten."""

from __future__ import annotations

from nordcrawl.crawl.frontier import plan
from nordcrawl.crawl.under_way import UnderWay


def pages(*urls: str) -> UnderWay:
    under_way = UnderWay()
    under_way.due.extend(urls)
    return under_way


def test_no_more_are_on_their_way_than_may_be():
    under_way = pages("a", "b", "c")
    assert [under_way.next(2), under_way.next(2), under_way.next(2)] == ["a", "b", None]
    landed = []
    under_way.on_landed = lambda: landed.append(under_way.next(2))
    under_way.land("a")
    assert landed == ["c"]
    assert under_way.in_flight == {"b", "c"}
    assert under_way.next(3) is None, "nothing is due"


def test_what_was_held_back_comes_first_again_and_in_its_order():
    under_way = pages("a", "b", "c")
    for url in (under_way.next(9), under_way.next(9)):
        assert url is not None
        under_way.hold(url)
    assert (under_way.held, under_way.in_flight) == (["a", "b"], set())
    under_way.resume()
    assert [under_way.next(9) for _ in range(3)] == ["a", "b", "c"]
    assert under_way.held == []


def test_what_is_lost_makes_room():
    under_way = pages("a", "b")
    under_way.next(1)
    under_way.lose({"a", "never asked for"})
    assert under_way.next(1) == "b"


def test_a_plan_takes_the_newest_and_leaves_the_rest():
    due = [("", "untold"), ("2026-10-01", "old"), ("2026-10-02T00:00:00Z", "new"), ("", "last")]
    assert plan(due, None).fetch == ["new", "old", "untold", "last"]
    limited = plan(due, 1)
    assert (limited.fetch, limited.left) == (["new"], ["old", "untold", "last"])
    assert plan(due, 9) == plan(due, None)
    assert plan([], 0) == plan([], None)
