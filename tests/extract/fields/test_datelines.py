"""Dates that only the page's print tells, and where they may stand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nordcrawl.extract.fields import datelines
from nordcrawl.extract.page.tree import parse
from tests.support.one_small_article import ld, read

TITLE = "Mye torsk langs kysten"


def first(body: str) -> str | None:
    root = parse(f"<html><body>{body}</body></html>")
    assert root is not None
    moment = next(datelines.published(root, (TITLE,), UTC), None)
    return None if moment is None else f"{moment.at:%Y-%m-%d %H:%M}"


HEAD = f"<h1>{TITLE}</h1>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (HEAD + "<p class='meta'>Av Kari Nordmann | 24.04.2021 - 14:07</p>", "2021-04-24 14:07"),
        (HEAD + "<div class='lineinfo'>Do 24.04.21 | 14:07 Uhr</div>", "2021-04-24 14:07"),
        ("<span class='date'>24. april 2021</span>" + HEAD, "2021-04-24 00:00"),
        (HEAD + "<div>Publisert: 24. april 2021</div>", "2021-04-24 00:00"),
        (HEAD + "<time datetime='2021-04-24T14:07'>for to dager siden</time>", "2021-04-24 14:07"),
        (HEAD + "<i class='time-ago' title='2021-04-24T14:07Z'>i går</i>", "2021-04-24 14:07"),
        (HEAD + "<p>24/04/2021 - 14:07 - Fra vår mann på kysten i nord</p>", "2021-04-24 14:07"),
        ("<p class='dato'>24. huhtikuuta 2021</p>" + HEAD, "2021-04-24 00:00"),
        ("<p class='dato'>24 апреля 2021, 14:07</p>" + HEAD, "2021-04-24 14:07"),
    ],
)
def test_a_date_around_the_headline(body: str, expected: str) -> None:
    assert first(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        HEAD + "<p>Sist oppdatert 24.04.2021</p>",
        HEAD + "<time class='updated' datetime='2021-04-24'>Oppdatert 24.04.2021</time>",
        HEAD + "<footer><span class='date'>24.04.2021</span></footer>",
        HEAD + "<div class='related-items'><span class='date'>24.04.2021</span></div>",
        f"<article>{HEAD}</article><article><time datetime='2021-04-24'></time></article>",
        HEAD + "<figure><figcaption class='date'>24.04.2021</figcaption></figure>",
        HEAD + f"<p>Den 24.04.2021 {'var det mye torsk langs hele kysten ' * 5}</p>",
        HEAD + "<p>Versjon 1.2.20 av 100.20.30</p>",
        HEAD + "<p><em>Født 03.03.1931, død 24.04.2021</em></p>",
        HEAD + "<p class='dato'>24.04.1921</p>",
        HEAD + "<blockquote><p class='dato'>24.04.2021</p></blockquote>",
    ],
)
def test_dates_that_are_none_of_publication(body: str) -> None:
    assert first(body) is None


def test_what_is_called_published_counts_before_what_is_nearer() -> None:
    body = HEAD + "<b>01.04.2021</b><p>Publisert 24.04.2021</p>"
    assert first(body) == "2021-04-24 00:00"


def test_published_and_changed_on_one_line_and_on_two() -> None:
    one = "<p>Publisert 24.04.2021 - Oppdatert 30.04.2021</p>"
    two = "<p>Oppdatert 30.04.2021<br>Publisert 24.04.2021</p>"
    assert first(HEAD + one) == first(HEAD + two) == "2021-04-24 00:00"


def test_a_class_on_what_holds_the_headline_too_does_not_count() -> None:
    body = f"<div class='has-sidebar-right'>{HEAD}<p class='date'>24.04.2021</p></div>"
    assert first(body) == "2021-04-24 00:00"


def test_the_heading_of_the_article_is_found_among_others() -> None:
    other = "<h1>En annen sak om sild</h1><p class='date'>01.01.2020</p>"
    assert first(other + HEAD + "<p class='date'>24.04.2021</p>") == "2021-04-24 00:00"


def test_a_printed_date_gives_the_minute_and_says_where_from() -> None:
    article = read(body="<p class='dato'>24.04.2021 kl. 14.07</p>")
    assert article.published_at == datetime.fromisoformat("2021-04-24T14:07+02:00")
    evidence = article.provenance["published_at"]
    assert (evidence.origin, evidence.precision, evidence.zone) == ("printed", "minute", "assumed")


@pytest.mark.parametrize("name", ["publication_date", "sw-pubdate", "x:article_published_time"])
def test_metas_of_other_names(name: str) -> None:
    article = read(f"<meta name='{name}' content='2021-04-24T14:07:00Z'>")
    assert article.published_at == datetime(2021, 4, 24, 14, 7, tzinfo=UTC)
    assert article.provenance["published_at"].origin == "meta"


def test_a_meta_of_something_else_is_no_date_of_publication() -> None:
    article = read("<meta name='republishdatetimezone' content='2021-04-24T14:07:00Z'>")
    assert "published_at" not in article.provenance or (
        article.provenance["published_at"].origin == "htmldate"
    )


def test_the_data_of_the_page_tells_where_that_of_the_article_does_not() -> None:
    own = {"@type": "WebPage", "url": "https://avis.test/nyheter/torsk"}
    other = {"@type": "WebPage", "url": "https://avis.test/nyheter/sild"}
    dated = {"datePublished": "2021-04-24T14:07:00Z"}
    assert read(ld({**own, **dated})).published_at == datetime(2021, 4, 24, 14, 7, tzinfo=UTC)
    for elsewhere in ({**other, **dated}, {**own, "hasPart": [dated]}):
        evidence = read(ld(elsewhere)).provenance.get("published_at")
        assert evidence is None or evidence.origin == "htmldate"


def test_the_title_of_an_abbreviation_is_a_date_in_microdata() -> None:
    article = read(body="<abbr itemprop='datePublished' title='2021-04-24T14:07Z'>14:07</abbr>")
    assert article.published_at == datetime(2021, 4, 24, 14, 7, tzinfo=UTC)


def test_a_year_alone_is_no_day() -> None:
    assert read(body="<div>Alle rettigheter, 2019 © Avis i nord</div>").published_at is None
