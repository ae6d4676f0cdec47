"""A look at a real archive, told to real servers: once, once that it ended, never not at all."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.alerts import gather as gathering
from nordcrawl.alerts import look as looking
from nordcrawl.alerts.condition import ADVICE
from nordcrawl.alerts.look import Looked, look
from nordcrawl.archive.format.keys import run_key
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.store.protocol import MARKER_KEY
from nordcrawl.cli.environment import ModuleSettings
from nordcrawl.cli.main import main
from nordcrawl.commands.crawl import Command
from nordcrawl.config.options import Options
from nordcrawl.config.state_folder import archive_folders
from nordcrawl.errors import ExitCode, LockHeld, StoreUnavailable, UsageError
from nordcrawl.model.reading import Reading
from nordcrawl.model.times import rfc3339
from nordcrawl.system.lock import Lock
from tests.support.alert_servers import Webhook, mailbox, webhook
from tests.support.archive_builders import SOURCE, accept, archive, make_record, open_writer
from tests.support.waiting import HANG_S

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"
NOW = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)


@dataclass
class Place:
    """An archive, and a machine that looks at it."""

    folder: Path
    store: FolderStore
    hook: Webhook
    now: datetime = NOW
    alerts: tuple[str, ...] = ()

    @property
    def options(self) -> Options:
        return Options(
            archive=str(self.folder / "archive"),
            state_dir=self.folder / "state",
            alerts="\n".join(self.alerts or (self.hook.url(),)),
        )

    @property
    def memory(self) -> Path:
        return archive_folders(self.options, None)[0] / "alerts.json"

    def ran(self, hours_ago: float = 1, code: int | None = 0, exit_: str = "whole") -> str:
        """Put the report of a run of source a."""
        began = self.now - timedelta(hours=hours_ago)
        name = f"{began:%Y%m%dt%H%M%Sz}-a-00aa"
        values: dict[str, Any] = {"run_id": name, "source": "a", "complete": code == 0}
        if code is not None:
            values |= {
                "started_at": rfc3339(began), "finished_at": rfc3339(began),
                "exit_code": code, "exit": exit_, "why": f"because of {exit_}", "discovered": 3,
                "outcomes": {"new": 2},
            }  # fmt: skip
        self.store.put(run_key(name), encode_sealed(values), content_type="application/json")
        return name

    def look(self, *sources: str, **more: Any) -> Looked:
        return look(self.options, sources, now=self.now, **more)

    def said(self) -> list[str]:
        """Return the messages since the last time, subject and text."""
        found = [f"{one['title']}\n{one['message']}" for one in self.hook.taken]
        self.hook.taken.clear()
        return found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    store = FolderStore(tmp_path / "archive")
    store.probe()
    with webhook() as hook:
        yield Place(tmp_path, store, hook)


@pytest.fixture
def quiet(place: Place) -> Place:
    """A place whose address knows that nothing is amiss."""
    place.ran(2)
    assert place.look().exit_code is ExitCode.WHOLE
    (first,) = place.said()
    assert "Nothing is amiss." in first
    return place


def ids(found: Looked) -> list[str]:
    return [one.id for one in found.alerts]


# --- once, and once that it ended ------------------------------------------------------------


def test_each_condition_is_told_once_and_its_end_once(quiet: Place) -> None:
    place = quiet
    name = place.ran(1, 13, "damaged")
    found = place.look()
    assert (ids(found), len(found.new), found.exit_code) == (["run_failed"], 1, 0)
    (told,) = place.said()
    assert told.startswith("nordcrawl: critical: a run_failed\n")
    for part in (name, "13 damaged", "because of damaged", "Exit codes", place.store.uri):
        assert part in told

    again = place.look()
    assert (ids(again), len(again.new), again.sent) == (["run_failed"], 0, [])
    assert again.since == {"a/run_failed": NOW}
    place.now += timedelta(hours=50)
    worse = place.look()  # and a second one
    assert ids(worse) == ["no_run", "run_failed"]
    (told,) = place.said()
    assert "no_run" in told.splitlines()[0]
    assert "Still so: 1 alert of which you know." in told

    place.ran(0.5)
    found = place.look()
    assert (found.alerts, [one.id for one in found.ended]) == ((), ["no_run", "run_failed"])
    (told,) = place.said()
    assert told.startswith("nordcrawl: 2 recovered\n")
    assert "RECOVERED  a run_failed, which held for 2 days" in told
    assert "Nothing is amiss." in told
    assert place.look().sent == []
    assert place.said() == []


def test_by_mail_too(place: Place) -> None:
    with mailbox(place.folder / "mails") as box:
        place.alerts = (box.url,)
        place.ran(1, 4, "store")
        assert [one.why for one in place.look().sent] == [None]
        place.look()
        place.ran(0.5)
        place.look()
        place.look()
        first, second = box.mails()
    assert first["Subject"] == "nordcrawl: critical: a run_failed"
    assert first["To"] is not None
    assert "4 store" in first.as_string()
    assert second["Subject"] == "nordcrawl: recovered: a run_failed"


def test_a_new_address_hears_what_holds_and_others_nothing_new(quiet: Place) -> None:
    place = quiet
    place.ran(1, 4, "store")
    place.look()
    place.said()
    place.alerts = (place.hook.url(), place.hook.url("second"))
    found = place.look()
    assert [one.label for one in found.sent] == ["address 2 (json)"]
    (told,) = place.said()
    assert "run_failed" in told
    assert "This address gets the alerts" in told


def test_of_what_is_not_asked_or_cant_be_judged_nothing_is_said_to_have_ended(quiet: Place) -> None:
    place = quiet
    place.ran(1, 4, "store")
    place.look()
    found = place.look("b")
    assert (ids(found), found.ended) == (["no_run"], ())
    (place.folder / "archive" / MARKER_KEY).rename(place.folder / "marker")
    gone = place.look()
    assert (ids(gone), gone.ended, gone.exit_code) == (["unreadable"], (), ExitCode.STORE)
    place.said()
    (place.folder / "marker").rename(place.folder / "archive" / MARKER_KEY)
    back = place.look()
    assert [one.id for one in back.ended] == ["unreadable"]
    assert "recovered: unreadable" in place.said()[0]


# --- nothing is lost -------------------------------------------------------------------------


def test_what_could_not_be_delivered_is_told_by_the_next_look_and_to_nobody_twice(
    quiet: Place,
) -> None:
    place = quiet
    with webhook() as broken:
        place.alerts = (place.hook.url(), broken.url())
        place.look()
        place.said()
        broken.status = 503
        place.ran(1, 4, "store")
        found = place.look()
        assert found.exit_code is ExitCode.FAILED
        assert [one.why is None for one in found.sent] == [True, False]
        assert "503" in (found.sent[1].why or "")
        assert len(place.said()) == 1
        assert place.look().exit_code is ExitCode.FAILED
        assert place.said() == []
        broken.status, before = 200, len(broken.taken)
        assert place.look().exit_code is ExitCode.WHOLE
        assert len(broken.taken) == before + 1
        assert "run_failed" in broken.taken[-1]["title"]
        assert place.said() == []


def test_what_ended_before_it_could_be_told_is_told_to_nobody(quiet: Place) -> None:
    place = quiet
    place.hook.status = 500
    place.ran(1, 4, "store")
    place.look()
    place.ran(0.5)
    place.hook.status = 200
    assert place.look().sent == []


def corrupted(body: bytes) -> list[bytes]:
    return [
        b"", b"{}", b"[1]\n", body[:-20], body.replace(b"run_failed", b"run_foiled"),
        b'{"format":"nordcrawl-alerts","version":1}', encode_sealed({"format": "nordcrawl-alerts"}),
        encode_sealed({"format": "nordcrawl-alerts", "version": 1, "looked_at": 3, "told": 3}),
        body.replace(b"a", b"\xff"),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(len(corrupted(b"ra" * 20))))
def test_a_damaged_memory_repeats_and_loses_nothing(quiet: Place, number: int) -> None:
    place = quiet
    place.ran(1, 4, "store")
    place.look()
    place.said()
    place.memory.write_bytes(corrupted(place.memory.read_bytes())[number])
    place.look()
    (told,) = place.said()
    assert "run_failed" in told
    assert place.look().sent == []


def test_an_end_that_a_lost_memory_would_have_told_is_seen(quiet: Place) -> None:
    place = quiet
    place.ran(1, 4, "store")
    place.look()
    place.said()
    place.memory.unlink()
    place.ran(0.5)
    place.look()
    (told,) = place.said()
    assert "What it may have been told before is not remembered" in told
    assert "Nothing is amiss." in told


def test_a_memory_of_long_ago_is_none(quiet: Place) -> None:
    place = quiet
    place.ran(1, 4, "store")
    place.look()
    place.said()
    place.now += timedelta(days=31)
    place.ran(1, 4, "store")
    place.look()
    assert "run_failed" in place.said()[0]


def test_a_disk_that_takes_no_memory_is_said_and_messages_repeat(quiet: Place) -> None:
    place = quiet
    place.ran(1, 4, "store")
    place.memory.unlink()
    place.memory.mkdir()
    for _ in range(2):
        assert place.look().exit_code is ExitCode.SPOOL
        assert len(place.said()) == 1
    assert list(place.memory.parent.glob(".alerts.json*")) == []


def test_an_archive_without_runs_is_not_said_to_be_well(place: Place) -> None:
    found = place.look()
    assert (found.exit_code, found.alerts) == (ExitCode.USAGE, ())
    assert "name the sources that must be there" in found.problems[0][1]


def test_a_dry_look_tells_nobody_and_remembers_nothing(quiet: Place) -> None:
    place = quiet
    place.ran(1, 4, "store")
    before = place.memory.read_bytes()
    found = place.look(dry=True)
    assert (ids(found), len(found.new), found.sent) == (["run_failed"], 1, [])
    assert place.memory.read_bytes() == before
    assert place.said() == []


@pytest.mark.parametrize("there", [True, False])
def test_an_archive_that_is_not_there_is_an_alert(place: Place, there: bool) -> None:
    (place.folder / "archive").rename(place.folder / "elsewhere")
    if there:
        (place.folder / "archive").mkdir()
    assert place.look().exit_code is ExitCode.STORE
    assert "unreadable: the archive can't be read" in place.said()[0]


# --- what is read ----------------------------------------------------------------------------


def test_articles_reports_and_spool_are_read_as_far_as_they_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_MOST_ARTICLES", 100)
    store = FolderStore(tmp_path / "archive")
    options = Options(archive=str(tmp_path / "archive"), state_dir=tmp_path / "state")
    spool = archive_folders(options, None)[0] / SOURCE
    runs = [NOW - timedelta(days=back, hours=1) for back in (40, *range(11, -1, -1))]
    for day, began in enumerate(runs):
        name = f"{began:%Y%m%dt%H%M%Sz}-{SOURCE}-00aa"
        made = [make_record(day * 20 + n, run_id=name, at=began) for n in range(12)]
        if began == runs[-1]:
            made = [
                replace(one, reading=Reading.of(replace(one.article, authors=()), "0" * 64))
                for one in made
            ]
        report = {
            "run_id": name, "source": SOURCE, "started_at": rfc3339(began), "exit_code": 0,
            "finished_at": rfc3339(began), "exit": "whole", "outcomes": {"new": 12},
        }  # fmt: skip
        with open_writer(store, spool, name) as writer:
            accept(writer, *made)
            assert writer.finish(deadline_s=HANG_S).failure is None
            writer.put_run(report)
    with open_writer(store, spool, "run-x") as writer:  # dies before it ships
        accept(writer, make_record(999, run_id="run-x", at=NOW))
    unbegun = spool / "reports" / f"{NOW:%Y%m%dt%H%M%Sz}-{SOURCE}-00ab.json"
    unbegun.parent.mkdir()
    unbegun.write_text(json.dumps(report | {"exit_code": 4, "exit": "store", "outcomes": {}}))
    (unbegun.parent / f"{NOW:%Y%m%dt%H%M%Sz}-{SOURCE}-00ac.json").write_text("{")

    (found,) = gathering.gather(store, options, (), NOW).histories
    assert [one.exit for one in found.runs] == ["store", *["whole"] * 13]
    assert len(found.articles) == 100
    assert found.articles[-1].run_id == name
    assert "authors" in found.articles[0].fields
    assert found.waiting is not None
    assert (found.waiting.lines, found.waiting.held) == (2, False)
    (elsewhere,) = gathering.gather(store, None, [SOURCE], NOW).histories
    assert (len(elsewhere.runs), elsewhere.waiting) == (13, None)
    seen = look(options, (), dry=True, now=NOW)
    assert ids(seen) == ["run_failed", "pending", "field_coverage"]


def test_a_store_that_goes_away_meanwhile_is_not_asked_for_each_report(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in range(1, 200):
        place.ran(hours)
    asked: list[str] = []

    def away(_: FolderStore, key: str) -> bytes:
        if not key.startswith("runs/"):
            return get(place.store, key)
        asked.append(key)
        raise StoreUnavailable("get: no answer within 30 s")

    get = FolderStore.get
    monkeypatch.setattr(FolderStore, "get", away)
    assert ids(place.look(dry=True)) == ["unreadable"]
    assert 0 < len(asked) <= 2 * gathering._AT_ONCE


def test_damage_is_an_alert_and_the_rest_is_judged(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    archive(store, tmp_path / "spool", make_record(1, at=NOW))
    (part,) = (tmp_path / "archive").glob("articles-v1/*/*/*.gz")
    part.chmod(0o644)
    part.write_bytes(part.read_bytes()[:-9] + b"123456789")
    options = Options(archive=str(tmp_path / "archive"), state_dir=tmp_path / "state")
    found = look(options, (), dry=True, now=NOW)
    assert ids(found) == ["unreadable", "no_run"]
    assert part.name in found.alerts[0].text
    assert found.exit_code is ExitCode.DAMAGED


def test_no_more_reports_are_read_than_are_looked_at(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in range(1, 24 * 70, 6):
        place.ran(hours)
    read: list[str] = []
    get = place.store.get

    def noted(key: str) -> bytes:
        read.append(key)
        return get(key)

    monkeypatch.setattr(place.store, "get", noted)
    (found,) = gathering.gather(place.store, None, (), NOW).histories
    assert len(found.runs) == sum(key.startswith("runs/") for key in read)
    assert len(found.runs) == 28 * 4 + 5 * 4  # four weeks, and five days of those before


# --- the command, and secrets ----------------------------------------------------------------

CANARY = "tyv3rbank9"


@pytest.fixture
def command(place: Place, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command with addresses of Apprise, or a file of them, in its environment."""

    def call(*arguments: str, to: str = "") -> int:
        # The settings are read from the environment once a process.
        for name, value in (
            ("NORDCRAWL_STATE_DIR", str(place.folder / "state")), ("NORDCRAWL_ALERTS", to),
        ):  # fmt: skip
            monkeypatch.setenv(name, value)
            monkeypatch.setattr(f"nordcrawl.settings.{name}", value)
        return main(["alert", *arguments, "--archive", str(place.folder / "archive")])

    return call


