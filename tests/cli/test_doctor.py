"""``nordcrawl doctor`` as a command; what it sees of stores is in tests/doctor/test_doctor.py."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.support.jobs import Job
from tests.support.news_site import Paper


@pytest.mark.slow
def test_before_and_after_a_crawl(job: Callable[..., Job], paper: Paper) -> None:
    paper.publish("/news/a", "A story")
    crawl = job()
    before = crawl.nordcrawl("doctor")
    assert before.code == 0, before.text
    assert before.err == ""
    assert before.out.splitlines()[-1] == "exit 0: ready to crawl"
    assert not crawl.archive.exists(), "it leaves nothing behind"
    assert f"{crawl.settings['NORDCRAWL_STATE_DIR']}, to be made in" in before.out
    assert crawl.crawl().code == 0
    after = crawl.nordcrawl("doctor", "--json")
    found = {finding["name"]: finding for finding in json.loads(after.out)["findings"]}
    assert found["marker"]["status"] == "ok"
    assert found["spool paper"]["seen"].endswith("0 lines wait")
    assert crawl.nordcrawl("verify").code == 0


def test_another_archive_than_that_of_the_settings(job: Callable[..., Job]) -> None:
    done = job().nordcrawl("doctor", "--archive", "/proc/none")
    assert done.code == 4, done.text
    assert "/proc/none" in done.out


def test_a_misspelt_setting_is_found_with_all_else(job: Callable[..., Job]) -> None:
    done = job(NORDCRAWL_WORKRES="2").nordcrawl("doctor")
    assert done.code == 2, done.text
    assert "NORDCRAWL_WORKERS" in done.out
    assert "write" in done.out
