"""Pages laid out as WordPress lays them out: a classic theme, a block theme, and an early one."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import unicodedata
from html import escape
from urllib.parse import quote

from tests.support.stories_in_ten_languages import Tale

_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "đ": "d", "ð": "d", "þ": "th"})
POST = "2718"
TEASER_TEXT = "Ordfører Hansen klipte snoren foran to hundre frammøtte innbyggere i går kveld."
JETPACK = """<div class="sharedaddy sd-sharing-enabled"><div class="robots-nocontent sd-block sd-social"><h3 class="sd-title">Share this:</h3><div class="sd-content"><ul><li><a href="?share=facebook">Click to share on Facebook</a></li></ul></div></div></div>
<div id="jp-relatedposts" class="jp-relatedposts"><h3 class="jp-relatedposts-headline"><em>Related</em></h3><div class="jp-relatedposts-items"><p class="jp-relatedposts-post"><a href="/other">{other}</a><span class="jp-relatedposts-post-excerpt">{teaser}</span></p></div></div>"""
COMMENTS = """<div id="comments" class="comments-area"><h2 class="comments-title">One thought</h2><ol class="comment-list"><li class="comment"><article class="comment-body"><footer class="comment-meta"><div class="comment-author vcard"><b class="fn"><a href="http://x.test" rel="external nofollow" class="url">Leser Lesersen</a></b> <span class="says">says:</span></div><time datetime="2025-05-05T05:05:05+00:00">5. mai 2025</time></footer><div class="comment-content"><p>Dette var en kommentar fra en leser som ikke har noe med saken å gjøre.</p></div></article></li></ol><div id="respond" class="comment-respond"><h3>Leave a Reply</h3><form><label for="author">Name</label><input id="author"></form></div></div>"""


def classic(tale: Tale, *, generator: bool = True, kicker: str = "") -> bytes:
    """Return a post as the classic default themes print it, with Jetpack, widgets and comments."""
    other, teaser = escape(tale.other), TEASER_TEXT
    told = '<meta name="generator" content="WordPress 6.5">' if generator else ""
    return f"""<!DOCTYPE html><html lang="{tale.language}"><head><meta charset="UTF-8"><title>{escape(tale.title)} – Nordavisa</title>
{told}<link rel="https://api.w.org/" href="https://www.nordavisa.test/wp-json/"><link rel="shortlink" href="https://www.nordavisa.test/?p={POST}">
<link rel="stylesheet" href="https://www.nordavisa.test/wp-content/themes/x/style.css"><meta name="description" content="{escape(tale.standfirst)}"></head>
<body class="post-template-default single single-post postid-{POST} single-format-standard group-blog">
<div id="page" class="hfeed site"><header id="masthead" class="site-header"><h1 class="site-title"><a href="/" rel="home">Nordavisa</a></h1><h2 class="site-description">Nytt fra nord</h2><nav id="site-navigation" class="main-navigation"><ul class="nav-menu"><li><a href="/politikk">Politikk</a></li></ul></nav></header>
<div id="main" class="wrapper"><div id="primary" class="site-content"><div id="content" role="main">
<article id="post-{POST}" class="post-{POST} post type-post status-publish format-standard has-post-thumbnail hentry {_class("category", tale.section, 31)} {" ".join(_class("tag", tag, 40 + n) for n, tag in enumerate(tale.tags))}">
<header class="entry-header">{kicker}<h1 class="entry-title">{escape(tale.title)}</h1><div class="entry-meta"><span class="posted-on"><a href="/x" rel="bookmark"><time class="entry-date published" datetime="{tale.published}">14. mars 2025</time><time class="updated" datetime="2025-03-15T10:00:00+00:00">15. mars 2025</time></a></span> <span class="byline"><span class="author vcard"><a class="url fn n" href="/author/x/" rel="author">{escape(tale.author)}</a></span></span></div></header>
<div class="entry-content"><p><strong>{escape(tale.standfirst)}</strong></p>
<div id="attachment_9" class="wp-caption aligncenter"><img class="size-large wp-image-9" src="/wp-content/uploads/2025/03/ferry.jpg" alt="" width="800" height="450"><p id="caption-attachment-9" class="wp-caption-text">{escape(tale.caption)} ({tale.photo}: {escape(tale.credit)})</p></div>
{_paragraphs(tale)}
<blockquote><p>{escape(tale.quote)}</p><cite>{escape(tale.speaker)}</cite></blockquote>
{_rest(tale)}{JETPACK.format(other=other, teaser=teaser)}</div>
<footer class="entry-footer"><span class="cat-links">Posted in <a href="/category/{quote(_slug(tale.section))}/" rel="category tag">{escape(tale.section)}</a></span> <span class="tags-links">Tagged {", ".join(f'<a href="/tag/{quote(_slug(tag))}/" rel="tag">{escape(tag)}</a>' for tag in tale.tags)}</span></footer>
<div class="author-info author-box"><div class="author-avatar"><img class="avatar" src="https://secure.gravatar.test/avatar/1" width="68" height="68" alt=""></div><div class="author-description"><h2>About {escape(tale.author)}</h2><p>{escape(tale.author)} har skrevet for avisen i ti år.</p></div></div>
</article><nav class="navigation post-navigation"><h2 class="screen-reader-text">Post navigation</h2><div class="nav-links"><div class="nav-previous"><a href="/other" rel="prev">{other}</a></div></div></nav>{COMMENTS}</div></div>
<div id="secondary" class="widget-area"><aside class="widget widget_recent_entries"><h3 class="widget-title">Siste</h3><ul><li><a href="/other">{other}</a></li></ul></aside><aside class="widget widget_tag_cloud"><div class="tagcloud"><a href="/tag/fisk/" rel="tag" class="tag-cloud-link">fisk</a> <a href="/tag/olje/" rel="tag">olje</a></div></aside></div></div>
<footer id="colophon" class="site-footer"><a href="https://wordpress.org/">Proudly powered by WordPress</a></footer></div></body></html>""".encode()


def blocks(tale: Tale, *, pull: bool = False) -> bytes:
    """Return a post as a block theme prints it: no element around the post that is its own."""
    said = (
        f'<figure class="wp-block-pullquote"><blockquote><p>{escape(tale.quote)}</p><cite>{escape(tale.speaker)}</cite></blockquote></figure>'
        if pull
        else f'<blockquote class="wp-block-quote is-layout-flow"><p>{escape(tale.quote)}</p><cite>{escape(tale.speaker)}</cite></blockquote>'
    )
    more = "".join(
        f"""<li class="wp-block-post post-{n} post type-post status-publish format-standard hentry"><h3 class="wp-block-post-title"><a href="/other{n}">{escape(tale.other)}</a></h3><div class="wp-block-post-excerpt"><p class="wp-block-post-excerpt__excerpt">{TEASER_TEXT}</p></div><time datetime="2025-05-0{n}T05:05:05+00:00">mai</time></li>"""
        for n in (1, 2, 3)
    )
    return f"""<!DOCTYPE html><html lang="{tale.language}"><head><meta charset="UTF-8"><title>{escape(tale.title)} – Nordavisa</title>
