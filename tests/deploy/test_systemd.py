"""The units are right by systemd's own word, shut in, and end what hangs."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from nordcrawl.crawl.stopping import GONE_S
from nordcrawl.errors import ExitCode
from tests.support.deploy_files import DEPLOY, RUNBOOK, of_the_machine, ran, unit

UNITS = DEPLOY / "systemd"
CRAWL, KEEP, ALERT = (
    UNITS / f"{name}@.service" for name in ("nordcrawl", "nordcrawl-keep", "nordcrawl-alert")
)
SERVICES = [CRAWL, KEEP, ALERT]
TIMERS = sorted(UNITS.glob("*.timer"))
EXPOSURE_TENTHS = 15
"""The most that `systemd-analyze security` may say, times ten."""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder of units as an operator has it on a machine with a role, each template with one
    instance, and with a program that is there in the place of ours."""
    for path in [*SERVICES, *TIMERS]:
        text = path.read_text("utf-8")
        for line in text.splitlines():
            if line.startswith("ExecStart="):
                text = text.replace(line.split()[0], "ExecStart=/bin/true")
        (tmp_path / path.name).write_text(text, "utf-8")
        (tmp_path / path.name.replace("@", "@verify")).symlink_to(path.name)
    for path in (CRAWL, KEEP):
        drop_in = tmp_path / f"{path.name}.d" / "role.conf"
        drop_in.parent.mkdir()
        shutil.copy(UNITS / "role.conf", drop_in)
        shutil.copy(UNITS / "alerts.conf", drop_in.parent)
    drop_in = tmp_path / "nordcrawl-keep@.timer.d" / "alerts.conf"
    drop_in.parent.mkdir()
    shutil.copy(UNITS / "alerts-timer.conf", drop_in)
    return tmp_path


@pytest.mark.parametrize("path", [*SERVICES, *TIMERS], ids=lambda path: path.name)
def test_systemd_finds_nothing_amiss(path: Path, installed: Path) -> None:
    tool = of_the_machine("systemd-analyze")
    name = path.name.replace("@", "@verify")
    said = ran(
        *(tool, "verify", "--man=no", installed / name),
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{installed}:"},
    )
    assert (said.stdout + said.stderr, said.returncode) == ("", 0)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_services_are_shut_in(path: Path) -> None:
    tool = of_the_machine("systemd-analyze")
    options = ("--offline=true", "--no-pager", f"--threshold={EXPOSURE_TENTHS}")
    said = ran(tool, "security", *options, path)
    assert said.returncode == 0, said.stdout[-400:] + said.stderr


@pytest.mark.parametrize("path", TIMERS, ids=lambda path: path.name)
def test_timers_start_a_unit_that_is_there_at_a_time_that_systemd_knows(path: Path) -> None:
    assert path.with_suffix(".service") in SERVICES
    values = unit(path)
    assert values["Timer.Persistent"] == ["true"]
    tool = of_the_machine("systemd-analyze")
    said = ran(tool, "calendar", *values["Timer.OnCalendar"])
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_oneshot_that_hangs_is_ended(path: Path) -> None:
    """systemd.service(5): RuntimeMaxSec= is of no effect for it, and its start has no limit."""
    values = unit(path)
    assert values["Service.Type"] == ["oneshot"]
    assert "Service.RuntimeMaxSec" not in values
    (limit,) = values["Service.TimeoutStartSec"]
    assert limit != "infinity"


@pytest.mark.parametrize("path", [CRAWL, KEEP], ids=lambda path: path.name)
def test_a_stop_has_the_time_that_it_needs(path: Path) -> None:
    (seconds,) = unit(path)["Service.TimeoutStopSec"]
    assert int(seconds) > GONE_S


@pytest.mark.parametrize("path", [CRAWL, KEEP], ids=lambda path: path.name)
def test_only_a_run_that_was_stopped_is_no_failure(path: Path) -> None:
    assert unit(path)["Service.SuccessExitStatus"] == [str(int(ExitCode.INTERRUPTED))]
    assert unit(path)["Unit.OnFailure"] == ["nordcrawl-alert@%N.service"]


def test_crawler_and_keeper_have_the_same_walls_and_user() -> None:
    crawl, keep = unit(CRAWL), unit(KEEP)
    own = {
        "Unit.Description",
        "Service.ExecStart",
        "Service.EnvironmentFile",
        "Service.LoadCredential",
        "Service.TimeoutStartSec",
        "Service.KillMode",
    }
    assert {key: crawl[key] for key in crawl.keys() - own} == {
        key: keep[key] for key in keep.keys() - own
    }


