"""Pages laid out as Drupal 7 and the core themes of Drupal 8 and later lay them out."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

from html import escape

from tests.support.labrador_pages import Story
from tests.support.stories_in_ten_languages import Tale

NID = "43836"
TEASER_TEXT = "Ordfører Hansen klipte snoren foran to hundre frammøtte innbyggere i går kveld."


def drupal7(tale: Tale, *, head: str = "", submitted: bool = True) -> bytes:
    """Return a page of Drupal 7 with its default templates (node.tpl.php, field.tpl.php, Bartik)."""
    signed = (
        f'<div class="submitted" property="dc:date dc:created" content="{tale.published}" '
        f'datatype="xsd:dateTime">Submitted by <span class="username" xml:lang="" '
        f'about="/user/7" typeof="sioc:UserAccount" property="foaf:name">{escape(tale.author)}</span> '
        f"on Fri, 03/14/2025 - 09:30</div>"
        if submitted
        else ""
    )
    return f"""<!DOCTYPE html><html lang="{tale.language}" dir="ltr"><head><meta charset="utf-8">
<meta name="Generator" content="Drupal 7 (http://drupal.org)">
<link rel="shortlink" href="/node/{NID}"><title>{escape(tale.title)} | Nordavisa</title>{head}
<meta name="description" content="{escape(tale.standfirst)}">
<style media="all">@import url("https://www.nordavisa.test/sites/default/files/css/css_1.css");</style>
<script>jQuery.extend(Drupal.settings, {{"basePath":"/"}});</script></head>
<body class="html not-front not-logged-in one-sidebar sidebar-first page-node page-node- page-node-{NID} node-type-article i18n-nb">
<div id="skip-link"><a href="#main-content" class="element-invisible element-focusable">Skip to main content</a></div>
<div id="header"><div class="section clearfix"><div id="name-and-slogan"><div id="site-name"><strong><a href="/">Nordavisa</a></strong></div></div>
<div id="main-menu" class="navigation"><ul id="main-menu-links" class="links clearfix"><li><a href="/politikk">Politikk</a></li></ul></div></div></div>
<div id="main-wrapper" class="clearfix"><div id="main" class="clearfix">
<div class="region region-sidebar-first"><div class="section"><div id="block-views-latest-block" class="block block-views"><h2>Siste</h2>
<div class="content"><div class="view view-latest"><div class="views-row"><div class="node node-article node-teaser" id="node-99"><h2><a href="/node/99">{escape(tale.other)}</a></h2>
<div class="field field-name-body field-type-text-with-summary field-label-hidden"><div class="field-items"><div class="field-item even"><p>{TEASER_TEXT}</p></div></div></div></div></div></div></div></div></div></div>
<div id="content" class="column"><div class="section"><a id="main-content"></a>
<h1 class="title" id="page-title">{escape(tale.title)}</h1>
<div class="region region-content"><div id="block-system-main" class="block block-system"><div class="content">
<div id="node-{NID}" class="node node-article node-promoted node-full clearfix" about="/node/{NID}" typeof="sioc:Item foaf:Document">
<span property="dc:title" content="{escape(tale.title)}" class="rdf-meta element-hidden"></span>
<div class="meta submitted-line">{signed}</div><div class="content clearfix">
<div class="field field-name-field-ingress field-type-text-long field-label-hidden"><div class="field-items"><div class="field-item even"><p>{escape(tale.standfirst)}</p></div></div></div>
<div class="field field-name-field-image field-type-image field-label-hidden"><div class="field-items"><div class="field-item even" rel="og:image"><figure><img typeof="foaf:Image" src="/sites/default/files/styles/media_image/public/2025-03/ferry.jpg" width="800" height="450" alt=""><figcaption>{escape(tale.caption)} ({tale.photo}: {escape(tale.credit)})</figcaption></figure></div></div></div>
<div class="field field-name-body field-type-text-with-summary field-label-hidden"><div class="field-items"><div class="field-item even" property="content:encoded">{_body(tale)}</div></div></div>
<div class="field field-name-field-seksjon field-type-taxonomy-term-reference field-label-above"><div class="field-label">Section:&nbsp;</div><div class="field-items"><div class="field-item even"><a href="/section/x">{escape(tale.section)}</a></div></div></div>
<div class="field field-name-field-tags field-type-taxonomy-term-reference field-label-above"><div class="field-label">Tags:&nbsp;</div><div class="field-items">{_terms(tale, "field-item")}</div></div>
</div><ul class="links inline"><li class="node-readmore"><a href="/x">Log in to post comments</a></li></ul>
<div id="comments" class="comment-wrapper"><h2 class="title">Comments</h2><div class="comment"><div class="submitted"><span class="username">Leser Lesersen</span></div><div class="content"><div class="field field-name-comment-body"><div class="field-items"><div class="field-item even"><p>Dette var en kommentar fra en leser som ikke har noe med saken å gjøre.</p></div></div></div></div></div></div>
</div></div></div></div></div></div></div></div>
<div id="footer"><div class="block"><span>Powered by <a href="http://drupal.org">Drupal</a></span></div></div></body></html>""".encode()


def drupal10(tale: Tale, *, theme: str = "classy", author_field: bool = False) -> bytes:
    """Return a page of Drupal 8 or later with the templates of Classy (Bartik, Olivero)."""
    meta = f"""<footer class="node__meta"><div class="node__submitted">Submitted by <span class="field field--name-uid field--type-entity-reference field--label-hidden"><span class="username" property="schema:name">{escape(tale.author)}</span></span> on <span class="field field--name-created field--type-created field--label-hidden"><time datetime="{tale.published}" class="datetime">Fri, 03/14/2025 - 09:30</time></span></div></footer>"""
    if theme == "olivero":
        meta = f"""<header><div class="node__meta"><span>By <span class="node__author"><span class="username">{escape(tale.author)}</span></span>, <span class="field field--name-created"><time datetime="{tale.published}">14 March, 2025</time></span></span></div></header>"""
    if author_field:
        meta = f"""<div class="field field--name-field-author field--type-entity-reference field--label-hidden field__items"><div class="field__item"><a href="/author/x">{escape(tale.author)}</a></div></div><div class="field field--name-created"><time datetime="{tale.published}">14 March 2025</time></div>"""
    teaser = f"""<article data-history-node-id="99" class="node node--type-article node--view-mode-teaser"><h2 class="node__title"><a href="/node/99" rel="bookmark">{escape(tale.other)}</a></h2><div class="node__content"><div class="clearfix text-formatted field field--name-body field--type-text-with-summary field--label-hidden field__item"><p>{TEASER_TEXT}</p></div></div></article>"""
    return f"""<!DOCTYPE html><html lang="{tale.language}" dir="ltr" prefix="og: https://ogp.me/ns#"><head><meta charset="utf-8">
