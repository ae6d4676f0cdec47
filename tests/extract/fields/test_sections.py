"""What the article is filed under: one section or several, and from where."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import pytest

from tests.support.one_small_article import ld, read

TITLE = "Mye torsk langs kysten"


def crumb(name: str, address: str | None, *, nested: bool = False) -> dict[str, object]:
    if nested:
        return {"@type": "ListItem", "item": {"@id": address, "name": name}}
    return {"@type": "ListItem", "name": name, **({"item": address} if address else {})}


def trail(*items: dict[str, object]) -> str:
    return ld({"@type": "BreadcrumbList", "itemListElement": list(items)})


HOME = crumb("Forsiden", "https://avis.test/")
FISH = crumb("Fiske", "https://avis.test/fiske/")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Fiske,Havn,Kyst", "Fiske"),
        (["Fiske", "Havn"], "Fiske"),
        ("Sport, kultur og fritid", "Sport, kultur og fritid"),
    ],
)
def test_the_first_of_several_counts(told: object, expected: str) -> None:
    node = {"@type": "NewsArticle", "headline": TITLE, "articleSection": told}
    assert read(ld(node)).section == expected


@pytest.mark.parametrize(
    "items",
    [
        (HOME, FISH, crumb(TITLE, None)),
        (HOME, FISH, crumb("En sak", None)),
        (HOME, FISH, crumb("Torsk", "https://avis.test/nyheter/torsk")),
        (HOME, FISH),
        (crumb("Hjem", None), FISH),
        (
            crumb("Hjem", "https://avis.test", nested=True),
            crumb("Fiske", "https://avis.test/fiske", nested=True),
            crumb(TITLE, "https://avis.test/nyheter/torsk", nested=True),
        ),
    ],
)
def test_the_trail_names_the_section(items: tuple[dict[str, object], ...]) -> None:
    article = read(trail(*items))
    assert article.section == "Fiske"
    assert article.provenance["section"].origin == "breadcrumb"


@pytest.mark.parametrize("items", [(), (HOME,), (HOME, crumb("En sak", None))])
def test_a_trail_without_a_section_names_none(items: tuple[dict[str, object], ...]) -> None:
    assert read(trail(*items)).section is None


def test_what_the_article_says_itself_counts_before_the_trail() -> None:
    assert read('<meta property="article:section" content="Kyst">' + trail(HOME, FISH)).section == (
        "Kyst"
    )


def test_broken_trails_are_none() -> None:
    values: tuple[object, ...] = (
        "Fiske",
        7,
        [7, None, "x"],
        [{"item": {"@id": ["x"]}, "name": {}}],
        {},
    )
    for value in values:
        assert read(ld({"@type": "BreadcrumbList", "itemListElement": value})).section is None


@pytest.mark.parametrize(
    "body",
    [
        "<nav class=breadcrumb><a href='/'>Forsiden</a><a href='/fiske'>Fiske</a></nav>",
        "<nav aria-label=Breadcrumb><a href='/'>Hjem</a> / <a href='/fiske'>Fiske</a> / Mye torsk</nav>",
        "<div class=breadcrumbs><b>Du er her</b><a href='/'>Avis</a><a href='/fiske'>Fiske</a>"
        f"<a href='/nyheter/torsk'>{TITLE}</a></div>",
        "<a rel='category tag' href='/kategori/fiske'>Fiske</a>",
        "<span class=category><a href='/kategori/fiske'>Fiske</a></span>",
        "<a class=section href='/fiske'>Fiske</a>",
        "<span class=cat-links><a href='/fiske'>Fiske</a></span>",
    ],
)  # fmt: skip
def test_in_print(body: str) -> None:
    article = read(body=body)
    assert article.section == "Fiske"
    assert article.provenance["section"].origin == "printed"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<header><a href='/nyheter'>Nyheter</a><a href='/sport'>Sport</a></header>", "Nyheter"),
        ("<p><a href='/nyheter/'>Nyhetene</a></p>", "Nyhetene"),
        ("<p><a href='/nyheter'>Alle saker om dette</a></p>", None),
        ("<nav><a href='/sport'>Sport</a></nav>", None),
        ("<nav><a href='https://annen.test/nyheter'>Nyheter</a></nav>", None),
        ("<nav><a href='/nyheter'>Avis</a></nav>", None),
        ("<aside><span class=category><a href='/sport'>Sport</a></span></aside>", None),
        ("<div><h3><a href='/b'>Mindre sild i havet i år</a></h3><a class=section href='/sild'>Sild</a></div>", None),
        ("<nav class=breadcrumb><a href='/'>Forsiden</a><a href='/2026/06'>juni 2026</a></nav>", None),
    ],
)  # fmt: skip
def test_the_menu_tells_what_the_address_stands_below(body: str, expected: str | None) -> None:
    assert read(body=body).section == expected
