"""Each field, from each place a page may tell it, with its origin."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from nordcrawl.cli.prediction import prediction
from nordcrawl.extract.fields import genre, language
from nordcrawl.extract.page import dates, jsonld
from nordcrawl.model.article import Translation
from tests.support.one_small_article import NORWEGIAN, ld, read

OSLO = ZoneInfo("Europe/Oslo")
ENGLISH = "The fishermen on the coast say that they have never seen as much cod as this year, and they want more boats out at sea before spring is over."  # fmt: skip
SWEDISH = "Fiskarna på kusten säger att de aldrig har sett så mycket torsk som i år, och de vill ha fler båtar ute på havet innan våren är slut."  # fmt: skip
DANISH = "Fiskerne på kysten siger, at de aldrig har set så meget torsk som i år, og de vil have flere både ud på havet, inden foråret er forbi efter deres mening."  # fmt: skip
NYNORSK = "Fiskarane på kysten seier at dei aldri har sett så mykje torsk som i år, og dei vil ikkje vente. Korleis det skal vere framover, veit ikkje nokon frå før."  # fmt: skip


NODE = {
    "@type": "NewsArticle",
    "headline": "Mye torsk langs kysten",
    "author": [{"@type": "Person", "name": "Kari Nordmann"}, {"name": "Ola Hansen"}],
    "datePublished": "2026-05-01T10:20:30+02:00",
    "dateModified": "2026-05-02T08:00:00Z",
    "articleSection": "Fiske",
    "keywords": "torsk, hav,kyst",
    "isAccessibleForFree": False,
}
SHAPES = {
    "object": ld(NODE),
    "list": ld([{"@type": "WebSite", "name": "Avis"}, NODE]),
    "graph": ld({"@graph": [{"@type": "Organization", "name": "Avis"}, NODE]}),
    "nested": ld({"@type": "WebPage", "mainEntity": NODE}),
    "type list": ld({**NODE, "@type": ["NewsArticle", "CreativeWork"]}),
    "beside a list of others": ld(
        {
            "@type": "ItemList",
            "itemListElement": [
                {"@type": "NewsArticle", "headline": "En annen", "datePublished": "2020-01-01"}
            ],
        }
    )
    + ld(NODE),
    "control characters": ld(json.dumps(NODE).replace("torsk langs", "torsk\tlangs")),
    "trailing comma": ld(json.dumps(NODE)[:-1] + ",}"),
    "unclosed": ld(json.dumps({"@graph": [NODE]})[:-2]),
    "commented": ld("<!-- " + json.dumps(NODE) + " -->"),
    "cdata": ld("//<![CDATA[\n" + json.dumps(NODE) + "\n//]]>"),
    "two objects": ld(json.dumps({"@type": "WebSite"}) + "\n" + json.dumps(NODE)),
}


@pytest.mark.parametrize("head", SHAPES.values(), ids=SHAPES.keys())
def test_json_ld_in_all_shapes(head: str) -> None:
    article = read(head)
    assert article.title == "Mye torsk langs kysten"
    assert article.authors == ("Kari Nordmann", "Ola Hansen")
    assert article.published_at == datetime(2026, 5, 1, 8, 20, 30, tzinfo=UTC)
    assert article.modified_at == datetime(2026, 5, 2, 8, tzinfo=UTC)
    assert article.section == "Fiske"
    assert article.tags == ("torsk", "hav", "kyst")
    assert article.paywalled is True
    assert article.kind == "news"
    assert article.provenance["published_at"].origin == "json-ld"
    assert article.provenance["published_at"].zone == "stated"


def test_broken_json_ld_is_mined() -> None:
    broken = '{"@type": "NewsArticle", "headline": "Mye torsk", "datePublished": "2026-05-01T10:00:00Z", "x": "a "b" c", "author": {"@type":"Person","name":"Kari Nordmann"}}'  # fmt: skip
    article = read(ld(broken))
    assert article.authors == ("Kari Nordmann",)
    assert article.published_at == datetime(2026, 5, 1, 10, tzinfo=UTC)


def test_entities_inside_json_ld() -> None:
    node = jsonld.read([json.dumps({"@type": "Article", "headline": "Torsk &amp; sei&nbsp;"})], "")
    assert node.text("headline") == "Torsk & sei"


def test_microdata_of_this_article_and_not_of_teasers() -> None:
    teaser = "<aside><article itemscope><time itemprop='datePublished' datetime='2020-01-01T00:00:00Z'></time></article></aside>"  # fmt: skip
    article = read(
        body=teaser + "<time itemprop='datePublished' datetime='2026-05-01T10:00'>1. mai</time>"
        "<span itemprop='author'><span itemprop='name'>Av Kari Nordmann</span></span>"
    )
    assert article.published_at == datetime(2026, 5, 1, 10, tzinfo=OSLO)
    assert article.provenance["published_at"].zone == "assumed"
    assert article.provenance["published_at"].precision == "minute"
    assert article.authors == ("Kari Nordmann",)


def test_meta_tags() -> None:
    article = read(
        '<meta property="article:published_time" content="2026-05-01T08:00:00.000Z">'
        '<meta property="article:modified_time" content="">'
        '<meta property="article:section" content="Kyst">'
        '<meta property="article:tag" content="torsk"><meta property="article:tag" content="hav">'
        '<meta name="author" content="Kari Nordmann og Ola Hansen">'
        '<link rel="canonical" href="/nyheter/torsk?x=1#a">'
        '<meta property="og:image" content="/bilder/1.jpg">'
    )
    assert article.published_at == datetime(2026, 5, 1, 8, tzinfo=UTC)
    assert article.modified_at is None
    assert article.section == "Kyst"
    assert article.tags == ("torsk", "hav")
    assert article.authors == ("Kari Nordmann", "Ola Hansen")
    assert article.canonical_url == "https://avis.test/nyheter/torsk?x=1"
    assert article.images[0].url == "https://avis.test/bilder/1.jpg"
    assert article.provenance["authors"].origin == "meta"


@pytest.mark.parametrize(
    "bad", ["0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "2026-13-45", "2027-06-01T00:00:00Z", "null", "1e400"]
)  # fmt: skip
def test_bad_dates_are_none_and_others_are_tried(bad: str) -> None:
    head = ld({**NODE, "datePublished": bad, "dateModified": bad})
    assert read(head).published_at is None or read(head).published_at.year == 2026  # type: ignore[union-attr]
    good = head + '<meta property="article:published_time" content="2026-05-03T00:00:00Z">'
    assert read(good).published_at == datetime(2026, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at", "precision", "zone"),
    [
        ("2021-10-26T08:38:00.000Z", "2021-10-26T08:38:00+00:00", "second", "stated"),
        ("2021-10-26T08:38+02:00", "2021-10-26T08:38:00+02:00", "minute", "stated"),
        ("2021-10-26 08:38:01+0200", "2021-10-26T08:38:01+02:00", "second", "stated"),
        ("2021-10-26", "2021-10-26T00:00:00+02:00", "day", "assumed"),
        ("20211026", "2021-10-26T00:00:00+02:00", "day", "assumed"),
        ("26.10.2021 - 10:38", "2021-10-26T10:38:00+02:00", "minute", "assumed"),
        ("26 October 2021 - 10:38", "2021-10-26T10:38:00+02:00", "minute", "assumed"),
        ("Oct 26 2021 - 10:38", "2021-10-26T10:38:00+02:00", "minute", "assumed"),
        ("torsdag 06. feb 2025 17:25", "2025-02-06T17:25:00+01:00", "minute", "assumed"),
        ("3. desember 2020 kl. 09.05", "2020-12-03T09:05:00+01:00", "minute", "assumed"),
        ("23/03/2017 kl 15:26", "2017-03-23T15:26:00+01:00", "minute", "assumed"),
        ("Tue, 26 Oct 2021 10:38:00 +0200", "2021-10-26T10:38:00+02:00", "second", "stated"),
        ("October 26, 2021 5:04 p.m.", "2021-10-26T17:04:00+02:00", "minute", "assumed"),
        ("1635237480", "2021-10-26T08:38:00+00:00", "second", "stated"),
        ("1635237480000", "2021-10-26T08:38:00+00:00", "second", "stated"),
    ],
)
def test_dates_in_many_hands(text: str, at: str, precision: str, zone: str) -> None:
    moment = dates.parse(text, OSLO)
    assert moment is not None
    assert (moment.at.isoformat(), moment.precision, moment.zone) == (at, precision, zone)


@pytest.mark.parametrize(
    ("text", "lang", "host", "expected"),
    [
        (NORWEGIAN, "", None, "nb"),
        (NORWEGIAN, "no", None, "nb"),
        (NORWEGIAN, "nb-NO", None, "nb"),
        (NORWEGIAN, "en", "en", "nb"),
        (ENGLISH, "nb-NO", "nb", "en"),
        (ENGLISH, "en-GB", None, "en"),
        (SWEDISH, "", None, "sv"),
        (SWEDISH, "nb", "nb", "sv"),
        (DANISH, "da-DK", "da", "da"),
        (NYNORSK, "nn", None, "nn"),
        (NYNORSK, "no", None, "nb"),
        (NORWEGIAN, "utf-8", None, "nb"),
    ],
)
def test_language(text: str, lang: str, host: str | None, expected: str) -> None:
    hosts = (("avis.test", host),) if host else ()
    assert read(text=text, lang=lang, languages=hosts).language == expected


def test_language_that_the_identifier_does_not_know() -> None:
    text = "Naalakkersuisut siulittaasuat oqarpoq inatsisartut ukiamut ataatsimiinnissaat pingaaruteqartoq, aamma aalisartut tusarneqassasut."  # fmt: skip
    assert language.decide(text, "kl", ("kl",)) == ("kl", "host")


def test_translations_by_hreflang() -> None:
    article = read(
        '<link rel="alternate" hreflang="en" href="https://en.avis.test/news/cod">'
        '<link rel="alternate" hreflang="nb" href="https://avis.test/nyheter/torsk">'
        '<link rel="alternate" type="application/rss+xml" href="/rss">'
    )
    assert article.translations == (Translation("en", "https://en.avis.test/news/cod"),)


def test_rights() -> None:
    article = read(
        '<meta name="robots" content="noai, noarchive"><meta name="tdm-reservation" content="1">'
        '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">',
        headers=(("x-robots-tag", "noai"), ("tdm-policy", "https://avis.test/tdm.json")),
    )
    assert dict(article.rights) == {
        "robots_meta": "noai, noarchive",
        "x_robots_tag": "noai",
        "tdm": "tdm-reservation=1, tdm-policy=https://avis.test/tdm.json",
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "signals": "noai (header); tdm-policy=https://avis.test/tdm.json (header); "
        "noai (meta); noarchive (meta); tdm-reservation=1 (meta)",
    }


def test_title_is_voted_and_the_site_cut_off() -> None:
    head = '<meta property="og:title" content="Mye torsk langs kysten | Avis"><meta property="og:site_name" content="Avis">'  # fmt: skip
    article = read(head)
    assert article.title == "Mye torsk langs kysten"
    assert read(site_title="Avis").title == "Mye torsk langs kysten"


@pytest.mark.parametrize(
    ("kicker", "sections", "types", "opening", "expected"),
    [
        ("Nyhetsbrev", (), ("NewsArticle",), None, "newsletter"),
        ("Arne O. Holm says", (), (), None, "commentary"),
        (None, ("Op-ed",), (), None, "op-ed"),
        (None, ("leserinnlegg",), (), None, "letter"),
        (None, (), ("OpinionNewsArticle",), None, "opinion"),
        (None, (), ("LiveBlogPosting",), None, "live"),
        (None, (), (), "Bodø, Northern Norway (Comment): Yes.", "commentary"),
        (None, (), (), "Op-ed: The ice melts.", "op-ed"),
        (None, ("Politikk",), ("NewsArticle",), "Tromsø (Avis): Ja.", "news"),
        (None, (), (), None, None),
    ],
)
def test_kinds(kicker: str | None, sections: tuple[str, ...], types: tuple[str, ...], opening: str | None, expected: str | None) -> None:  # fmt: skip
    assert genre.find(kicker, sections, types, (opening,))[0] == expected


def test_prediction_has_record_fields_and_scored_shapes() -> None:
    article = read(ld({**NODE, "datePublished": "2026-05-01"}))
    written = prediction("p1", article)
    assert written["id"] == "p1"
    assert written["published"] == "2026-05-01"
    assert written["published_at"] == "2026-04-30T22:00:00Z"
    assert written["sections"] == ["Fiske"]
    assert len(written["paragraphs"]) == 5
    assert written["captions"] == []
    assert written["title"] == article.title


def test_authors_in_a_list_within_the_list() -> None:
    node = {**NODE, "author": [{"name": "Kari Nordmann"}, [{"name": "Redaksjonen i nord"}]]}
    assert read(ld(node)).authors == ("Kari Nordmann", "Redaksjonen i nord")


def test_a_desk_that_the_data_names_goes_before_a_guess() -> None:
    site = "<meta property='og:site_name' content='Avis'>"
    desk = ld({**NODE, "author": {"@type": "Organization", "name": "Avis"}})
    guess = "<div class='article__writer-name'>Agenturet</div>"
    assert read(site + desk, guess).authors == ("Avis",)


def test_a_paper_before_the_name_goes() -> None:
    assert read("<meta name=author content='Capital von Kari Nordmann'>").authors == (
        "Kari Nordmann",
    )


@pytest.mark.parametrize("name", ["article:published_time", "article:published:time", "pubdate"])
def test_published_by_any_of_its_names(name: str) -> None:
    article = read(f"<meta name='{name}' content='2026-05-01T10:20:30Z'>")
    assert article.published_at == datetime(2026, 5, 1, 10, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "locked"),
    [
        ({"isAccessibleForFree": "https://schema.org/False"}, True),
        ({"isAccessibleForFree": "schema:True"}, False),
        ({"isAccessibleForFree": {"@id": "http://schema.org/False"}}, True),
        ({"isAccessibleForFree": "False"}, True),
        ({"hasPart": {"@type": "WebPageElement", "isAccessibleForFree": "False"}}, True),
        ({"hasPart": [{"isAccessibleForFree": True}, {"isAccessibleForFree": False}]}, True),
        ({"hasPart": [{"isAccessibleForFree": True}]}, None),
        ({"isAccessibleForFree": True, "hasPart": [{"isAccessibleForFree": False}]}, False),
        ({"isAccessibleForFree": "perhaps"}, None),
    ],
)
def test_behind_a_paywall_in_every_form_of_false(
    told: dict[str, object], locked: bool | None
) -> None:
    node = {"@type": "NewsArticle", "headline": "Mye torsk langs kysten", **told}
    assert read(ld(node)).paywalled is locked