<meta name="Generator" content="Drupal 10 (https://www.drupal.org)"><link rel="canonical" href="https://www.nordavisa.test/nb/ny-ferge"><link rel="shortlink" href="https://www.nordavisa.test/node/{NID}">
<meta name="description" content="{escape(tale.standfirst)}"><title>{escape(tale.title)} | Nordavisa</title></head>
<body class="layout-one-sidebar layout-sidebar-second path-node page-node-type-article"><a href="#main-content" class="visually-hidden focusable skip-link">Skip to main content</a>
<header class="header" role="banner"><nav class="block block-menu"><ul class="menu"><li class="menu-item"><a href="/">Home</a></li></ul></nav></header>
<div class="layout-main-wrapper"><main class="column main-content" role="main"><section class="section"><div class="region region-content">
<div class="block block-core block-page-title-block"><h1 class="title page-title"><span class="field field--name-title field--type-string field--label-hidden">{escape(tale.title)}</span></h1></div>
<div class="block block-system block-system-main-block"><div class="content">
<article data-history-node-id="{NID}" role="article" class="node node--type-article node--promoted node--view-mode-full clearfix">{meta}
<div class="node__content clearfix">
<div class="field field--name-field-section field--type-entity-reference field--label-hidden field__item"><a href="/section/x">{escape(tale.section)}</a></div>
<div class="field field--name-field-ingress field--type-string-long field--label-hidden field__item">{escape(tale.standfirst)}</div>
<div class="field field--name-field-media field--label-hidden field__item"><figure role="group" class="caption caption-drupal-media align-center"><article class="media media--type-image media--view-mode-default"><div class="field field--name-field-media-image field--type-image field--label-visually_hidden"><div class="field__label visually-hidden">Image</div><div class="field__item"><img loading="lazy" src="/sites/default/files/styles/large/public/2025-03/ferry.jpg" width="800" height="450" alt=""></div></div></article><figcaption>{escape(tale.caption)} ({tale.photo}: {escape(tale.credit)})</figcaption></figure></div>
<div class="clearfix text-formatted field field--name-body field--type-text-with-summary field--label-hidden field__item">{_body(tale)}</div>
<div class="field field--name-field-tags field--type-entity-reference field--label-above clearfix"><h3 class="field__label">Tags</h3><ul class="links field__items">{"".join(f'<li><a href="/tag/{n}" hreflang="{tale.language}">{escape(tag)}</a></li>' for n, tag in enumerate(tale.tags))}</ul></div>
<div class="node__links"><ul class="links inline"><li class="comment-forbidden"><a href="/user/login">Log in</a> to post comments</li></ul></div>
<section class="field field--name-comment field--type-comment comment-wrapper"><h2 class="title">Comments</h2><article class="comment"><footer class="comment__meta"><p class="comment__author"><span class="username">Leser Lesersen</span></p></footer><div class="comment__content"><p>Dette var en kommentar fra en leser som ikke har noe med saken å gjøre.</p></div></article></section>
</div></article></div></div>
<div class="views-element-container block block-views"><h2>More</h2><div class="view view-more">{teaser}{teaser}</div></div>
</div></section></main><div class="region region-sidebar-second">{teaser}</div></div>
<footer class="site-footer"><span>Powered by <a href="https://www.drupal.org">Drupal</a></span></footer></body></html>""".encode()


def ramsalt(story: Story, *, seven: bool = False, quote: str = "blockquote") -> bytes:
    """Return a story of the target site in the shape of its older pages: fields of a node.

    No page of that era is stored, so the shape is that of the core themes, with the image style
    and the labels that are known of it.
    """
    name = "field field-name-{0} field-type-{0}" if seven else "field field--name-{0} field__item"
    picture = (
        '<img src="/sites/default/files/styles/media_image/public/2021-10/lavrov.jpg" alt="{}">'
    )
    quotes = {
        "blockquote": "<blockquote><p>{}</p><footer>{}</footer></blockquote>",
        "quote box": '<div class="quotebox"><h3 class="quote">{}</h3><p class="author">{}</p></div>',
        "figure": '<figure class="pullquote"><blockquote>{}</blockquote><figcaption>{}</figcaption></figure>',
    }
    body = ""
    for part in story.parts:
        text = escape(part.text)
        if part.kind == "quote":
            body += quotes[quote].format(text, escape(part.speaker))
        elif part.kind == "caption":
            body += f"<figure>{picture.format('')}<figcaption>{text}</figcaption></figure>"
        else:
            body += f"<h2>{text}</h2>" if part.kind == "heading" else f"<p>{text}</p>"
    labels = "".join(f"<p><strong>{escape(label)}</strong></p>" for label in story.labels)
    node = (
        f'<div id="node-{NID}" class="node node-article node-full clearfix" about="/node/{NID}">'
        if seven
        else f'<article data-history-node-id="{NID}" class="node node--type-article node--view-mode-full">'
    )
    return f"""<!DOCTYPE html><html lang="nb" dir="ltr"><head><meta charset="utf-8">