def test_all_sources_are_one_user() -> None:
    """Of users that systemd makes for each instance, one would take the other's state away."""
    (line,) = [
        line
        for line in (UNITS / "nordcrawl.sysusers").read_text("utf-8").splitlines()
        if not line.startswith("#")
    ]
    kind, name, *_ = line.split()
    assert kind == "u"
    for path in SERVICES:
        assert unit(path)["Service.User"] == [name]
        assert "Service.DynamicUser" not in unit(path)


def test_keys_are_credentials_and_may_be_absent() -> None:
    """systemd.exec(5): a credential without a path is looked for, and none is no failure."""
    names = set()
    for path in (CRAWL, KEEP):
        (loaded,) = unit(path)["Service.LoadCredential"]
        name, _, source = loaded.partition(":")
        assert "/" not in source
        names.add(source or name)
        assert f"AWS_SHARED_CREDENTIALS_FILE=%d/{name}" in unit(path)["Service.Environment"]
    assert len(names) == 2, "crawler and keeper have keys of their own"
    assert "KEY" not in (UNITS / "nordcrawl.env").read_text("utf-8")
    runbook = RUNBOOK.read_text("utf-8")
    for name in names:
        assert f"/etc/credstore/{name}" in runbook


def test_a_role_can_be_reached_where_it_is_wanted() -> None:
    """Addresses: AWS documentation of instance metadata, container credentials, Pod Identity."""
    (denied,) = unit(CRAWL)["Service.IPAddressDeny"]
    assert "link-local" in denied.split()
    allowed = " ".join(unit(UNITS / "role.conf")["Service.IPAddressAllow"]).split()
    for address in ("169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254"):
        assert address in allowed
    assert "role.conf" in RUNBOOK.read_text("utf-8")


@pytest.mark.parametrize("path", [*SERVICES, *TIMERS], ids=lambda path: path.name)
def test_documentation_is_where_the_runbook_puts_it(path: Path) -> None:
    runbook = RUNBOOK.read_text("utf-8")
    for address in unit(path)["Unit.Documentation"]:
        place = address.removeprefix("file:")
        assert place.startswith("/usr/local/share/doc/nordcrawl/")
        folder = place.rpartition("/")[0]
        name = place.removeprefix("/usr/local/share/doc/nordcrawl/")
        source = name if name.startswith("deploy/") else f"docs/{name}"
        assert (DEPLOY.parent / source).is_file()
        assert f"{source} {folder}/" in runbook or f"{source} {place}" in runbook


def test_by_hand_it_runs_as_the_service_does(tmp_path: Path) -> None:
    """A stand-in for systemd-run, which shows what it was asked for and runs it."""
    shown = tmp_path / "shown.json"
    program = tmp_path / "nordcrawl"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        "said = [sys.argv[1:], os.environ['AWS_SHARED_CREDENTIALS_FILE']]\n"
        f"json.dump(said, open({str(shown)!r}, 'w'))\n"
    )
    stand_in = tmp_path / "systemd-run"
    stand_in.write_text(
        "#!/bin/sh\n"
        'for word do case "$word" in --*) shift; echo "$word";; *) break;; esac; done '
        f"> {tmp_path}/options\n"
        f'CREDENTIALS_DIRECTORY={tmp_path}/keys exec "$@"\n'
    )
    wrapper = tmp_path / "nordcrawl-as-service"
    shutil.copy(UNITS / "nordcrawl-as-service", wrapper)
    wrapper.write_text(wrapper.read_text().replace("/opt/nordcrawl/bin/nordcrawl", str(program)))
    for path in (program, stand_in, wrapper):
        path.chmod(0o755)
    said = ran(
        *(wrapper, "--keep", "erase", "--url", "https://example.org/a b", "--execute"),
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert said.returncode == 0, said.stderr
    words, keys = json.loads(shown.read_text())
    assert words == ["erase", "--url", "https://example.org/a b", "--execute"]
    options = (tmp_path / "options").read_text().splitlines()
    keep = unit(KEEP)
    assert f"--property=LoadCredential={keep['Service.LoadCredential'][0]}" in options
    assert (
        f"AWS_SHARED_CREDENTIALS_FILE={keys}".replace(f"{tmp_path}/keys", "%d")
        in (keep["Service.Environment"])
    )
    for key in (
        "User",
        "Group",
        "StateDirectory",
        "StateDirectoryMode",
        "UMask",
        "EnvironmentFile",
    ):
        assert f"--property={key}={keep[f'Service.{key}'][0]}" in options
    assert f"--setenv={keep['Service.Environment'][0]}" in options
