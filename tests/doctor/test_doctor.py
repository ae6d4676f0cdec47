"""``nordcrawl doctor`` names what is wrong, on real servers and on broken ones."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nordcrawl.archive.format.probe import probe_of_day
from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import MARKER_BODY, MARKER_KEY
from nordcrawl.archive.write.limits import Limits
from nordcrawl.cli import doctor
from nordcrawl.config.options import Options
from nordcrawl.config.state_folder import archive_folders
from nordcrawl.doctor import bucket as bucket_examination
from nordcrawl.doctor import machine
from nordcrawl.doctor.spools import _holder
from nordcrawl.errors import StoreUnavailable
from tests.support import faulty_s3 as faulty
from tests.support import s3_servers as servers
from tests.support.archive_builders import LIMITS, accept, finish_in_vain, make_record, open_writer
from tests.support.faulty_s3 import Fault

ALWAYS = 10**6


@dataclass
class Report:
    code: int
    findings: dict[str, dict[str, Any]]

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self.findings[name]

    def failed(self) -> list[str]:
        return [name for name, found in self.findings.items() if found["status"] == "fail"]


Ask = Callable[[str], Report]


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run the doctor on an address and return its JSON, having looked for secrets in it."""
    # The settings module has read the environment already, once for all tests.
    monkeypatch.setattr("nordcrawl.settings.NORDCRAWL_STATE_DIR", str(tmp_path / "state"))

    def run(archive: str | None) -> Report:
        capsys.readouterr()
        code = doctor.examine(archive, as_json=True, clock=clock)
        out, err = capsys.readouterr()
        assert err == ""
        for secret in ("canary", "Traceback", "Signature="):
            assert secret not in out
        values = json.loads(out)
        assert values["exit_code"] == code
        findings = {found["name"]: found for found in values["findings"]}
        assert len(findings) == len(values["findings"])
        assert all(found["exit_code"] for found in findings.values() if found["status"] == "fail")
        return Report(code, findings)

    return run


@pytest.fixture
def s3(seaweedfs: servers.S3Server, use: Callable[..., None], prefix: str) -> str:
    """The address of an empty archive on SeaweedFS."""
    use(seaweedfs)
    return f"s3://{seaweedfs.bucket}/{prefix}"


def test_all_is_well(ask: Ask, address: str, kind: str) -> None:
    report = ask(address)
    assert (report.code, report.failed()) == (0, [])
    assert report["marker" if kind != "folder" else "folder"]["status"] == "note"
    store = open_store(address)
    store.probe()
    assert [entry.key for entry in store.list("")] == [MARKER_KEY], "the doctor leaves nothing"
    report = ask(address)
    assert (report.code, report["marker"]["status"]) == (0, "ok")
    expected = {
        "folder": {"write": "ok", "read": "ok", "fence": "ok", "delete": "ok"},
        "seaweedfs": {"fence": "ok", "checksum": "ok", "versions": "note", "lock": "ok"},
        "juicefs": {"fence": "note", "checksum": "note", "versions": "note", "lock": "note"},
        "swift": {"fence": "ok", "checksum": "note", "versions": "note", "uploads": "ok"},
    }[kind]
    assert {name: report[name]["status"] for name in expected} == expected
    if kind != "folder":
        told = {name: report[name]["status"] for name in ("endpoint", "clock", "credentials")}
        assert told == dict.fromkeys(told, "ok")


@pytest.mark.parametrize("server", ["seaweedfs", "juicefs", "swift"])
@pytest.mark.parametrize(
    ("changes", "bucket", "name", "says"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIACANARYCANARY"}, "", "credentials", "AWS_ACCESS_KEY_ID"),
        ({"AWS_SECRET_ACCESS_KEY": "canary-wrong"}, "", "credentials", "AWS_SECRET_ACCESS_KEY"),
        ({}, "no-such-bucket", "bucket", "no such bucket"),
    ],
    ids=["key", "secret", "bucket"],
)
def test_real_servers_refuse(
    ask: Ask,
    use: Callable[..., None],
    request: pytest.FixtureRequest,
    server: str,
    changes: dict[str, str],
    bucket: str,
    name: str,
    says: str,
) -> None:
    real: servers.S3Server = request.getfixturevalue(server)
    use(real, **changes)
    report = ask(f"s3://{bucket or real.bucket}/x")
    assert (report.code, report.failed()) == (4, [name])
    assert says in report[name]["advice"]
    assert report["endpoint"]["status"] == "ok"


