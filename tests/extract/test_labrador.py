"""Labrador pages: every part of the article, in order, and nothing of what stands around it."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from nordcrawl.article import Article, Block, BlockKind, Image, normalize
from nordcrawl.extract import extract
from nordcrawl.page import Page, Profile

sys.path.insert(0, str(Path(__file__).parent))
from labrador_pages import NEXT_STORY, Part, Story, Variant, render

URL = "https://www.nordavisa.test/politikk/en-sak/1105806"
PROFILE = Profile(
    family="labrador",
    site_title="Nordavisa",
    timezone="Europe/Oslo",
    languages=(("www.nordavisa.test", "nb"), ("en.nordavisa.test", "en")),
)

STORY = Story(
    title="Kystvakten: – Vi har ikke nok skip, men vi har nok folk",
    standfirst="Tromsø (Nordavisa): Kystvakten bør få to nye skip, sier sjefen for stasjonen. "
    "Onsdag møtte hun ministeren.",
    alt="Skip ved kai i Tromsø",
    caption="Skipet lå til kai i Tromsø sist høst. Møtet ble holdt om bord. (Foto: Per Hansen / Nordavisa).",
    parts=(
        Part("p", "Sjefen for stasjonen møtte for første gang ministeren for samtaler onsdag."),
        Part("p", "– Vi snakket om hele situasjonen. Vi er uenige om noe, sa hun etter møtet."),
        Part("p", "Rapporten (Norwegian only) ble lagt fram i mai."),
        Part("quote", "Den felles forståelsen er bygget på kontakt.", speaker="Anne Berg, sjef for stasjonen."),
        Part("caption", "De to møtte pressen etterpå. (Foto: Per Hansen / Nordavisa)."),
        Part("heading", "Kritikk av planen"),
        Part("p", "– På den andre siden er planen gammel. Den er ikke lenger god nok [red.anm.], sa hun."),
        Part("caption", "Ministeren på vei inn til møtet."),
        Part("p", "Regjeringen vil \"bidra til ro i våre nærområder\", står det i plattformen."),
        Part("heading", "Vil ha mer samtale"),
        Part("list", lines=("Nye skip innen 2030", "Flere folk i nord")),
        Part("p", "Statsministeren har tidligere sagt at det bør bli mer samtale mellom partene."),
        Part("quote", "I nord ligger vårt viktigste arbeid.", speaker="Plattformen."),
        Part("factbox", "Fakta om stasjonen", lines=("Opprettet i 1977.", "Har 14 skip.")),
        Part("table", lines=("År|Skip", "2024|14")),
        Part("p", "Sitatene er oversatt av journalisten."),
    ),
)  # fmt: skip


def read(body: bytes, url: str = URL, profile: Profile = PROFILE) -> Article:
    found = extract(Page(url, body, datetime(2026, 7, 1, tzinfo=UTC)), profile)
    assert isinstance(found, Article), found
    return found


def expected(story: Story) -> list[tuple[BlockKind, str, str | None]]:
    blocks: list[tuple[BlockKind, str, str | None]] = [(BlockKind.SUMMARY, story.standfirst, None)]
    if story.caption:
        blocks.append((BlockKind.CAPTION, story.caption, None))
    for part in story.parts:
        text = "\n".join(line.replace("|", "\t") for line in part.lines) if part.lines else part.text  # fmt: skip
        blocks.append((BlockKind(part.kind), text, part.speaker or None))
    return blocks


def got(article: Article) -> list[tuple[BlockKind, str, str | None]]:
    return [(block.kind, block.text, block.speaker) for block in article.blocks]


VARIANTS = {
    "plain": Variant(),
    "standfirst p": Variant(standfirst="p"),
    "no #main": Variant(main_id=False),
    "wrapped": Variant(wrapped=True),
    "columns": Variant(columns=True),
    "divs for paragraphs": Variant(bare_divs=True),
    "class order": Variant(class_order=True, nbsp=True),
    "figure div": Variant(figure="div", columns=True),
    "caption outside figure": Variant(figure="outside"),
    "one figcaption": Variant(figure="one"),
    "no neighbours": Variant(neighbours=False),
    "no json-ld": Variant(json_ld=""),
    "broken json-ld": Variant(json_ld='<script type="application/ld+json">{"a": </script>'),
    "no header element": Variant(header=False),
    "no header element, standfirst p": Variant(header=False, standfirst="p", wrapped=True),
    "body in two parts": Variant(split=True),
    "next story inside": Variant(body_end=NEXT_STORY),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())
def test_all_parts_in_order(variant: Variant) -> None:
    article = read(render(STORY, variant))
    assert got(article) == expected(STORY)
    assert article.title == STORY.title
    assert article.extractor.name == "labrador"


@pytest.mark.parametrize(
    ("quote", "figure", "columns", "label"),
    list(
        product(
            (
                "quotebox",
                "blockquote",
                "inner",
                "cite",
                "plain",
                "footer",
                "cite inside",
                "author inside",
                "bare",
                "figure",
            ),
            ("figcaption", "div", "outside", "one"),
            (False, True),
            (
                ("p", "{}"),
                ("h3", "{}:"),
                ("div", "<strong>{}</strong>"),
                ("p", "<strong>{}:</strong>"),
            ),
        )
    ),
)
def test_shapes_of_quotes_figures_and_labels(
    quote: str, figure: str, columns: bool, label: tuple[str, str]
) -> None:
    variant = Variant(
        quote=quote, figure=figure, columns=columns, label_tag=label[0], label_text=label[1]
    )
    article = read(render(STORY, variant))
    assert got(article) == expected(STORY)
    assert "Les også" not in article.text
    assert "Nøkkelord" not in article.text


@pytest.mark.parametrize(
    "label", ["LES OGSÅ:", "Also read", "Tags", "Publisert Sist oppdatert", "Annonse", "Min egen etikett:"]
)  # fmt: skip
def test_labels_are_no_text(label: str) -> None:
    profile = replace(PROFILE, labels=("min egen etikett",))
    article = read(render(replace(STORY, labels=(label,))), profile=profile)
    assert got(article) == expected(STORY)


def test_links_under_a_label_go_with_it() -> None:
    links = '<h3>Les også</h3><p><a href="/a/1">En sak til</a></p><ul><li><a href="/a/2">Og en</a></li></ul>'
    parts = (*STORY.parts[:2], Part("raw", links), *STORY.parts[2:])
    assert got(read(render(replace(STORY, parts=parts)))) == expected(STORY)


def test_text_leaves_captions_out() -> None:
    article = read(render(STORY))
    assert STORY.caption not in article.text
    assert "Anne Berg, sjef for stasjonen." in article.text
    assert article.text.startswith(STORY.standfirst)


def test_metadata() -> None:
    article = read(render(STORY))
    assert article.cms_id == "1105806"
    assert article.kicker == "Sikkerhet"
    assert article.authors == ("Kari Nordmann",)
    assert article.published_at == datetime(2021, 10, 25, 16, 31, tzinfo=UTC)
    assert article.modified_at == datetime(2022, 2, 1, 8, 0, tzinfo=UTC)
    assert article.language == "nb"
    assert article.section == "politikk"
    assert article.tags == ("arktis", "ny-ålesund")
    assert article.canonical_url == URL
    assert article.provenance["published_at"].origin == "labrador"
    assert article.provenance["published_at"].precision == "second"
    assert article.provenance["published_at"].zone == "stated"
    assert article.subtitle == STORY.standfirst
    assert article.kind == "news"


def test_header_image_has_alt_caption_and_credit() -> None:
    image = read(render(STORY)).images[0]
    assert image.alt == "Skip ved kai i Tromsø"
    assert image.caption == STORY.caption
    assert image.credit == "Per Hansen / Nordavisa"
    assert image.url == "https://www.nordavisa.test/image/77.webp?imageId=77&width=960"


@pytest.mark.parametrize("prefix", ["", "Foto: "])
def test_credit_in_its_own_element(prefix: str) -> None:
    caption = Part(
        "caption", "Ministeren ved kaia.", credit="Foto: Ola Lie" if not prefix else "Ola Lie"
    )
    story = replace(
        STORY, credit="Foto: Eva Dahl", caption="Skipet.", parts=(*STORY.parts, caption)
    )
    article = read(render(story, Variant(prefix=prefix)))
    captions = [block for block in article.blocks if block.kind is BlockKind.CAPTION]
    assert captions[0] == Block(BlockKind.CAPTION, "Skipet.", credit="Eva Dahl")
    assert captions[-1] == Block(BlockKind.CAPTION, "Ministeren ved kaia.", credit="Ola Lie")
    assert (
        Image("https://www.nordavisa.test/image/108.jpg", "Ministeren ved kaia.", "Ola Lie")
        in article.images
    )


@pytest.mark.parametrize(
    ("line", "language"),
    [
        (
            '<p><a href="https://en.nordavisa.test/politics/a-story/1105900">Read in English</a></p>',
            "en",
        ),
        (
            '<p><em><a href="https://en.nordavisa.test/politics/a-story/1105900">Les på engelsk.</a></em></p>',
            "en",
        ),
        ("<p>Les på engelsk</p>", None),
    ],
)
def test_cross_language_line_is_a_translation(line: str, language: str | None) -> None:
    article = read(render(STORY, Variant(crossing=line)))
    assert got(article) == expected(STORY)
    assert [t.language for t in article.translations] == ([language] if language else [])
    if language:
        assert article.translations[0].url.endswith("/politics/a-story/1105900")


def test_change_log_becomes_updates() -> None:
    log = """<div class="changelog"><details><summary>Endringslogg</summary><div>
    <time datetime="2022-02-01T08:00:00Z">01.02.2022 09:00</time><p>Rettet et navn i andre avsnitt.</p>
    </div></details></div>"""
    article = read(render(replace(STORY, parts=(*STORY.parts, Part("raw", log)))))
    updates = [block for block in article.blocks if block.kind is BlockKind.UPDATE]
    assert updates == [
        Block(BlockKind.UPDATE, "Rettet et navn i andre avsnitt.", at="2022-02-01T08:00:00Z")
    ]
    assert "Rettet et navn" not in article.text


def test_factbox_and_heading_levels() -> None:
    article = read(render(STORY))
    box = next(block for block in article.blocks if block.kind is BlockKind.FACTBOX)
    assert box.title == "Fakta om stasjonen"
    assert {b.level for b in article.blocks if b.kind is BlockKind.HEADING} == {2}


def test_the_other_article_of_the_page() -> None:
    url = "https://www.nordavisa.test/naering/neste/1107777"
    body = render(STORY).replace(b"id: '1105806'", b"id: '1107777'").replace(b"en-sak/1105806", b"neste/1107777")  # fmt: skip
    article = read(body, url)
    assert article.title == "Neste sak i rekken"
    assert "Enda et avsnitt i neste sak" in article.text
    assert "Kystvakten" not in article.text


def test_page_of_an_older_system_is_read_by_the_generic_family() -> None:
    paragraphs = "".join(f"<p>{part.text}</p>" for part in STORY.parts if part.kind == "p")
    body = f"""<html lang="nb"><head><title>{STORY.title} | Nordavisa</title></head><body>
    <div id="content"><h1>{STORY.title}</h1><p>{STORY.standfirst}</p>{paragraphs * 1}</div></body></html>"""
    article = read(body.encode(), "https://www.nordavisa.test/nb/en-sak")
    assert article.extractor.name == "generic"
    assert article.title == STORY.title
    assert STORY.parts[0].text in article.text


def test_selectors_of_the_source_go_first() -> None:
    profile = replace(
        PROFILE,
        prune=(".bodytext > p:first-of-type",),
        select=(("title", (".kicker",)), ("section", (".nothing", ".ad-label"))),
    )
    article = read(render(STORY), profile=profile)
    assert article.title == STORY.kicker
    assert article.section == "Annonse"
    assert STORY.parts[0].text not in article.text
    assert article.provenance["title"].origin == "selector"


SEED = Path(__file__).parents[2] / ".." / "shared" / "seed"
_SEED_FILES = sorted(SEED.glob("*.txt")) if SEED.is_dir() else []


@pytest.mark.skipif(
    not _SEED_FILES, reason="the expected text of the acceptance article is not here"
)
@pytest.mark.parametrize("name", VARIANTS)
def test_acceptance_article(name: str) -> None:
    story = _acceptance_story(_SEED_FILES[0].read_text("utf-8"))
    article = read(render(story, VARIANTS[name]))
    assert got(article) == [
        (kind, normalize_space(text), normalize_space(speaker) if speaker else None)
        for kind, text, speaker in expected(story)
    ]
    assert normalize("Les også") not in normalize(article.text)
    assert "Nøkkelord" not in article.text
    assert article.images[0].alt == story.alt
    assert article.language == "nb"


def normalize_space(text: str) -> str:
    return " ".join(text.split())


def _acceptance_story(text: str) -> Story:
    """Sort the lines of the expected text into parts: by their order, as the page has them."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    title, alt, caption, standfirst, *rest, also, keywords = lines
    parts: list[Part] = []
    captions = {5, 15, 20}
    quotes = {3, 27}
    skip = {4, 28}
    for index, line in enumerate(rest):
        if index in skip:
            continue
        if index in quotes:
            parts.append(Part("quote", line, speaker=rest[index + 1]))
        elif index in captions:
            parts.append(Part("caption", line))
        elif len(line) < 50 and not line.endswith("."):
            parts.append(Part("heading", line))
        else:
            parts.append(Part("p", line))
    return Story(title, standfirst, tuple(parts), alt, caption, labels=(also, keywords))
