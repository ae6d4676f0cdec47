"""Items of any kind that Scrapy knows pass the pipelines; one of the wrong shape says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pydantic
import pytest
import scrapy

from nordcrawl.items import PageFields, PageItem, WrongItem, address_of
from nordcrawl.model.article import Article, Block, BlockKind, Extractor
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading

URL = "https://example.org/news/1"
PAGE = Page(URL, b"<p>text</p>", datetime(2026, 11, 1, tzinfo=UTC))
ARTICLE = Article("Title", (Block(BlockKind.P, "text"),), Extractor("generic", "1", "0"))


@attrs.define
class OfAttrs:
    url: str
    page: Page
    article: Article | None = None


class OfPydantic(pydantic.BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    url: str
    page: Page
    article: Article | None = None


class OfScrapy(scrapy.Item):
    url = scrapy.Field()
    page = scrapy.Field()
    article = scrapy.Field()


@dataclass(frozen=True)
class Frozen:
    url: str
    page: Page
    article: Article | None = None


@pytest.mark.parametrize("kind", [PageItem, dict, OfAttrs, OfPydantic, OfScrapy])
def test_every_kind_of_item_is_read_and_filled(kind):
    item = kind(url=URL, page=PAGE)
    fields = PageFields(item)
    assert (fields.url, fields.page.body) == (URL, PAGE.body)
    fields.article = ARTICLE
    assert PageFields(item).article is ARTICLE
    assert address_of(item) == URL


@pytest.mark.parametrize("kind", [PageItem, dict, OfAttrs, OfPydantic, OfScrapy])
def test_a_reading_goes_along_with_every_kind_of_item(kind):
    item = kind(url=URL, page=PAGE)
    fields = PageFields(item)
    reading = Reading.of(ARTICLE, PAGE.body_sha256)
    fields.reading = reading
    assert fields.article is ARTICLE
    assert PageFields(item).reading == reading
    assert (PageFields(item).reading is reading) is (kind in (PageItem, dict))


def test_another_article_has_digests_of_its_own():
    item = PageItem(URL, PAGE)
    PageFields(item).reading = Reading.of(ARTICLE, PAGE.body_sha256)
    item.article = replace(ARTICLE, title="Corrected by the desk")
    assert PageFields(item).reading == Reading.of(item.article, PAGE.body_sha256)
    assert PageFields(item).reading.content_sha256 != ARTICLE.content_sha256


@pytest.mark.parametrize(
    ("item", "field", "said"),
    [
        ({"url": URL}, "page", "item of type dict: page must be Page, is missing"),
        ({"page": PAGE}, "url", "item of type dict: url must be str, is missing"),
        (
            {"url": URL, "page": {"url": URL}},
            "page",
            "item of type dict: page must be Page, is of type dict",
        ),
        (PageItem(URL, PAGE), "verdict", "item of type PageItem: verdict must be Verdict, is"),
        (OfAttrs(URL, PAGE), "article", "item of type OfAttrs: article must be Article, is"),
    ],
)
def test_a_wrong_shape_names_item_and_field(item, field, said):
    with pytest.raises(WrongItem) as caught:
        getattr(PageFields(item), field)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("item", "field"),
    [(Frozen(URL, PAGE), "article"), (OfAttrs(URL, PAGE), "verdict"), (OfScrapy(), "verdict")],
)
def test_a_field_that_cannot_be_set_is_named(item, field):
    with pytest.raises(WrongItem, match=f"type {type(item).__name__}: {field} can't be set"):
        setattr(PageFields(item), field, ())


def test_what_is_no_item_is_refused():
    with pytest.raises(WrongItem, match="item of type bytes: no kind of item that Scrapy knows"):
        PageFields(b"page")
    assert "bytes" in address_of(b"page")


PIPELINES = """
from itemadapter import ItemAdapter

class Whole:
    def process_item(self, item):
        adapter = ItemAdapter(item)
        return {**adapter, "mine": 1}

class Short:
    def process_item(self, item):
        return {"url": ItemAdapter(item)["url"]}
"""


@pytest.mark.slow
def test_an_operators_pipeline_may_hand_on_another_kind_of_item(paper, job, tmp_path):
    paper.publish("/news/1", "Story number 1")
    (tmp_path / "mine.py").write_text(PIPELINES)
    crawl = job(PYTHONPATH=str(tmp_path))
    whole = crawl.crawl("-s", 'ITEM_PIPELINES={"mine.Whole": 50}')
    assert whole.code == 0, whole.text
    assert [r["title"] for r in crawl.records()] == ["Story number 1"]


DROPPING = """
from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem

class Dropping:
    def process_item(self, item):
        if ItemAdapter(item)["url"].endswith(self.ends):
            raise DropItem(*self.said)
        return item

class Early(Dropping):
    ends, said = "/1", ("no news of\\nsport",)

class Late(Dropping):
    ends, said = "/2", (" ",)

class After(Dropping):
    ends, said = "/3", ("already safe",)
"""


@pytest.mark.slow
def test_an_item_that_an_operators_pipeline_drops_has_one_outcome(paper, job, tmp_path):
    for n in range(5):
        paper.publish(f"/news/{n}", f"Story number {n}")
    (tmp_path / "mine.py").write_text(DROPPING)
    crawl = job(PYTHONPATH=str(tmp_path))
    mine = '{"mine.Early": 50, "mine.Late": 250, "mine.After": 350}'
    done = crawl.crawl("-s", f"ITEM_PIPELINES={mine}")
    assert done.code == 0, done.text
    report = crawl.report()
    assert report["outcomes"] == {"new": 3, "out_of_range": 2}
    assert report["unsettled"] == []
    told = {e["url"][-1]: e["reason"] for e in report["examples"]["out_of_range"]}
    assert told == {
        "1": "dropped by an item pipeline: no news of sport",
        "2": "dropped by an item pipeline",
    }
    assert sorted(r["title"][-1] for r in crawl.records()) == ["0", "3", "4"]


def test_an_item_that_lost_its_page_fails_the_run_and_is_named(paper, job, tmp_path: Path):
    paper.publish("/news/1", "Story number 1")
    (tmp_path / "mine.py").write_text(PIPELINES)
    crawl = job(PYTHONPATH=str(tmp_path))
    short = crawl.crawl("-s", 'ITEM_PIPELINES={"mine.Short": 50}')
    assert short.code == 1, short.text
    assert "WrongItem: item of type dict: page must be Page, is missing" in short.out
    assert crawl.report()["outcomes"] == {"extraction_failed": 1}
