"""``nordcrawl demo``: the real job against a small news site on this machine, twice."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.address import open_store
from nordcrawl.cli.numbers import whole
from nordcrawl.demo.site import DemoSite, serve
from nordcrawl.errors import ExitCode, LockHeld, UsageError
from nordcrawl.system.calling import as_called
from nordcrawl.system.lock import Lock

#: Says that a folder is the demo's own, to be made anew each time.
_MARKER = ".nordcrawl-demo"
#: Held by a demo and by its crawl. Never removed: whoever waits for it must wait for the same file.
_LOCK = ".lock"
#: A crawl whose demo was killed ends at once, and a demo that lives takes some seconds.
_PATIENCE_S = 300.0
#: Of `nordcrawl demo site`, unless another one is given.
_SITE_PORT = 8017


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Serve a small news site on this machine, crawl it, change one article, crawl it again, "
        "and show what came of it. With site: only serve it."
    )
    parser.epilog = "Example: nordcrawl demo --dir /tmp/demo"
    parser.add_argument("what", nargs="?", choices=("run", "site"), default="run")
    parser.add_argument(
        "--dir",
        type=Path,
        default=Path("demo-archive"),
        metavar="FOLDER",
        help="where the demo's archive goes (default: demo-archive)",
    )
    parser.add_argument(
        "--port",
        type=whole,
        default=None,
        help=f"the site's port (default: a free one; {_SITE_PORT} for demo site)",
    )


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `run_demo` and `serve_site`."""
    if options.what == "site":
        return serve_site(_SITE_PORT if options.port is None else options.port)
    return run_demo(options.dir, options.port or 0)


def serve_site(port: int) -> int:
    """Serve the demo's site until a signal comes.

    Raises:
        UsageError: the port can't be had.
    """
    with _named(port):
        serve(port)
    return 0


@contextlib.contextmanager
def _named(port: int) -> Iterator[None]:
    """Say which port it is that can't be had."""
    try:
        yield
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or "a number from 0 to 65535 is allowed"
        raise UsageError(f"demo: --port {port}: {why}; 0 takes a free one") from error


def run_demo(folder: Path, port: int) -> int:
    """Crawl the site, change one article, crawl again, and show what came of it.

    Raises:
        UsageError: `folder` has something in it that is not the demo's, or the port can't be had;
            then nothing in `folder` is touched.
        LockHeld: another demo is at work in it.
    """
    with _named(port):
        served = DemoSite(port=port)
    with served as site:
        lock = _make(folder)
        job = _Job(folder, site.host_map, lock)
        _say(f"A news site of our own runs on {', '.join(sorted(set(site.hosts.values())))}.")
        _say("First run: everything is new.", job.shown())
        first = job.run()
        if first["exit_code"] != ExitCode.WHOLE:
            return _unexpected("the first run", first)
        _say("One of the records, as it lies in the archive (text and blocks cut):")
        print(_sample(job.archive))
        site.publish_changes()
        _say("The editors have changed one article. Second run:", job.shown())
        second = job.run()
    outcomes = second["outcomes"]
    if second["exit_code"] or outcomes.get("new", 0) != 0 or outcomes.get("updated", 0) != 1:
        return _unexpected("the second run", second)
    count = first["outcomes"]["new"]
    _say(
        f"{count} articles, each archived once; nothing new in the second run, and the changed "
        "article as revision 2.",
        "Read them:",
        *(f"  {command}" for command in _readings(job.archive)),
    )
    return 0


def _readings(archive: Path) -> list[str]:
    """Return commands that work in the shell of the person who called the demo."""
    quoted = shlex.quote(str(archive))
    commands = [f"{as_called('nordcrawl')} read --archive {quoted} --latest --format table"]
    if shutil.which("jq"):
        commands.append(f"zcat {quoted}/articles-v1/*/*/*.jsonl.gz | jq .title")
    if shutil.which("duckdb"):
        query = f"from '{archive}/articles-v1/**/*.jsonl.gz' select title"
        commands.append(f"duckdb -c {shlex.quote(query)}")
    return commands


