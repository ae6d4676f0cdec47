"""A run's own promises: its ledger is compared with what was committed, and what waits for an
article gets its turn whatever becomes of the page before."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest

from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.log.archive_id import read_id
from nordcrawl.archive.store.address import open_store
from nordcrawl.config.arguments import Arguments
from nordcrawl.config.options import Options
from nordcrawl.crawl.run import Run
from nordcrawl.discover import Link
from nordcrawl.errors import ExitCode
from nordcrawl.model.article import Article, Block, BlockKind, Extractor
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading
from nordcrawl.sources.source import Source

T = datetime(2026, 11, 23, tzinfo=UTC)
URLS = [f"http://127.0.0.1/news/{n}" for n in range(4)]


@pytest.fixture
def run(tmp_path):
    options = Options(archive=str(tmp_path / "archive"), state_dir=tmp_path / "state")
    source = Source(name="paper", title="The Paper", hosts={"127.0.0.1": "en"})
    opened = Run.open(options, source, Arguments(urls=tuple(URLS)))
    yield opened
    opened.close()


async def crawl(run):
    """Archive three pages, and settle a fourth."""
    for url in URLS:
        run.discovered.note(url, Link(url), "test")
    for url in URLS[:3]:
        text = f"What {url} has to tell. " * 20
        page = Page(url, text.encode(), datetime.now(UTC), url)
        article = Article(url, (Block(BlockKind.P, text),), Extractor("generic", "1", "0"))
        reading = Reading.of(article, page.body_sha256)
        verdict = await run.judge.judge(run.info.source.locate(page, url), reading)
        await run.outcomes.archive(verdict, reading)
        run.reservations.release(url)
    run.outcomes.settle(URLS[3], Outcome.FETCH_FAILED, "HTTP 500")
    return await run.finish("finished")


def test_lines_that_were_told_are_lines_that_were_committed(run):
    report = asyncio.run(crawl(run))
    assert report.verdict()[0] is ExitCode.WHOLE
    assert (report.committed_lines, report.committed_records) == (4, 3)


@pytest.mark.parametrize("kind", ["ledger", "article"])
def test_a_writer_that_swallows_a_line_fails_the_run(run, monkeypatch, kind):
    """Nobody but the count of what was shipped can see it: the accepting side heard `durable`."""
    add = Spool.add
    swallowed: list[object] = []

    def all_but_one(self, lines, captures=()):
        kept = list(lines)
        if not swallowed:
            swallowed.append(next(line for line in kept if str(line.kind) == kind))
            kept.remove(swallowed[0])
        return add(self, kept, captures)

    monkeypatch.setattr(Spool, "add", all_but_one)
    report = asyncio.run(crawl(run))
    code, why = report.verdict()
    assert code is ExitCode.LEDGER
    assert "4 outcomes with 3 records were told" in why
    assert report.to_json()["complete"] is False


BETWEEN = """
from scrapy.exceptions import DropItem

class Between:
    seen = set()

    def process_item(self, item):
        kind = item.url[-2]
        if kind not in self.seen:
            self.seen.add(kind)
            if kind == "d":
                raise DropItem("not wanted")
            if kind == "r":
                raise RuntimeError("a mistake in here")
        return item
"""


def test_a_page_that_is_lost_before_the_archive_holds_up_no_other(paper, job, tmp_path):
    for kind in "dr":
        text = f"A story of kind {kind}, and what came of it in the long winter. " * 8
        for n in range(3):
            paper.publish(f"/news/{kind}{n}", "The one story", text)
    (tmp_path / "between.py").write_text(BETWEEN, encoding="utf-8")
    crawl = job(PYTHONPATH=str(tmp_path))
    done = crawl.crawl("-s", 'ITEM_PIPELINES={"between.Between": 250}')
    assert done.code == 1, done.text
    assert "a mistake in here" in done.out
    outcomes = crawl.report()["outcomes"]
    assert outcomes == {"new": 2, "duplicate": 2, "extraction_failed": 1, "out_of_range": 1}
    assert len(crawl.records()) == 2


def test_the_state_folder_says_whose_it_is_from_the_first_run_on(run):
    """So that another spelling of the archive's address leads to it."""
    tie = json.loads((run.folder.parent / "archive.json").read_bytes())
    store = open_store(run.info.options.archive)
    assert tie["ids"] == [read_id(store)]
