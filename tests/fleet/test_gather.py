"""How shards ended: lines, report, exit code; and what the command refuses. No Ray."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest

from nordcrawl import fleet
from nordcrawl.cli.main import main
from nordcrawl.errors import ExitCode
from nordcrawl.fleet.gather import Ended, report, table

BEGAN = datetime(2026, 11, 26, 4, 11, tzinfo=UTC)


def ended(number: int, *codes: int) -> Ended:
    sources = [
        {
            "source": f"paper-{number}-{place}",
            "exit_code": code,
            "exit": ExitCode(code).name.lower(),
            "why": None if code == 0 else "it is so\x1b[31m",
            "archived": 2,
        }
        for place, code in enumerate(codes)
    ]
    told = {"shard": number, "of": 8, "node": "node-a", "exit_code": max(codes), "exit": "x",
            "why": None, "sources": sources}  # fmt: skip
    return Ended.of(told)


def test_a_line_a_shard_and_a_line_for_each_source_that_is_not_whole() -> None:
    first, second = ended(2, 0, 10), ended(1, 0)
    assert first.line == "shard 2/8  exit 10  x  node-a  2 sources, 4 records"
    (line,) = table([first, second])
    assert line.startswith("paper-2-1  2/8  exit 10  source_down  it is so")
    assert "\x1b" not in line


def test_the_report_of_all_has_the_gravest_code() -> None:
    lost = Ended.untold(3, 8, ExitCode.FAILED, "its machine died")
    told = report([ended(2, 0, 10), lost, ended(1, 0)], BEGAN, BEGAN + timedelta(hours=1))
    assert (told["exit_code"], told["exit"]) == (1, "failed")
    assert [one["shard"] for one in told["shards"]] == [1, 2, 3]
    assert lost.line == "shard 3/8  exit 1   failed  -  0 sources, 0 records; its machine died"


def test_without_the_extra_it_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "nordcrawl.fleet.cluster", raising=False)
    monkeypatch.delattr(fleet, "cluster", raising=False)
    assert main(["fleet"]) == 2
    assert "pip install 'nordcrawl[ray]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (("--shards", "0"), "--shards 0: 1 or more is allowed"),
        (("--retries", "-1"), "--retries -1: 0 or more is allowed"),
        (("--max-seconds", "0"), "--max-seconds 0: more than 0 is allowed"),
    ],
)
def test_a_wrong_option_is_told(
    wrong: tuple[str, str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fleet", *wrong]) == 2
    assert why in capsys.readouterr().err
