"""Feeds as they really are: RSS, Atom, RDF and JSON Feed, whatever they are asked for as."""

from __future__ import annotations

import json

import pytest

from nordcrawl.discover import Discovery, Link, read
from nordcrawl.discover.link import By, Words

SITE = "https://example.org"
BASE = f"{SITE}/rss/feed"
ATOM = "xmlns='http://www.w3.org/2005/Atom'"


def found(body: str | bytes, kind: str = "feed", **more) -> Discovery:
    return read(kind, body.encode() if isinstance(body, str) else body, BASE, **more)


def paths(discovery: Discovery) -> list[str]:
    return [link.url.removeprefix(SITE) for link in discovery.links]


def rss(*items: str, namespaces: str = "") -> str:
    told = "".join(f"<item>{item}</item>" for item in items)
    return f"<rss version='2.0' {namespaces}><channel><title>T</title>{told}</channel></rss>"


def test_a_base_holds_for_what_is_in_it():
    body = f"""<feed {ATOM} xml:base="/no/"><title>T</title>
      <entry xml:base="2026/"><title>A</title><link href="a"/></entry>
      <entry><title>B</title><link href="b"/></entry>
      <entry><title>C</title><link xml:base="https://example.org/en/" href="c"/></entry>
      <entry xml:base="/x/"><title>D</title><link href="/d"/></entry></feed>"""
    assert paths(found(body)) == ["/no/2026/a", "/no/b", "/en/c", "/d"]
    # The same where the document has to be read entry by entry.
    assert paths(found(body.replace("<title>B", "<title>B & "))) == [
        "/no/2026/a", "/no/b", "/en/c", "/d"
    ]  # fmt: skip


def test_an_entry_has_the_link_of_its_page_and_its_own_words():
    body = f"""<feed {ATOM} xmlns:m="urn:media" xmlns:t="http://purl.org/syndication/thread/1.0">
      <entry><link rel="self" href="/self"/><link rel="enclosure" href="/sound.mp3"/>
      <m:link href="/media"/><m:title>Picture</m:title><t:updated>2020-01-01T01:01:01Z</t:updated>
      <link type="application/json" href="/a.json"/><link type="text/html" href="/a"/>
      <title type="html">Tom &amp;amp; &lt;i&gt;Ida&lt;/i&gt;</title><id>urn:x</id>
      <published>2026-03-02T08:00:00+01:00</published><updated>2026-03-03T08:00:00</updated>
      <source><title>Other</title><link href="/other"/><updated>2020-01-01T01:01:01Z</updated>
      </source></entry></feed>"""
    (link,) = found(body, timezone="America/Nuuk").links
    wanted = Link(f"{SITE}/a", "2026-03-03T10:00:00Z", "2026-03-02T07:00:00Z", "Tom & Ida")
    assert link == wanted
    assert link.words == Words("2026-03-03T08:00:00", "2026-03-02T08:00:00+01:00")
    assert link.by == By(BASE, BASE, BASE)


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ("<link>https://example.org/a</link>", "/a"),
        ("<link><![CDATA[ https://example.org/a ]]></link>", "/a"),
        ("<link>\n/a\n</link>", "/a"),
        ("<link/>https://example.org/a", "/a"),
        ("<guid>https://example.org/a</guid>", "/a"),
        ("<link/><guid isPermaLink='true'>https://example.org/a</guid>", "/a"),
        ("<x:link rel='self' href='/self'/><link>/a</link>", "/a"),
        ("<x:link rel='alternate' href='/a'/>", "/a"),
        ("<link>mailto:x@example.org</link><guid>https://example.org/a</guid>", "/a"),
        ("<guid isPermaLink='false'>https://example.org/a</guid>", None),
        ("<guid>77</guid>", None),
        ("<enclosure url='https://example.org/sound.mp3'/>", None),
        ("<source url='https://example.org/other'>Other</source>", None),
    ],
)
def test_where_an_rss_item_names_its_page(item, path):
    namespaces = "xmlns:x='http://www.w3.org/2005/Atom'"
    result = found(rss(f"<title>A</title>{item}", "<link>/b</link>", namespaces=namespaces))
    assert paths(result) == ([path] if path else []) + ["/b"]
    assert bool(result.skipped) is (path is None)