class _Job:
    """``scrapy crawl highnorthnews`` with hosts, archive and state of the demo."""

    def __init__(self, folder: Path, host_map: str, lock: Lock) -> None:
        self._lock = lock
        self.archive = folder / "archive"
        self._state = folder / "state"
        self._settings = {
            "SCRAPY_SETTINGS_MODULE": "nordcrawl.settings",
            "NORDCRAWL_ARCHIVE": str(self.archive),
            "NORDCRAWL_STATE_DIR": str(self._state),
            "NORDCRAWL_HOSTS": host_map,
        }

    def shown(self) -> str:
        """Return the command as a person would type it."""
        settings = " ".join(f"{k}={shlex.quote(v)}" for k, v in self._settings.items())
        return f"  $ {settings} {as_called('scrapy')} crawl highnorthnews"

    def run(self) -> dict[str, Any]:
        """Run the crawl in a process of its own, which ends with ours, and return its report."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("NORDCRAWL_")}
        environment |= self._settings
        environment |= {"NORDCRAWL_LOG_LEVEL": "WARNING"}
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "nordcrawl.cli.demo_crawl", "highnorthnews"],
            env=environment,
            stdin=subprocess.PIPE,
            pass_fds=[self._lock.fileno()],
        ) as done:
            done.wait()
        reports = sorted(self._state.glob("*/*/reports/*.json"), key=lambda p: p.stat().st_mtime)
        if not reports:
            return {"exit_code": done.returncode or 1, "outcomes": {}, "why": "no report"}
        report: dict[str, Any] = json.loads(reports[-1].read_text(encoding="utf-8"))
        report["exit_code"] = done.returncode
        return report


def _make(folder: Path) -> Lock:
    """Empty the demo's folder, or make it; whenever we are killed, the next demo can do so again.

    Raises:
        UsageError, LockHeld: as `run_demo`.
    """
    if folder.exists() and not _may_be_filled(folder):
        raise UsageError(f"--dir {folder}: exists and is not the demo's; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARKER).write_text("made by: nordcrawl demo; emptied and filled anew by it\n")
    lock = _take(folder / _LOCK)
    for path in folder.iterdir():
        if path.name not in (_MARKER, _LOCK):
            shutil.rmtree(path)
    return lock


def _may_be_filled(folder: Path) -> bool:
    if (folder / _MARKER).is_file():
        return True
    return folder.is_dir() and not any(folder.iterdir())


def _take(path: Path) -> Lock:
    """Take the lock, having waited for an earlier demo, or for its crawl if it was killed."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return Lock(path)
        except LockHeld as error:
            if time.monotonic() > deadline:
                raise LockHeld(f"{path}: another demo is at work in this folder") from error
            time.sleep(0.1)


def _sample(archive: Path) -> str:
    """Return one record, pretty, with long values cut."""
    records = Reader(open_store(str(archive))).records()
    record = max(records, key=lambda r: len({block["kind"] for block in r["blocks"]}))
    record["text"] = record["text"][:160] + " …"
    record["blocks"] = [{**b, "text": b["text"][:60] + " …"} for b in record["blocks"][:4]]
    record["links"] = record["links"][:2]
    record["provenance"] = {k: record["provenance"][k] for k in list(record["provenance"])[:3]}
    return json.dumps(record, ensure_ascii=False, indent=1)


def _say(*lines: str) -> None:
    print("\n== " + "\n".join(lines), flush=True)


def _unexpected(what: str, report: dict[str, Any]) -> int:
    print(
        f"nordcrawl: error: {what} did not go as it should: exit code {report['exit_code']}, "
        f"outcomes {report.get('outcomes')}: {report.get('why')}",
        file=sys.stderr,
    )
    return int(report["exit_code"]) or int(ExitCode.FAILED)
