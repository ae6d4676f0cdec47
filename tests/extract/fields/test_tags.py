"""Keywords: which of a page's lists of them counts, and what in it is none."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import pytest

from nordcrawl.extract.fields import tags
from nordcrawl.extract.page import head
from nordcrawl.extract.page.tree import parse
from tests.support.one_small_article import ld, read


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (["havn, Bodø; havn"], ("havn", "Bodø")),
        (["havn", "Bodø, Norge"], ("havn", "Bodø, Norge")),
        (["havn, kai", "by, land"], ("havn", "kai", "by", "land")),
        (["#havn", '"Bodø"', "123", "HAVN"], ("havn", "Bodø")),
        (["Page Type: Article", "Subject: Fishing", "WC: 500-999"], ("Fishing",)),
        (["type:article", "nid:4711", "pageSplitScreenLeft", "havn"], ("havn",)),
        (["漁業、港、北極"], ("漁業", "港", "北極")),
        (["x" * 101], ()),
    ],
)
def test_tidy(printed: list[str], expected: tuple[str, ...]) -> None:
    assert tags.tidy(printed) == expected


def test_a_fuller_list_counts_and_a_phrase_is_parted() -> None:
    meta = "<meta name=keywords content='torsk,hav,kyst,Bodø'>"
    assert read(ld({"@type": "NewsArticle", "keywords": ["torsk", "hav"]}) + meta).tags == (
        "torsk", "hav", "kyst", "Bodø",
    )  # fmt: skip
    phrase = "<meta property='article:tag' content='torsk på kysten'>"
    assert read(phrase + meta).tags == ("torsk", "hav", "kyst", "Bodø")


def test_another_list_does_not_count() -> None:
    meta = "<meta name=keywords content='nyheter,sport,været,tips'>"
    assert read(ld({"@type": "NewsArticle", "keywords": ["torsk", "hav"]}) + meta).tags == (
        "torsk", "hav",
    )  # fmt: skip


def test_names_of_the_site_and_words_of_the_address_are_none() -> None:
    site = "<meta property='og:site_name' content='Kystavisa'>"
    assert read(site + "<meta name=keywords content='Kystavisa,torsk'>").tags == ("torsk",)
    slug = "<meta name=keywords content='mye,torsk,langs,kysten'>"
    assert read(slug, url="https://avis.test/nyheter/mye-torsk-langs-kysten").tags == ()


@pytest.mark.parametrize(
    "link",
    [
        "<a rel=tag href='/x'>Torsk</a>",
        "<a href='/tag/torsk'>Torsk</a>",
        "<a href='/emne/torsk/'>Torsk</a>",
        "<ul class=article-tags><li><a href='/x/torsk'>Torsk</a></ul>",
        "<footer><a rel=tag href='/x'>Torsk</a></footer>",
        "<nav class=post-tags><a rel=tag href='/x'>Torsk</a></nav>",
        "<ul class=tags><li><a href='/x/torsk'>Torsk <span>(12)</span></a></ul>",
        "<p><a href='/t/torsk'>#Torsk</a></p>",
        "<p><b>Stikkord:</b> <a href='/sok/torsk'>Torsk</a></p>",
        "<section><p>Archivado en:</p><ul><li><a href='/noticias/torsk'>Torsk</a></ul></section>",
        "<div><h4>Read more about</h4><a href='/about/torsk'>Torsk</a></div>",
    ],
)
def test_printed_where_nothing_else_tells(link: str) -> None:
    article = read(body=f"<nav><a href='/tag/sport'>Sport</a></nav><div>{link}</div>")
    assert article.tags == ("Torsk",)
    assert article.provenance["tags"].origin == "links"


def test_keywords_without_links() -> None:
    marked = "<p><span itemprop=keywords>Torsk, Havn</span></p>"
    assert read(body=marked).tags == ("Torsk", "Havn")
    assert read(body=marked).provenance["tags"].origin == "microdata"
    spans = "<div class=article-tags><b>Tags:</b><span>Torsk</span><span>Havn</span></div>"
    assert read(body=spans).tags == ("Torsk", "Havn")
    assert read(body=spans).provenance["tags"].origin == "class"


@pytest.mark.parametrize(
    "body",
    [
        "<a rel='category tag' href='/kategori/fiske'>Fiske</a>",
        "<div><h4>Temaer</h4><ul><li><a href='/a'>En lang sak om torsk i havet</a></ul></div>",
        "<div><h4>Temaer</h4><a href='#topp'>Til toppen</a></div>",
        "<div class=menu><h4>Temaer</h4><ul><li><a href='/a'>Fiske</a><ul><li><a href='/b'>Torsk</a></ul></ul></div>",
        "<div class=recipe-keyword><span>Keyword:</span> <span>torsk</span></div>",
    ],
)  # fmt: skip
def test_what_is_no_keyword(body: str) -> None:
    assert read(body=body).tags == ()


def test_a_link_in_running_text_is_no_keyword() -> None:
    line = "Det sier de som fisker etter <a href='/tag/torsk'>torsk</a> langs hele denne kysten."
    assert read(body=f"<p>{line}</p>").tags == ()


def linked(body: str) -> tuple[str, ...]:
    root = parse(f"<html><body><h1>Ny molo</h1>{body}</body></html>")
    assert root is not None
    url = "https://avis.test/a"
    return tags.find(head.read(root, url), root, url, ())[0]


def test_links_of_the_menu_are_no_keywords() -> None:
    menu = "<nav><a href='/tag/havn'>Havn</a></nav>"
    own = "<p><a href='/tag/havn'>Havn</a> <a href='/tag/molo'>Molo</a></p>"
    assert linked(menu + own) == ("Molo",)


@pytest.mark.parametrize(
    "labelled",
    [
        "<div>Emneord: <a href='/tag/molo'>Molo</a>, <a href='/tag/storm'>Storm</a></div>",
        "<h4>Tags</h4><ul><li><a href='/tag/molo'>Molo</a></li>"
        "<li><a href='/tag/storm'>Storm</a></li></ul>",
        "<p><b>Avainsanat</b> <a href='/tag/molo'>Molo</a> <a href='/tag/storm'>Storm</a></p>",
    ],
)  # fmt: skip
def test_of_a_labelled_list_no_other_links_are_keywords(labelled: str) -> None:
    cloud = "<div class='box'><a href='/tag/fotball'>Fotball</a><a href='/tag/ski'>Ski</a></div>"
    assert linked(cloud + labelled) == ("Molo", "Storm")
    assert linked(cloud) == ("Fotball", "Ski")


def test_a_mark_inside_the_link_counts() -> None:
    assert linked("<a href='/list/molo'><span class='tag-like'>Molo</span></a>") == ("Molo",)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (["sections/kyst", "topic/ny molo"], ("kyst", "ny molo")),
        (["Molo", "0b1c2d3e-0000-4a4a-8b8b-0123456789ab"], ("Molo",)),
        (["深空探测 探月工程 航天技术"], ("深空探测", "探月工程", "航天技术")),
        (["Ny molo til Skarvøy"], ("Ny molo til Skarvøy",)),
        (["Stein &amp;amp; storm", "<i>Molo</i>"], ("Stein & storm", "Molo")),
        (["AC/DC", "tv/radio"], ("AC/DC", "tv/radio")),
        (["sport", "sport/ski"], ("sport", "ski")),
    ],
)
def test_what_a_system_adds_is_no_part_of_a_keyword(
    told: list[str], expected: tuple[str, ...]
) -> None:
    assert tags.tidy(told) == expected


def test_an_author_is_no_keyword() -> None:
    author = "<meta name='author' content='Kari Vik'>"
    assert read(author + "<meta name='keywords' content='torsk, Kari Vik, havn'>").tags == (
        "torsk",
        "havn",
    )
    assert read(author + "<meta name='keywords' content='Kari Vik'>").tags == ("Kari Vik",)
    data = ld({"@type": "NewsArticle", "keywords": ["torsk", "Kari Vik"]})
    assert read(author + data).tags == ("torsk", "Kari Vik"), "who writes data names them as a tag"
