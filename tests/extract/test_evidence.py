"""What stands in the text's container, among its neighbours, is text: no sign alone takes it."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from nordcrawl.extract import extract
from nordcrawl.extract.explain import explain
from nordcrawl.model.article import Article, Block, BlockKind, Rejected
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

URL = "https://lighthouse.test/news/ferry"
TEXT = (
    "The council of the outer isles wants a second ferry before the winter, since the one that crosses today is older than most of its passengers and has been out of order for a month each year.",
    "A yard on the mainland has offered to build it in fourteen months, which the mayor calls too long and the engineers call too short, and both of them have put their reasons on paper.",
    "Fishermen fear that the new quay will take the place where they dry their nets, while the school would be glad of a boat that keeps the hours that are printed in the timetable.",
    "The county has set money aside for the crossing, but not for the road that leads down to it, and nobody on the isles believes that the one is of any use without the other.",
)
P = [f"<p>{text}</p>" for text in TEXT]


def page(body: str, head: str = "", title: str = "A second ferry for the isles") -> Page:
    markup = (
        f"<!doctype html><html lang=en><head><title>{title}</title>{head}</head><body>"
        "<header><a href=/>Lighthouse</a><nav><ul><li><a href=/n>News</a><li><a href=/s>Sea</a></ul></nav></header>"
        f"<main><article><h1>{title}</h1>{body}</article></main>"
        "<footer><p>Lighthouse, Quay 3. All rights reserved.</p></footer></body></html>"
    )
    return Page(URL, markup.encode(), datetime(2026, 6, 1, tzinfo=UTC))


def read(body: str, head: str = "", title: str = "A second ferry for the isles") -> Article:
    found = extract(page(body, head, title), Profile())
    assert isinstance(found, Article), found
    return found


def blocks(article: Article, kind: BlockKind) -> list[str]:
    return [block.text for block in article.blocks if block.kind is kind]


def lines(article: Article) -> list[str]:
    """Return the text's lines, whatever block they stand in."""
    return [line for block in article.blocks for line in block.text.split("\n")]


def between(line: str) -> str:
    return f"{P[0]}{line}{P[1]}{P[2]}{P[3]}"


# --- sentences that begin as furniture does ---------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "“Join our conversation,” the sign at the ferry office says, and few do.",
        "Subscribe to the plan or leave it, the mayor told the county.",
        "– Do you have more to say about the yard?",
        "Get in touch with the engineers, the county told the mayor, before winter.",
        "Have your say, the council wrote to everyone on the isles in May.",
        "Read also what the engineers put on paper, said the mayor.",
        "Sources: none, the mayor said when the county asked about the yard.",
        "By the winter nobody will remember the yard.",
    ],
)
def test_sentence_that_begins_like_furniture_stays(line: str) -> None:
    assert line in lines(read(between(f"<p>{line}</p>")))


def test_question_in_bold_stays_between_answers() -> None:
    asked = ("– Hva mener du om kaia?", "– Har du tips til verftet?", "– Vad tycker du?")
    body = "".join(f"<p><b>{question}</b></p>{p}" for question, p in zip(asked, P[1:], strict=True))
    assert [line for line in lines(read(P[0] + body)) if line in asked] == list(asked)


@pytest.mark.parametrize(
    "line",
    [
        "More stories of the ferry will be told when the county has met in the autumn, says the mayor.",
        "Support our quay, the fishermen have painted on the wall of the school.",
        "Copyright is what the yard and the engineers now quarrel about, on paper.",
    ],
)
def test_last_sentence_that_begins_like_a_closing_line_stays(line: str) -> None:
    assert lines(read("".join(P) + f"<p>{line}</p>"))[-1] == line


@pytest.mark.parametrize(
    "line",
    [
        "<p><a href=/letter>Sign up for our newsletter</a></p>",
        "<p>Sign up for our newsletter</p>",
        "<p><a href=/old>Read also: The old ferry</a></p>",
        "<p>Advertisement</p>",
        "<p><a href=/en>Les saken på engelsk</a></p>",
        "<p><a href='https://www.facebook.com/sharer/sharer.php?u=x'>Facebook</a></p>",
        "<ul><li><a href='https://x.com/intent/post?url=x'>X</a><li><a href='mailto:?subject=x'>Mail</a></ul>",
        "<div><h3>Get our newsletter</h3><p>The best of the isles, each Friday.</p><form><input></form></div>",
        "<div><p>In this article</p><ul><li><a href='#a'>The yard</a><li><a href='#b'>The quay</a></ul></div>",
    ],
)
def test_furniture_on_which_signs_agree_goes(line: str) -> None:
    assert lines(read(between(line))) == list(TEXT)


