"""Work on a whole archive by a real cluster of Ray on loopback comes to the same as on one machine,
whatever dies while it goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.reextract.kept_pages import NOTE, Paper, html
from tests.support.jobs import Done, Job
from tests.support.news_site import WORDS, article_html
from tests.support.processes import descendants
from tests.support.ray_nodes import Nodes
from tests.support.waiting import HANG_S, until

pytest.importorskip("ray", reason="Ray is not installed: pip install 'nordcrawl[ray]'")
pytestmark = pytest.mark.slow

PARTS = 10
EACH = 20
#: All that it says is pruned by the table of later.
EMPTY = article_html("Nothing else", "").replace(
    b"</div></article>", f'<div class="note"><p>{WORDS * 2}</p></div></div></article>'.encode()
)
TABLE = """
[sources.pier]
title = "The Pier"
hosts = { "127.0.0.1" = "en" }
article_urls = ['^/news/']
prune = ['.note']
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    cluster = Nodes(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.begin(2, cpus=2)
        yield cluster
    finally:
        cluster.close()


class Place:
    """An archive, and the commands that work on it."""

    def __init__(self, folder: Path, cluster: Nodes) -> None:
        (folder / "pier.toml").write_text(TABLE)
        self.paper = Paper(folder)
        settings = {
            "NORDCRAWL_SOURCES": str(folder / "pier.toml"),
            "NORDCRAWL_PAGE_TIMEOUT_S": "300",
            "NORDCRAWL_QUARANTINE": "0",  # half of all changes at once
        }
        self.job = Job(folder, "pier", settings)
        self.ray = ("--engine", "ray", "--address", cluster.address)
        self.variables = cluster.variables

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "nordcrawl", *arguments],
            env=self.job.environment | self.variables,
            cwd=self.job.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def done(self, *arguments: str) -> Done:
        return end(self.start(*arguments))

    def content(self) -> list[list[Any]]:
        names = ("article_id", "revision", "change", "text", "fetch", "changed")
        return [[record.get(name) for name in names] for record in self.paper.records()]


def end(process: subprocess.Popen[str]) -> Done:
    try:
        out, err = process.communicate(timeout=2 * HANG_S)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return Done(process.returncode, out, err)