@pytest.mark.parametrize(
    ("act", "name", "code", "says"),
    [
        (faulty.error(400, "ExpiredToken"), "credentials", 4, "expired"),
        (faulty.error(403, "RequestTimeTooSkewed"), "clock", 4, "synchronise"),
        (faulty.error(403, "AccessDenied"), "list", 4, "s3:ListBucket"),
        (faulty.error(400, "IllegalLocationConstraintException"), "region", 4, "AWS_REGION"),
        (faulty.error(400, "AuthorizationHeaderMalformed"), "region", 4, "AWS_REGION"),
        (faulty.error(301, "PermanentRedirect"), "region", 4, "AWS_REGION"),
        (faulty.html(301), "region", 4, "AWS_REGION"),
        (faulty.html(302), "endpoint", 5, "AWS_ENDPOINT_URL"),
        (faulty.html(200), "endpoint", 5, "something else"),
        (faulty.html(404), "endpoint", 5, "AWS_ENDPOINT_URL"),
        (faulty.html(502), "endpoint", 5, "AWS_ENDPOINT_URL"),
        (faulty.error(503, "SlowDown"), "endpoint", 5, "wait"),
        (faulty.reset, "endpoint", 5, "network"),
        (faulty.truncate_answer, "endpoint", 5, "network"),
    ],
)
def test_what_stands_in_the_way(
    ask: Ask,
    seaweedfs: servers.S3Server,
    proxy: faulty.Server,
    act: faulty.Act,
    name: str,
    code: int,
    says: str,
) -> None:
    proxy.faults = [Fault(act, "*", ALWAYS)]
    report = ask(f"s3://{seaweedfs.bucket}/x")
    assert report.code == code
    assert report.failed()[0] == name
    assert says in report[name]["advice"]


def test_a_region_that_the_store_names(
    ask: Ask, seaweedfs: servers.S3Server, proxy: faulty.Server, prefix: str
) -> None:
    """botocore asks again as it is told; the doctor says what to set."""
    proxy.faults = [Fault(faulty.altered(x_amz_bucket_region="eu-north-1"), "*", ALWAYS)]
    report = ask(f"s3://{seaweedfs.bucket}/{prefix}")
    assert (report.code, report["region"]["status"]) == (0, "note")
    assert report["region"]["advice"] == "set AWS_REGION=eu-north-1"


def test_the_first_answer_may_be_a_mishap(
    ask: Ask, seaweedfs: servers.S3Server, proxy: faulty.Server, prefix: str
) -> None:
    proxy.faults = [Fault(faulty.error(503, "SlowDown"), "*", 1)]
    assert ask(f"s3://{seaweedfs.bucket}/{prefix}").code == 0


@pytest.mark.parametrize("kind", ["dead-port", "black-hole", "unknown-host"])
def test_nobody_answers(ask: Ask, use: Callable[..., None], kind: str) -> None:
    with faulty.black_hole() as hole, servers.dead_port() as dead:
        endpoint = {
            "dead-port": f"http://key:canary@127.0.0.1:{dead}",
            "black-hole": hole,
            "unknown-host": "http://store.invalid:9000",
        }[kind]
        use(servers.S3Server(endpoint, "bucket"))
        report = ask("s3://bucket/x")
    assert (report.code, report.failed()) == (5, ["endpoint"])


