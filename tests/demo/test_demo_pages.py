"""The pages of the demo site against its truth, and their markup."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urlsplit

import lxml.html
import pytest

from nordcrawl.demo import DemoSite, ExpectedStory
from nordcrawl.demo.hosts import EN, WWW
from tests.support.demo_asking import MODERN, STORIES, ask, find, folded, page_of, with_trait


@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.url_path)
def test_truth_agrees_with_the_page(site: DemoSite, story: ExpectedStory) -> None:
    got = page_of(site, story)
    assert got.status == 200
    text = folded(got.html.text_content())
    for kind, block in story.blocks_text:
        for piece in re.split(r"[\n\t]", block):
            assert folded(piece) in text, kind
    assert folded(story.title) in text
    assert all(name in text for name in story.authors)
    assert all(tag in text for tag in story.tags)
    assert len(story.text.split()) > 140


@pytest.mark.parametrize("story", MODERN, ids=lambda s: s.url_path)
def test_labrador_markup(site: DemoSite, story: ExpectedStory) -> None:
    html = page_of(site, story).html
    assert html.get("lang") == {"en": "en", "nb": "nb-NO"}[story.language]
    (main,) = html.xpath("//article/section[@id='main']")
    assert main.get("class") == "main article k5a-article"
    (title,) = main.xpath(".//h1[@class='headline mainTitle t35']")
    assert title.text_content() == story.title
    header = main.find_class("articleHeader")[0]
    assert header.find_class("subtitle")[0].text_content() == story.subtitle
    assert header.find_class("kicker")[0].text_content() == story.kicker
    names = header.xpath(".//*[contains(@class, 'byline')]//*[@itemprop='name']")
    assert tuple(name.text for name in names) == story.authors
    (published,) = header.xpath(".//*[contains(@class, 'datePublished')]//time")
    stamp = story.published_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert published.get("datetime") == stamp
    assert len(main.xpath("./div[contains(@class, 'bodytext')]")) == 1
    tags = main.xpath(".//*[contains(@class, 'articleFooter')]//*[@class='tags']/a/text()")
    assert tuple(tags) == story.tags
    assert html.xpath("string(//link[@rel='canonical']/@href)") == site.url(story)
    assert f"id: '{story.cms_id}'" in lxml.html.tostring(html, encoding="unicode")
    assert "Powered by Labrador CMS" in html.xpath("string(//footer[@class='page'])")
    paragraphs = main.xpath("./div[contains(@class, 'bodytext')]/p")
    own = [text for kind, text in story.blocks_text if kind == "p"]
    assert [p.text_content() for p in paragraphs if p.text_content() in own] == own


def test_local_times_are_printed_in_oslo(site: DemoSite) -> None:
    english, norwegian = find("/1117201"), find("/1117222")
    assert "18 November 2026 - 08:15" in page_of(site, english).text
    assert "18.11.2026 - 08:00" in page_of(site, norwegian).text


def test_kinds_and_languages() -> None:
    kinds = {"news", "commentary", "newsletter", "op-ed", "live", "letter", None}
    assert {story.kind for story in STORIES} == kinds
    assert Counter(story.language for story in STORIES)["en"] >= 14
    assert len({(story.host, story.url_path) for story in STORIES}) == len(STORIES) == 32
    for story in STORIES:
        for language, host, path in story.translations:
            other = next(s for s in STORIES if (s.host, s.url_path) == (host, path))
            assert other.language == language != story.language


def test_pages_that_are_special(site: DemoSite) -> None:
    two = page_of(site, with_trait("two-articles")).html
    assert len(two.find_class("k5a-article")) == 2
    assert len(two.xpath("//h1")) == 2
    empty = page_of(site, with_trait("empty-modified")).html
    assert empty.xpath("//meta[@property='article:modified_time']/@content") == [""]
    live = page_of(site, with_trait("notes-first")).text
    assert live.index('"BlogPosting"') < live.index('"LiveBlogPosting"')
    assert "&nbsp;" in page_of(site, with_trait("jsonld-entity")).text
    imported = page_of(site, find("/148213")).text
    assert 'data-lab-imported="true"' in imported
    assert "extId: '45107'" in imported
    old = page_of(site, with_trait("date-in-text")).text
    assert "Mar 23 2016 - 15:26" in old
    assert "published_time" not in old


def test_nothing_is_needed_from_elsewhere(site: DemoSite) -> None:
    ours = set(site.hosts.values()) | {""}
    pages = [page_of(site, story) for story in STORIES]
    pages += [ask(site, host, path) for host in (EN, WWW) for path in ("/", "/tag/science")]
    addresses = Counter[str]()
    for got in pages:
        attributes = "//@href | //@src | //@srcset | //@action | //@data-k5a-url"
        addresses.update(str(value) for value in got.html.xpath(attributes))
    assert {urlsplit(a).netloc for a in addresses if not a.startswith("mailto:")} <= ours
    pictures = [a for a in addresses if "/image/" in a or "/files/" in a or a.endswith(".css")]
    for address in pictures[::10]:
        parts = urlsplit(address)
        assert ask(site, WWW, f"{parts.path}?{parts.query}").status == 200


def test_widgets_change_and_articles_do_not(site: DemoSite) -> None:
    story = find("/1117201")
    first, second = page_of(site, story), page_of(site, story)
    assert first.body != second.body
    bodies = [got.html.xpath("//section[@id='main']/div/p/text()") for got in (first, second)]
    assert bodies[0][:8] == bodies[1][:8]
    counters = [got.html.find_class("view-counter")[0].text for got in (first, second)]
    assert counters[0] != counters[1]
