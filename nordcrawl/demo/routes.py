"""Routes: which answer the demo site gives for a host and a path.

Pure: an edition and a turn in, an answer out. Knows nothing of sockets, conditional requests or
content encodings; `nordcrawl.demo.site` does.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from nordcrawl.demo import feeds, lists
from nordcrawl.demo.hosts import BARE, EN, LOCAL_NAMES, WWW, Hosts
from nordcrawl.demo.jsonld import note_id
from nordcrawl.demo.markup import View, png, script
from nordcrawl.demo.old_pages import old_page
from nordcrawl.demo.pages import article_page
from nordcrawl.demo.story import Part, Story, stories

HTML = "text/html; charset=utf-8"
_XML = "application/xml; charset=utf-8"
_CSS = (
    "body{font:1rem/1.5 Georgia,serif;max-width:46rem;margin:0 auto;padding:1rem}"
    "img{width:100%;height:auto}.google-ad,.related,.articlescroller{opacity:.6}"
    "figcaption{font-size:.85rem}td,th{text-align:left;padding:.2rem .6rem;vertical-align:top}"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back, before any content encoding."""

    status: int
    body: bytes
    content_type: str = HTML
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked, with what the site is at that moment."""

    hosts: Hosts
    host: str
    """The Host header, with its port."""
    target: str
    """Path and query as sent."""
    edition: int
    turn: int


def answer(ask: Ask) -> Answer:
    """Return the answer to a GET; a host that is not ours gets 421."""
    name = host_name(ask.host)
    hosts = ask.hosts
    if name in (EN, LOCAL_NAMES[EN]):
        language = "en"
    elif name in (WWW, LOCAL_NAMES[WWW]):
        language = "nb"
    elif name in (BARE, LOCAL_NAMES[BARE]):
        return _bare(ask)
    elif name in ("127.0.0.1", "localhost"):
        language, hosts = "nb", hosts.with_plain(ask.host)
    else:
        return Answer(421, b"no such site here\n", "text/plain")
    return _edition(language, View(hosts, stories(ask.edition), ask.turn), ask.target)


def host_name(host: str) -> str:
    """Return a Host header's name, lower case, without port; empty where it is none.

    >>> host_name("En.HighNorthNews.localhost:8017"), host_name("[")
    ('en.highnorthnews.localhost', '')
    """
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _bare(ask: Ask) -> Answer:
    """The bare host: all goes to www, but one old story, which it shows itself."""
    view = View(ask.hosts, stories(ask.edition), ask.turn)
    for story in view.stories:
        if "bare-host" in story.traits and story.path == _path(ask.target):
            return _story(story, view)
    return _moved(f"http://{ask.hosts.www}{ask.target}")


def _path(target: str) -> str:
    return unicodedata.normalize("NFC", unquote(urlsplit(target).path))


def _edition(language: str, view: View, target: str) -> Answer:
    path, query = _path(target), urlsplit(target).query
    for story in view.stories:
        if (story.is_old and language == "nb") or (not story.is_old and story.language == language):
            if path == story.path:
                return _story(story, view)
            if path == f"/a/{story.cms_id}":
                short = "short-200" in story.traits
                return _story(story, view) if short else _moved(view.hosts.url(story))
        if story.old_path == path and language == "nb":
            return _moved(view.hosts.url(story))
    if path in ("/", "/index"):
        return _front(language, view, query)
    if path in ("/en", "/nb") and language == "nb":
        return _moved(f"{view.hosts.base(path[1:])}/")
    if path.startswith("/tag/"):
        return _tag(urlsplit(target).path.removeprefix("/tag/").rstrip("/"), language, view, query)
    return _file(path, query, language, view) or _not_found(language, view)


def _story(story: Story, view: View) -> Answer:
    """A story's page: by its id with ETag, with Last-Modified, or with neither."""
    page = old_page if story.is_old else article_page
    headers: dict[str, str] = {}
    match (story.cms_id or 0) % 3:
        case 0:
            still = page(story, View(view.hosts, view.stories)).encode()
            headers["ETag"] = _etag(still)
        case 1:
            headers["Last-Modified"] = format_datetime(story.last_change, usegmt=True)
    return Answer(200, page(story, view).encode(), HTML, headers)


def _front(language: str, view: View, query: str) -> Answer:
    if query == "lab_viewport=rss":
        return _feed(feeds.rss(language, view))
    if query == "lab_viewport=newssitemap":
        return _feed(feeds.news_sitemap(language, view))
    return _page(lists.front_page(language, view, query))


def _tag(tag: str, language: str, view: View, query: str) -> Answer:
    if query == "lab_viewport=rss":
        return _feed(feeds.rss(language, view, tag))
    return _page(lists.tag_page(tag, language, view, query))


def _file(path: str, query: str, language: str, view: View) -> Answer | None:
    base = view.hosts.base(language)
    if found := re.fullmatch(r"/image/(\d+)\.png", path):
        return Answer(200, png(int(found[1])), "image/png")
    if path.startswith("/sites/default/files/"):
        return Answer(200, png(len(path)), "image/png")
    if found := re.fullmatch(r"/notice/(\d+)", path):
        return _notice(int(found[1]), language, view)
    match path:
        case "/robots.txt":
            return Answer(200, feeds.robots(base).encode(), "text/plain; charset=utf-8")
        case "/sitemap.xml":
            return Answer(200, feeds.sitemap_index(base).encode(), _XML)
        case "/sitemap" if query == "start=0&pageType=article":
            newest = max(story.last_change for story in view.stories)
            body = feeds.article_sitemap(language, view).encode()
            # The time alone would not tell that an older story was edited.
            validators = {
                "Last-Modified": format_datetime(newest, usegmt=True),
                "ETag": _etag(body),
            }
            return Answer(200, body, _XML, validators)
        case "/sitemap-tags.xml.gz":
            packed = gzip.compress(feeds.tag_sitemap(language, view).encode(), mtime=0)
            return Answer(200, packed, "application/gzip")
        case "/view-resources/view/css/main.css":
            return Answer(200, _CSS.encode(), "text/css")
        case _:
            return None


def _notice(number: int, language: str, view: View) -> Answer | None:
    """A live note as a page of its own: a few lines, no article."""
    for story in view.stories:
        notes = [part for part in story.parts if part.kind == "note"]
        for place, note in enumerate(notes):
            if story.language == language and number == note_id(story, place):
                return _page(_notice_page(note, story, view))
    return None


def _notice_page(note: Part, story: Story, view: View) -> str:
    text = story.parts[story.parts.index(note) + 1].plain
    page = lists.message_page(note.args[1], text, story.language, view)
    head = {"@context": "https://schema.org", "@type": "BlogPosting", "headline": note.args[1]}
    return page.replace("</head>", f"{script(head)}\n</head>")


def _page(html: str) -> Answer:
    return Answer(200, html.encode())


def _feed(xml: str) -> Answer:
    body = xml.encode()
    return Answer(200, body, _XML, {"ETag": _etag(body)})


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _moved(url: str) -> Answer:
    return Answer(301, b"moved\n", "text/plain", {"Location": url})


def _not_found(language: str, view: View) -> Answer:
    words = {"en": ("Page not found", "The page is gone, or never was."),
             "nb": ("Siden finnes ikke", "Siden er borte, eller har aldri vært her.")}  # fmt: skip
    return Answer(404, lists.message_page(*words[language], language, view).encode())
