"""Somebody else's Scrapy project archives what its spiders yield, with the same promises."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pydantic
import pytest
import scrapy
from scrapy.downloadermiddlewares.httpauth import HttpAuthMiddleware
from scrapy.http import HtmlResponse
from scrapy.settings import Settings
from scrapy.spidermiddlewares.depth import DepthMiddleware
from scrapy.utils.conf import build_component_list
from scrapy.utils.misc import load_object

from nordcrawl import Archive
from nordcrawl.addon import NordcrawlAddon
from nordcrawl.items import WrongItem
from nordcrawl.spiders.responses import page_of_item
from tests.support.news_site import WORDS, Answer, Paper, article_html
from tests.support.waiting import HANG_S

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "any_project"
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def scrape(
    folder: Path, paper: Paper, *arguments: str, project: Path = EXAMPLE, **settings: str
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NORDCRAWL_", "SCRAPY_"))}
    environment = kept | {
        "NORDCRAWL_ARCHIVE": str(folder / "archive"),
        "NORDCRAWL_STATE_DIR": str(folder / "state"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "letters", "-a", f"site={paper.url}", *arguments],
        cwd=project, env=environment | settings, capture_output=True, text=True, check=False,
        timeout=HANG_S,
    )  # fmt: skip


def letters(paper: Paper, *titles: str) -> None:
    links = ""
    for number, title in enumerate(titles):
        body = article_html(title, f"{title}. {WORDS * 3}\n{WORDS}")
        paper.answers[f"/letter/{number}"] = Answer(200, {"Content-Type": "text/html"}, body)
        links += f"<a class=letter href=/letter/{number}>{title}</a>"
    paper.answers["/letters"] = Answer(200, {"Content-Type": "text/html"}, links.encode())


@pytest.mark.slow
def test_the_example_archives_what_its_spider_yields(paper: Paper, tmp_path: Path) -> None:
    letters(paper, "On the quay", "On the ferry")
    items = tmp_path / "items.jsonl"
    done = scrape(tmp_path, paper, "-o", str(items))
    assert done.returncode == 0, done.stderr
    archive = Archive(tmp_path / "archive")
    records = {record["title"]: record for record in archive.articles()}
    assert records.keys() == {"On the quay", "On the ferry"}
    record = records["On the quay"]
    assert (record["source"], record["language"], record["change"]) == ("letters", "en", "new")
    assert record["url"] == f"{paper.url}/letter/0"
    assert record["published_at"] == "2026-11-01T07:30:00Z"
    # The project's own items are what its spider made.
    told = [json.loads(line) for line in items.read_text(encoding="utf-8").splitlines()]
    assert [sorted(item) for item in told] == [["body", "signed", "url"]] * 2
    (run,) = archive.runs()
    assert (run["complete"], run["outcomes"]) == (True, {"new": 2})
    # The next run: what is the same is not archived anew, what was edited is a revision.
    letters(paper, "On the quay", "On the ferry, once more")
    done = scrape(tmp_path, paper)
    assert done.returncode == 0, done.stderr
    changes = [(r["title"], r["revision"], r["change"]) for r in archive.changes()]
    assert sorted(changes)[-1] == ("On the quay", 1, "new")
    assert len(changes) == 3
    outcomes = [run["outcomes"] for run in archive.runs()]
    assert outcomes[-1] == {"updated": 1, "unchanged": 1}


@pytest.mark.slow
def test_what_is_no_page_fails_the_run(paper: Paper, tmp_path: Path) -> None:
    letters(paper, "On the quay")
    project = tmp_path / "project"
    (project / "letters").mkdir(parents=True)
    for path in EXAMPLE.rglob("*.*"):
        if path.suffix in (".py", ".cfg"):
            text = path.read_text(encoding="utf-8").replace('"body": response.text', '"text": 1')
            (project / path.relative_to(EXAMPLE)).write_text(text, encoding="utf-8")
    done = scrape(tmp_path, paper, project=project)
    assert done.returncode == 1, done.stderr
    assert "WrongItem: item of type dict: body must be bytes or str, is NoneType" in done.stderr
    (run,) = Archive(tmp_path / "archive").runs()
    assert run["complete"] is False


def test_a_wrong_setting_ends_the_crawl_before_its_first_request(
    paper: Paper, tmp_path: Path
) -> None:
    letters(paper, "On the quay")
    done = scrape(tmp_path, paper, NORDCRAWL_WORKERS="many")
    assert done.returncode == 1, done.stderr
    assert "nothing is archived: NORDCRAWL_WORKERS = many" in done.stderr
    assert "/letter/0" not in paper.requests


@dataclasses.dataclass
class AsDataclass:
    url: str
    body: str


@attrs.define
class AsAttrs:
    url: str
    body: bytes


class AsModel(pydantic.BaseModel):
    url: str
    body: str


class AsItem(scrapy.Item):
    url = scrapy.Field()
    body = scrapy.Field()


URL = "https://letters.example/1"
HTML = "<p>På kaia</p>"
ANSWER = HtmlResponse(URL, body=HTML.encode(), status=203, headers={"ETag": '"x"'})


@pytest.mark.parametrize(
    "item",
    [{"url": URL, "body": HTML}, AsDataclass(URL, HTML), AsAttrs(URL, HTML.encode()),
     AsModel(url=URL, body=HTML), AsItem(url=URL, body=HTML), ANSWER, {"response": ANSWER}],
    ids=lambda item: type(item).__name__,
)  # fmt: skip
def test_any_kind_of_item_has_a_page(item: Any) -> None:
    page = page_of_item(item, NOW)
    assert (page.url, page.body.decode(), page.fetched_at) == (URL, HTML, NOW)
    if item is ANSWER:
        assert (page.status, page.header("etag")) == (203, '"x"')


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"title": "On the quay"}, "item of type dict: url and body, or a response, are needed"),
        ({"url": 1, "body": HTML}, "url must be str, is int"),
        ({"url": URL, "body": None}, "body must be bytes or str, is NoneType"),
        (object(), "item of type object: url and body"),
    ],
)
def test_what_has_none_is_named(item: Any, said: str) -> None:
    with pytest.raises(WrongItem, match=said):
        page_of_item(item, NOW)


@pytest.mark.parametrize(
    ("setting", "kind", "name"),
    [
        ("HTTPAUTH_USER", "DOWNLOADER_MIDDLEWARES", HttpAuthMiddleware),
        ("DEPTH_LIMIT", "SPIDER_MIDDLEWARES", DepthMiddleware),
    ],
)
def test_what_has_nothing_to_do_in_our_crawls_is_there_only_for_who_sets_it(
    setting: str, kind: str, name: type
) -> None:
    for value, there in ((None, False), ("1", True)):
        settings = Settings() if value is None else Settings({setting: value})
        NordcrawlAddon().update_settings(settings)
        placed = build_component_list(settings.get_component_priority_dict_with_base(kind))
        assert (name in map(load_object, placed)) is there
