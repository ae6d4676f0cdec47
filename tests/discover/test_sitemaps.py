"""Sitemaps as they really are: each entry that is there is found, and what is lost is told."""

from __future__ import annotations

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.discover import Discovery, Link, read
from nordcrawl.discover.link import By, Words

SITE = "https://example.org"
BASE = f"{SITE}/maps/latest.xml"


def sitemap(*entries: str, root: str = "urlset", namespaces: str = "") -> str:
    return f"<{root} {namespaces}>{''.join(entries)}</{root}>"


def entry(path: str, more: str = "", before: str = "") -> str:
    return f"<url>{before}<loc>{SITE}/{path}</loc>{more}</url>"


def found(body: str | bytes, **more) -> Discovery:
    return read("sitemap", body.encode() if isinstance(body, str) else body, BASE, **more)


def paths(discovery: Discovery) -> list[str]:
    return [link.url.removeprefix(f"{SITE}/") for link in discovery.links]


PICTURE = (
    "<p:image><p:loc>https://cdn.example.org/x.jpg</p:loc><p:title>A boat</p:title>"
    "<p:caption>2020-01-01</p:caption></p:image>"
)
FILM = (
    "<p:video><p:title>A film</p:title><p:publication_date>2020-01-01</p:publication_date>"
    "<p:player_loc>https://example.org/player</p:player_loc><p:lastmod>2020-01-02</p:lastmod>"
    "</p:video>"
)


@pytest.mark.parametrize("declared", ["xmlns:p='urn:x'", ""], ids=["declared", "undeclared"])
@pytest.mark.parametrize("extension", [PICTURE, FILM, "<p:loc>https://example.org/p</p:loc>"])
@pytest.mark.parametrize("first", [True, False])
def test_what_an_extension_says_is_not_the_pages(extension, declared, first):
    one = entry("a", extension, "") if not first else entry("a", "", extension)
    body = sitemap(one, entry("b", "<lastmod>2026-03-02</lastmod>"), namespaces=declared)
    links = found(body).links
    assert links == (Link(f"{SITE}/a"), Link(f"{SITE}/b", "2026-03-02"))


@pytest.mark.parametrize("declared", ["xmlns:n='urn:news'", ""], ids=["declared", "undeclared"])
def test_a_news_entry_tells_title_and_time_in_its_own_words(declared):
    news = "<n:news><n:publication><n:name>X</n:name></n:publication><n:publication_date>{}"
    news = news.format(
        "2026-03-02T08:00+01:00</n:publication_date><n:title>Isen</n:title></n:news>"
    )
    result = found(sitemap(entry("a", PICTURE.replace("p:", "i:") + news), namespaces=declared))
    (link,) = result.links
    assert link == Link(f"{SITE}/a", None, "2026-03-02T07:00:00Z", "Isen")
    assert link.words == Words(None, "2026-03-02T08:00+01:00")
    assert link.by == By(None, BASE, BASE)
    assert result.is_news


@pytest.mark.parametrize(
    "root",
    ["<s:urlset xmlns:s='urn:s'>{}</s:urlset>", "<URLSET>{}</URLSET>",
     "<urlset xmlns='http://www.google.com/schemas/sitemap/0.84'>{}</urlset>"],
)  # fmt: skip
def test_any_prefix_case_and_namespace_of_its_own_will_do(root):
    prefix = "s:" if root.startswith("<s:") else ""
    body = f"<{prefix}url><{prefix}loc>{SITE}/a</{prefix}loc></{prefix}url>"
    if root.isupper() or "URLSET" in root:
        body = body.replace("url>", "URL>").replace("loc>", "LOC>")
    assert paths(found(root.format(body))) == ["a"]


@pytest.mark.parametrize(
    "before",
    ["\n", "  \r\n\t", "\ufeff", "\ufeff\ufeff\n", "<!-- made by hand -->", "\x00",
     "<br />\n<b>Warning</b>: no such file in <b>/srv/x.php</b> on line <b>7</b><br />\n"],
)  # fmt: skip
def test_bytes_before_the_declaration_cost_nothing(before):
    body = f"{before}<?xml version='1.0' encoding='UTF-8'?>\n{sitemap(entry('a'), entry('b'))}"
    result = found(body)
    assert paths(result) == ["a", "b"]
    assert result.problem is None