def test_no_secret_of_an_address_is_ever_shown_or_kept(
    place: Place,
    command: Callable[..., int],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("http_proxy", "https_proxy"):  # so that nobody asks a chat's real host
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    place.ran(1, 4, "store")
    place.hook.status = 403
    given = (
        place.hook.url(f"{CANARY}-path?-{CANARY}=1&:x={CANARY}", f"{CANARY}-u:{CANARY}-p"),
        f"json://{CANARY}.invalid:9/{CANARY}",
        f"tgram://123456789:{CANARY}abcdefghijklmnopqrstuvwxyz/1{CANARY}",
    )
    file = place.folder / "addresses"
    file.write_text("\n".join([f"# {CANARY}", *given, place.hook.url("good")]))
    assert command("--json", to=str(file)) == 1
    out = capfd.readouterr()
    assert json.loads(out.out)["sent"][0]["to"] == "address 1 (json)"
    assert any(CANARY in path for path in place.hook.paths)  # so it was asked
    place.hook.status = 200
    assert command(to=str(file)) == 1
    text = out.out + out.err
    for wrong in (f"jason://{CANARY}/x", f"{CANARY} {given[0]}", f"{given[0]} {CANARY}"):
        assert command(to=wrong) == 2
    out = capfd.readouterr()
    text += out.out + out.err + caplog.text
    assert "address 1 (jason)" in text
    assert "Traceback" not in text
    assert place.memory.exists()
    for one in (place.folder / "state").rglob("*"):
        if one.is_file():
            text += one.read_bytes().decode(errors="replace")
    assert CANARY not in text


def test_addresses_are_no_setting_of_a_command_line() -> None:
    given = ModuleSettings(NORDCRAWL_ALERTS=f"json://{CANARY}@example.org")
    with pytest.raises(UsageError, match="by the environment or in a file") as raised:
        Options.from_settings(given)
    assert CANARY not in str(raised.value)


def test_the_command_says_what_it_did(
    place: Place, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    place.now = datetime.now(UTC)
    place.ran(1, 4, "store")
    assert command("--dry-run") == 0
    out = capsys.readouterr().out
    assert "NEW        critical  a run_failed: the last run, " in out
    assert "dry run: nothing was sent" in out
    assert command() == 2
    assert "NORDCRAWL_ALERTS is not set" in capsys.readouterr().err
    assert command("b", to=place.hook.url()) == 0
    out = capsys.readouterr().out
    assert "b no_run" in out
    assert "sent to address 1 (json)" in out
    assert len(place.hook.taken) == 1
    assert command("--test", to=place.hook.url()) == 0
    assert place.hook.taken[-1]["title"] == "nordcrawl: a test"
    place.hook.status = 404
    assert command("--test", to=place.hook.url()) == 1
    assert "404" in capsys.readouterr().out


#: What provokes each exit code of the command, as docs/operations.md has them.
CODES = {
    0: "test_the_command_says_what_it_did",
    1: "test_what_could_not_be_delivered_is_told_by_the_next_look_and_to_nobody_twice",
    2: "test_the_command_says_what_it_did",
    3: "test_a_disk_that_takes_no_memory_is_said_and_messages_repeat",
    4: "test_an_archive_that_is_not_there_is_an_alert",
    5: "test_a_store_that_gives_no_answer_is_an_alert",
    9: "test_a_look_waits_for_another_and_says_so_where_that_takes_too_long",
    13: "test_damage_is_an_alert_and_the_rest_is_judged",
}


def test_every_exit_code_is_documented_and_provoked() -> None:
    section = DOCS.read_text(encoding="utf-8").split("\n## Alerts\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"(?m)^\| (\d+) \| [^|]+ \|$", section)
    assert [int(code) for code in rows] == [*CODES]
    assert all(name in globals() for name in CODES.values())
    told = set(re.findall(r"(?m)^\| `(\w+)` \|", section))
    assert told == set(ADVICE)


def test_a_store_that_gives_no_answer_is_an_alert(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> bytes:
        raise StoreUnavailable("get: no answer within 30 s")

    monkeypatch.setattr(FolderStore, "get", away)
    assert place.look().exit_code is ExitCode.PENDING
    assert "no answer within 30 s" in place.said()[0]


def test_a_look_waits_for_another_and_says_so_where_that_takes_too_long(
    quiet: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = quiet
    place.ran(1, 4, "store")
    lock = Lock(place.memory.with_name(".alerts.lock"))
    monkeypatch.setattr(looking, "_PATIENCE_S", 0.0)
    with pytest.raises(LockHeld, match="another nordcrawl alert"):
        place.look()
    monkeypatch.setattr(looking, "_PATIENCE_S", HANG_S)
    one = threading.Thread(target=place.look)
    one.start()
    lock.release()
    one.join()
    assert len(place.said()) == 1


def test_without_the_extra_the_error_names_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.delitem(sys.modules, "nordcrawl.alerts.deliver", raising=False)
    with pytest.raises(UsageError, match=r"pip install 'nordcrawl\[alerts\]'"):
        place.look()
    assert place.look(dry=True).sources == 0


# --- at the end of a crawl -------------------------------------------------------------------


def settings_of(place: Place, **more: str) -> ModuleSettings:
    file = place.folder / "addresses"
    file.write_text(place.hook.url(CANARY))
    return ModuleSettings(
        NORDCRAWL_ARCHIVE=str(place.folder / "archive"),
        NORDCRAWL_STATE_DIR=str(place.folder / "state"),
        NORDCRAWL_ALERTS=str(file),
        **more,
    )


def test_a_crawl_looks_at_its_end_where_told_so_and_is_none_the_worse_for_it(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    place.ran(1, 4, "store")
    at_its_end = Command()._alert
    at_its_end(settings_of(place), "a")
    assert place.said() == []
    place.hook.status = 500
    at_its_end(settings_of(place, NORDCRAWL_ALERT_AFTER_RUN="1"), "a")
    (warning,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert "not sent to address 1 (json), the next look tries again" in warning.getMessage()
    assert CANARY not in caplog.text
    place.hook.status = 200
    at_its_end(settings_of(place, NORDCRAWL_ALERT_AFTER_RUN="1"), "a")
    assert len(place.said()) == 1


def test_a_whole_crawl_ends_as_it_would_whatever_becomes_of_its_alert(
    paper: Any, job: Callable[..., Any], place: Place
) -> None:
    paper.publish("/news/1", "Story number 1")
    place.hook.status = 500
    crawl = job(
        NORDCRAWL_ALERTS=place.hook.url(CANARY),
        NORDCRAWL_ALERT_AFTER_RUN="1",
    )
    done = crawl.crawl("-L", "DEBUG")
    assert done.code == 0, done.text
    assert "not sent to address 1 (json)" in done.err
    assert any(CANARY in path for path in place.hook.paths)
    assert CANARY not in done.text
