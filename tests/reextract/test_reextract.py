"""Pages that the archive keeps are read again: revisions where the content differs, and nothing
else. By the parts of a run, in this process; the command is in test_command.py."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.keep.verify import verify
from nordcrawl.config.arguments import Arguments
from nordcrawl.errors import ExitCode
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.page import Page
from nordcrawl.rights import read_site
from tests.reextract.kept_pages import BEGAN, HOST, NOTE, Paper, html
from tests.support.archive_runs import erase


def six(*, edited: tuple[int, ...] = ()) -> dict[str, bytes]:
    def more(number: int) -> str:
        told = NOTE if number % 3 == 0 else ""
        return f"{told}<p>Edited since, as the council asked for.</p>" if number in edited else told

    return {f"/news/{n}": html(f"Story number {n}", more(n)) for n in range(6)}


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    return Paper(tmp_path)


def test_exactly_what_differs_gets_a_revision(paper: Paper) -> None:
    paper.crawl(six())
    before = {record["url"]: record for record in paper.records()}
    paper.table = {"prune": (".note",)}
    findings, report = paper.reextract()
    assert (findings.read, findings.changed, findings.unchanged) == (6, 2, 4)
    assert dict(findings.fields) == {"text": 2, "blocks": 2}
    assert findings.words_before - findings.words_after == 2 * 14
    found = [record for record in paper.records() if record["revision"] == 2]
    assert {record["url"] for record in found} == {f"{HOST}/news/0", f"{HOST}/news/3"}
    for record in found:
        first = before[record["url"]]
        assert record["change"] == "reextracted"
        assert record["previous_text_sha256"] == first["text_sha256"]
        assert "Read also" in first["text"]
        assert "Read also" not in record["text"]
        assert record["fetch"] == first["fetch"], "page, time and capture are the same"
        assert record["changed"]["fields"] == ["text", "blocks"]
    code, why = report.verdict()
    assert code is ExitCode.WHOLE
    assert why == "the pages that are kept were read again, and everything is archived"
    assert report.mode == "reextract"
    assert report.outcomes == {Outcome.UPDATED: 2, Outcome.UNCHANGED: 4}
    told = report.to_json()["reextraction"]
    assert (told["changed"], told["fields"]) == (2, {"text": 2, "blocks": 2})
    assert "examples" not in told, "a report that is archived has no words of articles"
    assert verify(paper.store).exit_code is ExitCode.WHOLE


def test_a_second_time_nothing_comes_of_it(paper: Paper) -> None:
    paper.crawl(six())
    paper.table = {"prune": (".note",)}
    paper.reextract()
    records = paper.records()
    findings, report = paper.reextract()
    assert (findings.read, findings.changed) == (6, 0)
    assert paper.records() == records
    assert report.verdict()[0] is ExitCode.WHOLE


def known_of(paper: Paper, url: str) -> tuple[Any, Any]:
    """What a crawl would know of a URL, and whether it would have to read its page again."""
    run = paper.opened(Arguments(urls=("given",), mode="full"))
    try:
        return run.knowledge.url(url), run.knowledge.known_body(url)
    finally:
        run.close()


def test_the_crawl_after_it_finds_everything_as_it_left_it(paper: Paper) -> None:
    """Neither when a page is due nor what its site is asked with changes."""
    paper.crawl(six())
    urls = [f"{HOST}/news/0", f"{HOST}/news/1"]
    before = [known_of(paper, url) for url in urls]
    paper.table = {"prune": (".note",)}
    paper.reextract()
    after = [known_of(paper, url) for url in urls]
    assert after == before
    assert all(body for _, body in after), "this very version has read it"
    paper.crawl(six())
    assert [record["revision"] for record in paper.records()] == [1, 2, 1, 1, 1, 2, 1, 1]


def test_what_another_version_read_is_not_asked_for_whole_once_more(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same page, read by a later version as the same, is one that this version has read."""
    monkeypatch.setattr("nordcrawl.extract.compose.__version__", "0.1.9")
    paper.crawl(six())
    monkeypatch.undo()
    url = f"{HOST}/news/1"
    assert known_of(paper, url)[1] is None, "it would be read again"
    findings, _ = paper.reextract()
    assert (findings.read, findings.changed) == (6, 0)
    assert known_of(paper, url)[1] is not None
    # And so it is on a machine that knows nothing yet.
    other = Paper(paper.folder, days=paper.days)
    (paper.folder / "state").rename(paper.folder / "elsewhere")
    assert known_of(other, url)[1] is not None


