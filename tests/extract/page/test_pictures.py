"""A picture's address is the one that a browser would load, wherever the page keeps it."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.extract.body.captions import is_signature
from nordcrawl.extract.page import pictures
from nordcrawl.extract.page.tree import parse
from tests.support.one_small_article import ld, read

BLANK = "data:image/gif;base64,R0lGODlhAQABAAAAACw="


def first(markup: str) -> str | None:
    root = parse(f"<body><figure>{markup}</figure></body>")
    assert root is not None
    return next(pictures.addresses(next(root.iter(*pictures.TAGS))), None)


@pytest.mark.parametrize(
    "markup",
    [
        "<img src='/b.jpg'>",
        "<img src='/static/placeholder.png' data-src='/b.jpg'>",
        "<img src='/img/1x1.gif' data-lazy='/b.jpg'>",
        "<img src='/lazy.svg' srcset='/a.jpg 300w, /b.jpg 900w'>",
        f"<img src='{BLANK}' data-srcset='/b.jpg 900w, /a.jpg 300w'>",
        f"<img src='{BLANK}' data-src='{BLANK}' data-lazy-srcset='/a.jpg, /b.jpg 2x'>",
        f"<img src='{BLANK}'><noscript><img src='/b.jpg'></noscript>",
        f"<span><img src='{BLANK}'></span><noscript><img srcset='/b.jpg 2x'></noscript>",
        "<amp-img src='/b.jpg' width=900 height=600></amp-img>",
        "<amp-img><noscript><img src='/b.jpg'></noscript></amp-img>",
        f"<picture><source srcset='/a.jpg 300w, /b.jpg 900w'><img src='{BLANK}'></picture>",
        "<picture><source data-srcset='/b.jpg'><source srcset='/c.jpg'><img></picture>",
        "<picture><source type='image/webp' srcset='/a.webp'><img data-src='/b.jpg'></picture>",
    ],
)
def test_the_address_that_is_loaded(markup: str) -> None:
    assert first(markup) == "/b.jpg"


@pytest.mark.parametrize(
    "markup", [f"<img src='{BLANK}'>", "<img>", "<img src='/spacer.gif'>", "<img srcset=' , '>"]
)
def test_what_stands_in_for_a_picture_is_none(markup: str) -> None:
    assert first(markup) is None


@pytest.mark.parametrize(
    ("srcset", "expected"),
    [
        ("/a.jpg", [("/a.jpg", 1000)]),
        ("/a.jpg, /b.jpg 2x", [("/a.jpg", 1000), ("/b.jpg", 2000)]),
        ("/w_4,h_2/a.jpg 400w,/w_8,h_4/a.jpg 800w", [("/w_4,h_2/a.jpg", 400), ("/w_8,h_4/a.jpg", 800)]),
        ("  /a.jpg 400w 200h,\n /b.jpg 1.5x", [("/a.jpg", 400), ("/b.jpg", 1500)]),
        ("/a.jpg,, /b.jpg 3w", [("/a.jpg", 1000), ("/b.jpg", 3)]),
        ("data:image/png;base64,AAAA 1x, /b.jpg 2x", [("data:image/png;base64,AAAA", 1000), ("/b.jpg", 2000)]),
        ("/a.jpg calc(1,2) 5w, /b.jpg", [("/a.jpg", 5), ("/b.jpg", 1000)]),
        ("", []),
    ],
)  # fmt: skip
def test_a_srcset_is_parted_where_the_standard_parts_it(
    srcset: str, expected: list[tuple[str, float]]
) -> None:
    assert list(pictures.candidates(srcset)) == expected


@given(st.text(alphabet=" ,()/ab1wx\n", max_size=40))
def test_any_srcset_comes_to_an_end(srcset: str) -> None:
    for address, size in pictures.candidates(srcset):
        assert address
        assert size >= 0


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("<base href='https://cdn.test/2024/'>", "https://cdn.test/2024/"),
        ("<base href='/2024/'>", "https://avis.test/2024/"),
        ("<base target='_blank'><base href='/2024/'>", "https://avis.test/2024/"),
        ("<base href='javascript:1'>", "https://avis.test/nyheter/torsk"),
        ("<base href='http://[bad'>", "https://avis.test/nyheter/torsk"),
        ("", "https://avis.test/nyheter/torsk"),
    ],
)
def test_relative_addresses_are_relative_to_the_first_base(base: str, expected: str) -> None:
    root = parse(f"<html><head>{base}</head><body>x</body></html>")
    assert root is not None
    assert pictures.base_of(root, "https://avis.test/nyheter/torsk") == expected


def test_pictures_links_and_canonical_of_a_page_with_a_base() -> None:
    article = read(
        "<base href='https://cdn.test/2024/'><link rel='canonical' href='torsk'>",
        "<figure><img src='1.jpg'><figcaption>Torsk på kaia i mai.</figcaption></figure>"
        "<p>Planen ligger <a href='plan.html'>her</a>, og alle på øya har lest den to ganger.</p>",
    )
    assert [image.url for image in article.images] == ["https://cdn.test/2024/1.jpg"]
    assert article.links == ("https://cdn.test/2024/plan.html",)
    assert article.canonical_url == "https://cdn.test/2024/torsk"


def test_a_picture_that_only_noscript_has_is_one_of_the_articles() -> None:
    article = read(
        body="<figure><noscript><img src='/1.jpg'></noscript><figcaption>Torsk på kaia.</figcaption>"
        "</figure>"
    )
    assert [(image.url, image.caption) for image in article.images] == [
        ("https://avis.test/1.jpg", "Torsk på kaia.")
    ]


def test_the_name_of_a_node_is_no_picture() -> None:
    node = {"@type": "NewsArticle", "headline": "Mye torsk langs kysten"}
    page = "https://avis.test/nyheter/torsk"
    assert read(ld({**node, "image": {"@id": page + "#primaryimage"}})).images == ()
    assert read(ld({**node, "image": {"@id": page}})).images == ()
    told = read(
        ld([{**node, "image": {"@id": "#1"}}, {"@id": "#1", "url": "https://avis.test/1.jpg"}])
    )
    assert [image.url for image in told.images] == ["https://avis.test/1.jpg"]


@pytest.mark.parametrize(
    "line",
    ["Forstørr bildet", "Öppna bild i helskärm", "01:02:03", "3 / 7", "Video loading", "Legende:"],
)
def test_what_works_a_picture_is_no_caption(line: str) -> None:
    article = read(
        body=f"<figure><img src='/1.jpg'><figcaption>{line}</figcaption></figure>"
        "<figure><img src='/2.jpg'><figcaption>Torsk på kaia i mai.</figcaption></figure>"
    )
    assert [image.caption for image in article.images] == [None, "Torsk på kaia i mai."]
    assert [image.url for image in article.images] == [
        "https://avis.test/1.jpg",
        "https://avis.test/2.jpg",
    ]


@pytest.mark.parametrize(
    ("line", "is_only"),
    [
        ("Kari Vik / NTB", True),
        ("Keystone/Kari Vik via AP", True),
        ("Getty Images", True),
        ("picture alliance / dpa", True),
        ("Kari Vik/Reuters", True),
        ("Reuters fylte 170 år i fjor", False),
        ("Jonas Berg, AP", False),
        ("Reuters åpnet kontor i Bodø.", False),
        ("Kari Vik", False),
    ],
)
def test_a_line_of_sellers_and_makers_is_a_credit(line: str, is_only: bool) -> None:
    assert is_signature(line) is is_only


def test_a_caption_that_is_only_a_credit_is_none() -> None:
    article = read(
        body="<figure><img src='/1.jpg'><figcaption>Kari Vik / NTB</figcaption></figure>"
    )
    assert [(i.caption, i.credit) for i in article.images] == [(None, "Kari Vik / NTB")]