def test_a_list_of_links_to_people_elsewhere_stays() -> None:
    items = "<li><a href='https://x.com/berg'>Jon Berg</a></li><li><a href='mailto:a@b.test'>Anna Holm</a></li>"
    found = lines(read(between(f"<p>They built it:</p><ul>{items}</ul>")))
    assert [line for line in found if line not in TEXT] == [
        "They built it:",
        "Jon Berg",
        "Anna Holm",
    ]


@pytest.mark.parametrize(
    "line",
    ["(ntb)", "Reporting by Anna Holm; editing by Jon Berg", "Page 2 of 4", "© Lighthouse 2026"],
)
def test_line_that_closes_a_page_goes(line: str) -> None:
    assert lines(read("".join(P) + f"<p>{line}</p>")) == list(TEXT)


def test_paragraph_that_quotes_a_newsletter_stays() -> None:
    line = 'The pilot Jon Berg wrote in his <a href="https://berg.test/12">newsletter</a> that the isles would need both.'
    assert "his newsletter that" in " ".join(lines(read(between(f"<p>{line}</p>"))))


# --- headings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("<h2>14 May 2026</h2>", "14 May 2026"),
        ("<h3><a href=/quay>The quay</a></h3>", "The quay"),
        ("<h2><a href='#nets'>Nets on the wall</a></h2>", "Nets on the wall"),
        ("<h2>Von Husum nach Hamburg</h2>", "Von Husum nach Hamburg"),
        ("<h2>By sea</h2>", "By sea"),
        ("<h2>More about the yard</h2>", "More about the yard"),
        ("<h2 id=share-of-the-county>The county’s share</h2>", "The county’s share"),
        ("<h2 id=comments-of-the-mayor>What the mayor said</h2>", "What the mayor said"),
        ("<h1>The road</h1>", "The road"),
        ("<h2>Comments</h2>", "Comments"),
    ],
)
def test_heading_of_the_text_stays(heading: str, text: str) -> None:
    article = read(P[0] + heading + P[1] + P[2] + P[3])
    assert blocks(article, BlockKind.HEADING) == [text]


# --- classes and ids --------------------------------------------------------------------------


def test_word_of_furniture_in_a_paragraphs_class_or_id_takes_nothing() -> None:
    names = (
        "id=related-to-the-yard",
        "class=footer-free",
        "class='share-text b2'",
        "class=comment",
    )
    body = "".join(f"<p {name}>{text}</p>" for name, text in zip(names, TEXT, strict=True))
    assert lines(read(body)) == list(TEXT)


def test_inline_class_acts_on_its_own_words_only() -> None:
    text = TEXT[1].replace("too long", "<span class=share>too long</span>").replace("paper", "<b class=newsletter>paper</b>")  # fmt: skip
    assert lines(read(f"{P[0]}<p>{text}</p>{P[2]}{P[3]}")) == list(TEXT)


def test_comments_below_the_text_go_by_the_id_of_their_box() -> None:
    comment = (
        "<div><p>I have waited for that ferry for eleven years and I will wait no more.</p></div>"
    )
    found = lines(read("".join(P) + f"<div id=comments>{comment * 2}</div>"))
    assert found == list(TEXT)


# --- tables, lists, quotations ----------------------------------------------------------------


def test_table_of_few_letters_is_whole_with_empty_cells_and_spans() -> None:
    table = (
        "<table><tr><th>Boat<th colspan=2>Crossings<tr><td>Ada<td>7<td>9<tr><td>Eir<td><td>4"
        "<tr><td rowspan=2>Ice<td>1<td><tr><td>2<td>3</table>"
    )
    article = read(between(table))
    assert blocks(article, BlockKind.TABLE) == [
        "Boat\tCrossings\t\nAda\t7\t9\nEir\t\t4\nIce\t1\t\n\t2\t3"
    ]


def test_cells_that_are_dates_links_labels_or_the_headline_stay() -> None:
    table = (
        "<table><tr><td>Day<td>Isle<td>Note<tr><td>2 May 2026<td><a href=/a>Ytre</a><td>Share"
        "<tr><td>9 May 2026<td><a href=/b>A second ferry for the isles</a><td>Print</table>"
    )
    assert blocks(read(between(table)), BlockKind.TABLE) == [
        "Day\tIsle\tNote\n2 May 2026\tYtre\tShare\n9 May 2026\tA second ferry for the isles\tPrint"
    ]


