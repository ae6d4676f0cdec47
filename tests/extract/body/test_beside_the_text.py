"""What stands right beside the paragraphs is of the text, however it is wrapped and how short it
is: among them, below the last one, above the first."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nordcrawl.extract import extract
from nordcrawl.model.article import Article, BlockKind
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

TITLE = "The bay gets a longer quay"
TEXT = (
    "The council of the town on the bay has voted to make the quay two hundred metres longer, after a debate that lasted into the night.",
    "Those who fish there had warned that the larger ships would push their boats to the windy side, where the ice comes first.",
    "The mayor says that the state pays for nearly all of it, and that the town has never had a better offer for its quay.",
    "Work begins in summer, when the season for herring is over and the last of the large ships has left the bay for the year.",
)
TABLE = "<table><tr><th>Year</th><th>Tonnes</th></tr><tr><td>2023</td><td>41</td></tr><tr><td>2024</td><td>38</td></tr></table>"
ROWS = "Year\tTonnes\n2023\t41\n2024\t38"
WRAPPERS = {
    "by itself": "{}",
    "to scroll": '<div class="table-responsive">{}</div>',
    "in two boxes": '<div class="column"><div class="content">{}</div></div>',
    "as a figure": '<figure class="wp-block-table">{}</figure>',
    "as a figure with a caption": '<figure class="wp-block-table">{}<figcaption>Catch in the bay</figcaption></figure>',
    "in a section": "<section>{}</section>",
}


def read(body: str, *, head: str = "", above: str = "", below: str = "") -> Article:
    html = (
        f'<html lang="en"><head><title>{TITLE}</title>{head}</head><body><nav><a href="/">Front page</a></nav>'
        f'<main><article><h1>{TITLE}</h1>{above}<div class="story">{body}</div>{below}</article></main>'
        '<footer><p>The Bay Post, Quay Street 1. All rights reserved.</p></footer></body></html>'
    )  # fmt: skip
    page = Page(
        "https://bay.test/news/a-longer-quay", html.encode(), datetime(2026, 7, 1, tzinfo=UTC)
    )
    found = extract(page, Profile())
    assert isinstance(found, Article), found
    return found


def paragraphs(*numbers: int) -> str:
    return "".join(f"<p>{TEXT[n]}</p>" for n in numbers or range(len(TEXT)))


def put(piece: str, place: str) -> str:
    """Return the text with a piece in a place of it."""
    if place == "among":
        return paragraphs(0, 1) + piece + paragraphs(2, 3)
    return paragraphs() + piece if place == "below" else piece + paragraphs()


def told(article: Article) -> list[tuple[str, str]]:
    """Return kind and text of the blocks that are not the paragraphs."""
    return [(str(b.kind), b.text) for b in article.blocks if b.text not in TEXT]


@pytest.mark.parametrize("place", ["among", "below", "above"])
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_table_of_few_letters(wrapper: str, place: str) -> None:
    found = read(put(WRAPPERS[wrapper].format(TABLE), place))
    assert ("table", ROWS) in told(found)
    assert [b.text for b in found.blocks if b.kind is BlockKind.P] == list(TEXT)


def test_a_table_below_the_text_has_its_heading() -> None:
    found = told(read(put(f"<h3>Catch in the bay</h3>{TABLE}", "below")))
    assert found == [("heading", "Catch in the bay"), ("table", ROWS)]


@pytest.mark.parametrize("name", ["related", "ad", "newsletter", "comments"])
def test_a_table_in_a_box_of_the_page_is_none(name: str) -> None:
    assert told(read(put(f'<div class="{name}">{TABLE}</div>', "below"))) == []


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_list_and_code_among_the_text(wrapper: str) -> None:
    of_items = WRAPPERS[wrapper].format("<ul><li>Fewer boats</li><li>More ice</li></ul>")
    assert ("list", "Fewer boats\nMore ice") in told(read(put(of_items, "among")))
    of_code = WRAPPERS[wrapper].format("<pre>ice = 1</pre>")
    assert "ice = 1" in [text for _, text in told(read(put(of_code, "among")))]


@pytest.mark.parametrize("place", ["among", "below"])
@pytest.mark.parametrize("said", ["Never!", "We will lose the bay."])
@pytest.mark.parametrize(
    "box",
    [
        "<blockquote>{}</blockquote>",
        "<blockquote><p>{}</p><cite>Anna Moen</cite></blockquote>",
        '<aside class="pull-quote"><p>{}</p><p>Anna Moen</p></aside>',
        '<figure class="wp-block-pullquote"><blockquote><p>{}</p><cite>Anna Moen</cite></blockquote></figure>',
    ],
)
def test_a_short_quotation(box: str, said: str, place: str) -> None:
    found = read(put(box.format(said), place))
    assert [b.text for b in found.blocks if b.kind is BlockKind.QUOTE] == [said]


def test_a_quotation_below_the_text_that_leads_elsewhere_is_none_of_it() -> None:
    piece = '<blockquote><a href="/shop">Buy the book!</a></blockquote>'
    assert told(read(put(piece, "below"))) == []


@pytest.mark.parametrize("asked", ["<div>{}</div>", "<p>{}</p>", "<p><b>{}</b></p>", "<h4>{}</h4>"])
def test_questions_in_elements_of_their_own(asked: str) -> None:
    questions = ["Why the quay?", "And the ice?", "Who pays?", "When?"]
    body = "".join(f"{asked.format(q)}<p>{t}</p>" for q, t in zip(questions, TEXT, strict=True))
    found = read(body)
    assert [text for _, text in told(found)] == questions


def test_a_label_in_an_element_without_a_name_is_none() -> None:
    assert told(read(put("<div>Advertisement</div>", "among"))) == []


def test_a_sentence_that_is_a_link_as_a_whole() -> None:
    said = "The state has answered the town in a letter of four pages that all can read."
    assert told(read(put(f'<p><a href="https://state.test/1">{said}</a></p>', "among"))) == [
        ("p", said)
    ]
    headline = '<p><a href="/news/2">Ten boats lost in the storm of the autumn</a></p>'
    assert told(read(put(headline, "among"))) == []


def test_lines_of_one_element_are_read_as_one() -> None:
    lines = ["Boats of the bay", TEXT[0], "Ice in the bay", TEXT[1]]
    found = read(f"<div>{'<br>'.join(lines)}</div>" + paragraphs(2, 3))
    assert [text for _, text in told(found)] == ["Boats of the bay", "Ice in the bay"]


@pytest.mark.parametrize("name", ["Kari Vik", "Kari Nordmann Berg"])
def test_an_author_who_asks_has_turns(name: str) -> None:
    turns = [name, "Mayor Hansen", name, "Mayor Hansen"]
    body = "".join(f"<p>{who}</p><p>{t}</p>" for who, t in zip(turns, TEXT, strict=True))
    found = read(body, above=f'<p class="byline">By {name}</p>')
    assert found.authors == (name,)
    assert [text for _, text in told(found)][-3:] == turns[1:]
    once = read(paragraphs() + f"<p>{name}</p>", above=f'<p class="byline">By {name}</p>')
    assert told(once) == []


@pytest.mark.parametrize("day", ["<h3>{}</h3>", "<p><strong>{}</strong></p>"])
def test_a_day_may_be_a_heading_of_the_text(day: str) -> None:
    piece = f"{day.format('3 June 2024')}<p>That was when the ice went.</p>"
    for place in ("among", "below"):
        assert [text for _, text in told(read(put(piece, place)))] == [
            "3 June 2024",
            "That was when the ice went.",
        ]
    assert told(read(put("<p>3 June 2024</p>", "below"))) == []


def test_hidden_in_capitals_is_hidden() -> None:
    piece = '<p style="DISPLAY:NONE">And this one is not shown to anybody who reads the page.</p>'
    assert told(read(put(piece, "among"))) == []


def test_the_day_of_an_embedded_post_is_not_the_article_s() -> None:
    post = (
        '<blockquote class="twitter-tweet"><p>The quay will be built, whatever it takes.</p>&mdash; Mayor '
        '(@mayor) <a href="https://twitter.test/1">March 5, 2026</a></blockquote>'
    )
    assert read(put(post, "among")).published_at is None


def test_microdata_of_another_article_lends_no_author() -> None:
    other = (
        '<div itemscope itemtype="https://schema.org/NewsArticle"><a itemprop="url" href="/news/other">Other</a>'
        '<span itemprop="author">Other Person</span></div>'
    )
    assert read(paragraphs(), below=other).authors == ()
    own = '<span itemprop="author">Own Person</span>'
    html = read(paragraphs(), above=own, below=other)
    assert html.authors == ("Own Person",)


def test_who_made_the_pictures_is_told_in_brackets() -> None:
    line = '<div class="byline"><span>Kari Vik</span><span>Ola Berg (photo)</span></div>'
    assert read(paragraphs(), above=line).authors == ("Kari Vik",)


BOXES = {
    "a box for each": ('<div class="row"><p class="a">', "</p></div>", '<div class="sub"><h2>', "</h2></div>"),
    "a cell in a row": ("<div class=row><div class=cell><p>", "</p></div></div>", "<div class=row><div class=cell><h2>", "</h2></div></div>"),
    "lines in boxes": ("<div class=row><div class=line>", "</div></div>", "<div class=row><h3>", "</h3></div>"),
}  # fmt: skip


@pytest.mark.parametrize("box", BOXES)
def test_short_lines_headings_and_tables_where_each_paragraph_has_a_box(box: str) -> None:
    before, after, over, under = BOXES[box]

    def line(text: str) -> str:
        return f"{before}{text}{after}"

    def head(text: str) -> str:
        return f"{over}{text}{under}"

    body = [
        line(TEXT[0]), head("Who runs it?"), line("The council does."), line(TEXT[1]), line("No."),
        f"<div class=row>{TABLE}</div>", line(TEXT[2]), head("And the ice?"), line("It comes."),
        line(TEXT[3]),
    ]  # fmt: skip
    shown = ["Who runs it?", "The council does.", "No.", ROWS, "And the ice?", "It comes."]
    assert [text for _, text in told(read("".join(body)))] == shown


def test_short_lines_in_boxes_of_several_paragraphs() -> None:
    box = '<div class="text-block">{}</div>'
    boxes = [
        box.format(paragraphs(0)),
        '<div class="head-block"><h2>Who runs it?</h2></div>',
        box.format(f"<p>The council does.</p>{paragraphs(1)}"),
        box.format(f"{paragraphs(2)}<p>No.</p>"),
        box.format(paragraphs(3)),
    ]
    found = told(read("".join(boxes)))
    assert [text for _, text in found] == ["Who runs it?", "The council does.", "No."]


@pytest.mark.parametrize("opening", ["<p>", "<div>", '<div class="k7">'])
@pytest.mark.parametrize("place", ["among", "below"])
def test_a_whole_sentence_in_another_element(opening: str, place: str) -> None:
    said = "Those who fish there say that they will stay, whatever the council does."
    closing = "</p>" if opening == "<p>" else "</div>"
    assert told(read(put(f"{opening}{said}{closing}", place))) == [("p", said)]


def test_a_sentence_in_a_card_of_its_own() -> None:
    said = "The quay is the oldest in the county, and so is the crane on it."
    card = f'<div class="kg-card"><div class="kg-emoji">💡</div><div class="kg-text">{said}</div></div>'
    assert told(read(put(card, "among"))) == [("p", said)]
    teaser = f'<div class="card"><a href="/other"><div>{said}</div></a></div>'
    assert told(read(put(teaser, "among"))) == []


def test_an_element_of_the_page_s_own_making_is_named_by_its_tag() -> None:
    facts = "<site-fact-box><h3>Facts</h3><ul><li>Built in 1921</li></ul></site-fact-box>"
    assert [kind for kind, _ in told(read(put(facts, "among")))] == ["factbox"]
    other = "<site-related><a href='/b'>Ten boats were lost in the storm of last autumn.</a></site-related>"
    assert told(read(put(other, "among"))) == []
