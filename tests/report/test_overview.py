"""`nordcrawl report`: a run for a person who was not there, in a real browser and otherwise."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from markdown_it import MarkdownIt
from selenium import webdriver
from selenium.webdriver.common.by import By

from nordcrawl.archive.store.address import open_store
from nordcrawl.cli.main import main
from nordcrawl.reading.selection import Selection
from nordcrawl.report.overview.charts import charts
from nordcrawl.report.overview.gather import began, gather
from nordcrawl.report.overview.markdown import as_markdown
from nordcrawl.report.overview.page import as_html
from nordcrawl.report.overview.values import Covered, Overview, Past, Published
from tests.support import newsroom
from tests.support.browsing import CONTRASTS, asked_for, chromium, look, picture

DAYS = 12
SCREENS = [(w, s) for w in (1200, 390) for s in ("light", "dark")]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("newsroom")
    return newsroom.make(folder / "archive", folder / "spool", DAYS)


@pytest.fixture(scope="module")
def overview(archive: Path) -> Overview:
    return gather(Selection(open_store(str(archive))).reader)


@pytest.fixture(scope="module")
def page(overview: Overview) -> str:
    return as_html(overview)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture
def seen(browser: webdriver.Chrome, page: str, tmp_path: Path) -> webdriver.Chrome:
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    look(browser, 1200, "light")
    asked_for(browser)
    browser.get(path.as_uri())
    return browser


def bare(**more: Any) -> Overview:
    values: dict[str, Any] = {
        "run": {"run_id": "run-1", "source": "coast", "finish_reason": "killed"},
        "past": (Past("run-1", "", 0.0, 0, 0, "killed"),), "days": 91,
        **dict.fromkeys(("ended", "articles", "coverage", "published", "latency_h", "kept"), ()),
    }  # fmt: skip
    return Overview(**values | more)


# --- what is gathered ------------------------------------------------------------------------


def test_a_run_is_told_with_what_came_and_what_failed(overview: Overview) -> None:
    assert overview.run["run_id"] == newsroom.run_id(DAYS - 1)
    changes = [one.change for one in overview.articles]
    assert changes[:2] == ["silent_edit", "updated"]  # what a person looks at first
    assert changes.count("new") == len(changes) - 2 > 2
    edit = overview.articles[0]
    assert "text" in edit.fields
    removed = [s.text for p in edit.passages for s in p.spans if s.mark == "removed"]
    assert {"three", "twice"} <= set(removed)
    ended = {(one.outcome, one.reason): one.count for one in overview.ended}
    assert ended["not_article", "no text of an article"] == 4
    assert ended["skipped_fresh", "not due"] == 40
    assert sum(one.count for one in overview.ended) == overview.run["discovered"]
    assert [one.run_id for one in overview.past] == [newsroom.run_id(day) for day in range(DAYS)]
    assert overview.seconds == 95 + 7 * ((DAYS - 1) % 5)


def test_figures_are_of_the_source_up_to_the_run(archive: Path, overview: Overview) -> None:
    reader = Selection(open_store(str(archive))).reader
    records = [one for one in reader.records() if one["revision"] == 1]
    assert sum(one.count for one in overview.published) == len(records)
    assert len(overview.latency_h) == len(records)
    assert all(0 < share < 1 for _, share in overview.kept)
    earlier = gather(reader, newsroom.run_id(3))
    assert len(earlier.past) == 4
    assert sum(one.count for one in earlier.published) < len(records)
    assert {one.field for one in earlier.coverage if one.is_low} == {"authors"}
    shares = {one.field: one.now for one in earlier.coverage}
    assert (shares["title"], shares["authors"], shares["kicker"]) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("now", "usual", "least", "low"),
    [(0.5, 0.9, 0.8, True), (0.8, 0.9, 0.8, False), (0.75, 0.8, 0.78, False),
     (None, 0.9, 0.8, False), (0.5, None, None, False)],
)  # fmt: skip
def test_a_field_is_low_below_all_runs_before(
    now: float | None, usual: float | None, least: float | None, low: bool
) -> None:
    assert Covered("authors", now, usual, least).is_low is low


def test_a_day_without_an_article_is_a_gap() -> None:
    first = date(2026, 11, 1)
    days = [first + timedelta(days=n) for n in range(20) if n not in (5, 11)]
    told = tuple(Published(day, "nb", "", 2) for day in days)
    drawn = {one.name: one for one in charts(bare(published=told))}
    calendar = drawn["calendar"]
    assert calendar.caption.startswith("2 of 20 days have none, the last on 2026-11-12")
    assert calendar.wide.count(">×<") == calendar.narrow.count(">×<") == 2
    assert [row for row in calendar.rows if row[1] == "0"] == [
        ("2026-11-12", "0"), ("2026-11-06", "0"),
    ]  # fmt: skip
    assert "latency" not in drawn  # nothing to draw is no chart


def test_a_run_that_was_killed_is_the_latest_no_longer_than_it_was() -> None:
    killed = {"run_id": "20261128t072224z-coast-d3bf"}
    before = {"run_id": "20261128t062210z-coast-0001", "started_at": "2026-11-28T06:22:10.5Z"}
    after = {"run_id": "20261128t072353z-coast-8b45", "started_at": "2026-11-28T07:23:53.1Z"}
    assert sorted([killed, after, before], key=began) == [before, killed, after]


def test_a_run_that_was_killed_has_a_report_too() -> None:
    page = as_html(bare())
    assert "✗ Killed" in page
    assert "killed before it could write its own report" in page
    assert as_markdown(bare()).startswith("# ✗ coast")


# --- the forms -------------------------------------------------------------------------------


def test_what_a_site_says_is_only_text(page: str) -> None:
    tree = html.document_fromstring(page)
    assert tree.xpath("//script|//img|//iframe|//object|//*[@onerror]|//base|//form") == []
    hrefs = tree.xpath("//@href")
    assert [one for one in hrefs if not re.match(r"https?://|#", one)] == []
    assert "javascript:alert(1)" in tree.text_content()
    text = tree.text_content()
    assert "<script>document.title='owned'</script>\\u202e\\x1b[31m{{7*7}}" in text
    assert not set(page) & set("\u202e\x1b")
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    for target in re.findall(r"url\(#([^)]+)\)", page):
        assert target in ids


def test_markdown_is_only_text_too(overview: Overview) -> None:
    told = as_markdown(overview)
    tokens = MarkdownIt("commonmark").enable("table").parse(told)
    flat = [*tokens, *(child for one in tokens for child in one.children or ())]
    assert [one for one in flat if one.type in ("html_block", "html_inline", "image")] == []
    hrefs = [str(one.attrGet("href")) for one in flat if one.type == "link_open"]
    assert len(hrefs) > 5
    assert [one for one in hrefs if not one.startswith("https://coast.example/")] == []
    assert "~~three~~ **four**" in told
    assert "## Edited in silence (1)" in told
    assert not set(told) & set("\u202e\x1b")


def test_forms_go_where_they_are_asked_to(
    archive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NORDCRAWL_ARCHIVE", str(archive))
    run_id = newsroom.run_id(DAYS - 1)
    assert main(["report"]) == 0
    assert f"written to {run_id}.html" in capsys.readouterr().err
    assert (tmp_path / f"{run_id}.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main(["report", newsroom.run_id(2), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["format"], told["run"]["run_id"]) == ("nordcrawl-overview", newsroom.run_id(2))
    assert main(["report", "--format", "markdown", "--output", "a.md"]) == 0
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("# ✓ coast, 2026-11-26 04:00")
    capsys.readouterr()
    assert main(["report", "run-none"]) == 2
    assert f"no run run-none in this archive; the latest are: {newsroom.run_id(DAYS - 3)}" in (
        capsys.readouterr().err
    )
    assert main(["report", "--source", "another"]) == 2
    monkeypatch.setitem(sys.modules, "vl_convert", None)  # as if it were not installed
    for name in ("page", "charts"):
        monkeypatch.delitem(sys.modules, f"nordcrawl.report.overview.{name}", raising=False)
    assert main(["report"]) == 2
    assert "needs vl_convert: pip install 'nordcrawl[report]'" in capsys.readouterr().err
    assert main(["report", "--format", "json"]) == 0


# --- in a browser ----------------------------------------------------------------------------


def test_browser_runs_and_asks_for_nothing(seen: webdriver.Chrome) -> None:
    assert seen.title == "coast: run of 2026-11-26 04:00"
    assert asked_for(seen) == []
    assert [entry for entry in seen.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_page_is_right_on_every_screen(
    seen: webdriver.Chrome, width: int, scheme: str, tmp_path: Path
) -> None:
    """WCAG 2.2, 1.4.3 "Contrast (Minimum)" and 1.4.10 "Reflow"."""
    look(seen, width, scheme)
    seen.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")
    assert seen.execute_script("return document.documentElement.scrollWidth") <= width
    drawings = seen.find_elements(By.CSS_SELECTOR, "figure svg")
    shown = [one for one in drawings if one.is_displayed()]
    assert len(shown) == len(drawings) // 2 == 6
    assert all(200 < one.size["width"] <= width for one in shown)
    paper, contrasts = seen.execute_script(CONTRASTS)
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 22, 27)"}[scheme]
    texts = [pair for pair in contrasts if pair[0].strip()]
    assert len(texts) > 100
    assert [pair for pair in texts if pair[1] < 4.5] == []
    picture(seen, tmp_path / f"report-{width}-{scheme}.png")  # to be looked at


def test_page_can_be_walked_without_seeing_it(seen: webdriver.Chrome) -> None:
    levels = [int(e.tag_name[1]) for e in seen.find_elements(By.CSS_SELECTOR, "h1,h2,h3,h4")]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for name in ("header", "nav[aria-label]", "main", "footer"):
        assert len(seen.find_elements(By.CSS_SELECTOR, name)) == 1
    for figure in seen.find_elements(By.TAG_NAME, "figure"):
        assert figure.find_element(By.TAG_NAME, "figcaption").text
        assert figure.find_elements(By.TAG_NAME, "table")
    assert all(one.get_attribute("aria-hidden") for one in seen.find_elements(By.TAG_NAME, "svg"))
    for link in seen.find_elements(By.CSS_SELECTOR, "nav a"):
        target = str(link.get_attribute("href")).partition("#")[2]
        assert seen.find_element(By.ID, target)
