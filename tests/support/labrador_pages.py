"""Pages laid out as Labrador CMS lays them out, made from a list of parts in several variants."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

from dataclasses import dataclass, field
from html import escape


@dataclass(frozen=True)
class Part:
    """One part of an article: p, heading, quote, caption, list, factbox, table, raw."""

    kind: str
    text: str = ""
    speaker: str = ""
    credit: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """An article as its editors have it."""

    title: str
    standfirst: str
    parts: tuple[Part, ...]
    alt: str = ""
    caption: str = ""
    credit: str = ""
    kicker: str = "Sikkerhet"
    authors: tuple[str, ...] = ("Kari Nordmann",)
    labels: tuple[str, ...] = ("Les også", "Nøkkelord")
    tags: tuple[str, ...] = ("arktis", "ny-ålesund")


@dataclass(frozen=True)
class Variant:
    """How a page differs from the plain template."""

    standfirst: str = "h2"
    main_id: bool = True
    wrapped: bool = False
    columns: bool = False
    label_tag: str = "p"
    label_text: str = "{}"
    quote: str = "quotebox"
    figure: str = "figcaption"
    class_order: bool = False
    bare_divs: bool = False
    neighbours: bool = True
    prefix: str = ""
    extra_head: str = ""
    lang: str = "nb-NO"
    article_id: str = "1105806"
    crossing: str = ""
    nbsp: bool = False
    body_end: str = ""
    header: bool = True
    split: bool = False
    json_ld: str | None = field(default=None)


TEASER = """<article class="column small-12 large-6" itemscope
 itemtype="http://schema.org/NewsArticle" data-id="1109999"><div class="content bodytext">
