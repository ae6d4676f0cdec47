"""What lies in the state folder is for the crawler's user alone, whatever the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from nordcrawl.crawl.finish import recent_file, write_report
from nordcrawl.fetch.robots_copies import Copies, Copy
from nordcrawl.report.health import Recent
from tests.archive.local.test_state_file import Down
from tests.support.archive_builders import START, accept, finish_in_vain, make_record, open_writer
from tests.support.archive_runs import maintainer
from tests.support.run_reports import report


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_all_of_it_is_private(tmp_path: Path) -> None:
    root = tmp_path / "state"
    folder = root / "archive" / "source"
    store = Down()
    with open_writer(store, folder) as writer:
        store.down = True
        accept(writer, make_record(1))
        finish_in_vain(writer)
        write_report(report(), folder)
        Recent().write(recent_file(folder))
        Copies(folder / "robots.json").put("a.example", Copy(START, 200, b""))
        maintainer(store, root / "archive").close()
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
        assert {"spool.sqlite", "spool.sqlite-wal", "state.sqlite", "state.sqlite-wal", "lock",
                "sealed", "sealed/article-000000000001.jsonl.gz", "reports", "reports/r.json",
                "recent.json", "robots.json"} <= found  # fmt: skip
        for path in (root, *root.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode == (0o700 if path.is_dir() else 0o600), f"{path}: {mode:o}"
