"""Rights: what is read as a reservation, what holds, and what a crawl then keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.model.page import Page
from nordcrawl.rights import (
    SIGNALS,
    PageRights,
    Place,
    SiteRights,
    Statement,
    decide,
    directives,
    holding,
    join,
    patterns,
    read_page,
    read_site,
    recorded,
    tdmrep,
    usage,
)
from nordcrawl.rights.signals import split
from tests.support.jobs import Job
from tests.support.news_site import Paper
from tests.support.suite_parts import first_of

URL = "https://avis.test/news/1"
AT = datetime(2026, 11, 24, 12, 0, 0, 250, tzinfo=UTC)


def names(text: str, agent: str = "") -> list[str]:
    return [s.name for s in directives.for_us(text, Place.HEADER, agent)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("noarchive", ["noarchive"]),
        ("NOINDEX, NoArchive", ["noindex", "noarchive"]),
        ("nordcrawl: noarchive", ["noarchive"]),
        ("NordCrawl : noindex, noarchive", ["noindex", "noarchive"]),
        ("googlebot: noarchive", []),
        ("otherbot: noindex, noarchive", []),
        ("otherbot: noindex, nordcrawl: noai", ["noai"]),
        ("noindex, otherbot: noarchive", ["noindex"]),
        ("*: noarchive", ["noarchive"]),
        ("unavailable_after: 25 Jun 2027 15:00:00 GMT", ["unavailable_after"]),
        ("unavailable_after: Fri, 25 Jun 2027 15:00:00 GMT, noarchive",
         ["unavailable_after", "noarchive"]),
        ("otherbot: unavailable_after: Fri, 25 Jun 2027 15:00 GMT", []),
        ("max-snippet:-1, max-image-preview:large", ["max-snippet", "max-image-preview"]),
        ("noimageai,noai", ["noimageai", "noai"]),
        ("index, follow, all, nosuchword", []),
        ("", []),
        (" , ;:,: ", []),
    ],
)  # fmt: skip
def test_directives_that_hold_for_us(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_a_date_with_a_comma_is_one_value() -> None:
    (found,) = directives.for_us("unavailable_after: Fri, 25 Jun 2027 15:00 GMT", Place.HEADER)
    assert found.value == "Fri, 25 Jun 2027 15:00 GMT"


@given(st.text(max_size=200))
def test_no_header_breaks_the_reading_and_all_of_it_can_be_recorded(text: str) -> None:
    headers = [(name, text) for name in ("x-robots-tag", "tdm-policy", "content-usage")]
    page = read_page(URL, headers, {"robots": [text], "tdm-reservation": [text]})
    again = PageRights.from_record(URL, {"signals": join(page.statements)})
    assert [s.name for s in again.statements] == [
        s.name for s in {str(s): s for s in page.statements}.values()
    ]


def test_split_refuses_what_join_did_not_write() -> None:
    with pytest.raises(ValueError, match="not a signal"):
        split("noarchive")


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/", "/anything?x=1", True),
        ("*", "/anything", True),
        ("/a", "/abc", True),
        ("/a$", "/abc", False),
        ("/*.pdf$", "/x/y.pdf", True),
        ("/*.pdf$", "/x/y.pdf?z", False),
        ("/a*a$", "/a", False),
        ("/A", "/a", False),
        ("/%7Euser/", "/~user/x", True),
        ("/nyhet/ø", "/nyhet/%c3%b8", True),
        ("/foo-%24", "/foo-$", False),
        ("/*a*b*c", "/xaybzc", True),
    ],
)
def test_patterns(pattern: str, path: str, expected: bool) -> None:
    assert patterns.matches(pattern, patterns.path_of_url(f"https://avis.test{path}")) is expected


def test_a_hostile_pattern_costs_no_time() -> None:
    """A regular expression made of this one would not end."""
    assert not patterns.matches("/" + "*a" * 500 + "$", "/" + "a" * 2000 + "b")


@pytest.mark.parametrize(
    ("body", "rules", "problem"),
    [
        (b'[{"location": "/", "tdm-reservation": 1}]', [("/", 1)], None),
        (b'\xef\xbb\xbf[{"location": "/a", "tdm-reservation": "0"}]', [("/a", 0)], None),
        (b"[]", [], None),
        (b'{"location": "/", "tdm-reservation": 1}', [], "not an array"),
        (b"[{", [], "no JSON"),
        (b"\xff\xff", [], "no JSON"),
        (b"[" * 100_000, [], "no JSON"),
        (b'[{"tdm-reservation": 1}]', [], "unreadable: rules that are none: 1 of 1"),
        (b'[{"location": "/", "tdm-reservation": 2}]', [("/", None)], "1 of 1"),
        (b'["x", {"location": "/b", "tdm-reservation": 1}]', [("/b", 1)], "1 of 2"),
        (b" " * (tdmrep.MAX_BYTES + 1), [], "bytes"),
    ],
)
def test_tdmrep_files(
    body: bytes, rules: list[tuple[str, int | None]], problem: str | None
) -> None:
    found = tdmrep.parse(body)
    assert [(r.location, r.reservation) for r in found.rules] == rules
    assert (found.problem is None) if problem is None else (problem in (found.problem or ""))


def test_the_first_rule_that_matches_is_the_one() -> None:
    found = tdmrep.parse(
        b'[{"location":"/a/free/*","tdm-reservation":0},{"location":"/a/","tdm-reservation":1},'
        b'{"location":"https://avis.test/c/","tdm-reservation":1},{"location":"d","tdm-reservation":1}]'
    )
    told = {p: r.reservation if (r := found.rule(p)) else None for p in ("/a/free/1", "/a/1", "/b")}
    assert told == {"/a/free/1": 0, "/a/1": 1, "/b": None}
    assert found.rule("/c/1") is not None, "a whole address"
    assert found.rule("/d/1") is not None, "without its slash"


ROBOTS = b"""# Content-Signal: search=no
User-agent: GPTBot
Content-Signal: search=no
Disallow: /

