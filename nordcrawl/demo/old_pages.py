"""Old pages: stories of the years before, in generic markup.

Drupal-like field wrappers; some pages have JSON-LD, some only meta elements, one no more than
a printed date. Knows nothing of the present system's markup.
"""

from __future__ import annotations

from html import escape

from nordcrawl.demo.markup import View, inline, lines, old_printed, script, utc
from nordcrawl.demo.story import Part, Story

_NOTICE = "A demonstration on this machine: invented stories, not those of High North News."


def old_page(story: Story, view: View) -> str:
    """Return the whole HTML document of an old story."""
    lang = "en" if story.path.startswith("/en/") else "nb"
    title, url = escape(story.title), escape(view.hosts.url(story))
    return f"""<!DOCTYPE html>
<html lang="{lang}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="Generator" content="Drupal 8 (https://www.drupal.org)">
<title>{title} | High North News</title>
<link rel="canonical" href="{url}">
<meta name="description" content="{escape(story.standfirst)}">
<meta property="og:site_name" content="High North News">
<meta property="og:type" content="article">
<meta property="og:url" content="{url}">
<meta property="og:title" content="{title}">
<meta property="og:description" content="{escape(story.standfirst)}">
{_head_facts(story, view)}
</head>
<body class="path-node page-node-type-article">
<header role="banner"><a href="/" rel="home">High North News</a>
<nav role="navigation"><ul class="menu"><li><a href="/en">English</a></li>
<li><a href="/nb">Norsk</a></li></ul></nav></header>
<main role="main">
<div class="region region-content">
{_node(story, view)}
</div>
<aside class="region region-sidebar" role="complementary">
<h2 class="block-title">{"Most read" if lang == "en" else "Mest lest"}</h2>
{_sidebar(story, view)}
</aside>
</main>
<footer role="contentinfo"><p>{_NOTICE}</p></footer>
</body>
</html>
"""


def _head_facts(story: Story, view: View) -> str:
    """What the head tells machines, by the story's traits."""
    if "date-in-text" in story.traits:
        return ""
    out = [f'<meta property="article:published_time" content="{utc(story.published)}">']
    out += [f'<meta property="article:tag" content="{escape(tag)}">' for tag in story.tags]
    if story.jsonld:
        people = [{"@type": "Person", "name": name} for name in story.authors]
        graph = {"@type": "NewsArticle", "headline": story.title, "author": people}
        graph |= {"datePublished": utc(story.published), "description": story.standfirst}
        graph |= {"mainEntityOfPage": view.hosts.url(story)}
        out.append(script({"@context": "https://schema.org", "@graph": [graph]}))
    else:
        out += [f'<meta name="author" content="{escape(name)}">' for name in story.authors]
    return "\n".join(out)


def _node(story: Story, view: View) -> str:
    names = ", ".join(escape(name) for name in story.authors)
    tags = "".join(
        f'<li class="field__item"><a href="/en/tag/{escape(tag.replace(" ", "-"))}">'
        f"{escape(tag)}</a></li>"
        for tag in story.tags
    )
    return f"""<article role="article" class="node node--type-article node--view-mode-full">
<div class="field field--name-field-kicker field__item">{escape(story.kicker)}</div>
<h1 class="page-title"><span class="field field--name-title">{escape(story.title)}</span></h1>
<div class="field field--name-field-lead field--type-string-long field__item">\
{escape(story.standfirst, quote=False)}</div>
<div class="submitted"><span class="author">{names}</span>
<span class="date">{old_printed(story.published)}</span></div>
{_picture(story)}
<div class="clearfix text-formatted field field--name-body field__item">
{lines(_part(part, story, view) for part in story.parts)}
</div>
<ul class="field field--name-field-tags field__items">{tags}</ul>
</article>"""


def _picture(story: Story) -> str:
    if story.picture is None:
        return ""
    src = f"/sites/default/files/styles/media_image/public/{story.published:%Y-%m}/{story.key}.png"
    caption = escape(story.picture.caption, quote=False)
    return f"""<figure class="field field--name-field-media-image">
<img src="{src}" alt="{escape(story.picture.alt)}">
<figcaption>{caption}</figcaption>
</figure>"""


def _part(part: Part, story: Story, view: View) -> str:
    text = inline(part.text, view, story.language)
    match part.kind:
        case "p" | "h2" | "h3":
            return f"<{part.kind}>{text}</{part.kind}>"
        case "list":
            return f"<ul>{''.join(f'<li>{item}</li>' for item in text.splitlines())}</ul>"
        case "pair":
            pair = view.pair(story)
            return f'<p><a href="{view.hosts.url(pair)}">{part.args[0]}</a></p>' if pair else ""
        case kind:
            raise ValueError(f"{story.path}: not for old pages: @{kind}")


def _sidebar(story: Story, view: View) -> str:
    old = [s for s in view.stories if s.is_old and s.path != story.path]
    rows = "".join(
        f'<li class="views-row"><a href="{s.path}">{escape(s.title)}</a></li>' for s in old
    )
    return f'<ul class="view-content">{rows}</ul>'
