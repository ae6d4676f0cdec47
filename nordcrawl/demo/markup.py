"""Markup: the small pieces of HTML that several of the demo site's pages share.

Times are printed as the real site prints them, in Europe/Oslo. Knows no page as a whole.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote
from zoneinfo import ZoneInfo

from nordcrawl.demo.hosts import Hosts
from nordcrawl.demo.story import Story, find, pair_of, split_links

_OSLO = ZoneInfo("Europe/Oslo")
_MONTHS = "January February March April May June July August September October November December"
_NOTICE = {
    "en": "A demonstration on this machine: invented stories, not those of High North News.",
    "nb": "En demonstrasjon på denne maskinen: oppdiktede saker, ikke fra High North News.",
}

#: The site's own words, by language.
WORDS = {
    "en": {
        "lang": "en", "published": "Published", "modified": "Modified", "ad": "Advertisement",
        "log": "Change log", "tags": "Tags", "read": "Read {} times", "share": "Share",
        "form": "Get the week's main stories by e-mail.", "send": "Sign up", "more": "Read more",
        "and": "and", "photo": "Photo", "other": "Norsk", "archive": "From the archive",
    },
    "nb": {
        "lang": "nb-NO", "published": "Publisert", "modified": "Sist oppdatert", "ad": "Annonse",
        "log": "Endringslogg", "tags": "Nøkkelord", "read": "Lest {} ganger", "share": "Del",
        "form": "Få ukens hovedsaker på e-post.", "send": "Meld på", "more": "Les mer",
        "and": "og", "photo": "Foto", "other": "English", "archive": "Fra arkivet",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """What a page is rendered with: the hosts of its links, all stories, and a turn.

    `turn` counts requests; widgets show it, articles never do.
    """

    hosts: Hosts
    stories: tuple[Story, ...]
    turn: int = 0

    def pair(self, story: Story) -> Story | None:
        """Return the same story in the other language."""
        return pair_of(story, self.stories)

    def target(self, link: str, language: str) -> str:
        """Return the address for a link mark: a story's key, or a path as it is."""
        if link.startswith("/"):
            return link
        return self.hosts.url(find(self.stories, link, language))

    def others(self, story: Story, count: int) -> list[Story]:
        """Return other stories of the language, the next ones at every turn."""
        pool = [s for s in self.stories if s.language == story.language and not s.is_old]
        pool = [s for s in pool if s.key != story.key and "tag-only" not in s.traits]
        return [pool[(self.turn + n) % len(pool)] for n in range(min(count, len(pool)))]


def utc(at: datetime) -> str:
    """Return a time as the real site's attributes have it.

    >>> utc(datetime(2026, 11, 18, 7, 15, tzinfo=UTC))
    '2026-11-18T07:15:00.000Z'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def printed(at: datetime, language: str) -> str:
    """Return a time as readers see it, in Oslo.

    >>> at = datetime(2026, 9, 1, 7, 15, tzinfo=UTC)
    >>> printed(at, "nb"), printed(at, "en")
    ('01.09.2026 - 09:15', '1 September 2026 - 09:15')
    """
    local = at.astimezone(_OSLO)
    if language == "nb":
        return local.strftime("%d.%m.%Y - %H:%M")
    return f"{local.day} {_MONTHS.split()[local.month - 1]} {local:%Y - %H:%M}"


def old_printed(at: datetime) -> str:
    """Return a time as the system before printed it, English month, in Oslo, no zone.

    >>> old_printed(datetime(2017, 3, 23, 14, 26, tzinfo=UTC))
    'Mar 23 2017 - 15:26'
    """
    local = at.astimezone(_OSLO)
    return f"{_MONTHS.split()[local.month - 1][:3]} {local:%d %Y - %H:%M}"


def inline(text: str, view: View, language: str) -> str:
    """Return a part's text as HTML, its link marks as links."""
    return "".join(
        escape(words, quote=False)
        if link is None
        else f'<a href="{escape(view.target(link, language))}">{escape(words, quote=False)}</a>'
        for words, link in split_links(text)
    )


def lines(pieces: Iterable[str]) -> str:
    """Join pieces of HTML, one a line."""
    return "\n".join(pieces)


def guid(seed: object) -> str:
    """Return a stable made-up element id."""
    digest = hashlib.sha256(str(seed).encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


def tag_path(tag: str) -> str:
    """Return the path of a tag's list.

    >>> tag_path("ny-ålesund")
    '/tag/ny-%C3%A5lesund'
    """
    return f"/tag/{quote(tag, safe='')}"


def image_url(view: View, image_id: int, width: int = 960) -> str:
    """Return the address of a picture; the server draws it from its number."""
    crop = "&x=0.00&y=0.00&cropw=100.00&croph=85.63"
    return f"http://{view.hosts.www}/image/{image_id}.png?imageId={image_id}{crop}&width={width}"


def script(value: object, kind: str = "application/ld+json") -> str:
    """Return a JSON script element."""
    text = json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="{kind}">\n{text}\n</script>'


def teaser(story: Story, view: View, *, href: str | None = None, css: str = "") -> str:
    """Return a related box: itself an ``article`` with microdata, without a date."""
    url = href or view.hosts.url(story)
    short = f"{view.hosts.base(story.language)}/a/{story.cms_id}"
    return f"""<article data-element-guid="{guid(("teaser", story.path))}" class="column {css}"
 data-section="{escape(story.section)}" data-instance="{story.cms_id}"
 itemscope itemtype="https://schema.org/NewsArticle">
<div class="content bodytext">
<a itemprop="url" href="{escape(url)}" data-k5a-url="{escape(short)}">
<p class="kicker">{escape(story.kicker)}</p>
<h2 itemprop="headline" class="headline">{escape(story.title)}</h2>
</a>
</div>
</article>"""


def site_header(view: View, language: str) -> str:
    """Return what stands above every page: logo, menu, search."""
    words = WORDS[language]
    base = view.hosts.base(language)
    other = view.hosts.base("nb" if language == "en" else "en")
    tags = ("newsletter", "debate", "science") if language == "en" else (
        "nyhetsbrev", "kronikker", "ny-ålesund")  # fmt: skip
    menu = "".join(f'<li><a href="{tag_path(t)}">{escape(t.upper())}</a></li>' for t in tags)
    return f"""<header class="pageElement pageHeader">
<figure class="logo"><a href="{base}/">High North News</a></figure>
<a class="link lang-link" href="{other}/"><p class="text">{words["other"]}</p></a>
<form class="search-container" action="/cse" method="get" role="search">
<input type="text" name="q"></form>
<nav class="navigation mainMenu"><ul class="menu-list">{menu}</ul></nav>
</header>"""


def site_footer(language: str) -> str:
    """Return what stands below every page."""
    return f"""<footer class="page">
<p class="demo-notice">{_NOTICE[language]}</p>
<p>Powered by Labrador CMS</p>
</footer>"""


def png(seed: int) -> bytes:
    """Return a small picture: a sky over a sea, coloured by its number.

    >>> png(7)[1:4]
    b'PNG'
    """
    tone = zlib.crc32(str(seed).encode())
    sky = bytes((120 + tone % 90, 150 + (tone >> 8) % 80, 200))
    sea = bytes((20, 50 + (tone >> 16) % 60, 90 + (tone >> 24) % 60))
    rows = b"".join(b"\0" + (sky if y < 5 else sea) * 16 for y in range(9))

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    size = struct.pack(">IIBBBBB", 16, 9, 8, 2, 0, 0, 0)
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size)
    return head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
