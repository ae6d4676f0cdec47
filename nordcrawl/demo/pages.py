"""Pages: a story as an article page of the demo site's present system.

The markup imitates articles of the Labrador CMS: names of classes and attributes, order, and
the furniture that stands between the paragraphs. What belongs to the article comes from the
story alone; `View.turn` shows in widgets only. Knows nothing of requests.
"""

from __future__ import annotations

import json
from datetime import datetime
from html import escape

from nordcrawl.demo.blocks import block, caption_of, img
from nordcrawl.demo.jsonld import scripts
from nordcrawl.demo.markup import (
    WORDS,
    View,
    guid,
    image_url,
    lines,
    printed,
    site_footer,
    site_header,
    tag_path,
    teaser,
    utc,
)
from nordcrawl.demo.story import Story, find


def article_page(story: Story, view: View) -> str:
    """Return the whole HTML document of a story."""
    imported = ' data-lab-imported="true"' if story.nid else ""
    second = ""
    if "two-articles" in story.traits:
        second = _article(find(view.stories, "seabirds", story.language), view, main=False)
    return f"""<!DOCTYPE html>
<html lang="{WORDS[story.language]["lang"]}" dir="ltr" class="resp_fonts">
<head>
{_head(story, view)}
</head>
<body class="l4 article site_highnorthnews section_{escape(_slug(story))}"{imported}>
<a href="#main" class="skip-link">Jump to main content</a>
{site_header(view, story.language)}
<section class="main article">
<main class="pageWidth">
{_article(story, view, main=True)}
{_related(story, view)}
{second}
</main>
</section>
{site_footer(story.language)}
</body>
</html>
"""


def _slug(story: Story) -> str:
    return story.path.split("/")[1]


def _head(story: Story, view: View) -> str:
    url = escape(view.hosts.url(story))
    title, lead = escape(story.title), escape(story.standfirst)
    picture = _meta("og:image", image_url(view, story.cms_id or 0, 1200)) if story.picture else ""
    people = "\n".join(_meta("article:author", name) for name in story.authors)
    tags = "\n".join(_meta("article:tag", tag) for tag in story.tags)
    modified = ""
    if "empty-modified" in story.traits:
        modified = _meta("article:modified_time", "")
    elif story.modified:
        modified = _meta("article:modified_time", utc(story.modified))
    return f"""<meta charset="utf-8">
<title>{title}</title>
<meta name="title" content="{title}">
<meta name="description" content="{lead}">
<link rel="canonical" href="{url}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta property="og:type" content="article">
<meta property="og:title" content="{title}">
<meta property="og:description" content="{lead}">
<meta property="og:url" content="{url}">
{picture}
{_meta("article:published_time", utc(story.published))}
{modified}
{people}
{tags}
{_meta("article:section", story.section)}
<link rel="alternate" type="application/json+oembed" href="{url}?lab_viewport=oembed">
<link rel="stylesheet" href="/view-resources/view/css/main.css">
{scripts(story, view)}
<script>
window.Dac = window.Dac || {{}};
window.Dac.clientData = {{
  page: {{ id: '{story.cms_id}', extId: '{story.nid or ""}' }},
  siteAlias: 'highnorthnews',
  translation: {_translation(story, view)}
}};
</script>"""


