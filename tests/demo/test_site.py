"""The demo site over real HTTP, and its truth against its pages."""

from __future__ import annotations

import gzip
import http.client
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote, urljoin, urlsplit

import lxml.html
import pytest

from nordcrawl.demo import DemoSite, ExpectedStory, expected
from nordcrawl.demo.hosts import BARE, EN, WWW, Hosts
from nordcrawl.demo.lists import WITHDRAWN
from nordcrawl.demo.routes import Ask, answer

STORIES = expected()
MODERN = [story for story in STORIES if story.cms_id]
ARTICLE = re.compile(
    r"/(?!(?:tag|author|a|notice|fragment|view-resources|sites|en|nb)/)[^/?#]+/[^/?#]+/\d{4,9}/?"
    r"|/a/\d{4,9}|/(?:en|nb)/(?:node/\d+|[^/?#.]+)"
)
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@dataclass(frozen=True)
class Got:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def html(self) -> lxml.html.HtmlElement:
        return lxml.html.document_fromstring(self.text)


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite() as running:
        yield running


@pytest.fixture(autouse=True)
def _first_edition(site: DemoSite) -> None:
    site.edition = 1
    site.clear_requests()


def ask(site: DemoSite, host: str, path: str, method: str = "GET", **headers: str) -> Got:
    """Ask for a path under a real host's name; headers with _ for -."""
    link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        link.request(method, path, headers={"Host": site.hosts.get(host, host), **named})
        response = link.getresponse()
        return Got(response.status, response.headers, response.read())
    finally:
        link.close()


def page_of(site: DemoSite, story: ExpectedStory) -> Got:
    return ask(site, story.host, quote(story.url_path))


def find(ending: str, stories: tuple[ExpectedStory, ...] = STORIES) -> ExpectedStory:
    return next(story for story in stories if story.url_path.endswith(ending))


def with_trait(trait: str) -> ExpectedStory:
    return next(story for story in STORIES if trait in story.traits)