<a itemprop="url" href="https://www.nordavisa.test/naering/en-annen-sak/1109999">
<figure><img src="/i/9.jpg" width="300" height="200" alt=""></figure>
<h2 itemprop="headline" class="headline">En helt annen sak om fiskeri</h2>
<p class="subtitle">Ingressen til en helt annen sak som ikke hører hjemme her.</p></a>
<time itemprop="datePublished" datetime="2026-05-05T05:05:05Z"></time></div></article>"""

NEXT_STORY = """<article><section class="main article k5a-article" data-id="1107777">
<div class="articleHeader"><h1 class="headline mainTitle">Neste sak i rekken</h1>
<p class="subtitle">Ingress som hører til neste sak og ingen annen.</p></div>
<div class="bodytext"><p>Brødtekst i neste sak, lang nok til å bli tatt for en artikkel.</p>
<p>Enda et avsnitt i neste sak, som heller ikke skal være med her.</p></div>
</section></article>"""


def render(story: Story, variant: Variant | None = None) -> bytes:
    """Return the page's bytes in UTF-8."""
    v = variant or Variant()
    body = "\n".join(_part(part, v) for part in story.parts)
    if v.crossing:
        body = v.crossing + body
    labels = "\n".join(
        f"<{v.label_tag}>{v.label_text.format(escape(label))}</{v.label_tag}>"
        for label in story.labels
    )
    body_class = "large-12 bodytext small-12" if v.class_order else "bodytext large-12 small-12"
    header_class = "column hasCaption articleHeader" if v.class_order else "articleHeader column hasCaption"  # fmt: skip
    body = f"{AD}{body}{labels}{RELATED}{v.body_end}"
    if v.split:
        body = body.replace(
            "<h2>", '</div></div><div class="row"><div class="bodytext column"><h2>', 1
        )
        body = f'<div class="row"><div class="bodytext column">{body}</div></div>'
        body_class = "parts"
    if v.wrapped:
        body = f'<div class="inner"><div>{body}</div></div>'
    image = (
        f'<div class="media"><figure class="headerImage"><div class="img"><img src="/image/77.webp?'
        f'imageId=77&width=960" width="960" height="548" alt="{escape(story.alt)}" '
        f'title="{escape(story.caption)}"></div></figure><div class="floatingText"></div></div>'
        f'<div class="caption" data-showmore="Vis mer"><figcaption itemprop="caption">'
        f"{escape(story.caption)}</figcaption>"
        + (
            f'<figcaption itemprop="author" data-byline-prefix="{v.prefix}">{escape(story.credit)}'
            f"</figcaption>" if story.credit else ""
        )
        + "</div>"
    ) if story.caption else ""  # fmt: skip
    bylines = "".join(
        f'<div class="byline column" itemscope itemtype="http://schema.org/Person"><div '
        f'class="content"><address class="name"><span itemprop="name" class="visuallyhidden">'
        f'{escape(name)}</span><span class="firstname">{escape(name.split()[0])}</span> '
        f'<span class="lastname">{escape(" ".join(name.split()[1:]))}</span></address></div></div>'
        for name in story.authors
    )
    open_header = f'<div class="{header_class}">' if v.header else ""
    close_header = "</div>" if v.header else ""
    main_id = ' id="main"' if v.main_id else ""
    tags = "".join(f'<a href="/tag/{escape(t)}">{escape(t)}</a>' for t in story.tags)
    json_ld = v.json_ld if v.json_ld is not None else JSON_LD
    return f"""<!DOCTYPE html><html lang="{v.lang}"><head><meta charset="utf-8">
<title>{escape(story.title)}</title>
<link rel="canonical" href="https://www.nordavisa.test/politikk/en-sak/{v.article_id}">
<meta property="og:type" content="article"><meta property="og:title" content="{escape(story.title)}">
<meta property="og:description" content="{escape(story.standfirst)}">
<meta property="article:modified_time" content="">
<meta property="article:section" content="politikk">{v.extra_head}
<script>window.Dac.clientData = {{ device: 'desktop', page: {{ id: '{v.article_id}', extId: 'x-1' }} }};
</script>{json_ld}</head>
<body class="l4 article site_nordavisa section_politikk" data-lab-imported="true">
<header class="pageElement pageHeader"><a class="lang-link" href="https://en.nordavisa.test">
<p class="text">EN</p></a><nav><ul><li><a href="/politikk">Politikk</a></li></ul></nav></header>
<section class="main article"><main class="pageWidth"><article class=" ">
<section class="main article k5a-article"{main_id}>
{open_header}<p class="kicker primary">{escape(story.kicker)}</p>
<h1 class="headline mainTitle t35">{escape(story.title)}</h1>
<{v.standfirst} class="subtitle t22">{escape(story.standfirst)}</{v.standfirst}>
{image}
<div class="meta"><div class="bylines">{bylines}</div><div class="dates">
<span class="dateGroup datePublished"><span class="dateLabel">Publisert</span>
<time datetime="2021-10-25T16:31:00.000Z">25.10.2021 - 18:31</time></span>
<span class="dateGroup dateModified"><span class="dateLabel">Sist oppdatert</span>
<time datetime="2022-02-01T08:00:00.000Z">01.02.2022 - 09:00</time></span></div></div>{close_header}
<div class="row social"><a href="https://share.test/">Del på Facebook</a></div>
<div class="{body_class}">{body}</div>
<div class="column articleFooter"><span class="tags">{tags}</span></div>
<div class="row social"><a href="https://share.test/">Del på e-post</a></div>
</section></article>
<section class="related"><div class="row">{TEASER}{TEASER}</div></section>
{NEXT_STORY if v.neighbours else ""}</main></section>
<footer class="page"><p>Powered by Labrador CMS</p></footer></body></html>""".encode()


AD = """<div class="column google-ad"><span class="ad-label">Annonse</span>
<div class="adunit" id="artikkelbanner"></div></div>"""
RELATED = f"""<div class="row small-12"><div class="column articlescroller"><h2>Flere saker</h2>
{TEASER}</div></div>{TEASER}<form class="newsletter_submit"><p>Meld deg på nyhetsbrevet</p>
<input name="email"></form>"""
JSON_LD = """<script type="application/ld+json">[{"@type":"WebSite","name":"nordavisa"},
{"@type":"NewsArticle","headline":"x","datePublished":"2021-10-25T16:31:00.000Z"}]</script>"""


