"""Anchor the article of a WordPress page: classic themes, block themes, and Jetpack's additions.

The class names are those that WordPress itself prints, whatever the theme, or that its default
themes and the starter theme brought into use. Sources: developer.wordpress.org, reference of
body_class (``single``, ``postid-N``), post_class (``post-N``, ``hentry``, ``category-SLUG``,
``tag-SLUG``), the_tags and the_category (``rel="tag"``, ``rel="category tag"``); Theme Handbook,
"Post formats" and the templates of the default themes (``entry-title``, ``entry-content``,
``entry-date published``, ``author vcard``, ``tags-links``, ``cat-links``); block library,
``wp-block-*`` of the theme blocks; Jetpack (``sharedaddy``, ``jp-relatedposts``).

Does not choose the text, and goes by a class only in the article's own element: comments, widgets
and teasers of other posts carry the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from datetime import tzinfo
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from nordcrawl.extract.families.landmarks import Landmarks, all_of, around, own, texts
from nordcrawl.extract.fields import authors
from nordcrawl.extract.fields.context import Given
from nordcrawl.extract.lexicon import tables
from nordcrawl.extract.page import dates, headings
from nordcrawl.extract.page.dates import Moment
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.jsonld import strings
from nordcrawl.extract.page.text import key
from nordcrawl.extract.page.tree import select, text_of
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

_BODY_ID = re.compile(r"^(?:postid|page-id)-(\d{1,12})$")
_POST_ID = re.compile(r"^post-(\d{1,12})$")
#: Body classes of a page that shows one post, of the front page, and of those that list several.
_ONE = frozenset(["single", "single-post", "singular", "wp-singular", "page", "attachment"])
_FRONT = "home"
_MANY = frozenset(["blog", "archive", "category", "tag", "author", "date", "search"])
#: What in an article's element is of others: comments, widgets, further posts.
_FOREIGN = (
    "#comments, .comments-area, .comment, .commentlist, .comment-list, #respond,"
    ".wp-block-comments, .widget, .sidebar, aside, nav, .jp-relatedposts, .yarpp-related,"
    ".related-posts, .related, .wp-block-query, .wp-block-latest-posts, article article,"
    ".hentry .hentry"
)
#: What WordPress, its blocks and its most used plugins print into an article.
_FURNITURE = (
    ".sharedaddy, #jp-post-flair, .jp-relatedposts, .jetpack-likes-widget-wrapper, "
    ".yarpp-related, .addtoany_share_save_container, #ez-toc-container, #toc_container, "
    ".post-navigation, .wp-block-post-navigation-link, .wp-block-social-links, "
    ".wp-block-latest-posts, .wp-block-comments, .comments-area, #comments, #respond, "
    ".screen-reader-text, .tags-links, .cat-links, .wp-block-post-terms"
)
_ENTRY = ".entry-content, .wp-block-post-content, .post-content"
_TITLE = ("h1.entry-title", "h1.wp-block-post-title", "h1.post-title", ".entry-title", "h1")
_AUTHOR = (
    ".author.vcard .fn", ".vcard .fn", ".author.vcard", ".byline a[rel~=author]", "a[rel~=author]",
    ".wp-block-post-author-name", ".wp-block-post-author__name", ".entry-author-name",
)  # fmt: skip
#: Links to the list of an author's posts, whatever a theme prints in them: weaker, so used only
#: where JSON-LD names nobody. Source: reference of get_author_posts_url.
_AUTHOR_LINK = ('a[href*="/author/"]', 'a[href*="?author="]')
_PUBLISHED = (
    "time.entry-date.published[datetime]", "time.published[datetime]", "time.entry-date[datetime]",
    ".wp-block-post-date time[datetime]", ".posted-on time[datetime]", "abbr.published[title]",
)  # fmt: skip
_UPDATED = ("time.updated[datetime]",)
_TAGS = (
    ".taxonomy-post_tag a[rel~=tag]", ".tags-links a[rel~=tag]", "a[rel~=tag]:not([rel~=category])",
)  # fmt: skip
_SECTIONS = (".taxonomy-category a", ".cat-links a", "a[rel~=category]")
#: The category of posts that were given none.
_NO_SECTION = frozenset(tables.words("no_section"))
#: Headings that are looked at, and letters that one must have.
_HEADINGS = 10
_SHORT = 6
_NAME_CHARS = 60
_AUTHORS = 4
_TITLE_CHARS = 300


def find(root: HtmlElement, head: Head, page: Page, profile: Profile) -> Landmarks | None:
    """Return the anchors of a WordPress page that shows one post, else None."""
    if not is_wordpress(head) or not _shows_one(head):
        return None
    number = next((m[1] for name in head.body_classes if (m := _BODY_ID.match(name))), None)
    article = _article(root, number)
    if article is None:
        return None
    foreign = all_of(article, _FOREIGN)
    headline = _headline(root, article, head, foreign)
    scope = article
    if headline is not None and (both := around(article, headline)) is not None:
        scope = both
    if scope is not article:
        foreign = all_of(scope, _FOREIGN)
    others = foreign - {article, *article.iterancestors()}
    slugs = frozenset((article.get("class") or "").split())
    local = dates.zone_of(profile.timezone)
    named = next(strings(head.jsonld.node.get("author"), "name"), None)
    dated = head.jsonld.text("datePublished") or head.meta("article:published_time")
    given = Given(
        origin="wordpress",
        title=_title(headline, head),
        authors=_authors(own(article, _AUTHOR, others) or own(scope, _AUTHOR, others))
        or (
            ()
            if named
            else _linked(root, own(scope, _AUTHOR_LINK, others)) or authors.told_beside_label(head)
        ),
        # What is printed is often the day only, or without a zone.
        published=None if dated else _moment(own(scope, _PUBLISHED, others), local),
        modified=None if dated else _moment(own(scope, _UPDATED, others), local),
        section=_section(own(scope, _SECTIONS, others), slugs),
        tags=_terms(own(scope, _TAGS, others), "tag-", slugs),
        # The system's name for it: what comes after it counts from one again.
        cms_id=f"post-{own_number}" if (own_number := number or _number(article)) else None,
    )
    return Landmarks("wordpress", given, article, tuple(all_of(article, _FURNITURE)))


def is_wordpress(head: Head) -> bool:
    """Return whether a page was made by WordPress, by what stands in every such page's head.

    Its generator can be switched off; its REST address and the folders of its files rarely are.
    """
    if any(value.lower().startswith("wordpress") for value in head.all("generator")):
        return True
    return any(
        link.rel == "https://api.w.org/"
        or "/wp-content/" in link.href
        or "/wp-includes/" in link.href
        for link in head.links
    )


def _shows_one(head: Head) -> bool:
    classes = head.body_classes
    if _FRONT in classes:
        return False
    if _ONE & classes or any(_BODY_ID.match(name) for name in classes):
        return True
    return not _MANY & classes


def _article(root: HtmlElement, number: str | None) -> HtmlElement | None:
    """Return the element of the post with the page's number, else the only post there is."""
    posts = [e for e in select(root, (".hentry, .type-post, [id^=post-]",)) if e.tag != "body"]
    mine = [e for e in posts if number is not None and _number(e) == number]
    if mine:
        return max(mine, key=lambda e: sum(len(t) for t in e.itertext()))
    numbers = {_number(e) for e in posts} - {None}
    if number is None:
        return next((e for e in posts if _number(e)), None) if len(numbers) == 1 else None
    # Block themes print the text with nothing around it that is the post's alone.
    entries = [e for e in select(root, (_ENTRY,)) if _outside(e, posts)]
    titles = select(root, ("h1.entry-title", "h1.wp-block-post-title", "h1"))
    if len(entries) == 1 and titles:
        return around(titles[0], entries[0])
    return None