def test_table_that_lays_out_the_page_is_none() -> None:
    body = f"<table><tr><td>{P[0]}{P[1]}</td></tr><tr><td>{P[2]}{P[3]}</td></tr></table>"
    assert lines(read(body)) == list(TEXT)


def test_list_whose_items_are_labels_elsewhere_is_whole() -> None:
    items = ("Share", "Advertisement", "The road", "Tags")
    body = f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
    assert blocks(read(between(body)), BlockKind.LIST) == ["\n".join(items)]


def test_list_of_linked_names_stays_and_one_of_linked_headlines_goes() -> None:
    names = "".join(
        f"<li><a href=https://boats.test/{n}>{n}</a></li>" for n in ("Ada", "Eir", "Ice")
    )
    news = "".join(
        f"<li><a href=/n{n}>Another story that stands on page number {n}</a></li>" for n in (1, 2)
    )
    article = read(
        f"{P[0]}<p>Three boats have crossed:</p><ul>{names}</ul>{P[1]}<ul>{news}</ul>{P[2]}{P[3]}"
    )
    assert blocks(article, BlockKind.LIST) == ["Ada\nEir\nIce"]


def test_title_of_a_work_in_a_quotation_is_no_speaker() -> None:
    quote = "<blockquote><p>It says in <cite>The Pilot of the North</cite> that no quay is ever finished, and I have seen three.</p></blockquote>"
    article = read(between(quote))
    assert [b for b in article.blocks if b.kind is BlockKind.QUOTE] == [
        Block(
            BlockKind.QUOTE,
            "It says in The Pilot of the North that no quay is ever finished, and I have seen three.",
        )
    ]


def test_author_who_speaks_is_named_before_each_answer() -> None:
    head = "<meta name=author content='Anna Holm'>"
    body = "".join(
        f"<p><strong>{who}:</strong></p>{p}"
        for who, p in zip(("Anna Holm", "Jon Berg", "Anna Holm"), P[1:], strict=True)
    )
    spoken = [line for line in lines(read(P[0] + body, head)) if line.endswith(":")]
    assert spoken == ["Anna Holm:", "Jon Berg:", "Anna Holm:"]


# --- what is shown ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hidden",
    [
        "hidden",
        "style='color:red; display : none'",
        "style=visibility:hidden",
        "class='b hidden'",
        "popover",
    ],
)
def test_paragraph_that_is_not_shown_is_no_text(hidden: str) -> None:
    line = "Nobody but a machine may read this line, which has more than enough words to be a paragraph."
    assert lines(read(between(f"<p {hidden}>{line}</p>"))) == list(TEXT)


def test_text_that_a_script_shows_later_is_text() -> None:
    assert lines(read(f"<div style=display:none>{''.join(P)}</div>")) == list(TEXT)


def test_box_that_a_button_unfolds_is_text() -> None:
    body = (
        f"<div class=more><button aria-expanded=false>More</button><div hidden>{P[2]}</div></div>"
    )
    assert TEXT[2] in lines(read(P[0] + P[1] + body + P[3]))


@pytest.mark.parametrize(
    "name", ["sr-only", "visually-hidden", "screen-reader-text", "u-visuallyhidden"]
)
def test_words_for_screen_readers_are_cut_out_of_their_paragraph(name: str) -> None:
    text = TEXT[1].replace("fourteen months", f"<a href=https://yard.test>fourteen months<span class={name}> (new window)</span></a>")  # fmt: skip
    assert lines(read(f"{P[0]}<p>{text}</p>{P[2]}{P[3]}")) == list(TEXT)


def test_declarative_shadow_root_is_read() -> None:
    body = f"<story-text><template shadowrootmode=open>{''.join(P)}</template></story-text>"
    assert lines(read(body)) == list(TEXT)


@pytest.mark.parametrize(
    "body",
    [
        "<div id=app></div>",
        "<h2>The ferry</h2><h2>The yard</h2>",
        "<div class=cookie-consent><p>We and our partners store small files on your device to measure how pages are read, and ask for your leave to do so.</p><p>You may take back your choice at any time below.</p></div>",
    ],
)
def test_page_without_text_of_its_own_is_no_article(body: str) -> None:
    assert extract(page(body), Profile()) == Rejected("no text")