def _part(part: Part, v: Variant) -> str:
    text = escape(part.text) + ("&nbsp; " if v.nbsp else "")
    match part.kind:
        case "p":
            return f"<div>{text}</div>" if v.bare_divs else f"<p>{text}</p>"
        case "heading":
            return f"<h2>&nbsp;{text}</h2>"
        case "quote":
            return _column(_quote(part, v), v)
        case "caption":
            return _column(_figure(part, v), v)
        case "list":
            return "<ul>" + "".join(f"<li>{escape(x)}</li>" for x in part.lines) + "</ul>"
        case "factbox":
            facts = "".join(f"<p>{escape(x)}</p>" for x in part.lines)
            return _column(f'<div class="factbox"><h2>{text}</h2><div class="fact">{facts}</div></div>', v)  # fmt: skip
        case "table":
            rows = "".join(
                "<tr>" + "".join(f"<td>{escape(c)}</td>" for c in line.split("|")) + "</tr>"
                for line in part.lines
            )
            return f"<table>{rows}</table>"
        case _:
            return part.text


def _column(inner: str, v: Variant) -> str:
    if not v.columns:
        return inner
    return f'<div class="row small-12"><div class="column large-10"><div>{inner}</div></div></div>'


def _quote(part: Part, v: Variant) -> str:
    said, speaker = escape(part.text), escape(part.speaker)
    shapes = {
        "quotebox": f'<div class="quotebox column"><div class="content"><h3 class="quote t30">{said}'
        f'</h3><p class="author">{speaker}</p></div></div>',
        "blockquote": f'<div class="quotebox"><blockquote>{said}</blockquote>'
        f'<p class="author">{speaker}</p></div>',
        "inner": f'<div class="column quotebox"><i class="fi-quote"></i><blockquote><p>{said}</p>'
        f'</blockquote><p class="author"><span>{speaker}</span></p></div>',
        "cite": f'<aside class="quotebox"><p class="quote">{said}</p><cite>{speaker}</cite></aside>',
        "plain": f'<div class="quotebox"><h3>{said}</h3><p>{speaker}</p></div>',
        "cite inside": f'<div class="quotebox"><blockquote>{said} <cite>{speaker}</cite></blockquote>'
        "</div>",
        "author inside": f'<div class="quotebox"><h3 class="quote">{said}<br>'
        f'<span class="author">– {speaker}</span></h3></div>',
        "bare": f'<h3 class="quote">{said}</h3><p class="author">{speaker}</p>',
        "figure": f"<figure class='quotebox'><blockquote><p>{said}</p></blockquote>"
        f"<figcaption>{speaker}</figcaption></figure>",
        "footer": f'<blockquote class="quote"><p>{said}</p><footer>{speaker}</footer></blockquote>',
    }
    return shapes[v.quote]


def _figure(part: Part, v: Variant) -> str:
    text, credit = escape(part.text), escape(part.credit)
    image = f'<div class="img"><img src="/image/{88 + len(part.text)}.jpg" width="480" height="300" alt=""></div>'
    author = f'<figcaption itemprop="author" data-byline-prefix="{v.prefix}">{credit}</figcaption>'
    empty = '<figcaption itemprop="author" data-byline-prefix="Foto: "></figcaption>'
    shapes = {
        "figcaption": f'<figure class="column">{image}<figcaption itemprop="caption">{text}'
        f"</figcaption>{author if credit else empty}</figure>",
        "div": f'<figure>{image}<div class="caption"><figcaption itemprop="caption" class="">{text}'
        f"</figcaption>{author if credit else ''}</div></figure>",
        "outside": f'<div class="image column"><figure>{image}</figure><div class="caption">'
        f'<figcaption itemprop="caption">{text}</figcaption>{author if credit else ""}</div></div>',
        "one": f"<figure>{image}<figcaption><p>{text}</p></figcaption></figure>",
    }
    return shapes[v.figure]
