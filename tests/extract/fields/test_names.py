"""Lines that name authors, in data and in print: the names, apart from all else in the line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.extract.fields.names import split, tidy
from nordcrawl.extract.page import spoken
from nordcrawl.extract.page.tree import parse
from tests.support.one_small_article import ld, read

TITLE = "Mye torsk langs kysten"


def names(line: str) -> tuple[str, ...]:
    return tidy(split(line))


@pytest.mark.parametrize(
    "line",
    [
        "Av Eli Moe",
        "AV ELI MOE",
        "Tekst: Eli Moe Foto: Jon Lie",
        "Tekst: Eli Moe, illustrasjon: Jon Lie",
        "Foto: Jon Lie. Tekst: Eli Moe",
        "Tekst og foto: Eli Moe",
        "Text und Fotos: Eli Moe",
        "Words by Eli Moe, photographs by Jon Lie",
        "Reporting by Eli Moe; Editing by Jon Lie",
        "Teksti: Eli Moe Kuvat: Jon Lie",
        "Текст: Eli Moe Фото: Jon Lie",
        "Eli Moe, journalist",
        "Journalist Eli Moe",
        "Eli Moe toimittaja",
        "Eli Moe, Chief Political Correspondent",
        "Eli Moe, special to Avisa",
        "Eli Moe, Bodø",
        "Eli Moe i Bodø",
        "Eli Moe in Berlin",
        "Bodø: Eli Moe",
        "Eli Moe (NTB)",
        "Eli Moe [em]",
        "Eli Moe (eli@avis.test)",
        "Eli Moe @elimoe",
        "Eli Moe, PhD",
        "Eli Moe, University of Bodø",
        "Guest post by Eli Moe",
        "记者 Eli Moe",
        "Eli Moe | 3. mai 2024 08:15",
        "Eli Moe Publisert 03.05.2024",
        "Eli Moe, 4 min",
        "03.05.2024 08:15 Eli Moe",
        "<b>Eli</b> Moe",
    ],
)
def test_one_name_apart_from_all_else(line: str) -> None:
    assert names(line) == ("Eli Moe",)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Av Eli Moe og Jon Lie", ("Eli Moe", "Jon Lie")),
        ("Eli Moe, Jon Lie og Per Dal, Tromsø", ("Eli Moe", "Jon Lie", "Per Dal")),
        ("Eli Moe/Jon Lie", ("Eli Moe", "Jon Lie")),
        ("Eli Moe • Jon Lie | Per Dal", ("Eli Moe", "Jon Lie", "Per Dal")),
        ("Av Eli Moe (tekst) og Jon Lie (foto)", ("Eli Moe", "Jon Lie")),
        ("Eli Moe, redaktør, og Jon Lie, journalist", ("Eli Moe", "Jon Lie")),
        ("Eli Moe\nJon Lie", ("Eli Moe", "Jon Lie")),
        ("By ELI MOE and JON LIE", ("Eli Moe", "Jon Lie")),
        ("AV ELI MOE OG JON LIE", ("Eli Moe", "Jon Lie")),
        ("Eli Moe Journalist Jon Lie Fotograf", ("Eli Moe",)),
        ("Eli Moe Journalist Jon Lie Reporter", ("Eli Moe", "Jon Lie")),
        ("Eli Moe toimittaja Jon Lie kuvaaja", ("Eli Moe",)),
        ("Eli Y Moe", ("Eli Y Moe",)),
        ("Eli Moe / NTB", ("Eli Moe", "NTB")),
        ("Von Eli Moe, dpa", ("Eli Moe", "dpa")),
        ("NTB / REUTERS", ("NTB / REUTERS",)),
        ("NRK NYHETER", ("NRK NYHETER",)),
        ("Ludwig van der Berg", ("Ludwig van der Berg",)),
        ("Maria de la Cruz y Jon Lie", ("Maria de la Cruz", "Jon Lie")),
        ("Foto: Jon Lie", ()),
        ("Oversatt av Jon Lie", ()),
        ("3 min", ()),
        ("Av", ()),
        ("tirsdag", ()),
    ],
)
def test_several_names_and_none(line: str, expected: tuple[str, ...]) -> None:
    assert names(line) == expected


def test_in_data_a_value_is_one_authors() -> None:
    assert tidy(split("Le Nord et AFP", is_data=True)) == ("Le Nord et AFP",)
    assert tidy(split("AFP, OSLO", is_data=True)) == ("AFP, OSLO",)
    assert tidy(split("Eli Moe, Jon Lie, Mono", is_data=True)) == ("Eli Moe", "Jon Lie", "Mono")
    assert tidy(split("Eli Moe | Avisa Nord", is_data=True)) == ("Eli Moe",)


def test_a_title_of_a_job_is_none_beside_names() -> None:
    assert tidy(["Eli Moe", "Senior Editor"]) == ("Eli Moe",)
    assert tidy(["Staff Reporter"]) == ("Staff Reporter",)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<b>Eli</b><b> Moe</b>", "Eli Moe"),
        ("<span>Eli Moe</span><span>Jon Lie</span>", "Eli Moe\nJon Lie"),
        ("<span>Eli</span><span>Moe</span>", "Eli Moe"),
        ("<p>Eli Moe</p><p>Jon Lie</p>", "Eli Moe\nJon Lie"),
        ("Eli Moe<br>Bodø", "Eli Moe\nBodø"),
        ("<style>.a{}</style><svg><title>Ikon</title></svg>Eli <i>Moe</i>", "Eli Moe"),
    ],
)
def test_names_of_neighbours_stay_apart(markup: str, expected: str) -> None:
    root = parse(f"<body><div>{markup}</div></body>")
    assert root is not None
    assert spoken.names(next(root.iter("div"))) == expected


def test_a_byline_that_names_more_than_the_data_wins() -> None:
    one = ld({"@type": "NewsArticle", "headline": TITLE, "author": {"name": "Jon Lie"}})
    line = "<div class='top'>Av <a href='/e'>Eli Moe</a> og <a href='/j'>Jon Lie</a></div>"
    assert read(one, line).authors == ("Eli Moe", "Jon Lie")
    assert read(one, f"<aside>{line}</aside>").authors == ("Jon Lie",)
    assert read(one, line.replace("Jon Lie", "Per Dal")).authors == ("Jon Lie",)


@given(st.text(max_size=60))
def test_any_line_is_read(line: str) -> None:
    assert all(name.strip() for name in names(line))


def test_an_address_of_the_web_is_no_name_but_a_paper_may_be_called_after_its_own() -> None:
    assert tidy(["nordlys.no"]) == ()
    assert tidy(["Nordlys.no"]) == ("Nordlys.no",)
