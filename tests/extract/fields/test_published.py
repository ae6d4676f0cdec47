"""When an article was published and changed, wherever a page tells it; never another's dates."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nordcrawl.extract.fields import date_order
from nordcrawl.extract.fields.context import Context, Given
from nordcrawl.extract.fields.published import published_and_modified
from nordcrawl.extract.page import head
from nordcrawl.extract.page.tree import parse
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

URL = "https://avis.test/nyheter/ny-molo"
TITLE = "Skarvøy får ny molo før høstens stormer"
OSLO = ZoneInfo("Europe/Oslo")


def context(
    head_markup: str = "", body: str = "", *, lang: str = "nb", url: str = URL, zone: str = "Europe/Oslo"
) -> Context:  # fmt: skip
    markup = (
        f"<html lang='{lang}'><head><title>{TITLE} - Avis</title>{head_markup}</head><body><main>"
        f"<article><h1>{TITLE}</h1>{body}<p>Havnestyret vil bygge.</p></article></main></body></html>"
    )
    root = parse(markup)
    assert root is not None
    page = Page(url, markup.encode(), datetime(2026, 6, 1, tzinfo=UTC))
    return Context(page, Profile(timezone=zone), root, head.read(root, url), Given())


def told(*args: str, **kwargs: str) -> tuple[str | None, str | None]:
    (published, _), (modified, _) = published_and_modified(context(*args, **kwargs))
    return (
        published.at.astimezone(OSLO).isoformat() if published else None,
        modified.at.astimezone(OSLO).isoformat() if modified else None,
    )


def origins(*args: str, **kwargs: str) -> tuple[str, str]:
    (_, published), (_, modified) = published_and_modified(context(*args, **kwargs))
    return published, modified


def ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


BOTH = ("2024-06-03T08:15:00+02:00", "2024-06-04T10:00:00+02:00")


@pytest.mark.parametrize(
    ("body", "origin"),
    [
        (
            "<p><time class='entry-date published' datetime='2024-06-03T06:15:00Z'>3. juni</time>"
            "<time class='updated-at' datetime='2024-06-04T08:00:00Z'>4. juni</time></p>",
            "time",
        ),
        (
            "<div class='dates'>Publisert <time datetime='2024-06-03T08:15'>3. juni</time> "
            "Oppdatert <time datetime='2024-06-04T10:00'>4. juni</time></div>",
            "time",
        ),
        (
            "<div class='dates'><span>Publisert</span> <time datetime='2024-06-03T08:15'>3.6.</time>"
            "<span>Sist endret</span> <time datetime='2024-06-04T10:00'>4.6.</time></div>",
            "time",
        ),
        ("<div class='line'>Publisert 3.6.2024 kl. 08.15. Oppdatert 4.6.2024 kl. 10.00</div>", "printed"),
        ("<div class='line'>3. juni 2024 08:15 (oppdatert 4. juni 2024 10:00)</div>", "printed"),
        ("<p class='date'>Julkaistu 3.6.2024 klo 8.15 | Muokattu 4.6.2024 klo 10.00</p>", "printed"),
        ("<p class='date'>Birt 3.6.2024 08:15. Uppfært 4.6.2024 10:00</p>", "printed"),
        ("<div class='date'>Опубликовано 3 июня 2024, 08:15. Обновлено 4 июня 2024, 10:00</div>", "printed"),
        ("<div class='date'>发布：2024年6月3日 08:15 更新：2024年6月4日 10:00</div>", "printed"),
        (
            "<p>Ut <span property='schema:datePublished' content='2024-06-03T08:15'>3.6.</span>, "
            "<span property='schema:dateModified' content='2024-06-04T10:00'>4.6.</span></p>",
            "rdfa",
        ),
        (
            "<p><span property='dcterms:issued' content='2024-06-03T08:15'>3.6.</span>"
            "<span property='http://purl.org/dc/terms/modified' content='2024-06-04T10:00'></span></p>",
            "rdfa",
        ),
        (
            "<div class='h-entry'><a class='u-url'><time class='dt-published' "
            "datetime='2024-06-03T08:15'></time></a><time class='dt-updated' "
            "datetime='2024-06-04 10:00'></time></div>",
            "microformat",
        ),
        (
            "<div class='hentry'><abbr class='published' title='2024-06-03T08:15:00+02:00'>3.6.</abbr>"
            "<abbr class='updated' title='2024-06-04T10:00:00+02:00'>4.6.</abbr></div>",
            "microformat",
        ),
    ],
)  # fmt: skip
def test_published_and_modified_wherever_they_stand(body: str, origin: str) -> None:
    assert told("", body) == BOTH
    assert origins("", body)[1] == origin


def test_a_change_without_a_time_of_publication_is_none() -> None:
    assert told("", "<div class='line'>Oppdatert 4.6.2024 kl. 10.00</div>")[1] == BOTH[1]


@pytest.mark.parametrize(
    "body",
    [
        "<p>Actualizado el 4 de junio de 2024 a las 10:00</p>",
        "<p>Last modified on Tuesday, June 4, 2024 at 10:00 AM</p>",
        "<p><span data-testid='updated-date'>4. juni 2024 kl. 10.00</span></p>",
        "<p><span class='last-modified'>4.6.2024 10:00</span></p>",
    ],
)
def test_a_change_on_a_line_of_its_own(body: str) -> None:
    assert told("", body)[1] == BOTH[1]


def test_what_was_changed_on_a_day_in_the_text_is_not_the_page() -> None:
    assert told("", "<p>Oppdaterte priser for alle båter i havna fra 4. juni 2024</p>")[1] is None


def test_a_change_before_publication_is_none() -> None:
    body = "<div class='line'>Publisert 3.6.2024 kl. 08.15. Oppdatert 2.6.2024 kl. 10.00</div>"
    assert told("", body) == (BOTH[0], None)


@pytest.mark.parametrize(
    "body",
    [
        "<aside><div class='teaser'>Oppdatert 4.6.2024 kl. 10.00</div></aside>",
        "<div class='related'><time class='updated' datetime='2024-06-04T10:00'>4.6.</time></div>",
        "<aside class='h-entry'><time class='dt-updated' datetime='2024-06-04T10:00'></time></aside>"
        "<div class='h-entry'><b>x</b></div>",
        "<ul><li><span itemprop='dateModified' content='2024-06-04T10:00'></span></li></ul>",
        "<ul><li><span property='schema:dateModified' content='2024-06-04T10:00'></span></li></ul>",
        "<div itemscope itemtype='https://schema.org/VideoObject'><meta itemprop='dateModified' "
        "content='2024-06-04T10:00'></div>",
        "<div itemscope itemtype='https://schema.org/NewsArticle'><h2 itemprop='headline'>Fergen står "
        "</h2><meta itemprop='dateModified' content='2024-06-04T10:00'></div>",
        "<div itemscope itemtype='https://schema.org/NewsArticle'><a itemprop='url' href="
        "'/nyheter/fergen'>x</a><meta itemprop='dateModified' content='2024-06-04T10:00'></div>",
        "<p>Rapporten ble oppdatert 4.6.2024 kl. 10.00, og siden har alle på øya ventet på svar om "
        "hva kommunen og havnestyret vil gjøre med moloen og de gamle kaiene.</p>",
    ],
)
def test_dates_of_other_things_are_not_the_articles(body: str) -> None:
    own = '<meta property="article:published_time" content="2024-06-03T06:15:00Z">'
    assert told(own, body) == (BOTH[0], None)


@pytest.mark.parametrize(
    "item",
    [
        f"<h2 itemprop='headline'>{TITLE}</h2>",
        "<link itemprop='url' href='https://avis.test/nyheter/ny-molo/'>",
        "<link itemprop='mainEntityOfPage' href='/nyheter/ny-molo'>",
        "",
    ],
)
def test_microdata_that_names_the_page_or_is_the_only_one_counts(item: str) -> None:
    body = (
        f"<div itemscope itemtype='https://schema.org/NewsArticle'>{item}"
        "<meta itemprop='datePublished' content='2024-06-03T08:15'></div>"
    )
    assert told("", body)[0] == BOTH[0]


def test_of_several_items_that_do_not_name_the_page_none_counts() -> None:
    item = (
        "<div itemscope itemtype='https://schema.org/NewsArticle'>"
        "<meta itemprop='datePublished' content='2020-06-03T08:15'></div>"
    )
    assert told("", item * 2)[0] is None


@pytest.mark.parametrize("name", ["dateCreated", "uploadDate"])
def test_when_a_draft_was_begun_comes_last(name: str) -> None:
    draft = ld({"@type": "NewsArticle", "headline": TITLE, name: "2024-05-01T10:00:00+02:00"})
    printed = "<div class='line'>3.6.2024 kl. 08.15</div>"
    assert told(draft, printed)[0] == BOTH[0]
    assert told(draft)[0] == "2024-05-01T10:00:00+02:00"


def test_a_clip_and_a_list_of_others_lend_no_date() -> None:
    others = ld([
        {"@type": "VideoObject", "name": TITLE, "uploadDate": "2020-01-01", "datePublished": "2020-01-01"},
        {"@type": "ItemList", "itemListElement": [
            {"@type": "NewsArticle", "headline": "Fergen", "datePublished": "2020-01-02"}]},
    ])  # fmt: skip
    assert told(others) == (None, None)


@pytest.mark.parametrize(
    ("data", "meta", "published"),
    [
        # The same clock: the offset is told by one of them.
        ("2024-06-03T08:15:00", "2024-06-03T08:15:00-04:00", "2024-06-03T08:15:00-04:00"),
        ("2024-06-03 08:15", "2024-06-03T08:15:20Z", "2024-06-03T08:15:00+00:00"),
        # The clock of another zone.
        ("2024-06-03T08:15:00", "2024-06-03T12:15:00Z", "2024-06-03T12:15:00+00:00"),
        # Another moment tells nothing of this one.
        ("2024-06-03T08:15:00", "2024-06-03T12:17:00Z", "2024-06-03T08:15:00+02:00"),
        ("2024-06-03T08:15:00+05:00", "2024-06-03T08:15:00Z", "2024-06-03T08:15:00+05:00"),
        ("2024-06-03T08:15:00", "2024-06-03", "2024-06-03T08:15:00+02:00"),
    ],
)
def test_a_time_without_a_zone_takes_that_of_the_same_time_with_one(
    data: str, meta: str, published: str
) -> None:
    markup = ld({"@type": "NewsArticle", "headline": TITLE, "datePublished": data})
    markup += f'<meta property="article:published_time" content="{meta}">'
    (moment, origin), _ = published_and_modified(context(markup))
    assert moment is not None
    assert moment.at == datetime.fromisoformat(published)
    assert origin == "json-ld"
    assert moment.zone == ("assumed" if moment.at.utcoffset() == timedelta(hours=2) else "stated")


def test_numbers_in_data_are_dates() -> None:
    markup = ld({"@type": "NewsArticle", "headline": TITLE, "datePublished": 1717395300})
    (moment, _), _ = published_and_modified(context(markup))
    assert moment is not None
    assert moment.at == datetime(2024, 6, 3, 6, 15, tzinfo=UTC)
    assert moment.at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("lang", "url", "zone", "published"),
    [
        ("nb", URL, "Europe/Oslo", "2024-05-04"),
        ("en-US", URL, "UTC", "2024-04-05"),
        ("en-GB", URL, "UTC", "2024-05-04"),
        ("fr-CA", "https://avis.test/a", "UTC", None),
        ("fr", "https://avis.test/a", "UTC", "2024-05-04"),
        ("en", "https://post.example.us/news/1", "UTC", "2024-04-05"),
        ("en", "https://post.example.co.uk/news/1", "UTC", "2024-05-04"),
        ("en", "https://post.example.com/news/1", "UTC", None),
        ("en-CA", "https://post.example.ca/news/1", "UTC", None),
    ],
)
def test_two_small_numbers_by_language_and_site(
    lang: str, url: str, zone: str, published: str | None
) -> None:
    about = context('<meta name="date" content="04/05/2024">', lang=lang, url=url, zone=zone)
    (moment, _), _ = published_and_modified(about)
    assert (moment and moment.at.date().isoformat()) == published


def test_a_date_of_the_page_that_can_be_only_one_tells_of_the_others() -> None:
    markup = '<meta name="date" content="04/05/2024"><meta name="lastmod" content="04/25/2024">'
    (moment, _), _ = published_and_modified(context(markup, lang="en-GB"))
    assert moment is not None
    assert moment.at.date().isoformat() == "2024-04-05"


def test_a_page_without_language_and_country_decides_nothing() -> None:
    about = context(lang="", url="https://avis.example.com/a")
    assert date_order.month_first(about.head, about.profile, about.page.url) is None


@pytest.mark.parametrize("day", ["2026-02-30", "30.02.2026", "2026-13-45"])
def test_a_day_of_no_calendar_is_none_and_nothing_is_made_of_it(day: str) -> None:
    assert told(f'<meta name="date" content="{day}">', f"<p>Trykt {day}.</p>") == (None, None)


def test_no_day_is_made_of_a_month_or_year() -> None:
    assert told("", "<p>Nr. 6, oktober 2022</p><footer>Copyright 2021</footer>") == (None, None)


def test_a_time_element_of_the_same_clock_tells_the_zone() -> None:
    data = ld({"@type": "NewsArticle", "headline": TITLE, "datePublished": "2024-06-03T08:15:42"})
    same = "<time datetime='2024-06-03T08:15:42+03:00'>3. juni</time>"
    other = "<time datetime='2024-06-03T05:15:42+00:00'>3. juni</time>"
    assert told(data, same)[0] == "2024-06-03T07:15:42+02:00"
    # One of another clock may be another article's.
    assert told(data, other)[0] == "2024-06-03T08:15:42+02:00"


@pytest.mark.parametrize(
    "unset", ["1970-01-01T00:00:00Z", "1970-01-01T01:00:00+01:00", "1970-01-01"]
)
def test_the_beginning_of_the_count_is_no_date(unset: str) -> None:
    meta = f'<meta property="article:published_time" content="{unset}">'
    assert told(meta) == (None, None)
    known = '<meta name="dc.date" content="2024-06-03T08:15:00+02:00">'
    assert told(meta + known)[0] == BOTH[0]


def test_a_time_element_may_tell_it_in_its_title() -> None:
    body = '<p><time title="2024-06-03T06:15:00Z">for to timer siden</time></p>'
    assert told(body=body)[0] == BOTH[0]
