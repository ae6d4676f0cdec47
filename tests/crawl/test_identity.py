"""Identity across addresses, revisions and what they say: real crawls of a real site."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.jobs import Job
from tests.support.news_site import Answer, Paper, article_html
from tests.support.suite_parts import first_of

WORDS = [
    "harbour", "ferry", "winter", "council", "island", "bridge", "school", "teacher", "budget",
    "fishing", "quota", "vessel", "weather", "storm", "rescue", "airport", "runway", "reindeer",
    "pasture", "mining", "permit", "river", "salmon", "research", "station", "satellite",
    "border", "exercise", "coast", "guard", "minister", "village", "hospital", "road", "tunnel",
    "power", "cable", "wind", "turbine", "protest", "court", "ruling", "language", "museum",
    "festival", "choir", "library", "ski", "race",
]  # fmt: skip


def story(seed: int, words: int = 220) -> str:
    """A text that no other seed gives."""
    rng = random.Random(seed)
    sentences = []
    for _ in range(words // 11):
        picked = [rng.choice(WORDS) for _ in range(11)]
        sentences.append(" ".join(picked).capitalize() + ".")
    half = len(sentences) // 2
    return " ".join(sentences[:half]) + "\n" + " ".join(sentences[half:])


def by_url(job: Job, *arguments: str) -> dict[str, dict[str, Any]]:
    return {record["url"]: record for record in job.records(*arguments)}


@pytest.mark.slow
def test_a_revision_says_what_changed(paper: Paper, job: Callable[..., Job]) -> None:
    crawl = job()
    text = story(1)
    paper.publish("/news/a", "The ferry", text)
    assert crawl.crawl().code == 0
    edited = text.replace(text.split()[5], "Greenland shark", 1)
    paper.publish("/news/a", "The ferry again", edited, lastmod="2026-11-02T08:00:00Z")
    assert crawl.crawl().code == 0
    first, second = crawl.records()
    assert (first["changed"], first["change"]) == (None, "new")
    assert second["change"] == "silent_edit"
    assert second["changed"]["fields"] == ["title", "text"]
    assert second["changed"]["text"] == [
        {"op": "replace", "at": 5, "old": text.split()[5], "new": "Greenland shark"}
    ]
    assert second["changed"]["words_added"] == 2
    assert second["previous_text_sha256"] == first["text_sha256"]


@pytest.mark.slow
def test_what_is_gone_twice_is_removed_once_and_may_come_back(
    paper: Paper, job: Callable[..., Job]
) -> None:
    crawl = job()
    for name in "ab":
        paper.publish(f"/news/{name}", f"Story {name}", story(ord(name)))
    assert crawl.crawl().code == 0
    kept = paper.answers.pop("/news/a")
    del paper.lastmods["/news/a"]
    changes = []
    for _ in range(4):
        assert crawl.crawl().code == 0
        changes.append([r["change"] for r in crawl.records() if r["url"].endswith("/a")])
    assert changes == [["new"], ["new", "removed"], ["new", "removed"], ["new", "removed"]]
    removed = crawl.records()[-1]
    assert (removed["title"], removed["text"], removed["fetch"]["status"]) == ("Story a", "", 404)
    assert [r["url"][-1] for r in crawl.records("--latest")] == ["b"]
    paper.answers["/news/a"] = kept
    paper.lastmods["/news/a"] = "2030-01-01T00:00:00Z"
    assert crawl.crawl().code == 0
    back = crawl.records()[-1]
    assert (back["change"], back["revision"]) == ("updated", 3)
    first = next(r for r in crawl.records() if r["url"] == back["url"])
    assert back["text"] == first["text"]
    assert crawl.nordcrawl("verify").code == 0


@pytest.mark.slow
def test_a_redirect_to_a_new_address_is_a_move(paper: Paper, job: Callable[..., Job]) -> None:
    crawl = job()
    paper.publish("/news/old", "The bridge", story(3))
    assert crawl.crawl().code == 0
    paper.answers["/news/new"] = paper.answers["/news/old"]
    paper.answers["/news/old"] = Answer(301, {"Location": "/news/new"})
    paper.lastmods = {"/news/new": "2026-11-05T00:00:00Z"}
    assert crawl.crawl("-a", "mode=full").code == 0
    first, moved = crawl.records()
    assert moved["change"] == "moved"
    assert moved["article_id"] == first["article_id"]
    assert moved["moved_from"]["url"] == first["url"]
    assert (
        "redirect" in moved["moved_from"]["evidence"] or "text" in moved["moved_from"]["evidence"]
    )
    assert first["url"] in moved["aliases"]
    assert crawl.crawl("-a", "mode=full").code == 0
    assert len(crawl.records()) == 2, "a move is told once"


@pytest.mark.slow
def test_an_address_that_still_stands_has_not_moved(paper: Paper, job: Callable[..., Job]) -> None:
    crawl = job()
    paper.publish("/news/one", "The bridge", story(4))
    assert crawl.crawl().code == 0
    paper.publish("/news/two", "The bridge", story(4))
    assert crawl.crawl().code == 0
    assert [r["url"][-3:] for r in crawl.records()] == ["one"]
    assert crawl.report()["outcomes"]["duplicate"] == 1


@pytest.mark.slow
def test_five_texts_under_one_canonical_are_five_articles(
    paper: Paper, job: Callable[..., Job]
) -> None:
    crawl = job()
    for n in range(5):
        paper.publish(f"/news/{n}", f"Story {n}", story(50 + n), canonical=f"{paper.url}/news/0")
    assert crawl.crawl().code == 0
    assert len({r["article_id"] for r in crawl.records()}) == 5


@pytest.mark.slow
def test_near_duplicates_are_kept_and_told(paper: Paper, job: Callable[..., Job]) -> None:
    crawl = job()
    paper.publish("/news/a", "Agency story", story(7))
    paper.publish("/news/c", "Another story", story(8))
    assert crawl.crawl().code == 0
    paper.publish(
        "/news/b",
        "Our own headline",
        story(7) + "\nOur own reporter adds that the council will meet again on Monday.",
    )
    assert crawl.crawl().code == 0
    records = by_url(crawl)
    near = records[f"{paper.url}/news/b"]["near_duplicate_of"]
    assert near["article_id"] == records[f"{paper.url}/news/a"]["article_id"]
    assert near["similarity"] > 0.8
    assert records[f"{paper.url}/news/c"]["near_duplicate_of"] is None


@pytest.mark.slow
def test_near_duplicates_are_told_across_sources(
    paper: Paper, job: Callable[..., Job], tmp_path
) -> None:
    crawl = job()
    paper.publish("/news/a", "Agency story", story(9))
    assert crawl.crawl().code == 0
    with Paper() as other:
        other.publish("/news/x", "Bought story", story(9) + " And one sentence more.")
        file = other.source(tmp_path, name="other")
        second = Job(tmp_path, "other", {**crawl.settings, "NORDCRAWL_SOURCES": str(file)})
        assert second.crawl().code == 0, "the state of one knows the texts of all"
    found = {r["source"]: r for r in crawl.records()}
    near = found["other"]["near_duplicate_of"]
    assert near["article_id"] == found["paper"]["article_id"]


def with_link(title: str, text: str, language: str, url: str) -> bytes:
    page = article_html(title, text).decode()
    link = f'<link rel="alternate" hreflang="{language}" href="{url}">'
    return page.replace("</head>", f"{link}</head>").encode()


@pytest.mark.slow
@pytest.mark.parametrize("first", first_of("namer", "named"))
def test_translations_are_linked_both_ways_whoever_comes_first(
    paper: Paper, job: Callable[..., Job], first: str
) -> None:
    crawl = job()
    html = {"Content-Type": "text/html; charset=utf-8"}
    namer = Answer(200, html, with_link("Isen", story(11), "nb", f"{paper.url}/news/named"))
    paper.publish("/news/named", "The ice", story(12))
    pages = {"namer": namer, "named": paper.answers.pop("/news/named")}
    order = [first, "named" if first == "namer" else "namer"]
    paper.lastmods = {}
    for name in order:
        paper.answers[f"/news/{name}"] = pages[name]
        paper.lastmods[f"/news/{name}"] = "2026-11-01T08:30:00Z"
        assert crawl.crawl().code == 0
    assert crawl.crawl().code == 0
    latest = {r["url"].rpartition("/")[2]: r for r in crawl.records("--latest")}
    ids = {name: record["article_id"] for name, record in latest.items()}
    assert [t["article_id"] for t in latest["namer"]["translations"]] == [ids["named"]]
    assert [t["article_id"] for t in latest["named"]["translations"]] == [ids["namer"]]
    assert len(crawl.records()) == (2 if first == "namer" else 3)
    if first == "named":
        assert crawl.records()[-1]["change"] == "linked"
    count = len(crawl.records())
    assert crawl.crawl("-a", "mode=full").code == 0
    assert len(crawl.records()) == count


@pytest.mark.slow
@pytest.mark.parametrize("redirects", first_of(False, True))
def test_a_new_system_does_not_archive_the_site_again(
    paper: Paper, job: Callable[..., Job], redirects: bool
) -> None:
    """200 articles at once at addresses that can't be computed from the old ones, ten of them
    edited in the move; two that are alike in all but their text stay apart."""
    lines = ("article_urls = ['^/news/(?P<id>[0-9]+)$', '^/en/[^/]+$']",)
    crawl = job(*lines)
    titles = [f"{' '.join(story(n).split()[:5])} {n % 7}" for n in range(200)]
    for n, title in enumerate(titles):
        paper.publish(f"/en/{title.lower().replace(' ', '-')[:30]}-{n}", title, story(n))
    assert crawl.crawl().code == 0
    before = {r["title"]: r for r in crawl.records()}
    assert len(before) == 200
    old = list(paper.answers)
    paper.answers, paper.lastmods = {}, {}
    for n, title in enumerate(titles):
        text = story(n) if n % 20 else story(n).replace("ferry", "boat")
        paper.publish(f"/news/{10_000 + n * 3}", title, text)
        if redirects:
            paper.answers[old[n]] = Answer(301, {"Location": f"/news/{10_000 + n * 3}"})
    for n in range(5):  # new ones that only share a headline
        paper.publish(f"/news/{90_000 + n}", titles[n], story(5000 + n))
    assert crawl.crawl().code == 0
    records = crawl.records()
    moved = [r for r in records if r["change"] == "moved"]
    for record in moved:
        assert record["article_id"] == before[record["title"]]["article_id"]
        assert record["moved_from"]["url"] == before[record["title"]]["url"]
        assert record["moved_from"]["evidence"]
    assert len(moved) >= 195
    fresh = [r for r in records[200:] if r["change"] == "new"]
    assert {r["url"] for r in fresh} >= {f"{paper.url}/news/{90_000 + n}" for n in range(5)}
    assert len(fresh) <= 10
