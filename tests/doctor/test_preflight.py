"""What may be wrong before a run's first request is found at once, in seconds."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from nordcrawl.cli.environment import ModuleSettings
from nordcrawl.doctor.finding import Status
from nordcrawl.doctor.preflight import NotReady, preflight
from nordcrawl.errors import ExitCode
from tests.support.jobs import Job
from tests.support.news_site import Paper


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def settings(paper: Paper, tmp_path, monkeypatch) -> Callable[..., ModuleSettings]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "canary")

    def make(**given: str) -> ModuleSettings:
        return ModuleSettings(
            **{
                "NORDCRAWL_SOURCES": str(paper.source(tmp_path)),
                "NORDCRAWL_ARCHIVE": str(tmp_path / "archive"),
                "NORDCRAWL_STATE_DIR": str(tmp_path / "state"),
                **given,
            }
        )

    return make


def test_all_is_well_and_nothing_is_left_behind(settings, tmp_path):
    found = preflight(settings(), "paper", {"limit": "3"}, now)
    assert [one for one in found.findings if one.status is Status.FAIL] == []
    _, source, arguments = found.require()
    assert (source.name, arguments.limit) == ("paper", 3)
    assert not (tmp_path / "archive").exists()
    assert not (tmp_path / "state").exists()


def test_mistakes_of_every_kind_are_told_together(paper: Paper, job: Callable[..., Job]) -> None:
    paper.publish("/news/a", "A story")
    crawl = job(NORDCRAWL_WORKRES="2", NORDCRAWL_STATE_DIR="/dev/null/state",
                NORDCRAWL_ARCHIVE="/proc/none")  # fmt: skip
    done = crawl.crawl("-a", "sinse=2026-01-01", "-a", "limit=0")
    assert done.code == 2, done.text
    lines = [line for line in done.err.splitlines() if line.startswith("nordcrawl: error: ")]
    for said in ("did you mean NORDCRAWL_WORKERS", "did you mean since", "limit=0",
                 "let NORDCRAWL_STATE_DIR name a folder", "/proc/none"):  # fmt: skip
        assert any(said in line for line in lines), done.err
    assert "Traceback" not in done.text
    assert paper.requests == []


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ({"NORDCRAWL_CONTACT": "me"}, ExitCode.USAGE, "NORDCRAWL_CONTACT = me"),
        ({"NORDCRAWL_SOURCES": "/no/such.toml"}, ExitCode.USAGE, "/no/such.toml"),
        ({"NORDCRAWL_STATE_DIR": "/proc/state"}, ExitCode.SPOOL, "/proc/state"),
        ({"NORDCRAWL_ARCHIVE": "/proc/archive"}, ExitCode.STORE, "/proc/archive"),
        ({"NORDCRAWL_ARCHIVE": "ftp://example.org/"}, ExitCode.USAGE, "ftp"),
    ],
)
def test_a_single_mistake_is_told_alone(settings, given, code, says):
    with pytest.raises(NotReady, match=says) as caught:
        preflight(settings(**given), "paper", {}, now).require()
    assert (caught.value.exit_code, len(caught.value.lines)) == (code, 1)


def test_a_missing_contact_hides_no_wrong_argument(settings):
    given = {"NORDCRAWL_SOURCES": ""}
    with pytest.raises(NotReady) as caught:
        preflight(settings(**given), "highnorthnews", {"sinse": "x", "limit": "0"}, now).require()
    told = "\n".join(caught.value.lines)
    for said in ("NORDCRAWL_CONTACT is not set", "did you mean since", "limit=0"):
        assert said in told, told


def test_hosts_that_are_wrong_do_not_make_a_contact_missing(settings):
    given = {"NORDCRAWL_SOURCES": "", "NORDCRAWL_HOSTS": "en.highnorthnews.com"}
    with pytest.raises(NotReady, match="NORDCRAWL_HOSTS = ") as caught:
        preflight(settings(**given), "highnorthnews", {}, now).require()
    assert len(caught.value.lines) == 1, caught.value.lines


def test_settings_of_scrapy_that_can_not_be_read_are_told_before_anything(paper, job):
    """Else the run would begin, break off with a traceback, and count as killed."""
    paper.publish("/news/a", "A story")
    crawl = job()
    done = crawl.crawl("-s", "CONCURRENT_REQUESTS=many", "-s", "DOWNLOAD_TIMEOUT=long",
                       "-s", "RETRY_ENABLED=perhaps", "-a", "limit=0")  # fmt: skip
    assert done.code == 2, done.text
    for said in ("CONCURRENT_REQUESTS = many: a whole number is allowed",
                 "DOWNLOAD_TIMEOUT = long: a number is allowed",
                 "RETRY_ENABLED = perhaps: True, False, 1 or 0 is allowed", "limit=0"):  # fmt: skip
        assert said in done.err, done.err
    assert "Traceback" not in done.text
    assert paper.requests == []
    assert not crawl.archive.exists()


def test_a_clock_that_can_not_be_right_is_told(settings):
    def early() -> datetime:
        return datetime(1970, 1, 1, 0, 5, tzinfo=UTC)

    with pytest.raises(NotReady, match="synchronise this machine's clock"):
        preflight(settings(), "paper", {}, early).require()


def test_a_store_that_is_away_is_left_to_the_run_within_seconds(settings, monkeypatch):
    """It is tried for as long as the operator said; the preflight does not wait for it."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)  # takes the connection and never answers
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        found = preflight(
            settings(NORDCRAWL_ARCHIVE="s3://bucket/x"), "paper", {}, now, longest_s=0.5
        )
        assert time.monotonic() - began < 5
    (told,) = [one for one in found.findings if one.name == "archive"]
    assert told.seen == "gave no answer within 0.5 s"
    found.require()


def test_the_doctor_looks_at_what_a_source_needs(job: Callable[..., Job]) -> None:
    done = job().nordcrawl("doctor", "paper", "--json")
    found = {one["name"]: one for one in json.loads(done.out)["findings"]}
    assert found["source"]["status"] == found["time"]["status"] == "ok"
    done = job().nordcrawl("doctor", "highnorthnews")
    assert done.code == 2, done.text
    assert "NORDCRAWL_CONTACT is not set" in done.out
