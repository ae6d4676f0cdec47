"""Gather: how the shards of a fleet ended: a line each, one report, one exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from nordcrawl.errors import ExitCode, gravest
from nordcrawl.model.printable import counted, shown
from nordcrawl.model.times import rfc3339

#: Below the state folder of whoever called the fleet, by the time at which it began.
FOLDER: Final = "fleet"


@dataclass(frozen=True, slots=True)
class Ended:
    """How one shard ended."""

    number: int
    count: int
    code: int
    told: dict[str, Any]
    """What its machine told; less where that could tell nothing."""

    @classmethod
    def of(cls, told: dict[str, Any]) -> Ended:
        """Take what a machine told."""
        return cls(int(told["shard"]), int(told["of"]), int(told["exit_code"]), told)

    @classmethod
    def untold(cls, number: int, count: int, code: ExitCode, why: str) -> Ended:
        """Stand in for what no machine told."""
        told: dict[str, Any] = {
            "shard": number, "of": count, "node": None, "exit_code": int(code),
            "exit": code.name.lower(), "why": why, "sources": [],
        }  # fmt: skip
        return cls(number, count, int(code), told)

    @property
    def sources(self) -> list[dict[str, Any]]:
        """How each source ended, as in the report of ``crawl --all``."""
        return [*self.told.get("sources", ())]

    @property
    def line(self) -> str:
        """All of it in a line."""
        node = shown(str(self.told.get("node") or "-"), 40)
        records = sum(one.get("archived", 0) for one in self.sources)
        why = f"; {shown(self.told['why'], 200)}" if self.told.get("why") else ""
        return (
            f"shard {self.number}/{self.count}  exit {self.code:<3} {self.told.get('exit')}  {node}"
            f"  {counted(len(self.sources), 'source')}, {counted(records, 'record')}{why}"
        )


def table(shards: Iterable[Ended]) -> list[str]:
    """Return a line for each source that did not end whole, gravest codes as they come."""
    rows = [
        (one["source"], f"{shard.number}/{shard.count}", one["exit_code"], one["exit"], one["why"])
        for shard in sorted(shards, key=lambda one: one.number)
        for one in shard.sources
        if one["exit_code"] != ExitCode.WHOLE
    ]
    widths = [max((len(str(row[n])) for row in rows), default=0) for n in (0, 1, 3)]
    return [
        f"{source:<{widths[0]}}  {shard:<{widths[1]}}  exit {code:<3} {name:<{widths[2]}}  "
        f"{shown(why or '', 200)}".rstrip()
        for source, shard, code, name, why in rows
    ]


def report(shards: Sequence[Ended], began: datetime, ended: datetime) -> dict[str, Any]:
    """Return the report of all, for programs."""
    code = gravest(one.code for one in shards)
    return {
        "format": "nordcrawl-fleet",
        "version": 1,
        "started_at": rfc3339(began),
        "finished_at": rfc3339(ended),
        "exit_code": code,
        "exit": ExitCode(code).name.lower(),
        "shards": [one.told for one in sorted(shards, key=lambda one: one.number)],
    }
