"""Asking the demo site over real HTTP, under its host names but without a resolver."""

from __future__ import annotations

import http.client
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from urllib.parse import quote

import lxml.html

from nordcrawl.demo import DemoSite, ExpectedStory, expected

STORIES = expected()
MODERN = [story for story in STORIES if story.cms_id]
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


def ask(site: DemoSite, host: str, path: str, method: str = "GET", **headers: str) -> Got:
    """Ask for a path under a real host's name; headers with _ for -."""
    link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=300)
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


def sitemap(site: DemoSite, host: str) -> dict[str, str | None]:
    root = ET.fromstring(ask(site, host, "/sitemap?start=0&pageType=article").body)
    return {
        url.findtext(f"{SITEMAP}loc", ""): url.findtext(f"{SITEMAP}lastmod")
        for url in root.iter(f"{SITEMAP}url")
    }


def feed(site: DemoSite, host: str, path: str = "/?lab_viewport=rss") -> dict[str, str]:
    root = ET.fromstring(ask(site, host, path).body)
    return {i.findtext("link", ""): ET.tostring(i, "unicode") for i in root.iter("item")}