def test_a_slow_store_is_not_waited_for(
    ask: Ask,
    seaweedfs: servers.S3Server,
    proxy: faulty.Server,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By a clock on which each answer takes 3 s."""
    now = 0.0

    def late(request: faulty.Request, forward: faulty.Forward) -> faulty.Answer | None:
        nonlocal now
        now += 3.0
        return forward(request)

    clock = SimpleNamespace(monotonic=lambda: now, sleep=lambda _: None)
    monkeypatch.setattr(bucket_examination, "time", clock)
    proxy.faults = [Fault(late, "*", ALWAYS)]
    report = ask(f"s3://{seaweedfs.bucket}/{prefix}")
    assert "not asked" in report["lifecycle"]["seen"]


def test_no_credentials(
    ask: Ask, use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(servers.S3Server("http://127.0.0.1:9", "bucket"))
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    report = ask("s3://bucket/x")
    assert (report.code, report.failed()) == (4, ["aws settings"])
    assert "AWS_SECRET_ACCESS_KEY" in report["aws settings"]["seen"]
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    report = ask("s3://bucket/x")
    assert (report.code, report.failed()) == (4, ["credentials"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", "key:canary@127.0.0.1:9")
    report = ask("s3://bucket/x")
    assert (report.code, report.failed()) == (4, ["aws settings"])


@pytest.mark.parametrize(
    ("off", "status", "code"),
    [
        (timedelta(seconds=20), "ok", 0),
        (timedelta(minutes=-5), "note", 0),
        (timedelta(hours=1), "fail", 4),
        (timedelta(hours=-1), "fail", 4),
    ],
)
def test_clocks_apart(
    ask: Ask,
    seaweedfs: servers.S3Server,
    proxy: faulty.Server,
    prefix: str,
    off: timedelta,
    status: str,
    code: int,
) -> None:
    date = format_datetime(clock() + off, usegmt=True)
    proxy.faults = [Fault(faulty.altered(date=date), "*", ALWAYS)]
    report = ask(f"s3://{seaweedfs.bucket}/{prefix}")
    assert (report["clock"]["status"], report.code) == (status, code)


@pytest.mark.parametrize("date", ["yesterday", "Mon, 99 Xxx 2026 00:00:00 GMT"])
def test_a_date_that_is_none(
    ask: Ask, seaweedfs: servers.S3Server, proxy: faulty.Server, prefix: str, date: str
) -> None:
    proxy.faults = [Fault(faulty.altered(date=date), "*", ALWAYS)]
    assert ask(f"s3://{seaweedfs.bucket}/{prefix}")["clock"]["status"] == "note"


# --- rights and the bucket's settings ---------------------------------------------------------


@pytest.fixture
def deployed(seaweedfs: servers.S3Server) -> str:
    """The address that deploy's identities are for."""
    bucket, prefix = servers.DEPLOYED
    client = seaweedfs.client()
    with suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key=f"{prefix}/{MARKER_KEY}", Body=MARKER_BODY)
    page = client.list_object_versions(Bucket=bucket, Prefix=f"{prefix}/probe/")
    for entry in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
        client.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
    return f"s3://{bucket}/{prefix}"


def test_the_crawlers_key(
    ask: Ask, seaweedfs: servers.S3Server, use: Callable[..., None], deployed: str
) -> None:
    """It may not delete: the day's one object stays, and is no news the second time."""
    use(replace(seaweedfs, access_key="crawler"))
    key, _ = probe_of_day(clock())
    for written in (f"{key} put", f"{key} was put before today"):
        report = ask(deployed)
        assert (report.code, report.failed()) == (0, [])
        assert report["write"]["seen"] == written
        assert "as is right for a crawler" in report["delete"]["seen"]
        for name in ("versions", "lock", "uploads", "lifecycle"):
            assert report[name]["status"] == "note", "it may not ask"
    keys = [entry.key for entry in open_store(deployed).list("probe/")]
    assert keys == [key]


