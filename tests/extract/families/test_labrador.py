"""Labrador pages: every part of the article, in order, and nothing of what stands around it."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from nordcrawl.extract import extract
from nordcrawl.model.article import Article, Block, BlockKind, Image, Translation, normalize
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from tests.support.labrador_pages import NEXT_STORY, TEASER, Part, Story, Variant, render

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


def without_credit(caption: str) -> str:
    return re.sub(r"\s*\(Foto: [^()]*\)[\s.]*$", "", caption)


def expected(story: Story) -> list[tuple[BlockKind, str, str | None]]:
    blocks: list[tuple[BlockKind, str, str | None]] = []
    if story.caption:
        blocks.append((BlockKind.CAPTION, without_credit(story.caption), None))
    blocks.append((BlockKind.SUMMARY, story.standfirst, None))
    for part in story.parts:
        text = "\n".join(line.replace("|", "\t") for line in part.lines) if part.lines else part.text  # fmt: skip
        text = without_credit(text) if part.kind == "caption" else text
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
    assert without_credit(STORY.caption) not in article.text
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
    assert image.caption == "Skipet lå til kai i Tromsø sist høst. Møtet ble holdt om bord."
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


# --- the rows of the site notes: what else the template and its editors do ------------------------


def json_ld(node: str) -> Variant:
    return Variant(json_ld=f'<script type="application/ld+json">{node}</script>')


@pytest.mark.parametrize(
    ("node", "tags"),
    [
        (
            '[{"@type":"WebSite","name":"Nordavisa","availableLanguage":"nb-NO"},{"@type":'
            '"NewsArticle","headline":"x","images":["https://www.nordavisa.test/i/1.jpg"],'
            '"availableLanguage":"nb-NO","keywords":["arktis","ny-%C3%A5lesund"],'
            '"author":[{"@type":"Person","name":"Kari Nordmann og Ola Hansen"}]}]',
            ("arktis", "ny-ålesund"),
        ),
        (
            '{"@type":"NewsArticle","headline":"x&nbsp;y","image":[{"@type":"ImageObject","url":'
            '"https://www.nordavisa.test/i/1.jpg"}],"inLanguage":[{"@type":"Language",'
            '"alternateName":"nb-NO"}],"keywords":"arktis, us senator,forskning",'
            '"isAccessibleForFree":false,"author":[{"@type":"Person",'
            '"name":"Kari Nordmann og Ola Hansen"}]}',
            ("arktis", "us senator", "forskning"),
        ),
        (
            '{"@type":"OpinionNewsArticle","headline":"x","keywords":["arktis","forskning"],'
            '"author":{"@type":"Person","name":"Kari Nordmann og Ola Hansen"}}',
            ("arktis", "forskning"),
        ),
    ],
    ids=["list of nodes", "template of 2026", "keywords as list"],
)
def test_three_shapes_of_json_ld(node: str, tags: tuple[str, ...]) -> None:
    article = read(render(replace(STORY, tags=(), authors=()), json_ld(node)))
    assert article.tags == tags
    assert article.authors == ("Kari Nordmann", "Ola Hansen")
    assert article.language == "nb"
    assert article.paywalled is (True if "isAccessibleForFree" in node else None)
    assert got(article) == expected(STORY)


def test_tags_printed_as_in_their_address() -> None:
    story = replace(STORY, tags=("us%20senator", "ny-%C3%A5lesund", "100 % fisk"))
    assert read(render(story)).tags == ("us senator", "ny-ålesund", "100 % fisk")


def test_change_log_with_times_that_are_only_printed() -> None:
    log = """<div class="changelog"><details><summary>Endringslogg</summary>
    <p><time>01.02.2022 09:00</time> Rettet et navn.</p>
    <p><time>02.02.2022 10:15</time>: La til et sitat.</p></details></div>"""
    article = read(render(replace(STORY, parts=(*STORY.parts, Part("raw", log)))))
    assert [(b.text, b.at) for b in article.blocks if b.kind is BlockKind.UPDATE] == [
        ("Rettet et navn.", "2022-02-01T08:00:00Z"),
        ("La til et sitat.", "2022-02-02T09:15:00Z"),
    ]


def test_next_article_without_a_number_or_header() -> None:
    plain = Variant(main_id=False, neighbours=False)
    following = """<h1 class="headline">Neste sak</h1><div class="bodytext"><p>Teksten i neste sak er
    også lang nok til å bli lest som en artikkel.</p></div><section class="related">"""
    body = render(STORY, plain).replace(b'<section class="related">', following.encode())
    assert got(read(body)) == expected(STORY)
    numbered = render(STORY, Variant(main_id=False)).replace(b' data-id="1107777"', b"")
    assert got(read(numbered)) == expected(STORY)


NOTE = """<article class="notice" itemscope itemtype="http://schema.org/BlogPosting" data-id="{}">
<header><h2 itemprop="headline">{}</h2><time itemprop="datePublished" datetime="2026-05-05T10:05:00Z">
10:05</time></header><div itemprop="articleBody"><p>{}</p></div></article>"""


def test_live_notes_are_text() -> None:
    notes = NOTE.format(1109001, "Skipet er ute", "Kl. 10 la skipet fra kai med mannskap om bord.")
    notes += NOTE.format(
        1109002, "Første melding", "Skipet skal være tilbake før kvelden, sier hun."
    )
    raw = Part("raw", f'<div class="liveblog">{notes}</div>')
    article = read(
        render(replace(STORY, parts=(*STORY.parts, raw)), json_ld('{"@type":"LiveBlogPosting"}'))
    )
    assert got(article) == [
        *expected(STORY),
        (BlockKind.HEADING, "Skipet er ute", None),
        (BlockKind.P, "Kl. 10 la skipet fra kai med mannskap om bord.", None),
        (BlockKind.HEADING, "Første melding", None),
        (BlockKind.P, "Skipet skal være tilbake før kvelden, sier hun.", None),
    ]
    assert article.kind == "live"
    assert article.published_at == datetime(2021, 10, 25, 16, 31, tzinfo=UTC)


@pytest.mark.parametrize("again", ["<p>{}</p>", "<p><strong>{}</strong></p>"])
def test_imported_article_repeats_its_standfirst(again: str) -> None:
    raw = Part("raw", again.format(STORY.standfirst))
    assert got(read(render(replace(STORY, parts=(raw, *STORY.parts))))) == expected(STORY)


def test_promotion_where_the_standfirst_belongs_is_none() -> None:
    promotion = "Nå kan du få ukens hovedsaker servert i e-posten din."
    article = read(render(replace(STORY, standfirst=promotion)))
    caption, _, *rest = expected(STORY)
    assert got(article) == [caption, *rest]
    assert article.subtitle is None


@pytest.mark.parametrize("opened", ["<p>", ""])
def test_imported_article_with_line_breaks_for_paragraphs(opened: str) -> None:
    lines = (
        "Første avsnitt er her og har et punktum.",
        "Andre avsnitt er her og har også det.",
        "Tredje avsnitt står her til slutt i teksten.",
    )
    raw = Part("raw", opened + f"{lines[0]}<br>{lines[1]}<br><br>{lines[2]}")
    article = read(render(replace(STORY, parts=(raw,))))
    assert [text for _, text, _ in got(article)[2:]] == list(lines)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('mainTitle t35">', 'mainTitle t35">(+) '),
        ('<p class="kicker', '<span class="paywallLabel">Pluss</span><p class="kicker'),
        ('<body class="l4', '<body class="has-paywall l4'),
        ('<div class="column articleFooter">', '<div id="paywallPreview"><p>Kjøp abonnement for å '
         'lese videre.</p></div><div class="column articleFooter">'),
    ],
    ids=["mark in headline", "label", "class of body", "preview"],
)  # fmt: skip
def test_paywall_marks(old: str, new: str) -> None:
    body = render(STORY).decode().replace(old, new)
    article = read(body.encode())
    assert article.title == STORY.title
    assert article.paywalled is True
    assert got(article) == expected(STORY)


@pytest.mark.parametrize(
    "box",
    [
        '<div class="factbox collapsed"><h2>Fakta om havna</h2><div class="fact" style="display:none"'
        " hidden><ul><li>Bygd i 1950.</li><li>Utvidet i 2020.</li></ul></div>"
        "<button>Vis mer</button></div>",
        '<details class="factbox"><summary>Fakta om havna</summary><div class="fact"><p>Bygd i 1950.'
        "</p><p>Utvidet i 2020.</p></div></details>",
    ],
)
def test_collapsed_fact_box(box: str) -> None:
    parts = (*STORY.parts[:3], Part("raw", box), *STORY.parts[3:])
    article = read(render(replace(STORY, parts=parts)))
    found = next(b for b in article.blocks if b.kind is BlockKind.FACTBOX)
    assert (found.title, found.text) == ("Fakta om havna", "Bygd i 1950.\nUtvidet i 2020.")


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("Les på norsk", "nb"),
        ("Les original artikkel på norsk", "nb"),
        ("Les nyhetsbrevet på norsk her", "nb"),
        ("Klikk her for norsk versjon", "nb"),
        ("Klikk her for å lese på norsk.", "nb"),
        ("Read the Norwegian version here", "nb"),
        ("Read this article in Norwegian", "nb"),
        ("This article is also available in Norwegian.", "nb"),
        ("Read in Northern Sámi", "se"),
        ("Les på nynorsk", "nn"),
        ("Loga sámegillii", "se"),
        ("Lue suomeksi", "fi"),
        ("Läs artikeln på svenska", "sv"),
        ("Læs artiklen på dansk", "da"),
        ("Kalaallisut atuaruk", "kl"),
        ("Lesið á íslensku", "is"),
        ("Читать на русском", "ru"),
    ],
)
def test_cross_language_lines_on_an_english_page(line: str, language: str) -> None:
    url = "https://en.nordavisa.test/politics/a-story/1105806"
    crossing = f'<p><a href="https://www.nordavisa.test/politikk/en-sak/1105900">{line}</a></p>'
    article = read(render(ENGLISH, Variant(crossing=crossing, lang="en")), url)
    assert got(article) == expected(ENGLISH)
    assert [t.language for t in article.translations] == [language]


ENGLISH = replace(
    STORY,
    title="Coast guard asks for two new ships",
    standfirst="Tromsø (Nordavisa): The coast guard needs two new ships, says the head of the station.",
    parts=(
        Part("p", "The head of the station met the minister for the first time on Wednesday."),
        Part("p", "They talked about the whole situation and did not agree about all of it."),
        Part("p", "The report (Norwegian only) was presented in the month of May this year."),
    ),
    labels=("Also read", "Tags"),
)  # fmt: skip


def test_dialogue_dash_and_note_of_language_are_text() -> None:
    article = read(render(ENGLISH, Variant(lang="en")), "https://en.nordavisa.test/a/b/1105806")
    assert "(Norwegian only)" in article.text
    assert article.language == "en"


@pytest.mark.parametrize("kicker", ["Newsletter", "Newsletter:", "Nyhetsbrev:", "nyhetsbrev"])
def test_kicker_glued_to_the_headline(kicker: str) -> None:
    body = render(replace(STORY, kicker="")).replace(
        b'mainTitle t35">', f'mainTitle t35"><span class="kicker">{kicker}</span> '.encode()
    )
    article = read(body)
    assert article.title == STORY.title
    assert article.kicker == kicker.rstrip(":")
    assert article.kind == "newsletter"


@pytest.mark.parametrize(
    ("opening", "kind"),
    [
        ("Bodø, Northern Norway (Comment): ", "commentary"),
        ("Kommentar: ", "commentary"),
        ("(Commentary) ", "commentary"),
        ("Op-ed: ", "op-ed"),
        ("Tromsø (High North News): ", "news"),
    ],
)
def test_dateline_stays_and_tells_the_kind(opening: str, kind: str) -> None:
    article = read(render(replace(STORY, standfirst=opening + STORY.standfirst)))
    assert article.kind == kind
    assert article.subtitle == opening + STORY.standfirst


def test_empty_modified_time_is_none() -> None:
    body = re.sub(r'<span class="dateGroup dateModified">.*?</time></span>', "",
                  render(STORY).decode(), flags=re.DOTALL)  # fmt: skip
    assert 'article:modified_time" content=""' in body
    assert read(body.encode()).modified_at is None


@pytest.mark.parametrize(
    "dates",
    [
        '<span class="datePublished"><span class="dateLabel">Publisert</span> <time>25.10.2021 - 18:31'
        "</time></span>",
        '<span class="datePublished"><span>Published</span> <time>25 October 2021 - 18:31</time></span>',
        '<span class="datePublished">Publisert 25.10.2021 - 18:31</span>',
        '<span class="dateUnified">Publisert 25.10.2021 - 18:31</span>',
    ],
)
def test_printed_dates_are_of_oslo(dates: str) -> None:
    body = re.sub(r'<span class="dateGroup datePublished">.*?</span></div></div>',
                  f"{dates}</div></div>", render(STORY, Variant(json_ld="")).decode(),
                  flags=re.DOTALL)  # fmt: skip
    article = read(body.encode())
    assert article.published_at == datetime(2021, 10, 25, 16, 31, tzinfo=UTC)
    evidence = article.provenance["published_at"]
    assert (evidence.precision, evidence.zone) == ("minute", "assumed")


@pytest.mark.parametrize(
    "script",
    [
        '{"hasTranslation":true,"translations":[{"id":"1105900","seolanguage":"en","siteDomain":'
        '"en.nordavisa.test","published_url":"\\/politics\\/a-story\\/1105900"}]}',
        "[{ published_url: '/politics/a-story/1105900', siteDomain: 'en.nordavisa.test',"
        " seolanguage: 'en-GB' }]",
    ],
)
def test_translation_told_by_script(script: str) -> None:
    article = read(render(STORY, Variant(extra_head=f"<script>var t = {script};</script>")))
    assert article.translations == (
        Translation("en", "https://en.nordavisa.test/politics/a-story/1105900"),
    )


@pytest.mark.parametrize("name", ["scrollbox", "toplist", "articlesByTag", "articlescroller"])
def test_boxes_of_other_articles(name: str) -> None:
    box = (
        f'<div class="{name}"><h3>Mest lest</h3><ul><li><a href="/a/1">En annen sak her</a></li></ul>'
        "<p>En ingress som ikke hører hit.</p></div>"
    )
    parts = (*STORY.parts[:3], Part("raw", box), *STORY.parts[3:])
    assert got(read(render(replace(STORY, parts=parts)))) == expected(STORY)


@pytest.mark.parametrize(
    "label",
    [
        "Les òg", "Læs også", "Läs också", "Lue myös", "Lesið einnig", "Les eisini", "Loga maid",
        "Aamma atuaruk", "Читайте также:", "Avainsanat", "Efnisorð", "Čoavddasánit",
        "Ключевые слова", "Published Modified",
    ],
)  # fmt: skip
def test_labels_of_the_north(label: str) -> None:
    assert got(read(render(replace(STORY, labels=(label,))))) == expected(STORY)


def test_row_of_teasers_goes_with_its_title() -> None:
    row = '<div class="columns btxt_row row"><h5 class="row_header_text large-12">{}</h5>{}</div>'
    teasers = Part("raw", row.format("Mer om fiskeri", TEASER + TEASER))
    text = Part(
        "raw", row.format("Slik gikk det", "<p>Møtet varte i to timer og ble holdt om bord.</p>")
    )
    story = replace(STORY, parts=(*STORY.parts[:3], teasers, *STORY.parts[3:], text))
    assert got(read(render(story))) == [
        *expected(STORY),
        (BlockKind.HEADING, "Slik gikk det", None),
        (BlockKind.P, "Møtet varte i to timer og ble holdt om bord.", None),
    ]


def test_page_is_known_by_its_own_script() -> None:
    article = read(render(STORY), profile=Profile(timezone="Europe/Oslo"))
    assert article.extractor.name == "labrador"
    assert got(article) == expected(STORY)


def test_own_script_alone_is_not_enough() -> None:
    long = "".join(f"<p>{STORY.parts[0].text} {STORY.parts[1].text}</p>" for _ in range(12))
    body = f"""<html lang="nb"><head><title>{STORY.title}</title>
    <script>window.Dac.clientData = {{}};</script></head><body><h1>{STORY.title}</h1>
    <div class="bodytext"><p>Bare en kort ingress i en boks øverst.</p></div>
    <div class="longread"><h2>Selve saken</h2>{long}</div></body></html>"""
    assert read(body.encode(), profile=Profile()).extractor.name == "generic"


def test_section_label_and_names_without_markup_of_a_person() -> None:
    body = (
        render(STORY)
        .decode()
        .replace(
            '<p class="kicker', '<div class="lab-article-section">Politikk</div><p class="kicker'
        )
        .replace('<span itemprop="name" class="visuallyhidden">Kari Nordmann</span>', "")
    )
    article = read(body.encode())
    assert article.section == "Politikk"
    assert article.authors == ("Kari Nordmann",)
    assert got(article) == expected(STORY)


SEED = Path(__file__).parents[3] / ".." / "shared" / "seed"
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