def test_brief_of_one_sentence_has_no_headline_in_its_text() -> None:
    line = "The ferry does not cross today, the county says, and it will not tomorrow."
    told = "<meta property=og:type content=article>"
    assert lines(read(f"<p>{line}</p>", told)) == [line]


# --- how it is printed ------------------------------------------------------------------------


def test_lines_broken_at_a_fixed_width_are_paragraphs() -> None:
    body = (
        "<div>Der Rat der äußeren Inseln will noch vor dem Winter eine zweite<br>Fähre, weil die eine, die heute fährt, älter ist als die meisten<br>"
        "Leute an Bord und jedes Jahr einen Monat lang im Dock liegt, was<br>Niemand mehr hinnehmen will.<br><br>"
        "Eine Werft auf dem Festland hat angeboten, sie in vierzehn<br>Monaten zu bauen, was dem Bürgermeister zu lang und den<br>Ingenieuren zu kurz ist.</div>"
    )
    assert len(blocks(read(body), BlockKind.P)) == 2


def test_verse_stays_in_lines() -> None:
    verse = "The sea is wide,<br>The boat is old,<br>Nobody on the tide<br>Does what he is told."
    found = lines(read(between(f"<p>{verse}</p>")))
    assert "The boat is old," in found


def test_elements_of_the_pages_own_making_part_paragraphs() -> None:
    body = "".join(f"<my-para>{text}</my-para>" for text in TEXT[:2])
    styled = "".join(f"<span style='display: block'>{text}</span>" for text in TEXT[2:])
    assert lines(read(f"<my-story>{body}</my-story><div>{styled}</div>")) == list(TEXT)


def test_element_of_the_pages_own_making_within_a_line_parts_nothing() -> None:
    text = TEXT[0].replace("second ferry", "<x-term>second ferry</x-term>")
    assert lines(read(f"<p>{text}</p>{P[1]}{P[2]}")) == list(TEXT[:3])


def test_quotation_has_the_marks_that_browsers_print() -> None:
    text = TEXT[1].replace("too long", "<q>too long</q>")
    assert TEXT[1].replace("too long", "“too long”") in lines(read(f"{P[0]}<p>{text}</p>{P[2]}"))


def test_notes_stay_and_their_marks_go() -> None:
    text = TEXT[0] + '<sup><a href="#n1">1</a></sup>'
    notes = '<section><h2>Notes</h2><ol><li id="n1">The county’s book of crossings, second part. <a href="#r1">↩</a></li></ol></section>'
    found = lines(read(f"<p>{text}</p>{P[1]}{P[2]}{notes}"))
    assert found == [*TEXT[:3], "Notes", "The county’s book of crossings, second part."]


# --- what the data tells ----------------------------------------------------------------------


def data(**values: object) -> str:
    told = {"@type": "NewsArticle", "headline": "A second ferry for the isles", **values}
    return f"<script type=application/ld+json>{json.dumps(told)}</script>"


def test_locked_page_goes_on_in_its_data() -> None:
    head = data(articleBody="\n\n".join(TEXT), isAccessibleForFree=False)
    assert lines(read(f"{P[0]}{P[1]}<p>To read on, subscribe today.</p>", head))[:4] == list(TEXT)


def test_locked_page_that_shows_all_is_left_as_it_is() -> None:
    head = data(articleBody=" ".join(TEXT), isAccessibleForFree="False")
    assert lines(read("".join(P), head)) == list(TEXT)


def test_posts_that_stand_in_data_only_are_text() -> None:
    posts = [
        {"@type": "BlogPosting", "headline": f"Post {n}", "articleBody": text}
        for n, text in enumerate(TEXT)
    ]
    head = data(**{"@type": "LiveBlogPosting"}, liveBlogUpdate=posts)
    found = lines(
        read(
            "<p>The ferry is on its way, and we follow it hour by hour.</p><div id=posts></div>",
            head,
        )
    )
    assert [line for line in found if line in TEXT] == list(TEXT)


# --- the table of signs -----------------------------------------------------------------------


def test_explanation_weighs_what_stays_too() -> None:
    told = explain(page(between("<p>Have your say, the council wrote to everyone on the isles in May.</p>")), Profile())  # fmt: skip
    line = next(line for line in told.lines if line.text.startswith("Have your say"))
    assert (line.verdict, line.reason) == ("kept", "p")
    assert ("notice", 0.6) in line.signs
