"""Blocks: the parts of a story's body as HTML of the demo site's present system.

Text, pictures, boxes, and what stands between them without being the article's. Knows nothing
of the page around them.
"""

from __future__ import annotations

from html import escape

from nordcrawl.demo.jsonld import note_id
from nordcrawl.demo.markup import WORDS, View, image_url, inline, teaser
from nordcrawl.demo.story import Part, Picture, Story, find


def img(image_id: int, picture: Picture, view: View) -> str:
    """Return a picture in its frame; the caption is the title, the alternative text often empty."""
    src = escape(image_url(view, image_id))
    return f"""<div class="img fullwidthTarget"><picture>
<source srcset="{src}&amp;format=webp" media="(min-width: 768px)" type="image/webp">
<img src="{src}" width="480" height="270" title="{escape(picture.caption)}"
 alt="{escape(picture.alt)}" loading="lazy">
</picture></div>"""


def caption_of(picture: Picture) -> str:
    """Return caption and credit: two figcaptions, the credit's label perhaps in an attribute."""
    prefix = f' data-byline-prefix="{escape(picture.prefix)}"'
    credit = escape(picture.credit, quote=False)
    return f"""<div class="caption" data-showmore="Vis mer">
<figcaption itemprop="caption" class="">{escape(picture.caption, quote=False)}</figcaption>
<figcaption itemprop="author" class=""{prefix}>{credit}</figcaption>
</div>"""


def block(part: Part, story: Story, view: View) -> str:
    """Return one block of the body; the marks are those of `nordcrawl.demo.story`."""
    text = inline(part.text, view, story.language)
    match part.kind:
        case "p":
            return f"<p>{text}</p>"
        case "h2" | "h3":
            # As pasted by editors: a leading blank and a space that does not break.
            return f"<{part.kind}> {text.replace(' ', '&nbsp;', 1)}</{part.kind}>"
        case "list":
            items = "".join(f"<li>{item}</li>\n" for item in text.splitlines())
            return f"<ul>\n{items}</ul>"
        case "image":
            return _body_figure(part, story, view)
        case _:
            return _box(part, text, story, view)


def _body_figure(part: Part, story: Story, view: View) -> str:
    caption, credit, prefix = (*part.args, "", "")[:3]
    picture = Picture(caption, credit, prefix)
    number = [p for p in story.parts if p.kind == "image"].index(part) + 1
    return f"""<figure class="column desktop-floatLeft small-12 large-8">
<div class="content">
{img((story.cms_id or 0) + number, picture, view)}
{caption_of(picture)}
</div>
</figure>"""


def _box(part: Part, text: str, story: Story, view: View) -> str:
    words = WORDS[story.language]
    match part.kind:
        case "quote":
            return f"""<div class="column quotebox floatRight"><div class="content">
<h3 class="quote">{text}</h3>
<p class="author">{escape(part.args[0])}</p>
</div></div>"""
        case "fact":
            lines = "".join(f"<p>{line}</p>\n" for line in text.splitlines())
            return f"""<div class="column factbox collapsed"><div class="content">
<h2>{escape(part.args[0])}</h2>
<div class="fact">{lines}</div>
<button class="expand">{words["more"]}</button>
</div></div>"""
        case "table":
            rows = (row.split("|") for row in text.splitlines())
            cells = ("".join(f"<td>{cell.strip()}</td>" for cell in row) for row in rows)
            return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
        case "note":
            notes = [p for p in story.parts if p.kind == "note"]
            number = note_id(story, notes.index(part))
            return f"""<h3 class="live-note" id="note-{number}">{escape(part.args[1])}</h3>
<time datetime="{part.args[0]}"></time>"""
        case "pair":
            pair = view.pair(story)
            return (
                f'<p><a href="{escape(view.hosts.url(pair))}">{part.args[0]}</a></p>'
                if pair
                else ""
            )
        case "label":
            return f"<p><strong>{escape(part.args[0])}</strong></p>"
        case "teaser":
            other = view.others(story, 1)[0] if part.args == ("*",) else find(
                view.stories, part.args[0], story.language)  # fmt: skip
            return teaser(other, view, css="small-12 large-6")
        case "ad":
            return f"""<div class="column google-ad floatRight widthAuto">
<span class="ad-label">{words["ad"]}</span>
<div class="adunit" id="artikkelbanner"></div>
</div>"""
        case "form":
            return f"""<form class="newsletter_submit" action="/fragment/newsletter" method="post">
<p>{words["form"]}</p>
<input type="email" name="email"><button>{words["send"]}</button>
</form>"""
        case kind:
            raise ValueError(f"{story.path}: no such mark: @{kind}")
