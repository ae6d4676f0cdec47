"""A password in an address that a site gives away stays on the site: nothing of ours has it."""

from __future__ import annotations

import contextlib
import gzip
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nordcrawl.errors import SourceError
from nordcrawl.model.printable import redacted
from nordcrawl.sources.load import load
from tests.support.jobs import Job
from tests.support.news_site import WORDS, Answer, Paper

SECRET = "tyv3rbank"


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield all that lies in a folder, unpacked."""
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        body = file.read_bytes()
        yield str(file), gzip.decompress(body) if file.suffix == ".gz" else body
        if file.suffix == ".sqlite":
            with sqlite3.connect(file) as db:
                for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
                    for row in db.execute(f'SELECT * FROM "{table}"'):
                        for value in row:
                            if isinstance(value, bytes):
                                for wbits in (15, 31):
                                    with contextlib.suppress(zlib.error):
                                        yield f"{file}:{table}", zlib.decompress(value, wbits)


def test_a_password_in_an_address_goes_nowhere(
    paper: Paper, job: Callable[..., Job], tmp_path: Path
) -> None:
    told = f"http://user:{SECRET}@{paper.host}"
    away = f"http://user:{SECRET}@away.example"
    targets = {
        "own": f"{told}/news/target",
        "away": f"{away}/news/x",
        "short": f"//user:{SECRET}@{paper.host}/news/target",
        "back": f"http:\\\\user:{SECRET}@{paper.host}\\news\\target",
        "slashes": f"http:////user:{SECRET}@{paper.host}/news/target",
        "broken": f"http://user:{SECRET}@[::1/news/x",
        "ftp": f"ftp://user:{SECRET}@{paper.host}/x",
        "once": f"http://{SECRET}@{paper.host}/news/target",
        "busy": f"{told}/news/busy2",
    }
    for name, target in targets.items():
        paper.publish(f"/news/{name}", name)
        paper.answers[f"/news/{name}"] = Answer(302, {"Location": target})
    paper.answers["/news/busy2"] = Answer(503)
    extra = f"""<link rel="alternate" hreflang="nb" href="{told}/news/nb">
      <p>{WORDS} <a href="{told}/news/linked">A link</a> {WORDS}</p>
      <img src="{told}/a.jpg"><meta property="og:image" content="{told}/a.jpg">
      <script type="application/ld+json">{{"@type": "NewsArticle", "url": "{told}/news/target",
      "mainEntityOfPage": "{told}/news/target", "image": "{told}/b.jpg",
      "license": "{told}/licence"}}</script>"""
    paper.publish("/news/target", "The target", canonical=f"{told}/news/target", extra=extra)
    paper.answers["/news/target"].headers["TDM-Policy"] = f"{told}/policy"
    links = "".join(
        f"<url><loc>{loc}</loc></url>"
        for loc in (f"{told}/news/target", f"ftp://user:{SECRET}@{paper.host}/", f"{away}/news/y")
    )
    paper.answers["/s2.xml"] = Answer(200, {}, f"<urlset>{links}</urlset>".encode())
    paper.answers["/feed"] = Answer(
        200, {}, f"<rss version='2.0'><channel><item><link>{told}/news/target</link>"
        f"<title>t</title></item></channel></rss>".encode(),
    )  # fmt: skip
    paper.answers["/"] = Answer(
        200, {}, f"<a href='{told}/news/target'>t</a><a href='{away}/'>u</a>".encode()
    )
    paper.answers["/robots.txt"] = Answer(
        200, {}, f"Sitemap: {told}/s2.xml\nSitemap: {away}/s.xml\nSitemap: ftp://u:{SECRET}@h/".encode()
    )  # fmt: skip
    crawl = job("article_urls = ['^/news/']", "feeds = ['/feed']", "listings = ['/']")
    done = crawl.crawl("-s", "LOG_LEVEL=DEBUG", "-s", "DOWNLOAD_DELAY=0")
    assert done.code == 14, done.text
    assert "Redirecting" in done.err
    assert SECRET not in done.text
    assert not any(SECRET in path for path in paper.requests)
    assert not any("authorization" in headers for headers in paper.headers)
    assert crawl.report()["outcomes"]["fetch_failed"] == 3  # broken, ftp, busy
    assert crawl.report()["outcomes"]["blocked"] == 1
    assert {r["url"] for r in crawl.records()} == {f"{paper.url}/news/target"}
    found = [name for name, body in everything(tmp_path) if SECRET.encode() in body]
    assert found == []


def test_a_source_with_a_password_is_refused_without_showing_it(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(
        "[sources.s]\ntitle = 'S'\nhosts = { 'a.example' = 'en' }\n"
        f"sitemaps = ['https://user:{SECRET}@a.example/s.xml']\n"
    )
    with pytest.raises(SourceError, match="without user name and password") as caught:
        load([file])
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("no address: mail@example.org", "no address: mail@example.org"),
        ("http://a@b@c.example/@x", "http://c.example/@x"),
        ("http://a.example/?to=b@c", "http://a.example/?to=b@c"),
        ("ftp://a:b@c, https://d:e@f/", "ftp://c, https://f/"),
        (r"http:\\a:b@c\d", r"http:\\c\d"),
    ],
)
def test_texts_lose_passwords_and_nothing_else(text: str, clean: str) -> None:
    assert redacted(text) == clean