def settled(process: subprocess.Popen[str], count: int) -> None:
    """Wait until so many pages are settled, and go on reading what is said."""
    assert process.stderr is not None
    for line in process.stderr:
        count -= " nordcrawl.crawl.outcomes: " in line
        if count <= 0:
            return
    pytest.fail(f"it ended with {process.wait()} before: {count} pages more")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that keeps its pages, one of which will be none of an article."""
    paper = Paper(tmp_path_factory.mktemp("kept"))
    for part in range(PARTS):
        numbers = range(part * EACH, part * EACH + EACH)
        pages = {f"/news/{n}": html(f"Story number {n}", NOTE * (n % 2)) for n in numbers}
        if part == 2:
            pages["/news/51"] = EMPTY
        paper.crawl(pages)
    return paper.folder / "archive"


@pytest.fixture
def place(tmp_path: Path, cluster: Nodes, kept: Path) -> Place:
    shutil.copytree(kept, tmp_path / "archive")
    return Place(tmp_path, cluster)


@pytest.fixture(scope="module")
def local(
    tmp_path_factory: pytest.TempPathFactory, cluster: Nodes, kept: Path
) -> tuple[list[list[Any]], dict[str, Any]]:
    """What this machine makes of it: content and findings."""
    folder = tmp_path_factory.mktemp("local")
    shutil.copytree(kept, folder / "archive")
    place = Place(folder, cluster)
    done = place.done("reextract", "pier", "--json")
    found = findings(done)
    assert found["refused"] == {"not_article": 1}, done.text
    content = place.content()
    assert sum(change == "reextracted" for _, _, change, *_ in content) == found["changed"] == 99
    return content, found


def findings(done: Done) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.out)
    return {name: of for name, of in found.items() if name not in ("run_id", "dry_run", "exit")}


def test_the_cluster_makes_the_same_revisions(
    place: Place, local: tuple[list[list[Any]], dict[str, Any]]
) -> None:
    dry = place.done("reextract", "pier", "--dry-run", "--json", *place.ray)
    assert (dry.code, findings(dry)) == (0, local[1]), dry.text
    assert len(place.content()) == PARTS * EACH, "a dry run archives nothing"
    done = place.done("reextract", "--json", *place.ray)
    assert findings(done) == local[1], done.err
    assert (place.content(), done.code) == (local[0], json_code(done))
    assert place.job.nordcrawl("verify").code == 0


def json_code(done: Done) -> int:
    from nordcrawl.errors import ExitCode

    return int(ExitCode[json.loads(done.out)["exit"].upper()])


def test_stopped_and_killed_it_goes_on_and_ends_the_same(
    place: Place, local: tuple[list[list[Any]], dict[str, Any]]
) -> None:
    first = place.start("reextract", "pier", *place.ray)
    settled(first, EACH + 5)
    first.send_signal(signal.SIGTERM)
    done = end(first)
    assert done.code == 6, done.text
    assert "exit 6" in done.out
    second = place.start("reextract", "pier", *place.ray)
    settled(second, EACH + 5)
    os.killpg(second.pid, signal.SIGKILL)
    done = end(second)
    assert done.code == -signal.SIGKILL
    third = place.done("reextract", "pier", *place.ray)
    assert "went on behind" in third.out, third.text
    assert place.content() == local[0]
    assert place.job.nordcrawl("verify").code == 0


def table(path: Path) -> pa.Table:
    found: pa.Table = pq.read_table(path)
    return found.sort_by([("source", "ascending"), ("article_id", "ascending")])


#: As the command, in blocks and groups of few lines.
FEW: Sequence[str] = (
    "import sys; from nordcrawl.reading import signatures_on_ray as s; s.LINES = 30;"
    "from nordcrawl.cli.main import main; sys.exit(main(sys.argv[1:]))",
)


def test_the_cluster_writes_the_same_signatures(place: Place) -> None:
    place.done("reextract", "pier")  # later revisions, in files of their own
    here = place.done("signatures", "--output", "here.parquet")
    assert here.code == 0, here.text
    arguments = ("signatures", "--output", "there.parquet", *place.ray)
    done = subprocess.run(
        [sys.executable, "-c", *FEW, *arguments], env=place.job.environment | place.variables,
        cwd=place.job.folder, capture_output=True, text=True, timeout=2 * HANG_S, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("nordcrawl: ")] == (
        here.err.splitlines()
    )
    one, other = (table(place.job.folder / f"{name}.parquet") for name in ("here", "there"))
    assert one.num_rows == PARTS * EACH
    assert set(one.column("revision").to_pylist()) == {1, 2}
    assert (other.schema, other.schema.metadata) == (one.schema, one.schema.metadata)
    assert other.equals(one)
    part = max(place.job.archive.glob("ledger-v1/source=pier/*/*.gz"))
    part.chmod(0o600)
    part.write_bytes(part.read_bytes()[:-9])
    (place.job.folder / "there.parquet").unlink()
    damaged = place.done(*arguments)
    assert damaged.code == 13, damaged.text
    assert part.name in damaged.err
    assert not (place.job.folder / "there.parquet").exists()


def test_a_worker_and_a_node_are_killed_in_the_middle(
    place: Place, local: tuple[list[list[Any]], dict[str, Any]], cluster: Nodes
) -> None:
    process = place.start("reextract", "pier", "--json", *place.ray)
    settled(process, 5)
    os.kill(at_work(cluster.nodes[1].pid)[0], signal.SIGKILL)
    settled(process, EACH)
    cluster.kill(cluster.nodes[2])
    done = end(process)
    assert findings(done) == local[1], done.err
    assert place.content() == local[0]
    assert place.job.nordcrawl("verify").code == 0


def at_work(node: int) -> list[int]:
    """The cluster's processes on a node that work on a block now."""
    found: list[int] = []

    def look() -> list[int]:
        found[:] = [pid for pid in descendants(node) if b"ray::MapBatches" in called(pid)]
        return found

    until(look, "a block is worked on there")
    return found


def called(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended
        return b""
