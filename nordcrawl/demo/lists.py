"""Lists: front, tag and author pages of the demo site, and its own index for people.

Teasers carry no dates, as on the real site. A list page links to another rendering of itself,
which links to a further one, without end: a trap for crawlers that follow everything.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from html import escape
from urllib.parse import unquote

from nordcrawl.demo.markup import WORDS, View, lines, site_footer, site_header, tag_path, teaser
from nordcrawl.demo.story import Story

#: Listed in the English sitemap, and gone.
WITHDRAWN = "/politics/report-on-the-closed-pass-withdrawn/1116404"
_TURN = re.compile(r"lab_viewport=app(\d+)")


def on_front(language: str, everything: Sequence[Story]) -> list[Story]:
    """Return the stories of a front page, in the editors' order."""
    hidden = {"tag-only", "feed-only", "sitemap-only"}
    return [
        s for s in everything if s.language == language and not s.is_old and not s.traits & hidden
    ]


def with_tag(tag: str, language: str, everything: Sequence[Story]) -> list[Story]:
    """Return a tag's stories; the tag as in the path, still percent-encoded in any case."""
    wanted = _fold(unquote(tag))
    found = [s for s in everything if s.language == language and not s.is_old]
    return [s for s in found if wanted in map(_fold, s.tags) and "feed-only" not in s.traits]


def tags_of(language: str, everything: Sequence[Story]) -> list[str]:
    """Return all tags of an edition, sorted."""
    found = (s for s in everything if s.language == language and not s.is_old)
    return sorted({tag for s in found for tag in s.tags})


def front_page(language: str, view: View, query: str) -> str:
    """Return an edition's front page."""
    listed = on_front(language, view.stories)
    rows = [teaser(listed[0], view, href=f"{view.hosts.url(listed[0])}?utm_source=front")]
    rows += [teaser(story, view) for story in listed[1:]]
    tags = tags_of(language, view.stories)
    menu = "\n".join(f'<a href="{_odd_case(tag_path(tag))}">{escape(tag)}</a>' for tag in tags)
    archive = "\n".join(f'<li><a href="{url}">{escape(t)}</a></li>' for url, t in _archive(view))
    body = f"""<div class="front_rows">
{lines(rows)}
</div>
<div class="column articlesByTag"><h2>{WORDS[language]["archive"]}</h2>
<ul class="archive">
{archive}
</ul></div>
<nav class="navigation tags">
{menu}
</nav>"""
    return _page("High North News", body, language, view, query)


def tag_page(tag: str, language: str, view: View, query: str) -> str:
    """Return a tag's page; a tag without stories is an empty list."""
    listed = with_tag(tag, language, view.stories)
    # The first story stands at the top and again in the list.
    rows = "\n".join(teaser(story, view) for story in [*listed[:1], *listed])
    name = escape(unquote(tag))
    body = f'<h1 class="tag-title">{name}</h1>\n<div class="front_rows">\n{rows}\n</div>'
    return _page(name, body, language, view, query)


def message_page(title: str, text: str, language: str, view: View) -> str:
    """Return a page that says one thing."""
    body = f"<h1>{escape(title)}</h1>\n<p>{escape(text)}</p>"
    return _page(title, body, language, view, "", endless=False)


def index_page(view: View, edition: int) -> str:
    """Return the list of all stories with what each demonstrates."""
    rows = "\n".join(
        f'<tr><td>{s.language}</td><td>{s.kind}</td><td><a href="{view.hosts.url(s)}">'
        f"{escape(s.title)}</a></td><td>{escape(s.shows)}</td></tr>"
        for s in view.stories
    )
    doors = "\n".join(
        f'<li><a href="http://{host}{path}">http://{host}{path}</a></li>'
        for host in (view.hosts.en, view.hosts.www)
        for path in ("/", "/robots.txt", "/sitemap.xml", "/?lab_viewport=rss")
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>nordcrawl demo site</title>
<link rel="stylesheet" href="/view-resources/view/css/main.css"></head>
<body>
<h1>nordcrawl demo site</h1>
<p>{len(view.stories)} invented stories, edition {edition}. The next edition changes one of them:
POST to <code>/__demo__/edition?n=2</code>.</p>
<ul>
{doors}
</ul>
<table>
<tr><th>language</th><th>kind</th><th>story</th><th>what it shows</th></tr>
{rows}
</table>
</body>
</html>
"""


def _page(
    title: str, body: str, language: str, view: View, query: str, *, endless: bool = True
) -> str:
    turn = _TURN.search(query)
    number = int(turn[1]) + 1 if turn else 1
    further = f'<a rel="nofollow" href="?lab_viewport=app{number}">App</a>' if endless else ""
    return f"""<!DOCTYPE html>
<html lang="{WORDS[language]["lang"]}" dir="ltr">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta property="og:type" content="website">
<link rel="stylesheet" href="/view-resources/view/css/main.css">
</head>
<body class="l4 front site_highnorthnews">
{site_header(view, language)}
<section class="main front">
{body}
</section>
{further}
{site_footer(language)}
</body>
</html>
"""


def _archive(view: View) -> list[tuple[str, str]]:
    """Old addresses as they still stand in links: on www, on the bare host, and gone on."""
    links: list[tuple[str, str]] = []
    for story in view.stories:
        if story.is_old and "link-only" in story.traits:
            links.append((view.hosts.url(story), story.title))
        if "bare-host" in story.traits:
            links.append((f"http://{view.hosts.bare}{story.path}", story.title))
        if story.old_path:
            links.append((f"http://{view.hosts.www}{story.old_path}", story.title))
    return links


def _odd_case(path: str) -> str:
    """Write percent-encodings with small letters, as hand-made links do."""
    return re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), path)


def _fold(tag: str) -> str:
    return unicodedata.normalize("NFC", tag).casefold()
