"""What a crawl says while it runs: lines for machines and for people, a display on a terminal."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import re
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nordcrawl.config import logs
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.secrets import Secrets
from nordcrawl.report.live import Pace, Standing, lines
from tests.support.jobs import Job
from tests.support.news_site import Paper
from tests.support.suite_parts import first_of
from tests.support.waiting import HANG_S

SECRET = "tyv3rbank9-canary"
HOSTILE = "Case \x1b[31mred\u202e evil\r\n2026-01-01 ERROR forged"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., io.StringIO]]:
    """Install a form of log, and return where it writes."""

    def install(form: str) -> io.StringIO:
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        logs.install(
            form=form, level="DEBUG", line="%(levelname)s %(name)s: %(message)s", dates=None,
            always={"source": "paper"}, environment={"AWS_SECRET_ACCESS_KEY": SECRET},
        )  # fmt: skip
        return stream

    level = logging.root.level
    logging.root.setLevel(logging.DEBUG)
    yield install
    logging.root.setLevel(level)
    handler = logs.current()
    assert handler is not None
    logging.root.removeHandler(handler)
    logs._installed.clear()


def log_everything() -> None:
    log = logging.getLogger("a.site")
    log.info("title %s", HOSTILE, extra={"told": {"title": HOSTILE, "outcome": "new"}})
    log.debug("headers {'Authorization': 'AWS4-HMAC-SHA256 Credential=x/y', 'a': '%s'}", SECRET)
    log.warning("proxy http://user:%s@proxy.example:8080", "abc")
    log.error("body %s", "x" * 100_000)
    logging.getLogger("botocore.parsers").debug("Response body: %s", "x" * 500)
    try:
        raise ValueError(f"{HOSTILE} {SECRET}")
    except ValueError:
        log.exception("it failed")


def test_json_is_an_object_a_line(written: Callable[..., io.StringIO]) -> None:
    stream = written("json")
    log_everything()
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [one["level"] for one in found] == ["info", "debug", "warning", "error", "error"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", one["at"]) for one in found)
    assert {one["source"] for one in found} == {"paper"}
    assert found[0]["outcome"] == "new"
    assert found[0]["title"] == "Case \\x1b[31mred\\u202e evil\\r\\n2026-01-01 ERROR forged"
    assert "ValueError" in found[4]["exception"]


@pytest.mark.parametrize("form", logs.FORMS)
def test_no_line_has_a_secret_a_body_or_a_control_character(
    form: str, written: Callable[..., io.StringIO]
) -> None:
    stream = written(form)
    log_everything()
    text = stream.getvalue()
    for secret in (SECRET, "Credential=x/y", "user:abc"):
        assert secret not in text
    assert CONTROL.search(text) is None
    assert "Response body" not in text
    assert max(map(len, text.splitlines())) < 6_000
    assert not any(line.startswith("2026-01-01 ERROR") for line in text.splitlines())
    assert "Traceback (most recent call last)" in text


@pytest.mark.parametrize(
    "told",
    [
        "Authorization: Bearer {}", "'Cookie': b'session={}'", "x-amz-security-token: {}",
        "https://s3.example/a?X-Amz-Signature={}&b=1", "password={}", "aws_secret_access_key = {}",
        "api_key='{}'", "Proxy-Authorization: Basic {}", f"the key is {SECRET}",
    ],
)  # fmt: skip
def test_a_secret_is_hidden_by_its_value_or_by_its_name(told: str) -> None:
    text = Secrets.of({"SMTP_PASSWORD": SECRET}).hidden(told.format("h1dd3n-V4lue/+="))
    assert "h1dd3n" not in text
    assert SECRET not in text


@pytest.mark.parametrize(
    "told", ["the signature of a treaty", "token ring", "a cookie recipe", "x=1, password reset"]
)
def test_words_of_articles_are_no_secrets(told: str) -> None:
    assert Secrets.of({"A_TOKEN": "short"}).hidden(told) == told


def test_a_crawl_logs_objects_and_no_secret_at_debug(paper: Paper, job: Callable[..., Job]) -> None:
    paper.publish("/news/1", HOSTILE)
    paper.publish("/news/2", "The second")
    crawl = job(NORDCRAWL_LOG="json", HARBOUR_TOKEN=SECRET)
    done = crawl.crawl("-s", "LOG_LEVEL=DEBUG", "-s", f"MY_PASSWORD={SECRET}")
    assert done.code == 0, done.text
    found = [json.loads(line) for line in done.err.splitlines()]
    assert len(found) > 20
    assert {one["source"] for one in found} == {"paper"}
    ended = [one for one in found if one.get("outcome") == "new"]
    assert sorted(one["url"] for one in ended) == [f"{paper.url}/news/1", f"{paper.url}/news/2"]
    assert SECRET not in done.text
    assert CONTROL.search(done.err) is None


def test_a_wrong_form_is_refused(job: Callable[..., Job]) -> None:
    done = job(NORDCRAWL_LOG="xml").crawl()
    assert done.code == 2
    assert "NORDCRAWL_LOG = xml: one of text, json is allowed" in done.err


# --- on a terminal ---------------------------------------------------------------------------


def on_terminal(crawl: Job, **environment: str) -> tuple[int, str]:
    """Crawl with a terminal of 80 columns; return the exit code and what it was sent."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    kept = {k: v for k, v in crawl.environment.items() if k not in ("COLUMNS", "NO_COLOR", "LINES")}
    process = subprocess.Popen(
        crawl.command(), env=kept | {"TERM": "xterm-256color"} | environment, cwd=crawl.folder,
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    sent: list[bytes] = []

    def read() -> None:
        while True:
            try:
                some = os.read(ours, 65536)
            except OSError:  # the other end is closed
                return
            if not some:
                return
            sent.append(some)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        code = process.wait(timeout=HANG_S)
    finally:
        process.kill()
        reader.join(timeout=HANG_S)
        os.close(ours)
    return code, b"".join(sent).decode()


ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOURS = re.compile(r"\x1b\[(?:[0-9;]*;)?3[0-8][0-9;]*m")


def news(paper: Paper) -> None:
    for n in range(3):
        paper.publish(f"/news/{n}", f"Case {n}", delay_s=0.4)
    paper.publish("/news/x", "A \x1b[31mtitle\u202e of a thief")
    paper.answers["/news/x"].status = 503


@pytest.mark.slow
def test_a_display_stands_on_a_terminal_and_goes(paper: Paper, job: Callable[..., Job]) -> None:
    news(paper)
    code, sent = on_terminal(job())
    assert code == 0, sent
    shown = ESCAPES.sub("", sent)
    for told in ("paper  discovering", "fetching", " archived", "sources answered", "spool "):
        assert told in shown
    assert COLOURS.search(sent)
    drawn = [
        line for line in re.split(r"[\r\n]+", shown) if re.match(r"paper  |pages  |ended  ", line)
    ]
    assert len(drawn) > 4
    assert max(map(len, drawn)) <= 80
    assert "archived as new" in shown  # the summary comes behind it
    assert "INFO    scrapy" not in shown
    assert "INFO" not in shown[shown.index("discovering") :]


@pytest.mark.slow
@pytest.mark.parametrize("environment", first_of({"TERM": "dumb"}, {"NORDCRAWL_LOG": "json"}))
def test_lines_where_nothing_can_or_may_be_drawn(
    environment: dict[str, str], paper: Paper, job: Callable[..., Job]
) -> None:
    news(paper)
    code, sent = on_terminal(job(), **environment)
    assert code == 0, sent
    assert "\x1b[" not in sent.partition("  paper  run ")[0]
    if "TERM" in environment:
        assert "\x1b[" not in sent
    assert len(re.findall(r"new .{0,9}http://", sent)) >= 3


@pytest.mark.slow
def test_no_color_takes_the_colours_only(paper: Paper, job: Callable[..., Job]) -> None:
    news(paper)
    _, sent = on_terminal(job(), NO_COLOR="1")
    assert "fetching" in ESCAPES.sub("", sent)
    assert COLOURS.search(sent) is None


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    standing = Standing(
        "a-source-with-a-long-name", "fetching", 98_765, 412, 409, 1_234_567, 98_765, 1_100_000, 16,
        {Outcome.NEW: 90_000, Outcome.FETCH_FAILED: 12_345, Outcome.SKIPPED_FRESH: 1_000_000},
        3 << 30, 1_204, HOSTILE * 5,
    )  # fmt: skip
    pace = Pace()
    pace.add(0, 0)
    pace.add(60, 90)
    drawn = [line.plain for line in lines(standing, pace, width)]
    assert len(drawn) == 5
    assert max(map(len, drawn)) <= width
    assert not any(CONTROL.search(line) for line in drawn)


def test_time_left_goes_by_the_last_minute() -> None:
    pace = Pace()
    for second in range(0, 181, 10):
        pace.add(second, min(second, 120) * 2)  # nothing in the last minute
    now = Standing("coast", "fetching", 180, 1, 1, 500, 240, 260, 0)
    assert pace.per_second == 0
    assert "left" not in lines(now, pace, 80)[1].plain
    pace.add(190, 300)
    assert pace.per_second == 1
    assert lines(now, pace, 80)[1].plain.endswith("240 of 500  1.0/s  4:20 left")


def test_a_log_file_that_cant_be_written_is_refused(
    job: Callable[..., Job], tmp_path: Path
) -> None:
    done = job().crawl("--logfile", str(tmp_path / "none" / "log"))
    assert done.code == 2, done.text
    assert "No such file or directory" in done.err


def test_addresses_of_alerts_are_secret_but_for_names_of_hosts() -> None:
    given = f"json://{SECRET}-user:pass@hooks.example.org/{SECRET}?x={SECRET}-y tgram://{SECRET}/1"
    hidden = Secrets.of({"NORDCRAWL_ALERTS": given}).hidden
    for one in [given, *given.split(), f"/{SECRET}", f"POST {SECRET}-y", f"https://h/{SECRET}/z"]:
        assert SECRET not in hidden(one)
    assert hidden("https://hooks.example.org/news/1") == "https://hooks.example.org/news/1"