def test_bytes_behind_the_end_cost_nothing():
    result = found(sitemap(entry("a"), entry("b")) + "\n<!-- 0.3 s --><script>x()</script>")
    assert (paths(result), result.problem) == (["a", "b"], None)


@pytest.mark.parametrize(
    "title",
    ["A&nbsp;B", "A & B", "A < B", "A &bogus; B", "A\x08B", "A&#1;B", "A&#xD800;B", "A</x>B"],
)
@pytest.mark.parametrize("place", [0, 3, 7])
def test_a_bad_title_costs_at_most_itself(title, place):
    news = f"<n:news><n:title>{title}</n:title></n:news>"
    body = sitemap(
        *(entry(str(n), news if n == place else "") for n in range(8)), namespaces="xmlns:n='urn:n'"
    )
    result = found(body)
    assert paths(result) == [*map(str, range(8))]
    assert result.problem is None
    assert f"entry {place + 1}" in result.damage[0]


@pytest.mark.parametrize("bad", [b"\xf8", b"\xff\xfe", b"\xc3", b"\xe2\x82"])
def test_a_bad_byte_costs_its_entry_only(bad):
    body = sitemap(*(entry(f"ø{n}", "<t>A@B</t>" if n == 2 else "") for n in range(8)))
    result = found(body.encode().replace(b"A@B", b"A" + bad + b"B"))
    assert paths(result) == [f"ø{n}" for n in range(8)]
    assert result.damage
    result = found(body.encode().replace(b"/\xc3\xb85<", b"/" + bad + b"5<"))
    assert paths(result) == [f"ø{n}" for n in range(8) if n != 5]
    assert "1 entries lost, as entry 6" in (result.problem or "")


@pytest.mark.parametrize(
    ("broken", "kept"),
    [
        (f"<url><loc>{SITE}/x</url>", True),
        (f"<url><loc>{SITE}/x</loc>", True),
        (f"<url><loc>{SITE}/x?a=1&b=2</loc></url>", True),
        ("<url><loc></url>", False),
        ("<url><lo", False),
    ],
)
def test_broken_markup_costs_its_entry_only(broken, kept):
    result = found(sitemap(entry("a"), broken, entry("b"), entry("c")))
    own = [path for path in paths(result) if path.startswith("x")]
    assert [path for path in paths(result) if path not in own] == ["a", "b", "c"]
    assert len(own) == kept
    assert kept or result.problem or result.skipped


