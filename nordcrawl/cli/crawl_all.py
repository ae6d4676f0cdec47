"""``nordcrawl crawl --all``: each source in a process of its own; one exit code, one report."""

from __future__ import annotations

import argparse
import itertools
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final

from nordcrawl.cli.environment import options_from_environment
from nordcrawl.cli.numbers import number, whole
from nordcrawl.config.options import require_known
from nordcrawl.errors import ExitCode, UsageError, gravest
from nordcrawl.model.ledger import ARCHIVED
from nordcrawl.model.printable import counted, shown
from nordcrawl.model.times import rfc3339, utc_now
from nordcrawl.report.several import write
from nordcrawl.sources.shards import groups, in_shard
from nordcrawl.sources.source import Source
from nordcrawl.system.signals import HANDED_ON, STOP, Orders

#: Below the state folder: the reports, by the time at which they began.
FOLDER: Final = "crawl-all"
#: Seconds with which a crawl is still begun.
_LEAST_S: Final = 1.0
_CRAWL_DELAY_MAX_S: Final = "NORDCRAWL_CRAWL_DELAY_MAX_S"
#: What a process ended with that was told to stop before it listened.
_UNHEARD: Final = frozenset(-number for number in (*STOP, HANDED_ON))


@dataclass(frozen=True, slots=True)
class Ended:
    """How the crawl of one source ended."""

    source: str
    code: int
    report: Path | None = None
    """Its run's report; None where it did not come so far."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """What that says."""

    @property
    def name(self) -> str:
        """The code's name; of a process that was killed its signal."""
        if self.code < 0:
            return f"killed by signal {-self.code}"
        return ExitCode(self.code).name.lower() if self.code in [*ExitCode] else "unknown"

    @property
    def archived(self) -> int:
        """Records that it archived."""
        return sum(self.told.get("outcomes", {}).get(str(one), 0) for one in ARCHIVED)

    @property
    def why(self) -> str:
        """Why it ended so, for a person."""
        came = counted(self.archived, "record")
        if self.code == ExitCode.WHOLE:
            return came
        why = self.told.get("why") or ("no report" if self.report is None else "")
        return f"{why}; {came}" if self.archived else str(why)

    def to_json(self) -> dict[str, Any]:
        """Return it for the report of all."""
        return {
            "source": self.source,
            "exit_code": self.code,
            "exit": self.name,
            "why": self.told.get("why"),
            "run_id": self.told.get("run_id"),
            "outcomes": self.told.get("outcomes"),
            "archived": self.archived,
            "report": None if self.report is None else str(self.report),
        }


def names_in(arguments: Sequence[str]) -> list[str]:
    """Return what stands for a source; what stands behind an option may be its value.

    >>> names_in(["one", "-a", "limit=1", "two", "-L", "INFO"])
    ['one', 'two']
    """
    before = ("", *arguments)
    each = zip(before, arguments, strict=False)
    return [one for last, one in each if last[:1] != "-" and one[:1] != "-"]


def crawl_all(arguments: Sequence[str]) -> int:
    """Crawl the sources that are named, or all that there are; return the gravest exit code.

    What is no option of this command is given to each crawl as it is. A signal to stop is handed on
    to those that run, and no other is begun.

    Raises:
        UsageError: a source is unknown, or an option is wrong.
    """
    parser = argparse.ArgumentParser(prog="nordcrawl crawl --all", add_help=False)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=whole, default=1)
    parser.add_argument("--shard", default="1/1")
    parser.add_argument("--max-seconds", type=number)
    parser.add_argument("--sandbox", action="store_true")
    wanted, rest = parser.parse_known_args(arguments)
    if wanted.jobs < 1:
        raise UsageError(f"--jobs {wanted.jobs}: 1 or more is allowed")
    if wanted.sandbox:
        raise UsageError("--sandbox is for one source: give its name instead of --all")
    if wanted.max_seconds is not None and not wanted.max_seconds > 0:
        raise UsageError(f"--max-seconds {wanted.max_seconds:g}: more than 0 is allowed")
    shard, shards = _shard(wanted.shard)
    most_s = _setting(rest, _CRAWL_DELAY_MAX_S)
    options = options_from_environment(**{_CRAWL_DELAY_MAX_S: most_s})
    known = options.sources()
    named = names_in(rest)
    if named and wanted.all:
        raise UsageError(
            f"--all takes all sources, {shown(named[0])} too: leave out one of the two"
        )
    for name in named:  # a crawl would take it for a second source, and call several in its turn
        require_known(name, known)
    chosen = {name: known[name] for name in named or known}
    sources = in_shard(chosen, shard, shards)
    if not sources:
        print(f"no source is in shard {shard} of {shards}: the other shards have them all")
        return int(ExitCode.WHOLE)
    given = [one for one in rest if one not in named]
    time_left = _Time(wanted.max_seconds, options.budgets.time_s)
    crawls = _Crawls(given, options.state_dir, time_left, options.crawl_delay_max_s)
    began = utc_now()
    # Sources that share a host are crawled one after the other: its delay is kept by each alone.
    together = groups(known[name] for name in sources)
    with _handed_on(crawls), ThreadPoolExecutor(wanted.jobs) as pool:
        each = pool.map(crawls.crawl_in_turn, together)
        ended = sorted(
            itertools.chain.from_iterable(each), key=lambda one: sources.index(one.source)
        )
    code = gravest(one.code for one in ended)
    width, names = max(len(one.source) for one in ended), max(len(one.name) for one in ended)
    for one in ended:
        why = shown(one.why, 200)
        print(f"{one.source:<{width}}  exit {one.code:<3} {one.name:<{names}}  {why}".rstrip())
    try:
        print(f"report: {_write(options.state_dir / FOLDER, began, code, ended)}")
    except OSError as error:
        print(
            f"nordcrawl: warning: no report of all in {options.state_dir / FOLDER}: "
            f"{error.strerror}",
            file=sys.stderr,
        )
    return code