def _meta(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{escape(content)}">'


def _translation(story: Story, view: View) -> str:
    pair = view.pair(story)
    hints: dict[str, object] = {
        "hasTranslations": pair is not None,
        "seolanguage": WORDS[story.language]["lang"],
        "siteDomain": view.hosts.base(story.language),
    }
    if pair is not None:
        hints["lab_canonical_id"] = str(pair.cms_id)
    return json.dumps(hints)


def _article(story: Story, view: View, *, main: bool) -> str:
    anchor = 'id="main"' if main else f'data-page="{story.cms_id}"'
    return f"""<article class=" ">
<section class="main article k5a-article" {anchor} data-id="{story.cms_id}">
{_header(story, view)}
<div data-element-guid="{guid(story.path)}" class="bodytext large-12 small-12 medium-12">
{lines(block(part, story, view) for part in story.parts)}
{_change_log(story)}
</div>
{_article_footer(story, view)}
</section>
</article>"""


def _header(story: Story, view: View) -> str:
    words = WORDS[story.language]
    picture = f"""<div class="media"><figure class="headerImage">
{img(story.cms_id or 0, story.picture, view)}
</figure></div>
{caption_of(story.picture)}""" if story.picture else ""  # fmt: skip
    modified = f"""<span class="dateGroup dateModified">
<span class="dateLabel">{words["modified"]}</span>
{_time(story.modified or story.published, story)}
</span>""" if story.modified else ""  # fmt: skip
    return f"""<div data-element-guid="{guid(story.path)}" class="articleHeader column hasCaption">
<div class="labels"><span class="lab-article-section">{escape(story.section)}</span></div>
<p class="kicker primary">{escape(story.kicker)}</p>
<h1 class="headline mainTitle t35">{escape(story.title, quote=False)}</h1>
<p class="subtitle t22">{escape(story.standfirst, quote=False)}</p>
{picture}
<div data-element-guid="{guid(story.path)}" class="meta">
<div class="bylines">
{lines(_byline(name) for name in story.authors)}
</div>
<div class="dates">
<span class="dateGroup datePublished">
<span class="dateLabel">{words["published"]}</span>
{_time(story.published, story)}
</span>
{modified}
</div>
</div>
</div>"""


def _time(at: datetime, story: Story) -> str:
    text = printed(at, story.language)
    return f'<time datetime="{utc(at)}" title="{text}">{text}</time>'


def _byline(name: str) -> str:
    """The name twice, as on the real site: hidden for machines and visible in two parts."""
    first, _, last = name.rpartition(" ")
    return f"""<div class="byline column" itemscope itemtype="https://schema.org/Person">
<div class="content">
<span itemprop="name" hidden style="display:none">{escape(name)}</span>
<address class="name">
<span class="firstname">{escape(first)}</span>
<span class="lastname">{escape(last)}</span>
</address>
</div>
</div>"""


def _change_log(story: Story) -> str:
    if not story.changes:
        return ""
    entries = "\n".join(
        f"<li>{_time(change.at, story)} <span>{escape(change.text)}</span></li>"
        for change in story.changes
    )
    return f"""<div class="column changelog"><details>
<summary>{WORDS[story.language]["log"]}</summary>
<ul>
{entries}
</ul>
</details></div>"""


def _article_footer(story: Story, view: View) -> str:
    words = WORDS[story.language]
    tags = "\n".join(f'<a href="{tag_path(tag)}">{escape(tag)}</a>' for tag in story.tags)
    url = escape(view.hosts.url(story))
    return f"""<div data-element-guid="{guid(story.path)}" class="column articleFooter">
<p class="view-counter">{words["read"].format(1000 + view.turn)}</p>
<p class="tags-label">{words["tags"]}</p>
<span class="tags">
{tags}
</span>
</div>
<div class="row social">
<a href="/fragment/share?u={url}" class="fi-social-facebook"><span>{words["share"]}</span></a>
<a href="mailto:?body={url}" class="fi-mail"><span>{words["share"]}</span></a>
</div>"""


def _related(story: Story, view: View) -> str:
    boxes = "\n".join(teaser(other, view) for other in view.others(story, 3))
    items = "\n".join(
        f'<li class="scroll-item"><a href="{escape(view.hosts.url(other))}">'
        f"<h3>{escape(other.title)}</h3></a></li>"
        for other in view.others(story, 5)[3:]
    )
    return f"""<section class="related fullwidthTarget">
<div class="page-content">
<div class="row">
{boxes}
</div>
<div class="column articlescroller"><ul class="scroll-container articles">
{items}
</ul></div>
</div>
</section>"""