def folded(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


# --- pages


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
    kinds = {"news", "commentary", "newsletter", "op-ed", "live", "letter"}
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


# --- what lists, and what is listed


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


def sitemap(site: DemoSite, host: str) -> dict[str, str | None]:
    root = ET.fromstring(ask(site, host, "/sitemap?start=0&pageType=article").body)
    return {
        url.findtext(f"{SITEMAP}loc", ""): url.findtext(f"{SITEMAP}lastmod")
        for url in root.iter(f"{SITEMAP}url")
    }


def feed(site: DemoSite, host: str, path: str = "/?lab_viewport=rss") -> dict[str, str]:
    root = ET.fromstring(ask(site, host, path).body)
    return {i.findtext("link", ""): ET.tostring(i, "unicode") for i in root.iter("item")}


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


# --- HTTP


def test_redirects(site: DemoSite) -> None:
    story = find("/148213")
    for host, path in [
        (WWW, "/en/new-owner-restarts-graphite-plant-isfjordhamn"),
        (EN, "/a/148213"),
    ]:
        got = ask(site, host, path)
        assert (got.status, got.headers["Location"]) == (301, site.url(story))
    short = with_trait("short-200")
    got = ask(site, WWW, f"/a/{short.cms_id}")
    assert got.status == 200
    assert got.html.xpath("string(//link[@rel='canonical']/@href)") == site.url(short)


def test_the_bare_host_goes_to_www_but_for_one_story(site: DemoSite) -> None:
    got = ask(site, BARE, "/politikk?x=1")
    assert got.headers["Location"] == f"http://{site.hosts[WWW]}/politikk?x=1"
    story = with_trait("bare-host")
    bare, www = ask(site, BARE, story.url_path), page_of(site, story)
    assert (bare.status, bare.body) == (200, www.body)


def test_an_address_shows_the_norwegian_edition_with_links_to_itself(site: DemoSite) -> None:
    here = f"127.0.0.1:{site.port}"
    front = ask(site, here, "/")
    assert front.html.get("lang") == "nb-NO"
    assert f"http://{here}/naeringsliv/" in front.text
    assert site.hosts[WWW] not in front.text
    with urllib.request.urlopen(f"http://{here}/robots.txt") as answered:
        assert f"Sitemap: http://{here}/sitemap.xml" in answered.read().decode()


def test_unknown_hosts_and_paths(site: DemoSite) -> None:
    assert ask(site, "example.org", "/").status == 421
    assert ask(site, "[", "/").status == 421
    assert ask(site, EN, "/nothing/here/1234567").status == 404
    assert ask(site, EN, WITHDRAWN).status == 404
    assert ask(site, EN, "/", "POST").status == 404


def test_conditional_requests(site: DemoSite) -> None:
    by_tag, by_time, by_nothing = find("/1117230"), find("/1117201"), find("/1117166")
    got = page_of(site, by_tag)
    again = ask(site, EN, by_tag.url_path, If_None_Match=got.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == got.headers["ETag"]
    assert ask(site, EN, by_tag.url_path, If_None_Match='"other"').status == 200
    got = page_of(site, by_time)
    changed = got.headers["Last-Modified"]
    assert parsedate_to_datetime(changed) == by_time.modified_at
    assert ask(site, EN, by_time.url_path, If_Modified_Since=changed).status == 304
    early = "Mon, 01 Jun 2026 00:00:00 GMT"
    assert ask(site, EN, by_time.url_path, If_Modified_Since=early).status == 200
    assert ask(site, EN, by_time.url_path, If_Modified_Since="soon").status == 200
    kinds = Counter(
        (bool(got.headers["ETag"]), bool(got.headers["Last-Modified"]))
        for got in (page_of(site, story) for story in MODERN)
    )
    assert set(kinds) == {(True, False), (False, True), (False, False)}
    assert by_nothing.cms_id


def test_gzip_and_head(site: DemoSite) -> None:
    path = find("/1117230").url_path
    packed = ask(site, EN, path, Accept_Encoding="gzip, br")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert b"</html>" in gzip.decompress(packed.body)
    head = ask(site, EN, path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) > 5_000


def test_requests_are_kept(site: DemoSite) -> None:
    ask(site, EN, "/robots.txt", User_Agent="tester")
    ask(site, EN, "/__demo__/")
    (seen,) = site.requests
    assert seen[:3] == ("en.highnorthnews.localhost", "/robots.txt", 200)
    assert seen.headers["user-agent"] == "tester"
    site.clear_requests()
    workers = [threading.Thread(target=ask, args=(site, EN, "/robots.txt")) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(site.requests) == 8


def test_fail_extra_and_delay() -> None:
    extra = {(EN, "/x/y/1234"): (200, {"X-Robots-Tag": "noai"}, b"<html>mine</html>")}
    with DemoSite(fail={"/robots.txt": 503}, extra=extra, delay_s=0.05) as site:
        assert ask(site, WWW, "/robots.txt").status == 503
        got = ask(site, EN, "/x/y/1234")
        assert (got.body, got.headers["X-Robots-Tag"]) == (b"<html>mine</html>", "noai")
        assert ask(site, WWW, "/x/y/1234").status == 404
        assert [seen.status for seen in site.requests] == [503, 200, 404]


def test_host_map(site: DemoSite) -> None:
    pairs = dict(pair.split("=") for pair in site.host_map.split(","))
    assert pairs == site.hosts
    assert pairs[EN] == f"en.highnorthnews.localhost:{site.port}"


# --- the second edition


def changed_stories() -> list[tuple[ExpectedStory, ExpectedStory]]:
    return [(a, b) for a, b in zip(expected(1), expected(2), strict=True) if a != b]


def test_the_second_edition_changes_one_article(site: DemoSite) -> None:
    ((old, new),) = changed_stories()
    assert old.url_path == new.url_path
    assert old.text != new.text
    assert old.modified_at is not None
    assert new.modified_at is not None
    assert new.modified_at > old.modified_at
    hosts = Hosts.on(1)
    for story in STORIES:
        asked = [Ask(hosts, story.host, quote(story.url_path), n, turn=0) for n in (1, 2)]
        first, second = (answer(one) for one in asked)
        assert (first == second) == (story.url_path != old.url_path)
    before = {host: (sitemap(site, host), feed(site, host)) for host in (EN, WWW)}
    etag = page_of(site, old).headers["ETag"]
    site.publish_changes()
    assert site.expected() == expected(2)
    after = {host: (sitemap(site, host), feed(site, host)) for host in (EN, WWW)}
    url = site.url(old)
    for kind in (0, 1):
        assert [u for u in after[EN][kind] if after[EN][kind][u] != before[EN][kind][u]] == [url]
    assert after[WWW] == before[WWW]
    got = ask(site, EN, old.url_path, If_None_Match=etag)
    assert got.status == 200
    assert new.subtitle in got.text


def test_the_edition_can_be_set_over_http(site: DemoSite) -> None:
    here = f"127.0.0.1:{site.port}"
    assert ask(site, here, "/__demo__/edition?n=2", "POST").body == b"edition 2\n"
    assert site.edition == 2
    assert ask(site, here, "/__demo__/edition?n=7", "POST").status == 404
    assert ask(site, here, "/__demo__/edition?n=1", "POST").status == 200
    assert site.edition == 1
    index = ask(site, here, "/__demo__/")
    assert index.status == 200
    listed = {unquote(str(href)) for href in index.html.xpath("//table//a/@href")}
    assert listed == {site.url(story) for story in STORIES}


def test_serve_prints_where_it_is_and_ends_on_sigterm() -> None:
    command = [sys.executable, "-c", "from nordcrawl.demo import serve; serve(0)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline().split()[-1]
        with urllib.request.urlopen(first) as answered:
            assert answered.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        rest = process.stdout.read()
    assert "en.highnorthnews.com=en.highnorthnews.localhost:" in rest
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(first, timeout=1)
