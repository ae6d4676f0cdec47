"""The vote on the headline, and what is cut off it."""

from __future__ import annotations

import pytest
from test_metadata import ld, read

from nordcrawl.extract.titles import without_site


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("Ny havn åpnet - Avisa Nord", "Ny havn åpnet"),
        ("Avisa Nord | Ny havn åpnet", "Ny havn åpnet"),
        ("Ny havn åpnet » Avisa Nord", "Ny havn åpnet"),
        ("Han sa « ny havn »", "Han sa « ny havn »"),
        ("« Ny havn » sa han", "« Ny havn » sa han"),
        ("Ny havn – nå", "Ny havn – nå"),
    ],
)
def test_the_site_is_cut_off(title: str, bare: str) -> None:
    assert without_site(title, ("Avisa Nord",)) == bare


def test_the_page_s_data_tells_which_of_many_headings_it_is() -> None:
    others = "<h1>En annen sak om sild i fjorden</h1><h1>Enda en sak om krill</h1>"
    social = "<meta property='og:title' content='Slik er torsken i år'>"
    data = ld({"@type": "NewsArticle", "headline": "Mye torsk langs kysten"})
    assert read(data + social, others).title == "Mye torsk langs kysten"


def test_twitter_does_not_vote_for_open_graph_again() -> None:
    same = "Torsken er tilbake i fjorden"
    head = (
        f"<meta property='og:title' content='{same}'><meta name='twitter:title' content='{same}'>"
        + ld({"@type": "NewsArticle", "headline": "Mye torsk langs kysten"})
    )
    assert read(head).title == "Mye torsk langs kysten"


def test_what_the_data_has_behind_a_separator_stays() -> None:
    whole = "Mye torsk langs kysten - dette vet vi"
    head = ld({"@type": "NewsArticle", "headline": whole}) + (
        f"<meta property='og:title' content='{whole}'>"
    )
    assert read(head).title == whole