@pytest.mark.parametrize("prefix", ["xmlns:dc='http://purl.org/dc/elements/1.1/'", ""])
def test_rdf_and_dublin_core(prefix):
    body = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" {prefix}
      xmlns="http://purl.org/rss/1.0/"><channel rdf:about="/"><link>/</link></channel>
      <item rdf:about="https://example.org/a"><title>A</title><link>https://example.org/a</link>
      <dc:date>2026-03-02T08:00+01:00</dc:date></item>
      <item rdf:about="https://example.org/b"><title>B</title></item></rdf:RDF>"""
    assert found(body).links == (
        Link(f"{SITE}/a", None, "2026-03-02T07:00:00Z", "A"),
        Link(f"{SITE}/b", None, None, "B"),
    )


@pytest.mark.parametrize(
    ("text", "published"),
    [("04.12.2026 10:00", "2026-12-04T09:00:00Z"), ("10:00", None), ("Fri", None),
     ("December 2026", None), ("12/04/2026", None),
     ("Fri, 04 Dec 2026 10:00:00 +02:00", "2026-12-04T08:00:00Z"),
     ("Fri, 04 Dec 2026 10:00:00 NST", "2026-12-04T13:30:00Z"),
     ("Fri, 04 Dec 2026 10:00:00 GMT+0200", "2026-12-04T08:00:00Z"),
     ("Fri, 04 Dec 2026 10:00:00", "2026-12-04T09:00:00Z"),
     ("1796374800", "2026-12-04T09:00:00Z")],
)  # fmt: skip
def test_a_feeds_dates_are_read_and_never_guessed(text, published):
    body = rss(f"<title>A</title><link>/a</link><pubDate>{text}</pubDate>")
    (link,) = found(body, timezone="Europe/Oslo").links
    assert link.published == published
    assert link.words.published == (text if published else None)


@pytest.mark.parametrize("cut", range(75, 300, 5))
def test_what_is_whole_of_a_cut_feed_is_read_and_the_cut_is_told(cut):
    body = rss(*(f"<title>Story {n}</title><link>{SITE}/news/{n}</link>" for n in range(4)))
    result = found(body[:cut])
    assert paths(result) == [f"/news/{n}" for n in range(body[:cut].count("</item>"))]
    assert "cut short" in (result.problem or "")


def test_half_an_atom_feed():
    entries = "".join(
        f"<entry><title>{n}</title><link href='/news/{n}'/></entry>" for n in range(6)
    )
    body = f"<feed {ATOM}>{entries}</feed>"
    result = found(body[: len(body) // 2])
    assert paths(result) == ["/news/0", "/news/1"]
    assert "cut short" in (result.problem or "")


@pytest.mark.parametrize("text", ["A&nbsp;B", "A & B", "A < B", "A\x0bB", "<p>A</b>"])
def test_a_bad_item_costs_at_most_itself(text):
    items = [
        f"<link>/{n}</link><description>{text if n == 1 else ''}</description>" for n in range(4)
    ]
    result = found(rss(*items))
    assert paths(result) == ["/0", "/1", "/2", "/3"]
    assert (result.problem, len(result.damage)) == (None, 1)


def test_markup_in_a_description_is_no_item():
    text = "<description><![CDATA[<p>x & y <item><link>/no</link></item></p>]]></description>"
    assert paths(found(rss(f"<link>/a</link>{text}", "<link>/b?x&y</link>"))) == ["/a", "/b?x&y"]


def test_a_feed_named_as_a_sitemap_is_a_feed():
    body = rss("<link>/a</link>", "<link>/b</link>")
    result = found(body, "sitemap")
    assert (paths(result), result.is_news, result.problem) == (["/a", "/b"], True, None)
    atom = f"<feed {ATOM}><entry><link href='/a'/></entry></feed>"
    assert found(atom, "sitemap").is_news
    assert found(json.dumps({"items": [{"url": "/a"}]}), "sitemap").is_news


def test_a_sitemap_named_as_a_feed_is_a_sitemap():
    result = found(f"<urlset><url><loc>{SITE}/a</loc></url></urlset>")
    assert (paths(result), result.is_news, result.problem) == (["/a"], False, None)


ODD = [
    {"id": "1", "url": "/a", "title": "A", "date_published": "2026-03-02T08:00:00+01:00"},
    {"id": 2, "url": "/b", "title": None, "date_published": None, "date_modified": 1772434800},
    None, "text", 7, [], {},
    {"id": f"{SITE}/c", "title": ["x"], "date_published": "soon"},
    {"id": "d", "external_url": f"{SITE}/d", "authors": None, "tags": 5, "attachments": [None]},
    {"url": {"href": "/e"}}, {"url": "mailto:x@example.org"},
    {"url": "/f", "date_published": True},
]  # fmt: skip


def test_a_json_feed_with_odd_items():
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": ODD})
    result = found(body)
    assert result.links == (
        Link(f"{SITE}/a", None, "2026-03-02T07:00:00Z", "A"),
        Link(f"{SITE}/b", "2026-03-02T07:00:00Z"),
        Link(f"{SITE}/c"),
        Link(f"{SITE}/d"),
        Link(f"{SITE}/f"),
    )
    assert (len(result.skipped), result.problem) == (7, None)
    for encoding in ("utf-8-sig", "utf-16"):
        assert found(body.encode(encoding)).links == result.links
    assert found(body.replace('"A"', '"A\tB"')).links[0].title == "A B"


def test_a_cut_json_feed_gives_what_is_whole():
    body = json.dumps({"title": "T", "items": [{"url": f"/{n}"} for n in range(5)]})
    result = found(body[: body.index("/3")])
    assert paths(result) == ["/0", "/1", "/2"]
    assert "cut short" in (result.problem or "")
    assert found('{"items": {}}').problem
    assert found('{"a": 1}').problem


def test_a_feed_is_never_the_name_of_a_file(tmp_path):
    file = tmp_path / "feed.xml"
    file.write_text(rss("<link>/a</link>"))
    result = found(str(file))
    assert (result.links, bool(result.problem)) == ((), True)