@pytest.mark.parametrize("cut", range(60, 330, 7))
def test_what_is_whole_of_a_cut_one_is_read_and_the_cut_is_told(cut):
    body = sitemap(*(entry(f"story-{n}", "<lastmod>2026-03-02</lastmod>") for n in range(4)))
    result = found(body[:cut])
    whole = body[:cut].count("</url>")
    assert paths(result) == [f"story-{n}" for n in range(whole)]
    assert "cut short" in (result.problem or "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_text_in_each_of_its_forms(encoding, pack):
    text = f"{SITE}/å\r\n\r\n{SITE}/b?x=1&y=2\r\n"
    result = found(pack(text.encode(encoding)))
    assert (paths(result), result.problem) == (["å", "b?x=1&y=2"], None)


def test_a_line_that_is_no_address_is_told():
    result = found(f"{SITE}/a\nnews/b\nmailto:x@example.org\n{SITE}/c")
    assert paths(result) == ["a", "c"]
    assert len(result.skipped) == 2


@pytest.mark.parametrize(
    ("encoding", "declared", "header"),
    [
        ("utf-8", "utf-8", None), ("utf-8", "utf-16", None), ("utf-8", "iso-8859-1", None),
        ("utf-16", "utf-16", None), ("utf-16-le", "utf-16", None), ("latin-1", "iso-8859-1", None),
        ("cp1251", "windows-1251", None), ("latin-1", None, "application/xml; charset=iso-8859-1"),
        ("latin-1", None, None), ("cp1251", None, "text/xml; charset=windows-1251"),
    ],
)  # fmt: skip
def test_characters_are_those_that_are_meant(encoding, declared, header):
    name = "новости" if encoding == "cp1251" else "ny-ålesund"
    start = f"<?xml version='1.0' encoding='{declared}'?>" if declared else ""
    body = (start + sitemap(entry(name))).encode(encoding)
    assert paths(found(body, content_type=header)) == [name]


def members(*parts: bytes) -> bytes:
    return b"".join(gzip.compress(part, mtime=0) for part in parts)


def test_all_members_of_a_gzip_file_are_read():
    lines = [f"{SITE}/{n}\n".encode() for n in range(4)]
    assert paths(found(members(*lines))) == ["0", "1", "2", "3"]
    whole = sitemap(entry("a"), entry("b")).encode()
    assert paths(found(members(whole[:30], whole[30:50], b"", whole[50:]))) == ["a", "b"]
    assert paths(found(members(*lines) + bytes(512))) == ["0", "1", "2", "3"]
    assert paths(found(gzip.compress(members(*lines)))) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("lost", [1, 6, 30])
def test_a_cut_gzip_file_gives_what_is_whole_and_is_told(lost):
    lines = "".join(f"{SITE}/{n}-{n * 7919 % 1000}\n" for n in range(200)).encode()
    first = f"{SITE}/first\n".encode()
    result = found(members(first, lines)[:-lost])
    assert "gzip cut short" in (result.problem or "")
    assert paths(result)[0] == "first"
    assert set(paths(result)) <= set(paths(found(first + lines)))


def test_many_members_that_unpack_to_too_much_are_refused():
    bomb = gzip.compress(bytes(20 << 20)) * 3
    assert "larger" in (found(bomb).problem or "")


def test_versions_in_other_languages_are_named_without_what_is_said_of_the_page():
    alternates = "".join(
        f"<h:link rel='alternate' hreflang='{language}' href='{SITE}/{path}'/>"
        for language, path in (("en", "en/1"), ("nb", "nb/1"), ("se", "/x y"))
    )
    others = (
        f"<h:link rel='alternate' media='handheld' href='{SITE}/m/1'/>"
        f"<h:link rel='amphtml' hreflang='en' href='{SITE}/amp/1'/>"
        "<h:link rel='alternate' hreflang='da' href='mailto:x@example.org'/>"
    )
    body = sitemap(
        entry("en/1", f"<lastmod>2026-03-02</lastmod>{alternates}{others}"),
        namespaces="xmlns:h='urn:xhtml'",
    )
    links = found(body).links
    assert [link.url.removeprefix(SITE) for link in links] == ["/en/1", "/en/1", "/nb/1", "//x y"]
    assert [link.lastmod for link in links] == ["2026-03-02", None, None, None]


def test_an_index_with_a_bad_entry_names_the_others():
    maps = [f"<sitemap><loc>{SITE}/{n}.xml</loc></sitemap>" for n in range(3)]
    maps[1] = maps[1].replace("1.xml", "1.xml?a=1&b=2")
    result = found(sitemap(*maps, root="sitemapindex"))
    assert [s.url.rpartition("/")[2] for s in result.sitemaps] == [
        "0.xml",
        "1.xml?a=1&b=2",
        "2.xml",
    ]


def test_entities_of_its_own_are_not_expanded_and_lose_their_entry_only():
    dtd = '<!DOCTYPE urlset [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    result = found(dtd + sitemap(entry("good"), entry("&b;")))
    assert paths(result) == ["good"]
    assert "entity" in (result.problem or "")


@pytest.mark.slow
def test_more_entries_than_are_read_are_no_whole_sitemap():
    out = io.StringIO()
    out.writelines(entry(str(n)) for n in range(50_001))
    result = found(sitemap(out.getvalue()))
    assert len(result.links) == 50_000
    assert "more entries" in (result.problem or "")


def test_many_bad_entries_take_few_words():
    body = sitemap(*(entry(str(n), "<t>A & B</t>") for n in range(5_000)))
    result = found(body)
    assert len(result.links) == 5_000
    assert len(result.damage) <= 21


@pytest.mark.parametrize("kind", ["sitemap", "feed"])
@given(st.binary(max_size=200))
def test_no_bytes_are_too_much(kind, body):
    read(kind, body, BASE)
    read(kind, b"<urlset><url>" + body, BASE)
    read(kind, b"<rss><channel><item>" + body + b"</item></channel></rss>", BASE)