def test_a_readers_key(
    ask: Ask, seaweedfs: servers.S3Server, use: Callable[..., None], deployed: str
) -> None:
    use(replace(seaweedfs, access_key="reader"))
    report = ask(deployed)
    assert (report.code, report.failed()) == (4, ["write"])
    assert "right for a reader" in report["write"]["advice"]
    assert report["marker"]["status"] == "ok"


def test_the_maintenance_key(
    ask: Ask, seaweedfs: servers.S3Server, use: Callable[..., None], deployed: str
) -> None:
    """It sees what erasing depends on: versions, and a lock that nobody can lift."""
    use(replace(seaweedfs, access_key="maintenance"))
    report = ask(deployed)
    assert (report.code, report.failed()) == (0, [])
    for name in ("versions", "lock", "uploads", "lifecycle"):
        assert "may not ask" not in report[name]["seen"]


def test_a_key_to_which_missing_is_forbidden(
    ask: Ask, seaweedfs: servers.S3Server, proxy: faulty.Server, prefix: str
) -> None:
    """AWS says so where s3:ListBucket is granted for listings of a prefix only."""
    proxy.faults = [Fault(faulty.error(403, "AccessDenied"), "GET", ALWAYS, "probe/none.json")]
    report = ask(f"s3://{seaweedfs.bucket}/{prefix}")
    assert (report.code, report.failed()) == (4, ["absence"])


def test_versions_lock_lifecycle_uploads(
    ask: Ask, seaweedfs: servers.S3Server, use: Callable[..., None]
) -> None:
    use(seaweedfs)
    client = seaweedfs.client()
    bucket = "doctored"
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)
    report = ask(f"s3://{bucket}/p")
    assert (report.code, report["versions"]["status"], report["lock"]["status"]) == (0, "ok", "ok")
    assert "gone" in report["delete"]["seen"]
    page = client.list_object_versions(Bucket=bucket)
    assert not page.get("Versions")
    assert not page.get("DeleteMarkers")

    client.create_multipart_upload(Bucket=bucket, Key="p/x")
    report = ask(f"s3://{bucket}/p")
    assert (report.code, report["uploads"]["status"]) == (0, "note")

    abort = {"DaysAfterInitiation": 1}
    rules = [
        {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "q/"}, "Expiration": {"Days": 9}},
        {"ID": "b", "Status": "Disabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}},
        {
            "ID": "c",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": abort,
        },
    ]
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": rules}
    )
    assert ask(f"s3://{bucket}/p")["lifecycle"]["status"] == "ok"
    assert ask(f"s3://{bucket}/q").failed() == ["lifecycle"]
    rules[1]["Status"] = "Enabled"
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": rules}
    )
    report = ask(f"s3://{bucket}/p")
    assert (report.code, report.failed()) == (4, ["lifecycle"])

    rule["DefaultRetention"]["Mode"] = "COMPLIANCE"
    client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)
    client.delete_bucket_lifecycle(Bucket=bucket)
    report = ask(f"s3://{bucket}/other")
    assert (report.code, report["lock"]["status"]) == (0, "note")
    assert "compliance" in report["lock"]["seen"]


@pytest.mark.parametrize(
    ("how", "fence", "proof"),
    [
        ({"conditions": "refused"}, "knows no", "MD5"),
        ({"conditions": "ignored"}, "ignored", "MD5"),
        ({"md5_etags": False}, "honoured", "read back"),
    ],
)
def test_careless_stores(
    ask: Ask,
    seaweedfs: servers.S3Server,
    use: Callable[..., None],
    how: dict[str, Any],
    fence: str,
    proof: str,
) -> None:
    """They answer to nothing but objects: listings and settings come from a real server."""
    careless = faulty.CarelessStore(**how)
    real = faulty.forward_to(seaweedfs.endpoint)

    def forward(request: faulty.Request) -> faulty.Answer:
        return careless(request) if ".json" in request.path.partition("?")[0] else real(request)

    with faulty.served(forward) as server:
        use(seaweedfs.through(faulty.endpoint(server)))
        report = ask(f"s3://{seaweedfs.bucket}/careless")
    assert report.failed() == []
    assert fence in report["fence"]["seen"]
    assert "believed" in report["checksum"]["seen"]
    assert proof in report["checksum"]["seen"]


