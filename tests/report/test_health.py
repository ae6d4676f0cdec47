"""A run most of whose pages gave nothing is no success, and an ordinary one is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.model.ledger import LedgerEntry, Outcome, fold
from nordcrawl.report import health
from nordcrawl.report.health import Asked, Recent, SuspectLimits

T = datetime(2026, 11, 23, tzinfo=UTC)
SEEN = T - timedelta(days=1)


def line(url, outcome, *, status=None, at=T, article_id=None, read=True):
    return LedgerEntry(
        "r", "s", url, outcome, at, status=status, fetched_at=at if read else None,
        article_id=article_id,
    )  # fmt: skip


def known(outcome, *, times=1, status=None, article_id=None):
    """What the ledger remembers of a page that ended so, as often, and was passed over since."""
    state = None
    for n in range(times):
        at = SEEN - timedelta(days=n)
        state = fold(state, line("u", outcome, status=status, at=at, article_id=article_id))
    return state


ARTICLE = known(Outcome.NEW, status=200, article_id="s:1")


class Pages:
    """A run: pages that ended in one way each."""

    def __init__(self, limits=None, recent=None):
        self.asked = Asked(limits or SuspectLimits(), recent or Recent())
        self.count = 0
        self.named = 0

    def end(self, count, outcome, *, before=None, status=None, text=None, stands=True, start=None):
        for n in range(count):
            self.count += 1
            number = self.count if start is None else start + n
            own = f"{number:016}" if text is None else text
            self.asked.add(
                line(f"https://a.example/{number}", outcome, status=status), before,
                stands=stands, text_sha256=own,
            )  # fmt: skip
            self.named += outcome not in (
                Outcome.OUT_OF_RANGE, Outcome.OVER_BUDGET, Outcome.ROBOTS_DENIED,
                Outcome.RIGHTS_DENIED,
            )  # fmt: skip
        return self

    def __getattr__(self, name):
        if name not in {str(outcome) for outcome in Outcome}:
            raise AttributeError(name)
        outcome = Outcome(name)
        return lambda count, **more: self.end(count, outcome, **more)

    @property
    def suspicion(self):
        return self.asked.health().suspicion(self.named)


def run(**given):
    return Pages(SuspectLimits(**given))


@pytest.mark.parametrize(
    ("pages", "says"),
    [
        (run().new(1).fetch_failed(19, status=503), "19 of 20 new pages: 19 failed"),
        (run().skipped_fresh(3).not_article(20), "20 of 20 new pages: 20 no article"),
        (run().new(1, text="wall").duplicate(19, text="wall"), "20 with one and the same text"),
        (run().new(20, text="stub"), "20 with one and the same text"),
        (run().duplicate(20, text="wall"), "20 with one and the same text"),
        (run().duplicate(10, text="wall").duplicate(10, text="vegg"), "one and the same text"),
        (run().blocked(3).extraction_failed(3).new(4), "6 of 10 new pages: 6 failed"),
        (run().new(2).blocked(1).not_article(1).new(5, text="x"), "1 failed, 1 no article, 5 with"),
        (run().end(20, Outcome.UPDATED, before=ARTICLE, text="wall"), "20 of 20 archived pages"),
        (run().fetch_failed(9, before=ARTICLE).unchanged(4, before=ARTICLE), "9 of 13 archived"),
        (run().fetch_failed(9, before=ARTICLE, status=404), "9 of 9 archived pages"),
        (run().unchanged(300, before=ARTICLE).fetch_failed(20), "20 of 20 new pages"),
        (
            run().skipped_fresh(1).fetch_failed(19, before=known(Outcome.FETCH_FAILED)),
            "19 of 20 pages, as in an earlier run",
        ),
    ],
)  # fmt: skip
def test_most_pages_bad_is_suspect(pages, says):
    assert says in (pages.suspicion or "")


GONE_TWICE = known(Outcome.FETCH_FAILED, times=2, status=404)


@pytest.mark.parametrize(
    "pages",
    [
        run(),
        run().skipped_fresh(1000),
        run().new(1).skipped_fresh(5),
        run().fetch_failed(1, status=404).skipped_fresh(30),
        run().fetch_failed(4).skipped_fresh(30),
        run().new(10).fetch_failed(10),
        run().new(32).duplicate(3).fetch_failed(1, status=404),
        # Other addresses of articles, each of another.
        run().duplicate(20),
        run().new(10).duplicate(10, start=1),
        # What nobody asked for says nothing, nor does what an order keeps out.
        run().new(5).out_of_range(90).over_budget(90).robots_denied(90).rights_denied(90),
        # Taken off the site's lists, too; and dead links.
        run().fetch_failed(9, before=ARTICLE, status=410, stands=False),
        run().removed(9, before=ARTICLE, status=404, stands=False),
        run().fetch_failed(9, before=GONE_TWICE, status=404),
        # A big site has pages that fail for ever.
        run().new(1).blocked(40, before=known(Outcome.BLOCKED)).skipped_fresh(9000),
        run().new(1).not_article(40, before=known(Outcome.NOT_ARTICLE)).skipped_fresh(9000),
        run(share=1).fetch_failed(100),
        run(pages=50).fetch_failed(49),
    ],
)
def test_an_ordinary_run_is_not(pages):
    assert pages.suspicion is None


def test_few_new_pages_are_weighed_with_those_of_earlier_runs():
    recent = Recent()
    for _ in range(4):
        hour = Pages(recent=recent)
        assert hour.fetch_failed(1, start=len(recent.latest)).suspicion is None
        recent = Recent.from_json(recent.to_json())
    assert "5 of the latest 5 new pages, 1 of 1 in this run" in (
        Pages(recent=recent).fetch_failed(1, start=4).suspicion or ""
    )
    recent = Recent.from_json(recent.to_json())
    good = Pages(recent=recent).new(1, start=5)
    assert good.suspicion is None, "this run's own page is well"
    recent = Recent.from_json(recent.to_json())
    well = Pages(recent=recent).new(5, start=0, before=known(Outcome.FETCH_FAILED))
    assert well.suspicion is None
    recent = Recent.from_json(recent.to_json())
    assert Pages(recent=recent).fetch_failed(1, start=6).suspicion is None, "all others are well"


def test_a_wall_is_known_again_by_the_pages_of_earlier_runs():
    recent = Recent()
    for n in range(4):
        assert Pages(recent=recent).duplicate(1, text="wall", start=n).suspicion is None
        recent = Recent.from_json(recent.to_json())
    assert Pages(recent=recent).duplicate(1, text="wall", start=4).suspicion


def test_only_the_latest_pages_are_kept(tmp_path):
    recent = Recent()
    Pages(recent=recent).new(500)
    file = tmp_path / "recent.json"
    recent.write(file)
    assert len(Recent.read(file).latest) == health.LATEST
    assert [page.url for page in Recent.read(file).latest] == [page.url for page in recent.latest]
    for damaged in ("", "[1]", '[["a", "b", "c"]]', "\ufffd"):
        file.write_text(damaged, encoding="utf-8")
        assert Recent.read(file).latest == []
    Recent().write(tmp_path / "none" / "recent.json")


endings = st.lists(
    st.tuples(
        st.sampled_from(
            [Outcome.NEW, Outcome.DUPLICATE, Outcome.FETCH_FAILED, Outcome.NOT_ARTICLE,
             Outcome.BLOCKED, Outcome.EXTRACTION_FAILED, Outcome.SKIPPED_FRESH]
        ),
        st.sampled_from(["", "wall", "own"]),
    ),
    max_size=40,
)  # fmt: skip
limits = st.builds(SuspectLimits, st.floats(0, 1), st.integers(1, 12))


def judged(pages, limits):
    run = Pages(limits)
    for number, (outcome, text) in enumerate(pages):
        run.end(1, outcome, text=f"{number:016}" if text == "own" else text, start=number)
    return run


@given(endings, limits)
def test_a_share_of_one_or_too_few_pages_is_never_suspect(pages, limits):
    assert judged(pages, replace(limits, share=1.0)).suspicion is None
    asked = [p for p in pages if p[0] is not Outcome.SKIPPED_FRESH]
    assert judged(pages, replace(limits, pages=len(asked) + 1)).suspicion is None


@given(endings, limits, st.data())
def test_a_worse_page_never_makes_a_run_better(pages, limits, data):
    if judged(pages, limits).suspicion is None or not pages:
        return
    place = data.draw(st.integers(0, len(pages) - 1))
    if pages[place][0] is Outcome.SKIPPED_FRESH:
        return
    crowded = pages[place][1] == "wall"
    if not crowded:  # without it a crowd may be none
        worse = [*pages[:place], (Outcome.FETCH_FAILED, ""), *pages[place + 1 :]]
        assert judged(worse, limits).suspicion is not None


@given(endings, limits)
def test_pages_that_nobody_asked_for_change_nothing(pages, limits):
    one = judged(pages, limits)
    before = one.asked.health()
    one.skipped_fresh(50).out_of_range(50).over_budget(50)
    assert one.asked.health() == before


@given(endings, limits)
def test_all_good_is_never_suspect_and_all_bad_always(pages, limits):
    count = len(pages)
    assert judged([(Outcome.NEW, "own")] * count, limits).suspicion is None
    if count >= limits.pages and limits.share < 1:
        assert judged([(Outcome.FETCH_FAILED, "")] * count, limits).suspicion


@given(st.integers(0, 300), st.randoms())
def test_a_text_that_most_pages_have_is_seen_among_any_number(others, dice):
    texts = ["wall"] * (others + 5) + [f"{n:016}" for n in range(others)]
    dice.shuffle(texts)
    run = Pages()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(health, "_MOST_TEXTS", 20)
        for text in texts:
            run.new(1, text=text)
    assert "with one and the same text" in (run.suspicion or "")


@pytest.mark.slow
def test_a_crawl_of_one_text_under_every_address_says_so(paper, job):
    text = "Subscribers read the whole story about the harbour, the ferry and the ice. " * 6
    for n in range(6):
        paper.publish(f"/news/{n}", f"Story number {n}", text)
    crawl = job()
    done = crawl.crawl()
    assert done.code == 14, done.text
    report = crawl.report()
    assert report["asked"]["new"] == {"asked": 6, "failed": 0, "no_article": 0, "same_text": 6}
    assert (report["complete"], report["exit"]) == (False, "suspect")
    assert "6 of 6 new pages: 6 with one and the same text" in done.out
    # One more of the same is seen for what it is by the pages before it.
    paper.publish("/news/6", "Story number 6", text)
    assert crawl.crawl().code == 14
    assert crawl.report()["asked"]["new"]["asked"] == 1
    paper.publish("/news/7", "Story number 7")
    assert crawl.crawl().code == 0