def _outside(element: HtmlElement, posts: Iterable[HtmlElement]) -> bool:
    return set(posts).isdisjoint((element, *element.iterancestors()))


def _number(element: HtmlElement) -> str | None:
    """Return the post's number that an element carries as id or class."""
    names = (element.get("id") or "", *(element.get("class") or "").split())
    return next((m[1] for name in names if (m := _POST_ID.match(name))), None)


def _headline(
    root: HtmlElement, article: HtmlElement, head: Head, foreign: Set[HtmlElement]
) -> HtmlElement | None:
    """Return the post's headline: marked as such, else the heading that the page's title has.

    Older themes print the blog's name as h1, and the post's headline as h2.
    """
    if found := own(article, _TITLE, foreign):
        return found[0] if len(found) == 1 else None
    told, titles = key(head.title), select(root, ("h1",))
    for among in (own(article, ("h1, h2, h3",), foreign), titles):
        for heading in among[:_HEADINGS]:
            printed = key(text_of(heading))
            # Behind the site's name where titles begin with that, as they did at first.
            is_told = told.startswith(printed) or (among is not titles and told.endswith(printed))
            if len(printed) > _SHORT and told != printed and is_told:
                return heading
    titles = select(root, ("h1.entry-title", "h1"))
    return titles[0] if len(titles) == 1 and key(text_of(titles[0])) in told else None