<meta name="Generator" content="Drupal {7 if seven else 9} (https://www.drupal.org)"><link rel="shortlink" href="/node/{NID}">
<title>{escape(story.title)} | High North News</title></head>
<body class="path-node page-node-type-article{" page-node-" + NID if seven else ""}">
<nav class="menu"><ul><li><a href="/nb/politikk">Politikk</a></li></ul></nav>
<main role="main"><h1 class="title page-title">{escape(story.title)}</h1>
{node}<div class="node__content content clearfix">
<div class="{name.format("field-image")}"><figure>{picture.format(escape(story.alt))}<figcaption>{escape(story.caption)}</figcaption></figure></div>
<div class="{name.format("field-ingress")}"><p>{escape(story.standfirst)}</p></div>
<div class="{name.format("body")}">{body}{labels}</div>
</div>{"</div>" if seven else "</article>"}</main>
<footer><p>Powered by Drupal</p></footer></body></html>""".encode()


def _terms(tale: Tale, name: str) -> str:
    return "".join(
        f'<div class="{name}"><a href="/tag/{n}" typeof="skos:Concept">{escape(tag)}</a></div>'
        for n, tag in enumerate(tale.tags)
    )


def _body(tale: Tale) -> str:
    points = "".join(f"<li>{escape(point)}</li>" for point in tale.points)
    return (
        "".join(f"<p>{escape(text)}</p>\n" for text in tale.opening)
        + f'<p>{tale.also}: <a href="/node/98">{escape(tale.other)}</a></p>\n'
        + f"<h2>{escape(tale.heading)}</h2>\n<p>{escape(tale.middle)}</p>\n"
        + f"<blockquote><p>{escape(tale.quote)}</p><footer>{escape(tale.speaker)}</footer></blockquote>\n"
        + f"<p>{escape(tale.further)}</p>\n<ul>{points}</ul>\n<p>{escape(tale.closing)}</p>"
    )
