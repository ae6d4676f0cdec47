"""Captions and credits of pictures, in the shapes that pages print them in."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import pytest

from nordcrawl.extract.body.captions import parted
from nordcrawl.model.article import Image
from tests.support.one_small_article import read

LINE = "Båter ved kaia i mars"
IMG = "<img src='/1.jpg' width=900 height=600>"


def shown(body: str) -> list[Image]:
    return [image for image in read(body=body).images if image.url]


@pytest.mark.parametrize(
    "caption",
    [
        f"{LINE} (Photo by Kari Li)",
        f"{LINE} (Courtesy of Kari Li)",
        f"{LINE} © Kari Li",
        f"{LINE}. Foto © Kari Li",
        f"{LINE}. <cite>Kari Li</cite>",
        f"<span class=credit>Foto: Kari Li</span> {LINE}",
        f"Image caption, {LINE} (Foto: Kari Li)",
        f"<b>Bildetekst:</b> {LINE} (Foto av Kari Li)",
    ],
)
def test_caption_and_credit_apart(caption: str) -> None:
    [image] = shown(f"<figure>{IMG}<figcaption>{caption}</figcaption></figure>")
    assert (image.caption or "").rstrip(".") == LINE
    assert image.credit == "Kari Li"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{LINE} (Kari Li/AFP)", (LINE, "Kari Li/AFP")),
        (f"{LINE} (Photos: Getty/AP)", (LINE, "Getty/AP")),
        (f"{LINE}.Kari Li (dpa/picture alliance)", (f"{LINE}.", "Kari Li (dpa/picture alliance)")),
        ("Fotos: © Kari Li", ("", "Kari Li")),
        (f"{LINE} (til venstre)", (f"{LINE} (til venstre)", None)),
        ("Kari Li (SV) og Ola Dal (Ap)", ("Kari Li (SV) og Ola Dal (Ap)", None)),
        ("Skuta (bygd i 1901 av Ola Dal)", ("Skuta (bygd i 1901 av Ola Dal)", None)),
        ("© er tegnet for opphavsrett. Det er gammelt", ("© er tegnet for opphavsrett. Det er gammelt", None)),
    ],
)  # fmt: skip
def test_what_closes_a_caption(text: str, expected: tuple[str, str | None]) -> None:
    assert parted(text) == expected


@pytest.mark.parametrize(
    "box",
    [
        f"<table class=image><caption align=bottom>{LINE}</caption><tr><td>{IMG}</td></tr></table>",
        f"<p>{IMG}</p><p><small>{LINE}</small></p>",
        f"<a data-caption='{LINE}' href='/1.jpg'>{IMG}</a>",
        f"<figure><img src='/1.jpg' data-caption='{LINE}'></figure>",
        f"<div class='image'>{IMG}<div class='credit-caption'><div class='caption'><p>{LINE}</p></div></div></div>",
        f"<div class=q1><div class=q2>{IMG}</div><div class=q3 data-testid='image-caption'>{LINE}</div></div>",
    ],
)
def test_where_a_caption_stands(box: str) -> None:
    assert [image.caption for image in shown(box)] == [LINE]


def test_a_caption_in_print_counts_before_the_one_for_scripts() -> None:
    [image] = shown(
        f"<figure><img src='/1.jpg' data-caption='Et skip (Foto: Kari Li)'><figcaption>{LINE}</figcaption></figure>"
    )
    assert (image.caption, image.credit) == (LINE, "Kari Li")


def test_the_title_of_a_table_of_data_is_none() -> None:
    rows = "".join(
        f"<tr><td><img src='/{n}.jpg'></td><td>Båt {n}</td><td>{n}0 fot</td></tr>" for n in range(3)
    )
    article = read(body=f"<table><caption>Alle båter i havna</caption>{rows}</table>")
    assert "Alle båter i havna" not in [image.caption for image in article.images]
