"""Bylines that only the page's print tells, and what looks like one and is none."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nordcrawl.extract import extract
from nordcrawl.extract.fields import authors, bylines
from nordcrawl.extract.page.head import read as read_head
from nordcrawl.extract.page.tree import parse
from nordcrawl.model.article import Article
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from tests.support import wordpress_pages
from tests.support.one_small_article import AT, ld, read
from tests.support.stories_in_ten_languages import TALES

TITLE = "Mye torsk langs kysten"
HEAD = f"<h1>{TITLE}</h1>"


def printed(body: str) -> str | None:
    root = parse(f"<html><body>{body}</body></html>")
    assert root is not None
    return bylines.printed(root, (TITLE,))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (HEAD + "<p><i>von Kari Nordmann</i></p>", "Kari Nordmann"),
        (HEAD + "<p>Ein Artikel von <b>Kari Nordmann</b> | 24.04.2021</p>", "Kari Nordmann"),
        (HEAD + "<p>24.04.2021 <b>- Redaktion: Kari Nordmann (Avisa)</b></p>", "Kari Nordmann"),
        (HEAD + "<p>Av Kari Nordmann og Ola van der Berg</p>", "Kari Nordmann og Ola van der Berg"),
        (HEAD + "<p>Por Kari Nordmann, Tromsø</p>", "Kari Nordmann"),
        (HEAD + "<div class='post-author'>Kari Nordmann</div>", "Kari Nordmann"),
        (HEAD + "<div class='author'><b>von</b> <span>Kari</span></div>", "Kari"),
        (HEAD + "<a rel='author' href='/k'>Kari</a>", "Kari"),
        (HEAD + "<p><a href='/forfatter/kari'>Kari Nordmann</a></p>", "Kari Nordmann"),
        (HEAD + "<p><a href='/users/kari78'>Kari78</a></p>", "Kari78"),
        (HEAD + "<div><a href='/@kari'>Kari Nordmann</a></div>", "Kari Nordmann"),
        (HEAD + "<site-byline><a href='/k'>Kari Nordmann</a></site-byline>", "Kari Nordmann"),
        (HEAD + "<p><a href='mailto:kari@avis.test'>Kari Nordmann</a></p>", "Kari Nordmann"),
        (HEAD + "<p>24.04.2021 - Kari Nordmann</p>", "Kari Nordmann"),
        (HEAD + "<p>24.04.2021 kl. 13:30 av Kari</p>", "Kari"),
        (HEAD + "<p>Skrevet av Kari</p>", "Kari"),
        (HEAD + "<p>Publisert av Kari Nordmann</p>", "Kari Nordmann"),
        (HEAD + "<p>Kirjoittanut Kari Nordmann</p>", "Kari Nordmann"),
        (HEAD + "<p>Eftir Kari Nordmann</p>", "Kari Nordmann"),
        (HEAD + "<p>Av Kari Nordmann kari@avis.test</p>", "Kari Nordmann"),
        (HEAD + "<p>Av NTB</p>", "NTB"),
        (HEAD + "<p>Af Kari Nordmann, journalist på havnen</p>", "Kari Nordmann"),
        (HEAD + "<div class='elementor-widget-container'>Av Kari Nordmann</div>", "Kari Nordmann"),
        ("<body class='right-sidebar'><p>Av Kari Nordmann</p>", "Kari Nordmann"),
        # A label in an element of its own, the name beside it or on the next line.
        (HEAD + "<p><b>Av</b> Kari Nordmann</p>", "Kari Nordmann"),
        (HEAD + "<div><span>Tekst:</span> <span>Kari Nordmann</span></div>", "Kari Nordmann"),
        (HEAD + "<div><h5>Forfatter: </h5>Kari Nordmann/NTB</div>", "Kari Nordmann"),
        (HEAD + "<div><div>Words</div><div>Kari Nordmann</div></div>", "Kari Nordmann"),
        (HEAD + "<dl><dt>Author</dt><dd>Kari Nordmann</dd></dl>", "Kari Nordmann"),
        (HEAD + "<p><small>By</small><br>Kari Nordmann</p>", "Kari Nordmann"),
        (HEAD + "<div><span>By</span><span><a href='/om/kari'>Kari Nordmann</a></span></div>", "Kari Nordmann"),
        (HEAD + "<p><b>By</b> <a href='/a'>Kari Nordmann</a> and <a href='/b'>Ola Berg</a></p>", "Kari Nordmann and Ola Berg"),
        (HEAD + "<div>Dato: 19.11.2021<br>Tekst: Kari Nordmann<br>Kilde: Avisa</div>", "Kari Nordmann"),
        (HEAD + "<p>Words: Kari Nordmann</p>", "Kari Nordmann"),
        (HEAD + "<p>Posted on March 5, 2026 by Kari Nordmann</p>", "Kari Nordmann"),
        (HEAD + "<p>Posted by Kari Nordmann in Economy on March 5, 2026</p>", "Kari Nordmann"),
        (HEAD + "<ul class='authors'><li><a href='/a'>Kari Nordmann</a></li><li><a href='/b'>Ola Berg</a></li></ul>", "Kari Nordmann\nOla Berg"),
        (HEAD + "<p>Tekst her om torsk.</p><div class='author-bio'><h4>About the author</h4><p><strong>Kari Nordmann</strong> writes about boats.</p></div>", "Kari Nordmann"),
        # Named for a site's own tests, or by the component that made it.
        (HEAD + "<div class='sc-1' data-testid='article-byline'><span>Kari Nordmann</span></div>", "Kari Nordmann"),
        (HEAD + "<a class='x9' data-component='AuthorName' href='/p/12'>Kari Nordmann</a>", "Kari Nordmann"),
    ],
)  # fmt: skip
def test_a_line_of_names(body: str, expected: str) -> None:
    assert printed(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        HEAD + "<p>Von Anfang an war mye torsk langs kysten</p>",
        HEAD + "<p>Av Kari</p>",
        HEAD + "<label class='author'>Name</label>",
        HEAD + "<div class='author'>Por</div>",
        HEAD + "<blockquote>Det er mye torsk.<p>Av Kari Nordmann</p></blockquote>",
        HEAD + "<footer><p>Av Kari Nordmann</p></footer>",
        HEAD + "<div class='comment-list'><b class='author'>Kari Nordmann</b></div>",
        HEAD + "<aside class='more'><p>Av Kari Nordmann</p></aside>",
        HEAD + "<p><a href='/users/sign_in'>Logg inn</a></p>",
        HEAD + f"<p>{'Mye torsk. ' * 12}<a href='/forfatter/kari'>Kari Nordmann</a> sier.</p>",
        "<a href='/profile/ny'>Bli abonnent</a>" + "<i></i>" * 20 + HEAD,
        HEAD + "<p><a href='mailto:post@avis.test'>Tips</a></p>",
        HEAD + "<p>24.04.2021 - torsk</p>",
        HEAD + "<p>24.04.2021 - PAID CONTENT</p>",
        "<h1>Mye torsk i Den Haag</h1><p>24.04.2021 - Den Haag</p>",
        HEAD + "<a href='https://video.test/user/avis'>Avis Nord</a>".join(("<i></i>" * 800, "")),
        HEAD + "<p><a href='https://license.test/by/3.0/'>CC-BY</a></p>",
        HEAD + "<i></i>" * 20 + "<p>24.04.2021 - Kari Nordmann</p>",
        HEAD + "<div class='widget'>Av Kari Nordmann</div>",
        HEAD
        + f"<p>Les <a href='/b'>boken om torsk</a> av Kari Nordmann, fisker. {'Mye torsk. ' * 12}</p>",
        HEAD + f"<p>Av Kari Nordmann {'kom det mye torsk inn til kysten ' * 5}</p>",
        # Entries of a list of other articles.
        HEAD
        + "<div><h3><a href='/b'>Mindre sild i havet i år</a></h3><b class='author'>Ola Berg</b></div>",
        HEAD + "<div><a href='/b'><h3>Mindre sild i havet i år</h3></a><p>Av Ola Berg</p></div>",
        # A label with nobody's name behind it.
        HEAD + "<p><b>Tekst</b> Foto</p>",
        HEAD + f"<p><b>Av</b> Kari Nordmann {'kom det mye torsk inn til kysten ' * 5}</p>",
        HEAD
        + "<div class='autor'><ul><li>Autor: www.avis.test</li><li>Data: 28-04-2021</li></ul></div>",
    ],
)
def test_what_is_none(body: str) -> None:
    assert printed(body) is None


def test_said_counts_before_marked_and_near_before_far() -> None:
    body = HEAD + "<b class='author'>Per Hansen</b><p>Av Kari Nordmann</p><p>Av Ola Hansen</p>"
    assert printed(body) == "Kari Nordmann"
    assert printed("<p>Av Ola Hansen</p><i></i><i></i>" + HEAD + "<p>Av Kari Nordmann</p>") == (
        "Kari Nordmann"
    )


def test_the_site_itself_gives_way_to_whom_it_names() -> None:
    site = "<div class='author'><b>Av</b> <a href='/author/1'>Avis Nord</a></div>"
    root = parse(f"<html><body>{HEAD}{site}<p>Skrevet av: Kari Nordmann</p></body></html>")
    assert root is not None
    assert bylines.printed(root, (TITLE,), {"avisnord"}) == "Kari Nordmann"
    assert bylines.printed(root, (TITLE,)) == "Avis Nord"


def test_marked_names_are_those_of_one_byline() -> None:
    byline = "<div><b class='author'>Kari Vik</b> <b class='author'>Ola Dal</b></div>"
    answers = f"<p>{'Mye torsk. ' * 80}</p><div><b class='author'>Per Dal</b>: Enig!</div>"
    assert read(body=byline + answers).authors == ("Kari Vik", "Ola Dal")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Avis Nord - Kari Vik", "Kari Vik"),
        ("Kari Vik | Avis Nord", "Kari Vik"),
        ("Avis Nord – Bladet om båter", "Avis Nord"),
        ("Kari Vik - Ola Dal", "Kari Vik - Ola Dal"),
        ("Vik, Kari", "Kari Vik"),
        ("Gastbeitrag von Kari Vik", "Kari Vik"),
    ],
)
def test_names_in_data_beside_that_of_the_site(value: str, expected: str) -> None:
    head = f"<meta property='og:site_name' content='Avis Nord'><meta name=author content='{value}'>"
    assert read(head).authors == (expected,)


def test_the_maker_of_a_site_is_no_author() -> None:
    assert read("<meta name=author content='Netthuset AS www.netthuset.test'>").authors == ()


def test_it_is_the_last_resort_and_says_so() -> None:
    line = "<p>Von Kari Nordmann</p>"
    assert read(body=line).authors == ("Kari Nordmann",)
    assert read(body=line).provenance["authors"].origin == "printed"
    assert read("<meta name=author content='Ola Hansen'>", line).authors == ("Ola Hansen",)


def test_the_house_that_the_data_names_gives_way_to_a_person_in_print() -> None:
    desk = {"@type": "Organization", "name": "avis.test"}
    data = ld({"@type": "NewsArticle", "headline": TITLE, "author": desk})
    assert read(data, "<p>Von Kari Nordmann</p>").authors == ("Kari Nordmann",)
    assert read(data).authors == ("avis.test",)
    assert read(data, "<p>Av NTB</p>").authors == ("avis.test",), "it may be a line of the text"
    marked = "<p class='byline'>NTB</p>"
    assert read(data, marked).authors == ("NTB",)


def test_authors_that_the_data_only_refers_to() -> None:
    person = {"@type": "Person", "@id": "#kari", "name": "Kari Nordmann"}
    node = {"@type": "NewsArticle", "headline": TITLE, "author": [{"@id": "#kari"}, {"@id": {}}]}
    assert read(ld({"@graph": [person, node]})).authors == ("Kari Nordmann",)
    assert read(ld({"@graph": [{**person, "@id": "#x"}, node]})).authors == ()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Kari Nordmann @kari", "Kari Nordmann"),
        ("Kari Nordmann (kari@avis.test)", "Kari Nordmann"),
        ("Kari Nordmann kari.n@avis.test", "Kari Nordmann"),
    ],
)
def test_ways_to_write_to_them_are_no_part_of_the_name(said: str, name: str) -> None:
    assert authors.tidy([said]) == (name,)
    assert authors.tidy(["@kari"]) == ()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("<a href='/author/kari'>Kari Vik</a>, <a href='/author/ola'>Ola Dal</a>", "Kari Vik\nOla Dal"),
        ("<ul><li><a href='/author/kari'>Kari Vik</a><li><a href='/author/ola'>Ola Dal</a></ul>", "Kari Vik\nOla Dal"),
        ("<b class=author>Kari Vik</b><b class=author>Ola Dal</b> (foto)", "Kari Vik"),
        ("<b class=author>Kari Vik</b> Foto: <b class=author>Ola Dal</b>", "Kari Vik"),
        ("<b class=author>Kari Vik</b><b class=author>3 min</b>", "Kari Vik"),
    ],
)  # fmt: skip
def test_names_beside_each_other_in_one_line(row: str, expected: str) -> None:
    assert printed(f"{HEAD}<div>{row}</div>") == expected


def test_a_linked_name_counts_less_than_a_marked_one_and_more_than_a_dated_one() -> None:
    linked, dated = "<p><a href='/author/ola'>Ola Dal</a></p>", "<p>24.04.2021 - Per Dal</p>"
    marked = "<p><b class='byline'>Kari Vik</b></p>"
    assert printed(HEAD + dated + linked + marked) == "Kari Vik"
    assert printed(HEAD + dated + linked) == "Ola Dal"


@pytest.mark.parametrize(
    "body",
    [
        "<div class='hentry'><h1>Torsk</h1><span class='vcard'><b class='fn'>Kari Vik</b></span></div>",
        "<div class='h-entry'><h1>Torsk</h1><footer class='p-author'>Kari Vik</footer></div>",
    ],
)
def test_microformats_of_the_entry(body: str) -> None:
    assert read(body=body).authors == ("Kari Vik",)
    assert read(body=body).provenance["authors"].origin == "microformat"
    comment = f"<div class='comments'>{body}</div>"
    assert read(body=comment).authors == ()


def data(*names: str, kind: str = "Person") -> str:
    authors_ = [{"@type": kind, "name": name} for name in names]
    return ld({"@type": "NewsArticle", "headline": TITLE, "author": authors_})


@pytest.mark.parametrize(
    ("told", "line", "expected"),
    [
        ("karivik", "Av Kari Vik", ("Kari Vik",)),
        ("kari.vik", "Av Kári M. Vik og Ola Dal", ("Kári M. Vik",)),
        ("karivik", "Av Ola Dal", ("karivik",)),
        ("Redaksjonen", "Av Kari Vik", ("Kari Vik",)),
        ("Avis Staff Reporter", "Av Reuters", ("Avis Staff Reporter",)),
        ("Online-Redaktion", "Text: Kari Vik", ("Kari Vik",)),
        ("avis.test", "Av Kari Vik", ("Kari Vik",)),
        ("Ola Dal", "Av Kari Vik", ("Ola Dal",)),
        ("Toimitus", "", ("Toimitus",)),
    ],
)
def test_who_is_no_person_gives_way_to_a_name_that_is_printed(
    told: str, line: str, expected: tuple[str, ...]
) -> None:
    assert read(data(told), f"<p class='byline'>{line}</p>").authors == expected


def test_a_meta_that_names_one_author_of_the_data_and_more_counts() -> None:
    meta = "<meta name='author' content='Kari Vik, Ola Dal'>"
    assert read(data("Kari Vik") + meta).authors == ("Kari Vik", "Ola Dal")
    assert read(data("Per Lie") + meta).authors == ("Per Lie",)


def test_a_labelled_line_for_shared_links() -> None:
    label = "<meta name='twitter:label{}' content='{}'><meta name='twitter:data{}' content='{}'>"
    assert read(label.format(1, "Skrevet av", 1, "Kari Vik")).authors == ("Kari Vik",)
    assert read(label.format(2, "Lesetid", 2, "3 minutter")).authors == ()


@pytest.mark.parametrize(
    "line",
    [
        "View all posts by Kari Vik",
        "Posts by Kari Vik",
        "Zeige alle Beiträge von Kari Vik",
        "Alle Artikel von Kari Vik anzeigen",
        "Vis alle innlegg av Kari Vik",
        "Visa alla inlägg av Kari Vik",
        "Ver todas las entradas de Kari Vik",
        "Все записи автора Kari Vik",
    ],
)
def test_a_link_to_all_that_somebody_wrote_names_them(line: str) -> None:
    assert authors.tidy([line]) == ("Kari Vik",)
    assert authors.tidy(["Alle artikler"]) == ()


@pytest.mark.parametrize("label", ["Editor : ", "Oversettelse: ", "Redigert av "])
def test_who_only_edited_gives_way_to_who_wrote(label: str) -> None:
    line = f"<div class='info'>{label}<b>Ola Dal</b></div>"
    byline = "<div class='author-2'>Kari Vik</div>"
    assert read(data("Ola Dal"), byline + line).authors == ("Kari Vik",)
    assert read(data("Ola Dal"), line).authors == ("Ola Dal",)
    assert read(data("Ola Dal"), byline + "<div>Ola Dal</div>").authors == ("Ola Dal",)
    teaser = f"<aside class='related'><p>{label}<b>Ola Dal</b></p></aside>"
    assert read(data("Ola Dal"), byline + teaser).authors == ("Ola Dal",), "of another article"


def test_a_byline_of_another_article_does_not_name_more_authors() -> None:
    other = "<article><h2><a href='/x'>Sild</a></h2><p>Av <b>Kari Vik</b>, Ola Dal</p></article>"
    assert read(data("Kari Vik"), f"<aside></aside></article>{other}<article>").authors == (
        "Kari Vik",
    )


def test_where_the_page_has_one_article_the_headline_may_stand_outside_of_it() -> None:
    line = "<article><p>Av <b>Kari Vik</b>, Ola Dal</p></article>"
    root = parse(f"<html><head>{data('Kari Vik')}</head><body>{HEAD}{line}</body></html>")
    assert root is not None
    assert authors.find(read_head(root, "https://avis.test/torsk"), root)[0] == (
        "Kari Vik",
        "Ola Dal",
    )


def test_a_name_that_begins_as_the_site_does_is_the_site_s() -> None:
    byline = "<p class='byline'>Av Kari Vik</p>"
    assert read(data("Avis D"), byline).authors == ("Kari Vik",)
    assert read(data("Avis Solberg"), byline).authors == ("Avis Solberg",)
    named = "<meta property='og:site_name' content='Avisa Nordlys'>"
    assert read(named + data("Avisa Nordlys Drift"), byline).authors == ("Kari Vik",)
    assert read(named + data("Avisa Solberg Drift"), byline).authors == ("Avisa Solberg Drift",)


def signed(line: str, *, above: bool = False, head: str = "") -> tuple[str, ...]:
    """Return the authors of a page with a line below, or above, its text."""
    text = "Fiskerne på kysten sier at de aldri har sett så mye torsk som i år, og de vil ha flere båter ut."
    paragraphs = "".join(f"<p>{text} ({n})</p>" for n in range(5))
    body = line + paragraphs if above else paragraphs + line
    return read(head, f"</article><div>{body}</div><article>", text="Ja").authors


@pytest.mark.parametrize(
    "line",
    [
        "<p><b><i>Kari Vik</i></b></p>",
        "<p><em>Kari Vik</em></p>",
        "<p>(Kari Vik)</p>",
        "<p>– Kari Vik</p>",
        "<p><em>Text von Kari Vik    Illustration von Ola Dal</em></p>",
        "<p>Av Kari Vik</p>",
        "<p>Tekst og foto: Kari Vik</p>",
        "<address><b>Kari Vik</b></address>",
        "<div class='meta'><b>Kari Vik</b></div>",
        "<p align='right'>Kari Vik</p>",
        "<p style='text-align:right'>Kari Vik</p>",
        "<p class='has-text-align-right'>Kari Vik</p>",
        "<p>Det kom mye torsk inn til kysten i går, og mer skal det bli ut over høsten. (Kari Vik) +++</p>",
    ],
)
def test_a_line_of_names_below_the_text_signs_it(line: str) -> None:
    assert signed(line) == ("Kari Vik",)
    assert signed(line, head=data("Redaksjonen")) == ("Kari Vik",)
    assert signed(line, head=data("Ola Dal")) == ("Ola Dal",)


@pytest.mark.parametrize(
    "line",
    [
        "<p>Nordre Havn</p>",
        "<p class='right-column'>Nordre Havn</p>",
        "<p>– Det kom mye torsk inn til kysten i går, og mer skal det bli ut over høsten.» (Kari Vik)</p>",
        "<p>Det kom mye torsk inn til kysten i går, og mer skal det bli ut over høsten i havet (Nordre Havn)</p>",
        "<p><em>Foto: Kari Vik</em></p>",
        "<p><b>Mye torsk</b></p>",
        "<p><a href='/b'><b>Nordre Havn</b></a></p>",
        "<div class='related'><b>Nordre Havn</b></div>",
        "<ul><li><b>Nordre Havn</b></li></ul>",
        "<h2>Nordre Havn</h2>",
        "<blockquote><p>– Det er mye torsk.</p><p><em>Kari Vik</em></p></blockquote>",
        "<p>– Det er så mye torsk i havet i år at vi ikke vet hva vi skal gjøre med den.</p><p><em>Kari Vik</em></p>",
        "<p><b>Kari Vik</b></p><p><b>Ola Dal</b></p><p><b>Per Lie</b></p><p><b>Eli Moe</b></p>",
        "<p><b>Kari Vik, Ola Dal, Per Lie, Eli Moe</b></p>",
        "<p><b><a href='/b'>Nordre</a> Havn</b></p>",
        "<p><em>Agence France Presse</em></p>",
        "<p><em>Avis Redaksjonen</em></p>",
    ],
)
def test_other_lines_below_the_text_do_not(line: str) -> None:
    assert signed(line) == ()


def test_a_name_above_the_text_signs_it_where_nobody_else_does() -> None:
    line = "<p><strong>KARI VIK</strong></p>"
    assert signed(line, above=True, head=data("Avis D")) == ("Kari Vik",)
    assert signed(line, above=True, head=data("Ola Dal")) == ("Ola Dal",)
    assert signed("<p><b><a href='/b'>Nordre</a> Havn</b></p>", above=True) == ()


@pytest.mark.parametrize("role", ["Fotograf", "(foto)", "Kuvaaja", "Ljósmyndari"])
def test_who_took_the_pictures_is_no_author(role: str) -> None:
    row = "<div><span class='byline-name'>{}</span> <span>{}</span></div>"
    both = row.format("Kari Vik", "Journalist") + row.format("Ola Dal", role)
    assert read(body=f"<div class='byline'>{both}</div>").authors == ("Kari Vik",)
    alone = f"<p><b itemprop='author'>Ola Dal</b> <span>{role}</span></p>"
    assert read(body=alone).authors == ("Ola Dal",), "the article is their pictures"


def test_what_the_source_s_own_selector_names_is_the_author_whoever_it_is() -> None:
    own: dict[str, Any] = {"select": (("authors", (".who",)),)}
    byline = "<p class='byline'>Av Kari Vik</p>"
    assert read(body=f"<p class='who'>Redaksjonen</p>{byline}", **own).authors == ("Redaksjonen",)
    paragraph = "<p>Fiskerne på kysten sier at de aldri har sett så mye torsk som i år.</p>" * 5
    sign = f"</article><div>{paragraph}<p><em>Kari Vik</em></p></div><article>"
    told = read(body=f"<p class='who'>Redaksjonen</p>{sign}", text="Ja", **own)
    assert told.authors == ("Redaksjonen",)


@pytest.mark.parametrize(
    ("place", "told", "expected"),
    [
        ("Redaksjonen", "<p class='byline'>Av Kari Vik</p>", ("Kari Vik",)),
        ("Ola Dal", "<p class='byline'>Av Kari Vik</p>", ("Ola Dal",)),
        ("Redaksjonen", data("Online-Redaktion"), ("Redaksjonen",)),
    ],
)
def test_what_stands_in_the_system_s_place_gives_way_to_a_person_alone(
    place: str, told: str, expected: tuple[str, ...]
) -> None:
    start = '<div class="entry-content">'
    markup = wordpress_pages.classic(replace(TALES[0], author=place)).decode()
    markup = markup.replace(start, told + start)
    found = extract(Page("https://nordavisa.test/sak", markup.encode(), AT), Profile())
    assert isinstance(found, Article)
    assert found.authors == expected
