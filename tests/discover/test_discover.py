"""Sitemaps, feeds and listings: every good entry is found, a bad one costs only itself."""

import gzip

import pytest

from nordcrawl.discover import Link, read

BASE = "https://example.org/x/sitemap.xml"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urls(found):
    return [link.url for link in found.links]


def test_a_urlset_tells_lastmod_and_news():
    body = f"""<?xml version="1.0" encoding="UTF-8"?><urlset {NS}
      xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
      <url><loc> https://example.org/a </loc><lastmod>2026-11-20T10:00:00+01:00</lastmod></url>
      <url><loc>https://example.org/b</loc><lastmod>2026-11-20</lastmod><news:news>
        <news:publication_date>2026-11-19T08:00Z</news:publication_date>
        <news:title>Isen &amp; havet</news:title></news:news></url>
    </urlset>""".encode()
    assert read("sitemap", body, BASE).links == (
        Link("https://example.org/a", lastmod="2026-11-20T09:00:00Z"),
        Link("https://example.org/b", "2026-11-20", "2026-11-19T08:00:00Z", "Isen & havet"),
    )


def test_an_index_names_further_sitemaps():
    body = f"<sitemapindex {NS}><sitemap><loc>/s?a=1&amp;b=2</loc></sitemap></sitemapindex>"
    found = read("sitemap", body.encode(), BASE)
    assert [s.url for s in found.sitemaps] == ["https://example.org/s?a=1&b=2"]
    assert found.links == ()


@pytest.mark.parametrize(
    "body",
    [
        b"<urlset><url><loc>https://example.org/a</loc></url></urlset>",
        gzip.compress(b"<urlset><url><loc>https://example.org/a</loc></url></urlset>", mtime=0),
        b"\xef\xbb\xbf<urlset><url><loc>https://example.org/a</loc></url></urlset>",
        b"https://example.org/a\n",
    ],
    ids=["no namespace", "gzip", "byte order mark", "text"],
)
def test_a_sitemap_may_come_in_any_of_its_forms(body):
    assert urls(read("sitemap", body, BASE)) == ["https://example.org/a"]


def test_a_bad_entry_costs_that_entry_only():
    body = b"""<urlset><url><loc>https://example.org/a</loc></url><url></url>
      <url><loc>http://[::1</loc></url><url><loc>file:///etc/passwd</loc></url>
      <url><loc>/b</loc><lastmod>soon</lastmod></url></urlset>"""
    found = read("sitemap", body, BASE)
    assert urls(found) == ["https://example.org/a", "https://example.org/b"]
    assert len(found.skipped) == 3


def test_what_stands_before_a_break_is_kept_and_the_break_named():
    found = read("sitemap", b"<urlset><url><loc>https://example.org/a</loc></url><url><lo", BASE)
    assert urls(found) == ["https://example.org/a"]
    assert "broken XML" in (found.problem or "")


@pytest.mark.parametrize(
    ("body", "says"),
    [(b"", "empty"), (b"<!DOCTYPE html><html></html>", "HTML"), (b"<opml></opml>", "root element"),
     (gzip.compress(b"x" * 1000, mtime=0)[:20], "gzip"), (b"\x00\x01", "broken XML"),
     (b"no such thing", "broken XML")],
)  # fmt: skip
def test_what_is_no_sitemap_says_so(body, says):
    assert says in (read("sitemap", body, BASE).problem or "")


def test_entities_are_neither_expanded_nor_fetched():
    body = b"""<!DOCTYPE urlset [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
      <!ENTITY x SYSTEM "file:///etc/passwd">]>
      <urlset><url><loc>https://example.org/&b;&x;</loc></url>
      <url><loc>https://example.org/good</loc></url></urlset>"""
    found = read("sitemap", body, BASE)
    assert "https://example.org/good" in urls(found)
    assert not any("aaaa" in url or "root" in url for url in urls(found))


def test_a_gzip_bomb_is_cut():
    bomb = gzip.compress(b" " * (60 << 20))
    assert "larger" in (read("sitemap", bomb, BASE).problem or "")


RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>
<item><title>A</title><link>https://example.org/a</link><guid>https://example.org/a/1</guid>
<pubDate>Mon, 06 Sep 2021 00:01:00 +0200</pubDate></item>
<item><title>B</title><link>/b</link><pubDate>1630879260</pubDate></item>
<item><title>C</title><link>https://example.org/c</link><pubDate>2021-09-06T10:00:00Z</pubDate></item>
<item><title>no link</title></item></channel></rss>"""


def test_rss_dates_are_read_in_three_forms():
    found = read("feed", RSS, BASE)
    assert urls(found) == [
        "https://example.org/a",
        "https://example.org/b",
        "https://example.org/c",
    ]
    assert [link.published for link in found.links] == [
        "2021-09-05T22:01:00Z", "2021-09-05T22:01:00Z", "2021-09-06T10:00:00Z",
    ]  # fmt: skip
    assert "no link" in found.skipped[0]


def test_atom_is_read_too():
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><title>A</title>
      <link rel="alternate" href="https://example.org/a"/><id>urn:1</id>
      <published>2026-11-01T10:00:00Z</published><updated>2026-11-02T10:00:00Z</updated></entry></feed>"""
    (link,) = read("feed", body, BASE).links
    assert (link.url, link.lastmod, link.published) == (
        "https://example.org/a", "2026-11-02T10:00:00Z", "2026-11-01T10:00:00Z",
    )  # fmt: skip


def test_broken_xml_in_a_feed_is_forgiven():
    body = RSS.replace(b"<title>A", b"<title>A & B &nbsp;")
    assert len(read("feed", body, BASE).links) == 3


@pytest.mark.parametrize("body", [b"", b"<html><body>", b"Not found", b'{"a": 1}'])
def test_what_is_no_feed_says_so(body):
    assert read("feed", body, BASE).problem


def test_a_listing_gives_every_web_link_once_in_order():
    body = b"""<html><head><base href="https://example.org/en/"></head><body>
      <a href="b">1</a><a href="/a">2</a><a href="b">3</a><a href="#x">4</a>
      <a href="mailto:x@example.org">5</a><a href="http://[::1">6</a><a>7</a></body></html>"""
    found = read("listing", body, "https://example.org/")
    assert urls(found) == ["https://example.org/en/b", "https://example.org/a"]
    assert len(found.skipped) == 1


def test_links_merge_what_each_source_tells():
    merged = Link("u", "2026-11-01", None, "T").merge(Link("u", "2026-11-02", "2026-10-01"))
    assert merged == Link("u", "2026-11-02", "2026-10-01", "T")


@pytest.mark.parametrize(
    ("encoding", "header", "meta"),
    [
        ("utf-8", "text/html; charset=utf-8", ""),
        ("utf-8", "text/html; charset=utf-8", "<meta charset=iso-8859-1>"),
        ("utf-8", None, ""),
        ("utf-8", None, "<meta charset=iso-8859-1>"),
        ("utf-8-sig", "text/html; charset=iso-8859-1", ""),
        ("cp1252", "text/html; charset=windows-1252", "<meta charset=windows-1251>"),
        ("cp1251", 'text/html; charset="windows-1251"', "<meta charset=windows-1252>"),
        ("cp1251", None, "<meta charset=windows-1251>"),
        ("utf-16", None, ""),
        ("utf-8", "text/html; charset=utf-8", '<?xml version="1.0" encoding="iso-8859-1"?>'),
    ],
)
def test_a_listing_has_the_characters_of_its_header_first(encoding, header, meta):
    """The order of the HTML standard: mark, header, page; 13.2.3.2."""
    name = "/news/ny-ålesund-får-båt" if "1251" not in encoding else "/news/новости"
    body = f"{meta}<html><head><title>F</title></head><body><a href='{name}'>x</a></body></html>"
    found = read("listing", body.encode(encoding), "https://example.org/", header)
    assert urls(found) == [f"https://example.org{name}"]


def test_no_address_keeps_a_password():
    told = "https://user:secret@example.org/a"
    bodies = {
        "sitemap": f"<urlset><url><loc>{told}</loc></url></urlset>",
        "feed": RSS.decode().replace("https://example.org/a<", f"{told}<"),
        "listing": f"<a href='{told}'>a</a><a href='//user:secret@example.org/b'>b</a>",
    }
    for kind, body in bodies.items():
        found = read(kind, body.encode(), BASE)
        assert urls(found)[0] == "https://example.org/a"
        assert "secret" not in repr(found)
    index = f"<sitemapindex><sitemap><loc>{told}</loc></sitemap></sitemapindex>"
    assert read("sitemap", index.encode(), BASE).sitemaps[0].url == "https://example.org/a"
    bad = b"<urlset><url><loc>ftp://user:secret@example.org/a</loc></url></urlset>"
    found = read("sitemap", bad, BASE)
    assert found.skipped
    assert "secret" not in repr(found)
