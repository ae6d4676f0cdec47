"""What the demo site lists, and that all stories can be found by it."""

from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ET
from collections import Counter
from urllib.parse import urljoin, urlsplit

import pytest

from nordcrawl.demo import DemoSite
from nordcrawl.demo.hosts import EN, WWW
from nordcrawl.demo.lists import WITHDRAWN
from tests.support.demo_asking import SITEMAP, STORIES, ask, feed, sitemap, with_trait

ARTICLE = re.compile(
    r"/(?!(?:tag|author|a|notice|fragment|view-resources|sites|en|nb)/)[^/?#]+/[^/?#]+/\d{4,9}/?"
    r"|/a/\d{4,9}|/(?:en|nb)/(?:node/\d+|[^/?#.]+)"
)


def test_robots(site: DemoSite) -> None:
    text = ask(site, EN, "/robots.txt").text
    assert text.startswith("User-agent: *\nDisallow: /cse\n")
    assert f"Sitemap: http://{site.hosts[EN]}/sitemap.xml" in text


@pytest.mark.parametrize("host", [EN, WWW])
def test_sitemaps(site: DemoSite, host: str) -> None:
    index = ET.fromstring(ask(site, host, "/sitemap.xml").body)
    assert index.tag == f"{SITEMAP}sitemapindex"
    locs = [loc.text or "" for loc in index.iter(f"{SITEMAP}loc")]
    assert [urlsplit(loc).path for loc in locs] == ["/sitemap", "/sitemap-tags.xml.gz"]
    entries = sitemap(site, host)
    assert len(entries) > 10
    broken = [loc for loc in entries if not loc.startswith(f"http://{site.hosts[host]}/")]
    assert len(broken) == 1
    packed = ask(site, host, "/sitemap-tags.xml.gz", Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] is None
    tags = ET.fromstring(gzip.decompress(packed.body))
    assert all("/tag/" in (loc.text or "") for loc in tags.iter(f"{SITEMAP}loc"))


def test_feeds(site: DemoSite) -> None:
    items = feed(site, EN)
    assert site.url(with_trait("feed-only")) in items
    forms = [re.search("<pubDate>(.*)</pubDate>", item) for item in items.values()]
    dates = [found[1] for found in forms if found]
    assert {date[-1] for date in dates} >= {"0", "Z"}
    assert any(date.isdigit() for date in dates)
    assert f"http://{site.hosts[EN]}/a/1117201" in "".join(items.values())
    assert "kicker>" in "".join(items.values())
    news = ask(site, EN, "/?lab_viewport=newssitemap").text
    assert 0 < news.count("<news:news>") < news.count("<loc>")
    assert feed(site, WWW, "/tag/nyhetsbrev?lab_viewport=rss")


def test_front_and_tag_pages(site: DemoSite) -> None:
    front = ask(site, WWW, "/").html
    assert not front.xpath("//time")
    assert front.xpath("//a[contains(@href, '/tag/ny-%c3%a5lesund')]")
    for spelling in ("ny-%C3%A5lesund", "ny-%c3%a5lesund", "ny-a%CC%8Alesund"):
        tag = ask(site, WWW, f"/tag/{spelling}").html
        links = tag.xpath("//article//a[@itemprop='url']/@href")
        assert [n for n in Counter(links).values() if n == 2] == [2]
    assert ask(site, EN, "/tag/northern%20transport%20policy").html.xpath("//article")
    seen, path = set(), "/"
    for _ in range(3):
        (path,) = ask(site, EN, path).html.xpath("//a[text()='App']/@href")
        seen.add(path)
        path = f"/{path}"
    assert len(seen) == 3


def test_every_story_can_be_found_and_nothing_else(site: DemoSite) -> None:
    """Follow what a crawler may follow: all stories are reached, each under one canonical URL."""
    found: set[str] = set()
    for host in (EN, WWW):
        base = f"http://{site.hosts[host]}/"
        addresses = [*sitemap(site, host), *feed(site, host)]
        tags = gzip.decompress(ask(site, host, "/sitemap-tags.xml.gz").body).decode()
        lists = {"/", *(urlsplit(loc).path for loc in re.findall("<loc>(.*)</loc>", tags))}
        for path in lists:
            addresses += [str(h) for h in ask(site, host, path).html.xpath("//a/@href")]
        for address in addresses:
            try:
                found.add(urljoin(base, address))
            except ValueError:
                assert address == "http://[broken/"
    canonical = set()
    for address in found:
        parts = urlsplit(address)
        if ARTICLE.fullmatch(parts.path) is None:
            continue
        got = ask(site, parts.netloc, parts.path)
        if got.status == 301:
            target = urlsplit(got.headers["Location"])
            got = ask(site, target.netloc, target.path)
        if got.status == 200:
            canonical.add(got.html.xpath("string(//link[@rel='canonical']/@href)"))
        else:
            assert (got.status, parts.path) == (404, WITHDRAWN)
    assert canonical == {site.url(story) for story in STORIES}


def test_a_story_that_only_a_tag_page_names(site: DemoSite) -> None:
    story = with_trait("tag-only")
    for listed in ("/", "/?lab_viewport=rss", "/sitemap?start=0&pageType=article"):
        assert story.url_path not in ask(site, EN, listed).text
    assert story.url_path in ask(site, EN, "/tag/northern%20lights").text
