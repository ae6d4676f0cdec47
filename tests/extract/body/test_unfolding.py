"""Titles of parts that a reader unfolds, and text that is hidden until then."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import pytest

from tests.extract.body.test_body import paragraphs, read, texts

PARTS = [
    (
        "Hvem betaler?",
        "Staten tar det meste, og resten deler kommunen og havnevesenet mellom seg over åtte år.",
    ),
    (
        "Når begynner arbeidet?",
        "I mai, når isen er borte og de siste båtene ligger på land for å bli malt på nytt.",
    ),
]


def unfolded(form: str, parts: list[tuple[str, str]] = PARTS) -> str:
    own = "".join(form.format(*part) for part in parts)
    return f"<h1>Ny havn i byen</h1><article>{paragraphs(3)}<div class=liste>{own}</div></article>"


@pytest.mark.parametrize(
    "form",
    [
        "<details><summary>{}</summary><p>{}</p></details>",
        "<div class=item><div class=tab-title role=button>{}</div><div><p>{}</p></div></div>",
        "<div class=elementor-toggle><div class=elementor-tab-title>{}</div><div><p>{}</p></div></div>",
        "<div class=accordion-item><h2><button type=button>{}</button></h2><div class=collapse><div>{}</div></div></div>",
        "<div class=panel><h4><a data-toggle=collapse href='#c'>{}</a></h4><div id=c class='panel-collapse collapse'><p>{}</p></div></div>",
        "<div><button aria-expanded=false>{}</button><div><p>{}</p></div></div>",
        "<div class=faq-item><div class=faq-question>{}</div><div class=faq-answer><p>{}</p></div></div>",
        "<div class=faq-item><div class=faq-question>{}</div><div class=faq-answer style='display:none'><p>{}</p></div></div>",
        "<div><h3><button aria-controls=x aria-expanded=false>{}</button></h3><div id=x role=region hidden><p>{}</p></div></div>",
        "<div><div><span data-bs-toggle=collapse>{}</span></div><svg></svg><div><p>{}</p></div></div>",
    ],
)
def test_titles_and_their_parts_are_text(form: str) -> None:
    expected = [text for part in PARTS for text in part]
    assert texts(read(unfolded(form)))[3:] == expected


@pytest.mark.parametrize(
    ("form", "parts"),
    [
        ("<div><div>{}</div><div><p>{}</p></div></div>", PARTS),
        ("<div><button>{}</button><div><p>{}</p></div></div>", PARTS[:1]),
        ("<div><a role=button href='/annet'>{}</a><div><p>{}</p></div></div>", PARTS),
        ("<div><button>{}</button></div><p>Ja.</p><p>{}</p>", PARTS),
    ],
)
def test_what_is_no_title_of_a_part(form: str, parts: list[tuple[str, str]]) -> None:
    found = texts(read(unfolded(form, parts)))
    assert parts[0][1] in found
    assert parts[0][0] not in found
