"""Feeds: robots.txt, sitemaps, news sitemap and RSS of the demo site.

With the faults of real ones: an entry that is no address, a relative one, one that is gone,
three ways to write a date. Knows nothing of HTML.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from nordcrawl.demo.lists import WITHDRAWN, on_front, tags_of, with_tag
from nordcrawl.demo.markup import View, tag_path, utc
from nordcrawl.demo.story import Story

#: How many stories a feed has; what is older is in the sitemap only.
FEED_SIZE = 10
_NEWS_AGE = timedelta(days=2)
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def robots(base: str) -> str:
    """Return the robots.txt of an edition."""
    return f"User-agent: *\nDisallow: /cse\n\nSitemap: {base}/sitemap.xml\n"


def sitemap_index(base: str) -> str:
    """Return the index: one sitemap of articles, one of tags."""
    parts = ("/sitemap?start=0&pageType=article", "/sitemap-tags.xml.gz")
    rows = "\n".join(f"<sitemap><loc>{escape(base + part)}</loc></sitemap>" for part in parts)
    return f"{_XML}<sitemapindex {_SITEMAP}>\n{rows}\n</sitemapindex>\n"


def article_sitemap(language: str, view: View) -> str:
    """Return the sitemap of an edition's articles, with the times of their last change.

    The Norwegian one has the old pages too, and a relative address; the English one has an
    entry that is no address and one of a page that is gone.
    """
    hidden = {"tag-only", "feed-only", "link-only"}
    rows = []
    for story in view.stories:
        edition = "nb" if story.is_old else story.language
        if edition != language or story.traits & hidden:
            continue
        loc = story.path if "relative-loc" in story.traits else view.hosts.url(story)
        rows.append(_entry(loc, story.last_change))
    if language == "en":
        rows.append("<url><loc>http://[broken/</loc></url>")
        rows.append(f"<url><loc>{view.hosts.base('en')}{WITHDRAWN}</loc></url>")
    return _urlset(rows)


def tag_sitemap(language: str, view: View) -> str:
    """Return the sitemap of an edition's tag pages."""
    base = view.hosts.base(language)
    tags = tags_of(language, view.stories)
    return _urlset(f"<url><loc>{base}{escape(tag_path(tag))}</loc></url>" for tag in tags)


def news_sitemap(language: str, view: View) -> str:
    """Return the front as a news sitemap; ``news:`` only on what is two days old at most."""
    listed = on_front(language, view.stories)
    newest = max(story.published for story in listed)
    rows = []
    for story in listed:
        news = ""
        if newest - story.published <= _NEWS_AGE:
            news = f"""
<news:news>
<news:publication><news:name>High North News</news:name>
<news:language>{story.language}</news:language></news:publication>
<news:publication_date>{utc(story.published)}</news:publication_date>
<news:title>{escape(story.title)}</news:title>
</news:news>"""
        rows.append(f"<url><loc>{view.hosts.url(story)}</loc>{news}</url>")
    return _urlset(rows, 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"')


def rss(language: str, view: View, tag: str | None = None) -> str:
    """Return the RSS feed of the front or of a tag, in the editors' order and not by date."""
    base = view.hosts.base(language)
    if tag is None:
        newest = [s for s in view.stories if s.language == language and not s.is_old]
        newest = [s for s in newest if not s.traits & {"tag-only", "sitemap-only"}]
        newest.sort(key=lambda s: s.published, reverse=True)
        chosen = {s.path for s in newest[:FEED_SIZE]}
        listed = [s for s in view.stories if s.path in chosen]
    else:
        listed = with_tag(tag, language, view.stories)
    items = "\n".join(_item(story, number, base, view) for number, story in enumerate(listed))
    return f"""{_XML}<rss version="2.0" xmlns:labradorcms="https://labradorcms.com/rss">
<channel>
<title>High North News</title>
<link>{base}/</link>
<description>{"News" if language == "en" else "Nyheter"}</description>
{items}
</channel>
</rss>
"""


def _item(story: Story, number: int, base: str, view: View) -> str:
    return f"""<item>
<title>{escape(story.title)}</title>
<link>{view.hosts.url(story)}</link>
<guid isPermaLink="false">{base}/a/{story.cms_id}</guid>
<pubDate>{_dated(story.published, number)}</pubDate>
<labradorcms:kicker>{escape(story.kicker)}</labradorcms:kicker>
<description>{escape(story.standfirst)}</description>
</item>"""


def _dated(at: datetime, number: int) -> str:
    """Return a time in one of the three ways that feeds of this system are known to have."""
    if number == 2:
        return str(int(at.timestamp()))
    return utc(at) if number % 3 == 1 else format_datetime(at)


def _entry(loc: str, at: datetime) -> str:
    return f"<url><loc>{escape(loc)}</loc><lastmod>{utc(at)}</lastmod></url>"


def _urlset(rows: Iterable[str], namespaces: str = "") -> str:
    return f"{_XML}<urlset {_SITEMAP} {namespaces}>\n" + "\n".join(rows) + "\n</urlset>\n"