def _title(headline: HtmlElement | None, head: Head) -> str | None:
    """Return the headline as printed, without a kicker that its element holds before it.

    What the page's head has in the headline too is no kicker.
    """
    printed = next(iter(texts([headline], _TITLE_CHARS)), None) if headline is not None else None
    said = [told for told in (head.jsonld.text("headline"), head.meta("og:title")) if told]
    if printed and any(key(told) == key(printed) for told in said):
        return printed
    for told in said:
        if printed and key(told) and key(printed).endswith(key(told)):
            return told
    heading = None if headline is None else headings.of(headline)
    return heading.bare if printed and heading is not None else printed


def _authors(elements: Iterable[HtmlElement]) -> tuple[str, ...]:
    """Return the names, none where there are so many that they are a list of the site's authors."""
    names = authors.tidy(texts(list(elements), _NAME_CHARS))
    return names if len(names) <= _AUTHORS else ()


def _linked(root: HtmlElement, links: Iterable[HtmlElement]) -> tuple[str, ...]:
    """Return the names of those whose posts are linked to: the first link to each has the name.

    Outside of the post a link counts that is marked so and the only one of its kind.
    """
    first: dict[str, HtmlElement] = {}
    for link in links:
        if text_of(link).strip():
            first.setdefault(link.get("href") or "", link)
    if names := _authors(first.values()):
        return names
    marked = authors.tidy(texts(select(root, ("a[rel~=author]",)), _NAME_CHARS))
    return marked if len(marked) == 1 else ()


def _moment(elements: Iterable[HtmlElement], local: tzinfo) -> Moment | None:
    for element in elements:
        value = element.get("datetime") or element.get("title")
        if moment := dates.parse(value, local):
            return moment
    return None


def _terms(links: Iterable[HtmlElement], prefix: str, slugs: frozenset[str]) -> tuple[str, ...]:
    """Return the terms that links name.

    The post's own element names the slugs of its terms; where it does, others are of a tag cloud.
    It leaves out what is not ASCII. Source: WordPress, sanitize_html_class.
    """
    known = {slug for slug in slugs if slug.startswith(prefix)}
    links = list(links)
    if known and (mine := [e for e in links if _is_known(_slug(e), prefix, known)]):
        links = mine
    return texts(links[:60], _NAME_CHARS)


def _is_known(slug: str, prefix: str, known: Set[str]) -> bool:
    return prefix + slug in known or not slug.isascii()


def _slug(link: HtmlElement) -> str:
    try:
        path = urlsplit(link.get("href") or "").path
    except ValueError:
        return ""
    return unquote(path).rstrip("/").rpartition("/")[2]


def _section(links: Iterable[HtmlElement], slugs: frozenset[str]) -> str | None:
    names = _terms(links, "category-", slugs)
    return next((name for name in names if name.casefold() not in _NO_SECTION), None)
