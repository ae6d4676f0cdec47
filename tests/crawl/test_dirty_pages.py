"""Wrong and dirty pages: each is archived once and true, or counted and named; none costs another.

The crawls ask a server on loopback for every kind at once, so that each also meets the others.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import brotli
import pytest

from nordcrawl.fetch.coding import zstd  # type: ignore[attr-defined]
from tests.support.jobs import Job
from tests.support.news_site import WORDS, Answer, Paper, article_html

HTML = "text/html; charset=utf-8"
NORWEGIAN = "Blåbærsyltetøy på ferja fra Tromsø til Værøy kom fram før været snudde. "


def serve(paper: Paper, path: str, body: bytes, kind: str | None = HTML, **headers: str) -> None:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if kind is not None:
        given["Content-Type"] = kind
    paper.answers[path] = Answer(200, given, body)
    paper.lastmods[path] = None


def outcomes(crawl: Job) -> Counter[str]:
    counted = crawl.report()["outcomes"]
    assert sum(counted.values()) == crawl.report()["discovered"]
    return Counter({name: n for name, n in counted.items() if n})


def by_path(crawl: Job, paper: Paper) -> dict[str, dict[str, Any]]:
    return {r["url"].removeprefix(paper.url): r for r in crawl.records()}


@pytest.mark.slow
def test_cut_and_broken_bodies_are_never_archived(paper: Paper, job: Callable[..., Job]) -> None:
    """Each broken answer breaks in another way; one that is whole stands beside them."""
    paper.publish("/news/whole", "The whole story")
    page = article_html("A story that breaks", f"A story that breaks. {WORDS * 30}")
    packed = gzip.compress(page, mtime=0)
    wrong_sum = packed[:-8] + bytes(4) + packed[-4:]
    raw = zlib.compress(page, wbits=-15)
    br, zst = brotli.compress(page, quality=4), zstd.compress(page)
    members = gzip.compress(page[:4000]) + gzip.compress(page[4000:])
    bodies = {
        "gzip-cut": ("gzip", packed[: len(packed) // 2]),
        "gzip-no-trailer": ("gzip", packed[:-8]),
        "gzip-wrong-sum": ("gzip", wrong_sum),
        "deflate-cut": ("deflate", zlib.compress(page)[:-200]),
        "raw-deflate-cut": ("deflate", raw[: len(raw) // 2]),
        "br-cut": ("br", br[: 2 * len(br) // 3]),
        "zstd-cut": ("zstd", zst[: 2 * len(zst) // 3]),
        "members-cut": ("gzip", members[:-30]),
        "two-cut": ("gzip, br", brotli.compress(packed[: len(packed) // 2], quality=4)),
        "empty-gzip": ("gzip", b""),
        "empty-br": ("br", b""),
        "no-such-coding": ("compress", packed),
    }
    for name, (coding, body) in bodies.items():
        serve(paper, f"/news/{name}", body, Content_Encoding=coding)
    other = page.replace(b"breaks", b"stays")
    serve(paper, "/news/not-gzip", other, Content_Encoding="gzip")  # the header lies
    crawl = job()
    crawl.crawl("-s", "DOWNLOAD_DELAY=0")
    assert sorted(by_path(crawl, paper)) == ["/news/not-gzip", "/news/whole"]
    assert outcomes(crawl) == {"new": 2, "fetch_failed": len(bodies)}
    asked = Counter(paper.requests)
    assert {asked[f"/news/{name}"] for name in bodies} == {3}
    accepted = {headers.get("accept-encoding") for headers in paper.headers}
    assert accepted == {"gzip, deflate, br, zstd"}


@pytest.mark.slow
def test_sixteen_addresses_of_one_story_make_one_record(
    paper: Paper, job: Callable[..., Job]
) -> None:
    text = f"The bridge opened. {NORWEGIAN * 6}"
    body = article_html("The bridge opened", text)
    paths = [
        "/news/bridge",
        "/news/bridge/",
        "/news/bridge?utm_source=feed",
        "/news/bridge?fbclid=1",
        "/news/bridge#top",
        "/news/./bridge",
        "/news/x/../bridge",
        "/news//bridge",
        "/news/%62ridge",
        "/news/bridge?",
        "/news/bridge?print=1",
        "/news/bridge.html",
        "/news/amp/bridge",
        "/news/2026/bridge",
        "/news/bridge?ref=front",
        "/news/bridge?id=7",
    ]
    for path in paths:
        serve(paper, path, body)
        serve(paper, path.split("#")[0].replace("/./", "/").replace("x/../", ""), body)
    crawl = job()
    assert crawl.crawl().code == 14, "nothing but one text is what a wall looks like, too"
    (record,) = crawl.records()
    assert record["title"] == "The bridge opened"
    counted = outcomes(crawl)
    assert counted["new"] == 1
    assert set(counted) <= {"new", "duplicate", "alias", "unchanged"}


#: Labels that are no charset, or not the body's, and what the body is really written in.
LABELS = {
    "base64": "utf-8",
    "rot13": "utf-8",
    "zlib": "utf-8",
    "hex": "utf-8",
    "idna": "utf-8",
    "punycode": "utf-8",
    "undefined": "utf-8",
    "unicode_escape": "utf-8",
    "x" * 20_000: "utf-8",
    "": "utf-8",
    '"': "utf-8",
    "utf-8\\x00": "utf-8",
    "none": "latin-1",
    "iso-8859-1": "cp1252",
    "us-ascii": "utf-8",
    "utf-16": "utf-16",
    "utf-7": "utf-8",
}


@pytest.mark.slow
def test_no_name_of_a_charset_costs_a_page(paper: Paper, job: Callable[..., Job]) -> None:
    for n, (label, real) in enumerate(LABELS.items()):
        page = article_html(f"Været nummer {n}", f"Sak {n}. {NORWEGIAN * 5}").decode()
        page = page.replace('<meta charset="utf-8">', "")
        serve(paper, f"/news/{n}", page.encode(real), f"text/html; charset={label}")
        meta = page.replace("<head>", f'<head><meta charset="{label[:60]}">')
        meta = meta.replace("nummer", "merket").replace("Sak", "Merket sak")
        serve(paper, f"/news/meta{n}", meta.encode(real), "text/html")
    for n, real in enumerate(("utf-16-le", "utf-16-be")):  # no byte order mark, no label
        page = article_html(f"Bytes {n}", f"Uten merke {n}. {NORWEGIAN * 5}").decode()
        serve(paper, f"/news/wide{n}", page.replace("utf-8", "utf-16").encode(real), "text/html")
    crawl = job()
    done = crawl.crawl()
    assert done.code == 0, done.text
    found = by_path(crawl, paper)
    wrong = {
        path: record["text"][:60]
        for path, record in found.items()
        if "Blåbærsyltetøy på ferja fra Tromsø" not in record["text"]
    }
    assert not wrong
    # A header line of 20,000 characters is longer than the client reads: 16 KiB.
    assert outcomes(crawl) == {"new": 2 * len(LABELS) + 1, "fetch_failed": 1}


@pytest.mark.slow
def test_no_character_and_no_date_costs_a_page(paper: Paper, job: Callable[..., Job]) -> None:
    dates = ["0000-00-00", "0000-01-01T00:00:00Z", "99999-01-01", "2026-13-45T99:99:99", "NaN",
             "-1", "1e400", "9999-12-31T23:59:59-23:59", "\x00", "now"]  # fmt: skip
    for n, date in enumerate(dates):
        page = article_html(f"Dated {n}", f"Dated {n}. {NORWEGIAN * 5}").decode()
        serve(paper, f"/news/date{n}", page.replace("2026-11-01T08:30:00+01:00", date).encode())
    texts = ["&#xD800;", "&#0;", "\x00", "&#x110000;", "\ufffe", "&#xDFFF;&#xD83D;", "\x1b[2J",
             "\u202e", "&#55357;&#56832;", "\u2028", "\x85", "&#128;"]  # fmt: skip
    for n, text in enumerate(texts):
        page = article_html(f"Signs {n}", f"Signs {n}. {NORWEGIAN * 5}").decode()
        page = page.replace("Signs", f"Signs{text}")
        serve(paper, f"/news/signs{n}", page.encode("utf-8", "surrogatepass"))
    broken = article_html("Half a sign", f"Half a sign. {NORWEGIAN * 5}")
    half = b"Half a \xf0\x9f sign \xed\xa0\x80."
    serve(paper, "/news/half", broken.replace(b"Half a sign.", half))
    blocks = ["NaN", '{"@type":"NewsArticle","headline":NaN,"datePublished":Infinity}',
              '{"@type":"NewsArticle","headline":"\\ud800","author":{"name":["\\udfff",null,7]}}',
              '[' * 5000, '{"@type":["NewsArticle",{"a":1}],"headline":{"x":[1,2]},"author":1e999}',
              '{"@type":"NewsArticle","datePublished":"0000-00-00","dateModified":-62135596801}',
              ]  # fmt: skip
    for n, block in enumerate(blocks):
        extra = f'<script type="application/ld+json">{block}</script>'
        paper.publish(f"/news/json{n}", f"Linked {n}", f"Linked {n}. {NORWEGIAN * 5}", extra=extra)
    crawl = job()
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert outcomes(crawl) == {"new": len(dates) + len(texts) + 1 + len(blocks)}
    found = by_path(crawl, paper)
    assert len(found) == len(dates) + len(texts) + 1 + len(blocks)
    for n in range(len(dates)):
        published = found[f"/news/date{n}"]["published_at"]
        assert published is None or str(published).startswith("9999"), dates[n]
    for record in found.values():
        line = json.dumps(record, ensure_ascii=False, allow_nan=False)
        assert line.encode("utf-8").decode("utf-8") == line
        assert not any(ch in str(record["text"]) + str(record["title"]) for ch in "\x00\x1b\ufffe")
        assert "Blåbærsyltetøy" in str(record["text"])


@pytest.mark.slow
def test_what_is_not_html_or_not_there_is_counted_by_kind(
    paper: Paper, job: Callable[..., Job]
) -> None:
    page = article_html("A real story", f"A real story. {NORWEGIAN * 5}")
    serve(paper, "/news/no-label", page, None)
    serve(paper, "/news/mislabelled", page.replace(b"real", b"mislabelled"), "image/png")
    serve(paper, "/news/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, HTML)
    serve(paper, "/news/pdf", b"%PDF-1.7\n" + bytes(range(256)) * 40, HTML)
    serve(paper, "/news/zip", b"PK\x03\x04" + bytes(range(256)) * 40, HTML)
    serve(paper, "/news/json", json.dumps({"body": WORDS * 9}).encode(), "application/json")
    serve(paper, "/news/json-as-html", json.dumps({"body": WORDS * 9}).encode(), HTML)
    serve(paper, "/news/text", (WORDS * 9).encode(), "text/plain")
    serve(paper, "/news/script", b"var a = 1;" * 900, "text/javascript")
    serve(paper, "/news/empty", b"")
    serve(paper, "/news/spaces", b" \r\n" * 500)
    serve(paper, "/news/nothing", b"<html><head><title>x</title></head><body></body></html>")
    for status in (204, 400, 401, 403, 404, 410, 451, 500, 502):
        paper.answers[f"/news/s{status}"] = Answer(status, {"Content-Type": HTML}, page)
        paper.lastmods[f"/news/s{status}"] = None
    crawl = job()
    done = crawl.crawl()
    assert set(by_path(crawl, paper)) == {"/news/no-label", "/news/mislabelled"}
    counted = outcomes(crawl)
    assert counted["new"] == 2
    assert counted["blocked"] == 3
    assert counted["fetch_failed"] == 8
    assert counted["not_article"] == 8
    assert done.code == 14, done.text  # most of them gave nothing
    assert "11 failed, 8 no article" in done.text