<link rel="https://api.w.org/" href="https://www.nordavisa.test/wp-json/"><meta name="generator" content="WordPress 6.7"><meta property="og:description" content="{escape(tale.standfirst)}"></head>
<body class="wp-singular post-template-default single single-post postid-{POST} single-format-standard wp-embed-responsive wp-theme-twentytwentyfive"><div class="wp-site-blocks">
<header class="wp-block-template-part"><div class="wp-block-group"><p class="wp-block-site-title"><a href="/" rel="home">Nordavisa</a></p><nav class="wp-block-navigation"><ul><li><a href="/politikk">Politikk</a></li></ul></nav></div></header>
<main class="wp-block-group is-layout-constrained" id="wp--skip-link--target"><div class="wp-block-group has-global-padding"><h1 class="wp-block-post-title">{escape(tale.title)}</h1><div class="wp-block-post-excerpt"><p class="wp-block-post-excerpt__excerpt">{escape(tale.standfirst)}</p></div>
<div class="wp-block-group"><div class="wp-block-post-author-name"><a class="wp-block-post-author-name__link" href="/author/x">{escape(tale.author)}</a></div><div class="wp-block-post-date"><time datetime="{tale.published}">14. mars 2025</time></div><div class="taxonomy-category wp-block-post-terms"><a href="/category/x/" rel="tag">{escape(tale.section)}</a></div></div>
<figure class="wp-block-post-featured-image"><img src="/wp-content/uploads/2025/03/ferry.jpg" width="800" height="450" alt=""><figcaption>{escape(tale.caption)} ({tale.photo}: {escape(tale.credit)})</figcaption></figure></div>
<div class="entry-content alignfull wp-block-post-content is-layout-constrained wp-block-post-content-is-layout-constrained">{_paragraphs(tale)}
{said}
{_rest(tale).replace("<ul>", '<ul class="wp-block-list">')}</div>
<div class="wp-block-group"><div class="taxonomy-post_tag wp-block-post-terms">{"".join(f'<a href="/tag/{quote(_slug(tag))}/" rel="tag">{escape(tag)}</a>' for tag in tale.tags)}</div>
<nav class="wp-block-group"><div class="post-navigation-link-previous wp-block-post-navigation-link"><a href="/other">{escape(tale.other)}</a></div></nav>
<div class="wp-block-comments">{COMMENTS}</div></div>
<div class="wp-block-query alignwide"><h2 class="wp-block-heading">More posts</h2><ul class="wp-block-post-template">{more}</ul></div></main>
<footer class="wp-block-template-part"><p>Designed with <a href="https://wordpress.org">WordPress</a></p></footer></div></body></html>""".encode()


def early(tale: Tale) -> bytes:
    """Return a post of a theme of about 2014: the blog's name is the h1, the headline an h2."""
    return f"""<!DOCTYPE html><html lang="{tale.language}"><head><meta charset="UTF-8"><title>{escape(tale.title)} | Nordavisa</title><meta name="generator" content="WordPress 3.8.1">
<link rel="stylesheet" href="/wp-content/themes/old/style.css"><meta name="description" content="{escape(tale.standfirst)}"></head>
<body class="single single-post postid-{POST} single-format-standard"><div id="wrapper"><div id="header"><h1><a href="/">Nordavisa</a></h1><p class="description">Nytt fra nord</p></div>
<div id="content"><div class="post-{POST} post type-post status-publish format-standard hentry category-x" id="post-{POST}"><h2>{escape(tale.title)}</h2>
<p class="postmetadata">Av <span class="author vcard"><span class="fn">{escape(tale.author)}</span></span> <abbr class="published" title="{tale.published}">14/03/2025 kl 09:30</abbr></p>
<div class="entry"><p><strong>{escape(tale.standfirst)}</strong></p><div class="wp-caption alignnone" style="width: 610px"><a href="/big.jpg"><img src="/wp-content/uploads/2014/03/ferry.jpg" width="600" height="400" alt=""></a><p class="wp-caption-text">{escape(tale.caption)} ({tale.photo}: {escape(tale.credit)})</p></div>
{_paragraphs(tale)}
<blockquote><p>{escape(tale.quote)}</p><p><cite>{escape(tale.speaker)}</cite></p></blockquote>
{_rest(tale)}</div><p class="tags">Tags: {", ".join(f'<a href="/tag/{n}/" rel="tag">{escape(tag)}</a>' for n, tag in enumerate(tale.tags))}</p><p>Kategori: <a href="/category/x/" rel="category tag">{escape(tale.section)}</a></p></div></div>
<div id="sidebar"><ul><li class="widget"><h2>Siste kommentarer</h2><ul><li>Leser Lesersen om <a href="/other">{escape(tale.other)}</a></li></ul></li></ul></div><div id="footer"><p>Powered by <a href="https://wordpress.org">WordPress</a></p></div></div></body></html>""".encode()


def _slug(tag: str) -> str:
    """Return a term's slug: Latin letters lose their marks, others are percent-encoded."""
    bare = unicodedata.normalize("NFKD", tag.lower().translate(_LETTERS))
    return "".join(c for c in bare if not unicodedata.combining(c)).replace(" ", "-")


def _class(prefix: str, term: str, number: int) -> str:
    """Return what post_class prints of a term: its slug, or its number where that isn't ASCII."""
    slug = _slug(term)
    return f"{prefix}-{slug if slug.isascii() else number}"


def _paragraphs(tale: Tale) -> str:
    return (
        "".join(f"<p>{escape(text)}</p>\n" for text in tale.opening)
        + f'<p>{tale.also}: <a href="/other">{escape(tale.other)}</a></p>\n'
        + f"<h2>{escape(tale.heading)}</h2>\n<p>{escape(tale.middle)}</p>"
    )


def _rest(tale: Tale) -> str:
    points = "".join(f"<li>{escape(point)}</li>" for point in tale.points)
    return f"<p>{escape(tale.further)}</p>\n<ul>{points}</ul>\n<p>{escape(tale.closing)}</p>"