def _shard(text: str) -> tuple[int, int]:
    number, sign, count = text.partition("/")
    if sign and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return int(number), int(count)
    raise UsageError(f"--shard {shown(text)}: K/N is allowed, with K from 1 to N, as 2/8")


def _setting(given: Sequence[str], name: str) -> str | None:
    """Return what ``-s`` gives each crawl for a setting; the last one holds."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-s", "--set", action="append", default=[])
    told = dict(one.split("=", 1) for one in parser.parse_known_args(given)[0].set if "=" in one)
    return told.get(name)


class _Time:
    """How long all crawls may take together, in seconds from now; None is as long as it takes."""

    def __init__(self, seconds: float | None, each_s: float) -> None:
        """Take the time of all, and the budget of each, 0 for none."""
        self._until = None if seconds is None else time.monotonic() + seconds
        self._each_s = each_s

    def left(self) -> float | None:
        """Return the seconds that the next crawl may take; None where that is not bounded here."""
        if self._until is None:
            return None
        left = max(0.0, self._until - time.monotonic())
        return min(left, self._each_s) if self._each_s else left


class _Crawls:
    """The crawls, which are told to stop together. `crawl` is called by several threads."""

    def __init__(
        self, given: Sequence[str], state_dir: Path, time_left: _Time, crawl_delay_max_s: float
    ) -> None:
        self._given = given
        self._crawl_delay_max_s = crawl_delay_max_s
        self._state_dir = state_dir
        self._time = time_left
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._told = 0
        self._orders = Orders()
        self._stop = threading.Event()

    def command(self, source: str) -> list[str] | None:
        """Return the command that crawls a source within the time that is left; None if there is
        none."""
        command = [sys.executable, "-m", "nordcrawl", "crawl", source, *self._given]
        if (left := self._time.left()) is None:
            return command
        return [*command, "-s", f"NORDCRAWL_BUDGET_TIME_S={left:.0f}"] if left >= _LEAST_S else None

    def crawl(self, source: str) -> Ended:
        """Crawl a source to its end, unless all were told to stop before, or no time is left."""
        if (command := self.command(source)) is None:
            why = "not begun: the time of all is over (--max-seconds)"
            return Ended(source, int(ExitCode.OUT_OF_TIME), told={"why": why})
        before = set(self._reports(source))
        with self._lock:
            if self._told:
                return Ended(source, int(ExitCode.INTERRUPTED), told={"why": "not begun"})
            # Standard input stays the terminal's: a display is drawn.
            process = subprocess.Popen(command)  # noqa: S603 - our own
            self._running.add(process)
        code = process.wait()
        with self._lock:
            self._running.discard(process)
        if self._told and code in _UNHEARD:  # Python was not even up
            code = int(ExitCode.INTERRUPTED)
        found = sorted(set(self._reports(source)) - before, key=lambda path: path.name)
        return Ended(source, code, found[-1], _read(found[-1])) if found else Ended(source, code)

    def crawl_in_turn(self, group: Sequence[Source]) -> list[Ended]:
        """Crawl sources that share hosts one after the other, with the greater delay between two:
        the last request of one and the first of the next may go to one host. What the robots.txt
        of any of them asked for holds from then on."""
        ended = [self.crawl(group[0].name)]
        if len(group) == 1:
            return ended
        from nordcrawl.cli.crawl_delays import greatest  # by Scrapy's parser, which is large

        asked_s = 0.0
        for before, source in itertools.pairwise(group):
            learned_s = greatest(self._state_dir, before.name, self._crawl_delay_max_s)
            asked_s = max(asked_s, learned_s)
            self._stop.wait(max(before.delay, source.delay, asked_s))
            ended.append(self.crawl(source.name))
        return ended

    def tell(self, _: int, __: FrameType | None) -> None:
        """Hand a signal on; the first in a way that does not count twice with whoever had it from a
        service manager or a terminal, too."""
        self._stop.set()
        if self._orders.is_echo():
            return
        with self._lock:
            self._told += 1
            for process in self._running:
                for number in (HANDED_ON,) if self._told == 1 else STOP:
                    process.send_signal(number)

    def _reports(self, source: str) -> Iterator[Path]:
        return self._state_dir.glob(f"*/{source}/reports/*.json")


@contextmanager
def _handed_on(crawls: _Crawls) -> Iterator[None]:
    """Hand signals on while crawls run."""
    before = {number: signal.signal(number, crawls.tell) for number in STOP}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read(report: Path) -> dict[str, Any]:
    try:
        told = json.loads(report.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _write(folder: Path, began: datetime, code: int, ended: Sequence[Ended]) -> Path:
    """Write the report of all, and return its path."""
    told = {
        "format": "nordcrawl-crawl-all",
        "version": 1,
        "started_at": rfc3339(began),
        "finished_at": rfc3339(utc_now()),
        "exit_code": code,
        "exit": ExitCode(code).name.lower(),
        "sources": [one.to_json() for one in ended],
    }
    return write(folder, began, told)