User-agent: Other
User-agent: *
Allow: /
Content-Signal: search=yes, ai-train=no # ours
Content-Usage: train-ai=n
Content-Usage: /free/ train-ai=y
"""


def used(body: bytes, path: str = "/x") -> list[str]:
    lines = usage.for_us(usage.parse(body), path)
    return [f"{n}={v}" for line in lines for n, v in line.words]


def test_usage_lines_of_the_group_for_all() -> None:
    assert used(ROBOTS) == ["search=yes", "ai-train=no", "train-ai=n"]
    assert used(ROBOTS, "/free/1") == ["search=yes", "ai-train=no", "train-ai=y"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"User-agent: NordCrawl/1.0\nContent-signal: search=no\n", ["search=no"]),
        (b"User-agent: *\nContent-Signal: search=no\n\nUser-agent: nordcrawl\n"
         b"Content-Signal: search=yes", ["search=yes"]),
        (b"Content-Signal: ai-input=no\nUser-agent: x\nDisallow: /", ["ai-input=no"]),
        (b"User-agent: x\nContent-Signal: search=no", []),
        ("\ufeffUser-agent: *\nContent-Signal: search=no".encode("utf-16-le"), ["search=no"]),
        (b"User-agent: *\nContent-Signal: search=perhaps", []),
    ],
)  # fmt: skip
def test_usage_lines_and_whom_they_are_for(body: bytes, expected: list[str]) -> None:
    assert used(body) == expected


def file(body: bytes, status: int = 200, **headers: Any) -> Page:
    return Page("https://avis.test/x", body, AT, status=status, headers=tuple(headers.items()))


def site(tdm: bytes = b"[]", robots: bytes = b"") -> SiteRights:
    return read_site("avis.test", file(robots), file(tdm))


RESERVED = b'[{"location":"/news/","tdm-reservation":1,"tdm-policy":"https://avis.test/p"}]'


def test_site_rights_survive_json() -> None:
    told = read_site(
        "avis.test", file(ROBOTS, 200, **{"last-modified": "Mon, 01 Jun 2026"}), file(RESERVED)
    )
    again = SiteRights.from_json(json.loads(json.dumps(told.to_json())))
    assert again == told
    assert again.statements(URL) == told.statements(URL) != ()
    assert told.checked_at == AT


def test_a_site_speaks_for_its_own_host_only() -> None:
    assert site(RESERVED).statements("https://other.test/news/1") == ()


@pytest.mark.parametrize(
    ("answer", "unreadable", "status"),
    [
        (file(b"oops"), True, 200),
        (file(b"<!doctype html><p>Not found"), False, 404),
        (file(b"", 404), False, 404),
        (file(b"oops", 503), False, 503),
        (None, False, None),
    ],
)
def test_a_file_that_is_none(answer: Page | None, unreadable: bool, status: int | None) -> None:
    told = read_site("avis.test", None, answer)
    assert told.tdm.is_unreadable is unreadable
    assert (told.tdmrep.status if told.tdmrep else None) == status


@pytest.mark.parametrize(
    ("tdm", "headers", "metas", "expected"),
    [
        (RESERVED, [], {}, "tdm-reservation=1 (tdmrep.json)"),
        (RESERVED, [("tdm-reservation", "0")], {}, None),
        (RESERVED, [("tdm-reservation", "0")], {"tdm-reservation": ["1"]},
         "tdm-reservation=1 (meta)"),
        (b"[]", [("tdm-reservation", "1")], {"tdm-reservation": ["0"]}, None),
        (RESERVED, [("tdm-reservation", "2")], {}, "tdm-reservation=1 (tdmrep.json)"),
        (RESERVED, [("tdm-policy", "https://x.test/")], {}, "tdm-reservation=1 (tdmrep.json)"),
        (b"[]", [("tdm-reservation", "0, 1")], {}, "tdm-reservation=1 (header)"),
        (b"[]", [("x-robots-tag", "noarchive")], {"tdm-reservation": ["0"]}, "noarchive (header)"),
        (b"oops", [], {}, "tdmrep.json unreadable: no JSON (JSONDecodeError)"),
        (b"oops", [("tdm-reservation", "0")], {}, None),
        (b"[]", [], {"robots": ["noindex, nofollow, noimageai"]}, None),
        (b"[]", [], {"googlebot": ["noarchive"]}, None),
        (b"[]", [], {"nordcrawl": ["noarchive"]}, "noarchive (meta)"),
        (b"[]", [("content-signal", "search=no")], {}, "search=no (header)"),
        (b"[]", [("content-usage", "train-ai=n")], {}, None),
    ],
)  # fmt: skip
def test_precedence(
    tdm: bytes, headers: list[tuple[str, str]], metas: dict[str, list[str]], expected: str | None
) -> None:
    """Meta before header before file; silence and errors reset nothing. Directives add up."""
    page = read_page(URL, headers, metas)
    denial = decide("respect", page, site(tdm))
    assert (denial.reason if denial else None) == expected
    assert decide("record", page, site(tdm)) is None
    assert recorded({}, page, site(tdm)).get("reserved_by", "").split("; ")[0] == (expected or "")


def test_every_row_of_the_table_decides_as_it_says() -> None:
    for row in SIGNALS:
        statement = Statement(row.name, row.value or "", Place.META)
        assert statement.refuses is row.refuses, row
        assert statement.signal == row


def test_what_a_record_gets() -> None:
    page = read_page(URL, [("x-robots-tag", "noarchive")], {})
    rights = {"x_robots_tag": "noarchive", "signals": join(page.statements), "licence": "CC"}
    told = recorded(rights, PageRights.from_record(URL, rights), site(RESERVED, ROBOTS))
    assert told == {
        "x_robots_tag": "noarchive",
        "licence": "CC",
        "signals": "search=yes (robots.txt); ai-train=no (robots.txt); train-ai=n (robots.txt); "
        "tdm-reservation=1 (tdmrep.json); tdm-policy=https://avis.test/p (tdmrep.json); "
        "noarchive (header)",
        "reserved_by": "tdm-reservation=1 (tdmrep.json); noarchive (header)",
        "content_signal": "search=yes (robots.txt); ai-train=no (robots.txt); "
        "train-ai=n (robots.txt)",
        "checked_at": "2026-11-24T12:00:00.000250Z",
    }
    # What a record says of the page is read back without what the site said.
    assert PageRights.from_record(URL, told) == page
    assert holding(PageRights(URL), None) == ()
    assert recorded({}, PageRights(URL), None) == {}


# --- crawls -----------------------------------------------------------------------------------

SHAPES: dict[str, tuple[str, dict[str, str], str | None]] = {
    "meta-noarchive": ('<meta name="robots" content="noindex, NOARCHIVE">', {}, "noarchive (meta)"),
    "header-noarchive": ("", {"X-Robots-Tag": "noarchive"}, "noarchive (header)"),
    "header-other-bot": ("", {"X-Robots-Tag": "otherbot: noindex, noarchive"}, None),
    "meta-noai": ('<meta name="robots" content="noai, noimageai">', {}, "noai (meta)"),
    "tdm-header": ("", {"TDM-Reservation": "1"}, "tdm-reservation=1 (header)"),
    "tdm-meta": ('<meta name="tdm-reservation" content="1">', {}, "tdm-reservation=1 (meta)"),
    "tdm-meta-over-header": (
        '<meta name="tdm-reservation" content="0">', {"TDM-Reservation": "1"}, None,
    ),
    "noindex": ('<meta name="robots" content="noindex">', {}, None),
    "silent": ("", {}, None),
}  # fmt: skip


def publish_shapes(paper: Paper) -> None:
    for name, (meta, headers, _) in SHAPES.items():
        path = f"/news/{name}"
        paper.publish(path, f"Of {name}", f"This is the one text about {name}. " * 12)
        answer = paper.answers[path]
        answer.body = answer.body.replace(b"</head>", f"{meta}</head>".encode())
        answer.headers |= headers


@pytest.mark.parametrize("policy", first_of("respect", "record"))
def test_a_crawl_keeps_what_the_policy_says(
    paper: Paper, job: Callable[..., Job], policy: str
) -> None:
    publish_shapes(paper)
    crawl = job(
        "article_urls = ['^/news/']", *([] if policy == "respect" else ['rights = "record"'])
    )
    done = crawl.crawl()
    assert done.code == 0, done.text
    kept = {r["url"].rpartition("/")[2]: r["rights"] for r in crawl.records()}
    reserved = {name: why for name, (_, _, why) in SHAPES.items() if why is not None}
    outcomes = crawl.report()["outcomes"]
    if policy == "record":
        assert set(kept) == set(SHAPES)
        assert {n: r["reserved_by"] for n, r in kept.items() if "reserved_by" in r} == reserved
        assert outcomes == {"new": len(SHAPES)}
    else:
        assert set(kept) == set(SHAPES) - set(reserved)
        assert outcomes == {"new": len(SHAPES) - len(reserved), "rights_denied": len(reserved)}
        for name, why in reserved.items():
            assert f"rights_denied {paper.url}/news/{name} ({why})" in done.text
    told = {name: {k: v for k, v in r.items() if k != "checked_at"} for name, r in kept.items()}
    assert told["header-other-bot"] == {"x_robots_tag": "otherbot: noindex, noarchive"}
    assert told["silent"] == {}


def test_the_documentation_has_the_same_table() -> None:
    text = (Path(__file__).parents[2] / "docs" / "rights.md").read_text(encoding="utf-8")
    rows = [[c.strip() for c in line.split("|")] for line in text.splitlines() if "|" in line]
    told = {row[1].strip("`"): row[3] for row in rows if len(row) == 6}
    known = {
        f"{s.name}={s.value}" if s.value else s.name: "refuses" if s.refuses else "recorded"
        for s in SIGNALS
    }
    assert {name: told.get(name) for name in known} == known
    assert set(told) - set(known) == {"signal", "---"}
