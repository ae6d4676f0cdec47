"""The vote on the headline, and what is cut off it."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import pytest

from nordcrawl.extract.fields import title as titles
from nordcrawl.extract.fields.title import without_site
from nordcrawl.extract.page import headings
from nordcrawl.extract.page.head import read as read_head
from nordcrawl.extract.page.text import unmarked
from nordcrawl.extract.page.tree import parse
from tests.support.one_small_article import ld, read


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


ADDRESS = "https://www.avisnord.test/nyheter/torsk"


def vote(url: str = ADDRESS, *, head: str = "", body: str = "", title: str = "") -> str | None:
    markup = f"<html><head><title>{title}</title>{head}</head><body>{body}<p>Ja</p></body></html>"
    root = parse(markup)
    assert root is not None
    return titles.vote(read_head(root, url), None, url)[0]


def og(title: str) -> str:
    return f"<meta property='og:title' content='{title}'>"


@pytest.mark.parametrize(
    "heading",
    [
        "<h1><span class='article__kicker'>Fiske</span> Mye torsk langs kysten</h1>",
        "<h1><span class='title-overline'>Fiske</span><span class='sr'> - </span>"
        "<span>Mye torsk langs kysten</span></h1>",
        "<h1><style>.x{color:red}</style><span class='dachzeile'>Fiske:</span>Mye torsk langs "
        "kysten</h1>",
    ],
)
def test_a_kicker_in_the_heading_is_no_part_of_the_headline(heading: str) -> None:
    assert vote(body=heading) == "Mye torsk langs kysten"


@pytest.mark.parametrize(
    "heading",
    [
        "<h1>Mye <span class='kicker'>torsk</span> langs kysten</h1>",
        "<h1><span class='title-part'>Mye torsk</span> langs kysten</h1>",
        "<h1><span class='overline'>Mye torsk langs</span> kysten</h1>",
    ],
)
def test_other_elements_in_the_heading_are(heading: str) -> None:
    assert vote(body=heading) == "Mye torsk langs kysten"


def test_a_dash_that_opens_speech_stays() -> None:
    body = "<h1><span class='kicker'>Fiske</span> – Aldri sett så mye torsk</h1>"
    assert vote(body=body) == "– Aldri sett så mye torsk"


def test_headings_that_are_not_closed_are_read_in_bounds() -> None:
    body = "<h1>" * 150 + "<span class=kicker>x</span> Mye torsk <rt>x</rt>" * 500
    root = parse(f"<html><body>{body}</body></html>")
    assert root is not None
    found = read_head(root, ADDRESS).headings
    assert len(found) <= 100
    assert max(len(heading.text) for heading in found) <= 2000


def test_what_the_head_has_in_the_headline_too_is_no_kicker() -> None:
    body = "<h1><span class='kicker'>Fiske:</span> Mye torsk langs kysten</h1>"
    whole = "Fiske: Mye torsk langs kysten"
    assert vote(head=og(whole), body=body) == whole


def test_a_reading_aid_and_a_style_are_no_words_of_the_heading() -> None:
    body = "<h1><style>h1{color:red}</style><ruby>漁<rt>りょう</rt></ruby>が始まる</h1>"
    assert vote(body=body) == "漁が始まる"


@pytest.mark.parametrize(
    "heading",
    [f"Kystfiske{joint}Mye torsk langs kysten" for joint in (" : ", " ", " - ")],
)
def test_a_kicker_goes_that_the_head_does_not_have(heading: str) -> None:
    body = f"<h1>{heading}</h1>"
    assert vote(head=og("Mye torsk langs kysten"), body=body) == "Mye torsk langs kysten"


def test_of_two_minds_in_the_head_none_is_cut() -> None:
    whole = "Kystfiske: Mye torsk langs kysten"
    head = ld({"@type": "NewsArticle", "headline": whole}) + og("Mye torsk langs kysten")
    assert vote(head=head, body=f"<h1>{whole}</h1>") == whole


def test_without_data_the_only_heading_is_the_headline() -> None:
    other = "Torskefiske: alt du må vite"
    head, body = og(other), "<h1>Mye torsk langs kysten</h1>"
    assert vote(head=head, body=body, title=other) == "Mye torsk langs kysten"
    told = ld({"@type": "NewsArticle", "headline": other})
    assert vote(head=head + told, body=body, title=other) == other


def test_the_site_s_name_in_the_only_heading_is_no_headline() -> None:
    body = "<h1>Avis-Nord</h1>"
    assert vote(body=body, title="Mye torsk langs kysten") == "Mye torsk langs kysten"


def test_a_page_that_is_called_like_its_site_has_a_title() -> None:
    assert vote(body="<h1>Avis Nord</h1>", title="Avis Nord") == "Avis Nord"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Mye torsk langs kysten | Sjø og land", "Mye torsk langs kysten"),
        ("Sjø og land » Arkiv over alle saker » Ny havn i fjorden", "Ny havn i fjorden"),
        ("Mye torsk langs kysten – sei og hyse med", "Mye torsk langs kysten – sei og hyse med"),
        ("Mye torsk langs kysten -", "Mye torsk langs kysten"),
    ],
)
def test_where_nothing_but_the_title_element_tells(title: str, expected: str) -> None:
    url = "https://www.avisnord.test/2020/ny-havn-i-fjorden/"
    assert vote(url, title=title) == expected


def test_a_part_that_only_the_heading_has_behind_a_bar_goes() -> None:
    body = "<h1>Mye torsk langs kysten | GAMMELT NAVN</h1>"
    assert vote(head=og("Mye torsk langs kysten"), body=body) == "Mye torsk langs kysten"


def test_a_title_that_a_quotation_mark_has_cut_is_made_whole() -> None:
    cut = '<meta property="og:title" content="Mye torsk: "aldri sett maken"">'
    title = 'Mye torsk: "aldri sett maken"'
    assert vote(head=cut, title=title) == title


def test_quotation_marks_around_a_headline_stay() -> None:
    for printed in ("«Mye torsk langs kysten»", "»Mye torsk langs kysten«"):
        page = {"head": og(printed), "body": f"<h1>{printed}</h1>"}
        assert vote(title=f"{printed} - Avisnord", **page) == printed


def test_labels_of_the_host_are_names_and_public_suffixes_are_none() -> None:
    url = "https://www.kystkontoret.gv.test/sak"
    assert vote(url, title="Mye torsk langs kysten - Kystkontoret Nord") == "Mye torsk langs kysten"
    assert vote(url, title="Mye torsk - GV") == "Mye torsk - GV"


def test_all_printings_are_told_so_that_none_is_left_in_the_text() -> None:
    head = og("Mye torsk langs kysten")
    body = "<h1><span class=kicker>Fiske</span> Mye torsk langs kysten</h1>"
    page = f"<title>Kystfiske: Mye torsk langs kysten | avisnord</title>{head}{body}"
    root = parse(page)
    assert root is not None
    everything = titles.vote(read_head(root, ADDRESS), None, ADDRESS)[2]
    assert {
        "Mye torsk langs kysten",
        "Fiske Mye torsk langs kysten",
        "Kystfiske: Mye torsk langs kysten",
    } <= set(everything)


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("Skarvøy får<br>ny molo<br/>før høsten", "Skarvøy får ny molo før høsten"),
        ("<div>Skarvøy får ny molo</div><div>før høsten</div>", "Skarvøy får ny molo før høsten"),
        ("Skarvøy får <b>n</b>y molo<style>.a{}</style> før høsten", "Skarvøy får ny molo før høsten"),
        ("Stein &amp;amp; storm på Skarvøy&amp;#8217;s kai", "Stein & storm på Skarvøy’s kai"),
    ],
)  # fmt: skip
def test_a_heading_is_read_as_it_is_seen(heading: str, title: str) -> None:
    root = parse(f"<html><body><h1>{heading}</h1><p>x</p></body></html>")
    assert root is not None
    assert [found.text for found in headings.read(root)] == [title]


@pytest.mark.parametrize(
    "told",
    [
        "Stein &amp;amp; storm: «molo» i <i>nord</i>",
        "Stein &amp;amp;amp; storm:<br />«molo» i nord",
        "&lt;p&gt;Stein &amp;amp; storm: «molo» i nord&lt;/p&gt;",
    ],
)
def test_markup_and_double_escapes_are_no_part_of_a_title(told: str) -> None:
    root = parse(
        f"<html><head><meta property='og:title' content=\"{told}\"></head><body><p>x</p></body></html>"
    )
    assert root is not None
    about = read_head(root, "https://avis.test/a")
    assert titles.vote(about, None, "https://avis.test/a")[0] == "Stein & storm: «molo» i nord"


def test_angle_brackets_that_are_no_tags_stay() -> None:
    assert (
        unmarked("Er 2 < 3 og 5 > 4? AT&T sier &copy ja") == "Er 2 < 3 og 5 > 4? AT&T sier &copy ja"
    )


@pytest.mark.parametrize(
    "logo",
    [
        "<h1><a href='/'>Kystposten</a></h1>",
        "<a href='https://avis.test/'><h1>Kystposten</h1></a>",
        "<h1>Kystposten</h1>",
    ],
)
def test_a_heading_that_is_the_sites_name_is_no_headline(logo: str) -> None:
    root = parse(
        "<html><head><meta property='og:site_name' content='Kystposten'>"
        "<meta property='og:title' content='Skarvøy får ny molo'></head>"
        f"<body>{logo}<h1>Skarvøy får ny molo før høsten</h1><p>x</p></body></html>"
    )
    assert root is not None
    about = read_head(root, "https://avis.test/a")
    title = titles.vote(about, None, "https://avis.test/a")[0]
    assert title is not None
    assert title.startswith("Skarvøy får ny molo")


def test_a_sites_name_that_is_really_the_headline_is_not_cut_off() -> None:
    root = parse(
        "<html><head><meta property='og:site_name' content='Debatt: Hjelp, nå kommer de'>"
        "<meta property='og:title' content='Hjelp, nå kommer de'></head>"
        "<body><h1>Debatt: Hjelp, nå kommer de</h1><p>x</p></body></html>"
    )
    assert root is not None
    about = read_head(root, "https://avis.test/a")
    assert titles.site_names(about, None, "https://avis.test/a") == ("avis.test", "avis")


TRAIL = "<li><a href='/'>Hjem</a></li><li><a href='/fiske'>Fiske</a></li><li>{}</li>"
SEARCHED = "Torsk langs kysten: Fiskerne er fornøyde"
PRINTED = "Aldri har fiskerne sett så mye torsk"


@pytest.mark.parametrize(
    "trail",
    [
        f"<ol>{TRAIL.format(f'<h1>{SEARCHED}</h1>')}</ol>",
        f"<div><a href='/fiske'>Fiske</a><span> &gt; </span><h1>{SEARCHED}</h1></div>",
        f"<div><a href='/'><svg><title>Hjem</title></svg></a><span><a href='/fiske'>Fiske</a></span><h1>{SEARCHED}</h1></div>",
    ],
)
@pytest.mark.parametrize(
    "headline",
    ["<h2>{}</h2>", "<h2><i>Fiske</i><b>{}</b></h2>", "<header><span>{}</span></header>"],
)
def test_the_last_step_of_a_trail_is_not_the_headline_that_is_printed_below(
    trail: str, headline: str
) -> None:
    data = ld({"@type": "NewsArticle", "headline": SEARCHED})
    body = trail + headline.format(PRINTED)
    assert vote(head=data + og(PRINTED), body=body, title=SEARCHED) == PRINTED
    data = ld({"@type": "NewsArticle", "headline": PRINTED})
    assert vote(head=data + og(SEARCHED), body=body, title=SEARCHED) == PRINTED


@pytest.mark.parametrize(
    "body",
    [
        # A kicker that is a link, and something behind the heading.
        f"<div><a href='/fiske'>Fiske</a><h1>{SEARCHED}</h1><p>Av Kari Vik</p></div><h2>{PRINTED}</h2>",
        # Nobody else says so.
        f"<ol>{TRAIL.format(f'<h1>{SEARCHED}</h1>')}</ol><h2>Noe annet om torsk langs kysten</h2>",
        # A teaser, a menu, and the kicker of the headline below.
        f"<ol>{TRAIL.format(f'<h1>{SEARCHED}</h1>')}</ol><a href='/x'><h2>{PRINTED}</h2></a>",
        f"<ol>{TRAIL.format(f'<h1>{SEARCHED}</h1>')}</ol><nav><b>{PRINTED}</b></nav>",
        f"<ol>{TRAIL.format(f'<h1>{SEARCHED}</h1>')}</ol><h2><b>{PRINTED}</b> {SEARCHED}</h2>",
        f"<h1>{SEARCHED}</h1><h2>{PRINTED}</h2>",
    ],
)
def test_other_headings_are(body: str) -> None:
    data = ld({"@type": "NewsArticle", "headline": SEARCHED})
    assert vote(head=data + og(PRINTED), body=body, title=SEARCHED) == SEARCHED


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Avis Nord » Arkiv » Sild og torsk på land", "Sild og torsk på land"),
        ("Sild og torsk på land » Avis Nord", "Sild og torsk på land"),
    ],
)
def test_a_heading_that_is_the_site_s_beside_a_title_that_the_address_repeats(
    title: str, expected: str
) -> None:
    url = "https://x.test/2024/sild-og-torsk-paa-land/"
    assert vote(url, body="<h1>Avis Nord</h1>", title=title) == expected


def test_a_heading_that_the_address_repeats_too_stays() -> None:
    url = "https://x.test/2024/sild-og-torsk-paa-land/"
    printed = "Sild og torsk på land, men ingen hyse"
    assert vote(url, body=f"<h1>{printed}</h1>", title="Sild og torsk på land - Avis") == printed


def test_a_title_is_cut_to_what_its_address_is_called() -> None:
    title = "Sild og torsk - Alt om fisk i nord"
    assert vote("https://x.test/sild-og-torsk", head=og(title), title=title) == "Sild og torsk"
    assert vote("https://x.test/sild-og-torsk-alt-om-fisk", head=og(title), title=title) == title


def test_the_longest_part_that_the_address_repeats() -> None:
    title = "Uke 14 - 20. Januar 2022 - Fiskenes Venner"
    assert vote("https://x.test/uke-14-20-januar-2022", title=title) == "Uke 14 - 20. Januar 2022"


@pytest.mark.parametrize(
    "heading",
    [
        "<span class='badge'>Video</span> Mye torsk langs kysten",
        "<span class='article-label'>Premium</span>Mye torsk langs kysten",
        "<span class='sr-only'>Overskrift:</span> Mye torsk langs kysten",
        "Mye torsk <span class='visually-hidden'>(les mer)</span>langs kysten",
    ],
)
def test_a_badge_and_words_for_screen_readers_are_no_part_of_the_headline(heading: str) -> None:
    assert vote(body=f"<h1>{heading}</h1>", title="Mye torsk langs kysten") == (
        "Mye torsk langs kysten"
    )


def test_a_heading_that_is_only_read_aloud_is_still_one() -> None:
    heading = "<h1><span class='sr-only'>Mye torsk langs kysten</span></h1>"
    assert vote(body=heading) == "Mye torsk langs kysten"


NEW = "Mye torsk langs hele kysten i år"


@pytest.mark.parametrize(
    "heading",
    [
        f"<h1>{NEW} <small>Fiskerne vil ha flere båter ut på havet</small></h1>",
        f"<h1>{NEW}<span class=subtitle>Fiskerne vil ha flere båter</span></h1>",
        f"<h1>{NEW}<time>5. mars 2026</time></h1>",
        f"<h1>{NEW} <a class=comment-count href='#c'>12 kommentarer</a></h1>",
        f"<h1>{NEW} <a href='/rediger'>[rediger]</a></h1>",
        f"<h1>{NEW}<button>Del</button></h1>",
        f"<h1 id=t>{NEW}<a class=headerlink href='#t'>¶</a></h1>",
        f"<h1>{NEW}<a href='#t'>#</a></h1>",
        f"<h1>{NEW}<span class=reading-time>4 min</span></h1>",
        f"<h1><span class=live>LIVE</span>{NEW}</h1>",
        f"<h1 style='display: none'>Avis Nord i dag</h1><h2>{NEW}</h2>",
        f"<h1>Avis Nord</h1><h2>{NEW}</h2>",
        f"<h2>{NEW}</h2>",
        f"<div role=heading aria-level=1>{NEW}</div>",
        f"<p itemprop=headline>{NEW}</p>",
    ],
)
def test_the_headline_alone_whatever_else_is_told(heading: str) -> None:
    assert vote(body=heading, title="Avis Nord") == NEW
    assert vote(body=heading, title=f"{NEW} | Avis Nord") == NEW


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        (f"<h1><b class=x1>Fiske</b><b class=x2>{NEW}</b></h1>", NEW),
        (f"<h1><b class=x1>{NEW}</b><b class=x2>Flere båter ut på havet</b></h1>", NEW),
        (f"<h1>Nyheter</h1><h2>{NEW}</h2>", NEW),
        (f"<h1>{NEW.upper()}</h1>", NEW),
        ("<h1><b>Torsken</b> er tilbake langs kysten</h1>", "Torsken er tilbake langs kysten"),
        (f"<h1>Nyheter</h1><h2><a href='/b'>{NEW}</a></h2>", "Nyheter"),
    ],
)
def test_the_part_of_the_heading_that_the_head_has(heading: str, title: str) -> None:
    assert vote(body=heading, title=f"{NEW} | Avis Nord") == title


@pytest.mark.parametrize(
    "title",
    [
        f"{NEW} - Nyheter - Avis Nord",
        f"{NEW}: Avis Nord",
        f"Avis Nord: {NEW}",
        f"{NEW} < Avis Nord",
    ],
)
def test_sections_and_the_site_behind_any_mark(title: str) -> None:
    head = "<meta property='og:site_name' content='Avis Nord'>"
    assert vote(head=head, title=title) == NEW


def test_a_colon_behind_another_word_than_the_site_stays() -> None:
    head = "<meta property='og:site_name' content='Avis Nord'>"
    assert vote(head=head, title=f"Avis Nord: {NEW}", body=f"<h1>Avis Nord: {NEW}</h1>") == (
        f"Avis Nord: {NEW}"
    )
    assert vote(head=head, title=f"Fiske: {NEW}") == f"Fiske: {NEW}"