def test_a_crawl_that_finds_nothing_new_reads_for_this_version_too(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what changes after that is told by the revision before, which lies on the day on which it
    was fetched."""
    monkeypatch.setattr("nordcrawl.extract.compose.__version__", "0.1.9")
    paper.crawl(six())
    monkeypatch.undo()
    paper.crawl(six())
    assert known_of(paper, f"{HOST}/news/1")[1] is not None
    paper.crawl(six(edited=(1,)))
    (last,) = [record for record in paper.records() if record["revision"] == 2]
    assert last["changed"]["words_added"] == 7


def test_a_page_that_is_no_article_any_more_leaves_its_article_alone(paper: Paper) -> None:
    paper.crawl(six())
    records, known = paper.records(), known_of(paper, f"{HOST}/news/2")
    paper.table = {"prune": ("main",)}
    findings, report = paper.reextract()
    assert findings.refused == {Outcome.NOT_ARTICLE: 6}
    (recent,) = paper.folder.glob("state/*/pier/recent*.json")
    assert "no_article" not in recent.read_text(), "no crawl is judged by it"
    assert report.outcomes == {Outcome.NOT_ARTICLE: 6}
    assert report.verdict()[0] is not ExitCode.WHOLE
    assert paper.records() == records
    assert known_of(paper, f"{HOST}/news/2") == known
    assert "no text" in findings.refusals[0].why


def test_an_older_page_never_becomes_the_newest_revision(paper: Paper) -> None:
    paper.crawl(six())
    paper.keeps = False
    paper.crawl(six(edited=(0, 1)))
    paper.table = {"prune": (".note",)}
    findings, _ = paper.reextract()
    assert findings.left.later_page == 2
    assert (findings.planned, findings.changed) == (4, 1)
    latest = {record["url"]: record for record in paper.records()}
    assert "Edited since" in latest[f"{HOST}/news/0"]["text"]


def test_the_latest_page_is_read_and_only_those_since_a_day(paper: Paper) -> None:
    paper.crawl(six())
    paper.crawl(six(edited=(0,)))
    paper.table = {"prune": (".note",)}
    findings, _ = paper.reextract(since=BEGAN + timedelta(days=2))
    assert (findings.planned, findings.changed, findings.left.earlier) == (1, 1, 5)
    (last,) = [record for record in paper.records() if record["revision"] == 3]
    assert "Edited since" in last["text"]
    assert last["fetch"]["fetched_at"] == "2026-11-04T06:00:00Z"


def test_what_only_sitemaps_told_is_told_again(paper: Paper) -> None:
    bare = six()["/news/0"].replace(b"2026-11-01T08:30:00+01:00", b"")
    paper.crawl({"/news/0": bare}, published="2026-10-30", lastmod="2026-10-31")
    (first,) = paper.records()
    assert first["published_at"] == "2026-10-30T00:00:00Z"
    findings, _ = paper.reextract()
    assert findings.changed == 0
    paper.table = {"prune": (".note",)}
    findings, _ = paper.reextract()
    assert findings.changed == 1
    last = paper.records()[-1]
    for name in ("published_at", "provenance"):
        assert last[name] == first[name]


def test_what_the_site_said_of_its_rights_stays(paper: Paper) -> None:
    robots = Page(f"{HOST}/robots.txt", b"User-agent: *\nContent-Signal: ai-train=no\n", BEGAN)
    paper.table = {"rights": "record"}
    paper.crawl(six(), site=read_site("127.0.0.1", robots, None))
    paper.table = {"rights": "record", "prune": (".note",)}
    paper.reextract()
    first, last = paper.records()[:2]
    assert last["change"] == "reextracted"
    assert "ai-train=no (robots.txt)" in first["rights"]["signals"]
    assert last["rights"] == first["rights"]


def test_what_its_publisher_reserves_gets_no_further_revision(paper: Paper) -> None:
    paper.table = {"rights": "record"}
    paper.crawl(six(), headers=(("x-robots-tag", "noarchive"),))
    assert len(paper.records()) == 6
    paper.table = {"rights": "respect", "prune": (".note",)}
    findings, report = paper.reextract()
    assert findings.refused == {Outcome.RIGHTS_DENIED: 6}
    assert report.outcomes == {Outcome.RIGHTS_DENIED: 6}
    assert len(paper.records()) == 6


def test_an_erased_article_is_not_read(paper: Paper) -> None:
    other = html("The mayor of another town", f"<p>{'A text of its own. ' * 40}</p>{NOTE}")
    paper.crawl(six() | {"/news/9": other})
    erase(paper.store, paper.folder, f"{HOST}/news/9")
    paper.table = {"prune": (".note",)}
    findings, _ = paper.reextract()
    assert (findings.planned, findings.changed) == (6, 2)
    revised = [record["url"] for record in paper.records() if record["change"] == "reextracted"]
    assert revised == [f"{HOST}/news/0", f"{HOST}/news/3"]


def test_it_ends_once_the_last_page_of_each_part_is_archived(paper: Paper) -> None:
    for path, body in six().items():
        paper.crawl({path: body})
    paper.table = {"prune": (".note",)}
    findings, report = paper.reextract(slowly=True)
    assert report.verdict()[0] is ExitCode.WHOLE, report.verdict()
    assert (findings.read, report.unsettled, report.pending_records) == (6, [], 0)
    assert sum(record["revision"] == 2 for record in paper.records()) == 2


def test_told_to_stop_it_goes_on_where_it_was(paper: Paper) -> None:
    """Parts that were done with are passed over; the one that was begun is read once more."""
    pages = {f"/news/{n}": html(f"Story number {n}", NOTE * (n % 2)) for n in range(12)}
    for first in range(0, 12, 2):
        paper.crawl({f"/news/{n}": pages[f"/news/{n}"] for n in (first, first + 1)})
    paper.table = {"prune": (".note",)}
    findings, report = paper.reextract(stop_after=5)
    assert report.verdict()[0] is ExitCode.INTERRUPTED, report.verdict()
    assert 5 <= findings.read < 12
    findings, report = paper.reextract()
    assert report.verdict()[0] is ExitCode.WHOLE
    done = (12 - findings.read) // 2
    assert done >= 2
    assert any(f"went on behind {done} parts" in note for note in report.notes)
    revised = [record["url"] for record in paper.records() if record["revision"] == 2]
    assert revised == sorted(f"{HOST}/news/{n}" for n in range(1, 12, 2))
    findings, _ = paper.reextract()
    assert findings.read == 12, "what was ended is begun anew"


def test_what_was_done_with_counts_for_the_same_rules_alone(paper: Paper) -> None:
    pages = list(six().items())
    for two in (pages[:3], pages[3:]):
        paper.crawl(dict(two))
    paper.reextract(stop_after=4)
    paper.table = {"prune": (".note",)}
    findings, _ = paper.reextract()
    assert (findings.read, findings.changed) == (6, 2)
