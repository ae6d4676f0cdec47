"""WordPress pages: this post and none of the others, its terms and its names."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from nordcrawl.extract import extract
from nordcrawl.extract.families import wordpress
from nordcrawl.extract.families.landmarks import Landmarks
from nordcrawl.extract.page import head
from nordcrawl.extract.page.tree import parse
from nordcrawl.model.article import Article
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from tests.support.stories_in_ten_languages import BY_LANGUAGE, triples
from tests.support.wordpress_pages import POST, TEASER_TEXT, blocks, classic, early

URL = "https://www.nordavisa.test/2025/03/ny-ferge/"
TALE = BY_LANGUAGE["nb"]


def read(body: bytes | str, url: str = URL) -> Article:
    raw = body if isinstance(body, bytes) else body.encode()
    found = extract(Page(url, raw, datetime(2026, 7, 1, tzinfo=UTC)), Profile())
    assert isinstance(found, Article), found
    return found


def anchors(body: bytes | str, url: str = URL) -> Landmarks | None:
    root = parse(body if isinstance(body, str) else body.decode())
    assert root is not None
    page = Page(url, b"", datetime(2026, 7, 1, tzinfo=UTC))
    return wordpress.find(root, head.read(root, url), page, Profile())


@pytest.mark.parametrize(
    "body",
    [classic(TALE, generator=False), blocks(TALE, pull=True), early(TALE)],
    ids=["no generator", "pull quote", "early"],
)
def test_variants_of_templates(body: bytes) -> None:
    article = read(body)
    assert triples(article) == TALE.blocks()
    assert article.extractor.name == "wordpress"
    assert (article.title, article.authors, article.cms_id) == (
        TALE.title,
        (TALE.author,),
        f"post-{POST}",
    )
    assert TEASER_TEXT not in article.text
    assert "Share this" not in article.text


def test_names_in_comments_and_clouds_are_not_the_posts() -> None:
    unsigned = classic(TALE).decode().replace("vcard", "x", 1).replace('rel="author"', "", 1)
    unsigned = unsigned.replace('class="url fn n" href="/author/x/"', 'class="x"', 1)
    found = anchors(unsigned)
    assert found is not None
    assert found.given.authors == ()
    assert found.given.tags == TALE.tags


def test_terms_of_a_cloud_inside_the_post_are_left_out() -> None:
    cloud = '<p><a href="/tag/fisk/" rel="tag">fisk</a> <a href="/tag/olje/" rel="tag">olje</a></p>'
    body = classic(TALE).decode().replace("<footer class=\"entry-footer\">", f'{cloud}<footer class="entry-footer">')  # fmt: skip
    body = body.replace('class="tags-links"', 'class="x"')
    assert read(body).tags == TALE.tags


def test_kicker_in_the_headline_is_not_the_title() -> None:
    body = classic(TALE).decode().replace(
        '<h1 class="entry-title">',
        '<h1 class="entry-title"><span>Lokalt</span> ',
    ).replace("</head>", f'<meta property="og:title" content="{TALE.title}"></head>')  # fmt: skip
    assert read(body).title == TALE.title


def test_what_the_head_has_in_the_headline_is_no_kicker() -> None:
    column = f"Lokalt: {TALE.title}"
    body = classic(TALE).decode().replace(
        '<h1 class="entry-title">',
        '<h1 class="entry-title"><span class="subtitle">Lokalt: </span>',
    ).replace("</head>", f'<meta property="og:title" content="{column}"></head>')  # fmt: skip
    assert read(body).title == column


def test_category_of_posts_without_one_is_no_section() -> None:
    body = classic(TALE).decode().replace(f'rel="category tag">{TALE.section}', 'rel="category tag">Uncategorized')  # fmt: skip
    found = anchors(body)
    assert found is not None
    assert found.given.section is None


def test_time_of_the_head_goes_before_the_printed_one() -> None:
    told = '<meta property="article:published_time" content="2025-03-13T06:00:00Z"></head>'
    article = read(classic(TALE).decode().replace("</head>", told))
    assert article.published_at == datetime(2025, 3, 13, 6, tzinfo=UTC)


def test_next_post_below_is_left_out() -> None:
    other = BY_LANGUAGE["en"]
    below = classic(other).decode().replace(f"post-{POST}", "post-2719")
    article = below[below.index("<article id=") : below.index("</article>") + 10]
    page = classic(TALE).decode().replace('<nav class="navigation post-navigation">', f'{article}<nav class="navigation post-navigation">')  # fmt: skip
    found = read(page)
    assert found.title == TALE.title
    assert found.authors == (TALE.author,)
    assert other.closing not in found.text
    assert other.middle not in found.text
    assert TALE.closing in found.text


def test_archive_has_no_article() -> None:
    post = '<article id="post-{0}" class="post-{0} post type-post hentry"><h2 class="entry-title"><a href="/{0}">Sak</a></h2><div class="entry-summary"><p>Utdrag.</p></div></article>'
    body = f'<html><head><meta name="generator" content="WordPress 6.5"></head><body class="archive category">{"".join(post.format(n) for n in range(5))}</body></html>'
    assert anchors(body) is None
    assert anchors(body.replace("archive category", "")) is None


def test_page_of_another_system() -> None:
    body = f'<html><body><article id="post-1" class="hentry"><h1>A</h1><p>{TALE.closing}</p></article></body></html>'
    assert anchors(body) is None


def test_names_of_many_people_are_a_list_and_no_byline() -> None:
    vcards = "".join(f'<span class="author vcard"><span class="fn">Navn {n} Navnesen</span></span>' for n in range(6))  # fmt: skip
    body = classic(TALE).decode().replace('<span class="byline">', f'<span class="byline">{vcards}')
    found = anchors(body)
    assert found is not None
    assert found.given.authors == (TALE.author,)  # of the link to the author's posts


UNSIGNED = re.sub(r'<span class="byline">.*?</span></span>', "{}", classic(TALE).decode())


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ('<p>Av <a href="/author/ola/"><img src="/a.jpg"></a><a href="/author/ola/">Ola Berg</a> '
         '<a href="/author/ola/">Alle saker</a></p>', ""),
        ("", '<meta name="twitter:label1" content="Written by"><meta name="twitter:data1" '
             'content="Ola Berg">'),
        ("", '<meta name="twitter:label1" content="Skrevet av"><meta name="twitter:data1" '
             'content="Ola Berg"><meta name="twitter:label2" content="Ca. lesetid">'),
    ],
    ids=["link to posts", "told in English", "told in Norwegian"],
)  # fmt: skip
def test_author_without_a_byline(shown: str, told: str) -> None:
    body = UNSIGNED.replace("{}", shown).replace("</head>", f"{told}</head>")
    article = read(body)
    assert article.authors == ("Ola Berg",)
    assert article.provenance["authors"].origin == "wordpress"


def test_label_that_tells_of_something_else_names_nobody() -> None:
    told = '<meta name="twitter:label1" content="Price"><meta name="twitter:data1" content="12 kr">'
    found = anchors(UNSIGNED.replace("{}", "").replace("</head>", f"{told}</head>"))
    assert found is not None
    assert found.given.authors == ()


def test_front_page_has_no_article() -> None:
    body = classic(TALE).decode().replace('<body class="', '<body class="home page ')
    assert anchors(body) is None


@pytest.mark.parametrize(
    "title", ["Nordavisa » Blogg » {}", "{} » Nordavisa"], ids=["site first", "site last"]
)
def test_the_blog_s_name_as_h1_is_not_the_headline(title: str) -> None:
    body = (
        "<html><head><meta name='generator' content='WordPress 2.5'>"
        f"<title>{title.format(TALE.title)}</title></head><body><h1>Nordavisa</h1>"
        f'<div class="post" id="post-7"><h2>{TALE.title}</h2><p>{TALE.closing}</p></div></body></html>'
    )
    found = anchors(body)
    assert found is not None
    assert found.given.title == TALE.title
