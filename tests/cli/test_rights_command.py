"""``nordcrawl rights`` and the asking behind it, against a real server."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.jobs import Done, Job
from tests.support.news_site import Answer, Paper
from tests.support.suite_parts import first_of

SHOW = "import sys; from nordcrawl.cli.rights import show_rights; "
ASK = """
import sys
from nordcrawl.config.options import Options
from nordcrawl.spiders.asking import ask, project_settings
settings = project_settings()
options = Options.from_settings(settings)
source = options.source("paper")
"""


def python(job: Job, code: str, *arguments: str) -> Done:
    return job._run([sys.executable, "-c", code, *arguments], 90)


def rights(job: Job, **arguments: bool) -> Done:
    return python(job, SHOW + f"sys.exit(show_rights('paper', as_json={arguments.get('as_json')}))")


def told(job: Job) -> dict[str, Any]:
    done = rights(job, as_json=True)
    values: dict[str, Any] = json.loads(done.out)
    assert done.code == (0 if values["complete"] else 1), done.text
    return values


@pytest.fixture
def site(paper: Paper) -> Paper:
    """A front page that leads to one article."""
    paper.publish("/", "Front page", extra='<a href="/news/1">The harbour froze early today</a>')
    paper.publish("/news/1", "The harbour")
    return paper


def add(paper: Paper, path: str, *, meta: str = "", **headers: str) -> None:
    answer = paper.answers[path]
    answer.body = answer.body.replace(b"</head>", f"{meta}</head>".encode())
    answer.headers |= {name.replace("_", "-"): value for name, value in headers.items()}


SIGNALS: list[tuple[str, Callable[[Paper], None], str, str]] = [
    ("meta-noarchive", lambda p: add(p, "/news/1", meta='<meta name="robots" content="noarchive">'),
     "noarchive (meta)", "not archived: noarchive (meta)"),
    ("header-noarchive", lambda p: add(p, "/news/1", X_Robots_Tag="noindex, noarchive"),
     "noindex (header); noarchive (header)", "not archived: noarchive (header)"),
    ("other-bot", lambda p: add(p, "/news/1", X_Robots_Tag="otherbot: noarchive"), "", "archived"),
    ("noai", lambda p: add(p, "/news/1", meta='<meta name="robots" content="noai">'),
     "noai (meta)", "not archived: noai (meta)"),
    ("tdm-header", lambda p: add(p, "/news/1", TDM_Reservation="1"),
     "tdm-reservation=1 (header)", "not archived: tdm-reservation=1 (header)"),
    ("tdm-meta", lambda p: add(p, "/news/1", meta='<meta name="tdm-reservation" content="1">'),
     "tdm-reservation=1 (meta)", "not archived: tdm-reservation=1 (meta)"),
    ("tdmrep", lambda p: p.answers.update({"/.well-known/tdmrep.json": Answer(
        body=b'[{"location": "/news/", "tdm-reservation": 1}]')}),
     "tdm-reservation=1 (tdmrep.json)", "not archived: tdm-reservation=1 (tdmrep.json)"),
    ("content-signal", lambda p: p.answers.update({"/robots.txt": Answer(
        body=b"User-agent: *\nContent-Signal: search=yes, ai-train=no\n")}),
     "search=yes (robots.txt); ai-train=no (robots.txt)", "archived"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("publish", "signals", "under_respect"),
    first_of(*(s[1:] for s in SIGNALS)),
    ids=[s[0] for s in SIGNALS],
)
def test_each_signal_is_told_with_what_follows(
    site: Paper,
    job: Callable[..., Job],
    publish: Callable[[Paper], None],
    signals: str,
    under_respect: str,
) -> None:
    publish(site)
    values = told(job())
    assert values["complete"] is True
    article = values["hosts"][0]["pages"][1]
    assert article["url"] == f"{site.url}/news/1"
    assert article["rights"].get("signals", "") == signals
    assert article["under_respect"] == under_respect
    assert article["under_record"] == "archived, with what is said"
    assert all(s["read_at"].endswith("Z") for s in article["signals"])


def test_the_text_names_files_dates_and_policies(site: Paper, job: Callable[..., Job]) -> None:
    since = "Mon, 01 Jun 2026 00:00:00 GMT"
    body = b"User-agent: *\nDisallow: /.well-known/\nContent-Signal: search=no\n"
    site.answers["/robots.txt"] = Answer(200, {"Last-Modified": since}, body)
    site.answers["/.well-known/tdmrep.json"] = Answer(200, {}, b"oops")
    add(site, "/news/1", X_Robots_Tag="otherbot: none")
    done = rights(job("article_urls = ['^/news/']", 'rights = "record"'))
    assert done.code == 0, done.text
    for line in (
        'The Paper (paper): rights = "record"',
        f", last changed {since}",
        "for *: content-signal: search=no",
        "unreadable: no JSON (JSONDecodeError)",
        "refuses   search=no (robots.txt)",
        "x_robots_tag: otherbot: none",
        "  under respect: not archived: search=no (robots.txt)",
        "* under record: archived, with what is said",
    ):
        assert line in done.out, line
    # tdmrep.json is asked for though robots.txt disallows it, and nothing is asked for twice.
    asked = ["/robots.txt", "/.well-known/tdmrep.json", "/", "/news/1"]
    assert sorted(site.requests) == sorted(asked)
    assert {h["user-agent"].split("/")[0] for h in site.headers} == {"nordcrawl"}


def test_a_feed_leads_to_an_article_where_no_shape_is_given(
    site: Paper, job: Callable[..., Job]
) -> None:
    feed = (
        f"<rss version='2.0'><channel><item><link>{site.url}/news/1</link></item></channel></rss>"
    )
    site.answers["/rss"] = Answer(200, {"Content-Type": "application/rss+xml"}, feed.encode())
    values = told(job('feeds = ["/rss"]'))
    assert [p["url"] for p in values["hosts"][0]["pages"]] == [f"{site.url}/", f"{site.url}/news/1"]


@pytest.mark.parametrize("status", first_of(500, 503))
def test_a_robots_txt_that_fails_stops_all_and_is_no_answer(
    site: Paper, job: Callable[..., Job], status: int
) -> None:
    site.answers["/robots.txt"] = Answer(status)
    values = told(job())
    assert values["complete"] is False
    assert {u["url"].removeprefix(site.url) for u in values["unanswered"]} == {
        "/robots.txt", "/.well-known/tdmrep.json", "/",
    }  # fmt: skip
    assert set(site.requests) == {"/robots.txt"}


def test_a_page_disallowed_by_robots_txt_is_an_answer(site: Paper, job: Callable[..., Job]) -> None:
    site.answers["/robots.txt"] = Answer(200, {}, b"User-agent: *\nDisallow: /\n")
    values = told(job())
    assert values["complete"] is True
    assert values["unanswered"] == [
        {"url": f"{site.url}/", "reason": "robots.txt says no", "denied": True}
    ]


def test_a_real_host_wants_a_contact(tmp_path: Any, paper: Paper) -> None:
    file = tmp_path / "real.toml"
    file.write_text(
        '[sources.paper]\ntitle = "P"\nhosts = { "avis.example" = "nb" }\nfeeds = ["/rss"]\n'
    )
    job = Job(tmp_path, "paper", {"NORDCRAWL_SOURCES": str(file)})
    done = python(job, SHOW + "show_rights('paper', as_json=False)")
    assert done.code != 0
    assert "NORDCRAWL_CONTACT is not set" in done.err


def test_ask_answers_in_order_each_once_and_follows(site: Paper, job: Callable[..., Job]) -> None:
    site.answers["/robots.txt"] = Answer(200, {}, b"User-agent: *\nDisallow: /secret\n")
    site.answers["/moved"] = Answer(301, {"Location": "/news/1"})
    code = ASK + (
        "from nordcrawl.model.page import Page\n"
        "base = sys.argv[1]\n"
        "async def more(page):\n"
        "    named = ['/news/1', '/secret/1', '/news/2', '/news/3']\n"
        "    return named if page.url == base + '/' else ()\n"
        "first = ['/', '/#top', '/robots.txt', '/moved']\n"
        "first = [base + p for p in first] + ['http://127.0.0.1:1/x', 'ftp://x']\n"
        "for a in ask(settings, options, source, first, more, most=7):\n"
        "    page = isinstance(a, Page)\n"
        "    print(a.requested_url if page else a.url, a.status if page else a.reason, sep='|')\n"
    )
    done = python(job(), code, site.url)
    assert done.code == 0, done.text
    assert [line.replace(site.url, "") for line in done.out.splitlines()] == [
        "/|200",
        "/robots.txt|200",
        "/moved|200",
        f"http://127.0.0.1:1/x|http://127.0.0.1:1/x is not on {site.host}",
        "ftp://x|not an http(s) URL: ftp://x",
        "/news/1|200",
        "/secret/1|robots.txt says no",
        "/news/2|404",
        "/news/3|not asked: the limit is 7",
    ]
    assert site.requests.count("/robots.txt") == 1
    assert done.err == "", "a command's errors are its own"


def test_an_error_in_on_page_is_the_callers(site: Paper, job: Callable[..., Job]) -> None:
    code = ASK + (
        "def more(page):\n    raise LookupError('of the caller')\n"
        "try:\n    ask(settings, options, source, [sys.argv[1] + '/'], more)\n"
        "except LookupError as error:\n    print('caught', error)\n"
    )
    done = python(job(), code, site.url)
    assert done.out == "caught of the caller\n", done.text