@pytest.mark.parametrize("act", [faulty.hollow_success, faulty.flip])
def test_a_store_that_keeps_something_else(
    ask: Ask, use: Callable[..., None], seaweedfs: servers.S3Server, act: faulty.Act
) -> None:
    careless = faulty.CarelessStore()
    real = faulty.forward_to(seaweedfs.endpoint)

    def forward(request: faulty.Request) -> faulty.Answer:
        return careless(request) if ".json" in request.path.partition("?")[0] else real(request)

    with faulty.served(forward) as server:
        use(seaweedfs.through(faulty.endpoint(server)))
        server.faults = [Fault(act, "PUT", 1)]
        assert ask(f"s3://{seaweedfs.bucket}/x").failed() == ["read"]


def test_another_archives_marker(ask: Ask, s3: str) -> None:
    store = open_store(s3)
    store.put(MARKER_KEY, b'{"format":"other"}', content_type="application/json")
    report = ask(s3)
    assert report.failed() == ["marker"]
    assert report.code != 0


# --- folders, spools, settings ----------------------------------------------------------------


def test_an_archive_in_a_folder_that_cannot_be(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place, name in (("file", "folder"), ("file/below", "write"), ("/proc/x", "write")):
        report = ask(str(tmp_path / place))
        assert (report.code, report.failed()) == (4, [name])
    assert (tmp_path / "file").read_text() == "x"


def test_a_folder_is_left_as_it_was(ask: Ask, tmp_path: Path) -> None:
    for place in (tmp_path / "a" / "b" / "c", tmp_path / "there"):
        (tmp_path / "there").mkdir(exist_ok=True)
        assert ask(str(place)).code == 0
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["there"]


def test_a_full_disk_is_no_refusal(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("nordcrawl.archive.store.folder._write_durably", full)
    report = ask(str(tmp_path / "archive"))
    assert (report.code, report.failed()) == (5, ["write"])
    assert not (tmp_path / "archive").exists()


def test_a_disk_without_hard_links(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    report = ask(str(tmp_path / "archive"))
    assert (report.code, report["fence"]["status"]) == (0, "note")


def test_a_state_folder_that_cannot_be_written(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/x")):
        monkeypatch.setattr("nordcrawl.settings.NORDCRAWL_STATE_DIR", str(place))
        report = ask(str(tmp_path / "archive"))
        assert (report.code, report.failed()) == (3, ["state"])


def test_little_room(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_LITTLE_ROOM", 1 << 60)
    report = ask(str(tmp_path / "archive"))
    assert (report.code, report["state room"]["status"]) == (0, "note")
    monkeypatch.setattr(Limits, "__init__", lambda self: None)
    monkeypatch.setattr(Limits, "free_bytes", 1 << 60)
    report = ask(str(tmp_path / "archive"))
    assert (report.code, report.failed()) == (3, ["state room"])


def spool_of(archive: Path, state: Path) -> Path:
    (folder,) = archive_folders(Options(archive=str(archive), state_dir=state), None)
    return folder / "example"


def test_what_waits_in_a_spool(ask: Ask, tmp_path: Path) -> None:
    archive, folder = tmp_path / "archive", spool_of(tmp_path / "archive", tmp_path / "state")
    store = open_store(str(archive))
    with open_writer(store, folder, limits=LIMITS) as writer:
        writer_id = writer._spool.writer
        accept(writer, make_record(1), make_record(2))
        report = ask(str(archive))
        assert report["spool example"]["status"] == "ok"
        assert f"process {os.getpid()} works on it" in report["spool example"]["seen"]
    found = ask(str(archive))["spool example"]
    assert found["status"] == "note"
    assert found["seen"] == f"writer {writer_id}, 4 lines wait, the oldest of 2026-10-26"
    assert "nordcrawl ship" in found["advice"]
    with open_writer(store, folder, "run-2", limits=LIMITS):
        pass
    assert ask(str(archive))["spool example"]["seen"] == f"writer {writer_id}, 0 lines wait"
    assert "spool example" not in ask(str(tmp_path / "another")).findings


def test_sealed_parts_wait_too(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, folder = tmp_path / "archive", spool_of(tmp_path / "archive", tmp_path / "state")
    store = open_store(str(archive))

    def refuse(*_: object, **__: object) -> None:
        raise StoreUnavailable("down")

    with open_writer(store, folder, limits=LIMITS) as writer:
        accept(writer, make_record(1))
        with monkeypatch.context() as patched:
            patched.setattr(store, "put", refuse, raising=False)
            finish_in_vain(writer)
    assert "2 lines wait, the oldest of 2026-10-26" in ask(str(archive))["spool example"]["seen"]


def test_spools_that_are_broken(ask: Ask, tmp_path: Path) -> None:
    archive, folder = tmp_path / "archive", spool_of(tmp_path / "archive", tmp_path / "state")
    store = open_store(str(archive))
    open_writer(store, folder).close()
    folder.rename(folder.with_name("renamed"))
    assert ask(str(archive)).failed() == ["spool renamed"]
    folder = folder.with_name("renamed").rename(folder)
    with sqlite3.connect(folder / "spool.sqlite") as db:
        db.execute("PRAGMA user_version=99")
    assert ask(str(archive)).failed() == ["spool example"]
    (folder / "spool.sqlite").write_bytes(b"no database, but long enough to be one" * 100)
    report = ask(str(archive))
    assert (report.code, report.failed()) == (3, ["spool example"])


def test_looking_at_the_lock_does_not_take_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("12\n")
    assert _holder(lock) == ""
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert _holder(lock) == "process 12"
    assert _holder(tmp_path / "none") == ""


def test_wrong_settings(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORDCRAWL_ARCHIV", "x")
    report = ask(str(tmp_path / "archive"))
    assert (report.code, report.failed()) == (2, ["settings"])
    assert "NORDCRAWL_ARCHIVE" in report["settings"]["seen"]
    assert report["write"]["status"] == "ok", "the archive is looked at all the same"


@pytest.mark.parametrize("address", ["s3://key:canary@bucket/x", "gs://bucket", "s3://B"])
def test_wrong_address(ask: Ask, address: str) -> None:
    report = ask(address)
    assert (report.code, report.failed()) == (2, ["address"])


def test_an_error_of_our_own_is_a_finding(
    ask: Ask, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise TypeError("of key=canary-5ecret-never-to-be-shown")

    monkeypatch.setattr(bucket_examination, "marker_finding", crash)
    report = ask(s3)
    assert (report.code, report.failed()) == (1, ["archive"])
    assert "TypeError" in report["archive"]["seen"]


# --- how it is shown --------------------------------------------------------------------------


def test_as_text(s3: str, ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.examine(s3, as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok    settings")
    assert any(line.startswith("note  marker") for line in lines)
    assert lines[-1] == "exit 0: ready to crawl"
    assert not any("\x1b" in line for line in lines)
    assert doctor.examine("gs://x", as_json=False) == 2
    assert capsys.readouterr().out.splitlines()[-1].startswith("exit 2 usage: 1 of ")


def test_as_a_table(
    s3: str, ask: Ask, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    assert doctor.examine(s3, as_json=False) == 0
    out = capsys.readouterr().out
    assert "what to do" in out
    assert "settings" in out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= 80


def test_its_json(s3: str, ask: Ask) -> None:
    report = ask(s3)
    for name, found in report.findings.items():
        assert set(found) == {"name", "status", "seen", "advice", "exit_code"}
        assert found["name"] == name
        assert found["status"] in ("ok", "note", "fail")
