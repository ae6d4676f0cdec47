"""``nordcrawl quarantine``: records that were held back: look at them, release or drop them."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from nordcrawl.archive.format.lease import of_source
from nordcrawl.archive.format.quarantine import Choice
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.keep.quarantine import Listed, held, records_of
from nordcrawl.archive.keep.settle import Done, settle
from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write.lease import Lease, this_process
from nordcrawl.cli.environment import (
    archive_option,
    options_from_environment,
    require_archive,
    require_sources,
)
from nordcrawl.cli.numbers import whole
from nordcrawl.config.state_folder import maintenance_folder
from nordcrawl.errors import ExitCode, UsageError
from nordcrawl.model.printable import counted, shown
from nordcrawl.model.times import utc_now

_SHOWN: Final = 20
"""Records that are shown unless more are asked for."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "A batch of records that breaks with all that its source gave before is held back: nobody "
        "reads it until it is released. List what is held, show it, release it (it becomes "
        "archived content) or drop it (it is deleted, and its pages are due again)."
    )
    parser.epilog = "Example: nordcrawl quarantine show 20261127T080000Z-highnorthnews-3fa2"
    parser.add_argument(
        "what",
        choices=("list", "show", *Choice),
        help="list what is held, a run a line; show records; release or drop all of a run",
    )
    parser.add_argument(
        "names", nargs="*", metavar="RUN", help="runs, as list names them; for list, sources"
    )
    archive_option(parser)
    parser.add_argument("--json", action="store_true", help="list: an object a line; show: records")
    parser.add_argument(
        "--limit", type=whole, default=_SHOWN, metavar="N", help=f"show so many (default: {_SHOWN})"
    )
    parser.add_argument("--reason", default="", help="kept with a release or drop")
    parser.add_argument("--by", default="", help="who decides (default: this user)")


def run(options: argparse.Namespace) -> int:
    """Carry out the command.

    Raises:
        UsageError: the archive's address is wrong, or a run never had anything in quarantine.
        LockHeld: another maintenance is under way on this machine, or a crawl of the source.
        StoreError: the store, or a damaged archive; run it again.
    """
    settings = options_from_environment(NORDCRAWL_ARCHIVE=options.archive)
    store = open_store(settings.archive, retry_s=settings.store_retry_s)
    require_archive(store)
    if options.what == "list":
        require_sources(store, options.names)
        found = [x for x in held(store) if not options.names or x.batch.source in options.names]
        return _list(found, as_json=options.json)
    if not options.names:
        raise UsageError(f"quarantine {options.what}: name a run; nordcrawl quarantine list")
    if options.what == "show":
        for run_id in options.names:
            _show(store, run_id, options.limit, as_json=options.json)
        return int(ExitCode.WHOLE)
    choice = Choice(options.what)
    code = ExitCode.WHOLE
    with Maintainer.open(store, maintenance_folder(settings, store), utc_now) as maintainer:
        sources = {one.batch.run_id.lower(): one.batch.source for one in held(store)}
        for run_id in options.names:
            with _no_crawl(maintainer, sources.get(run_id.lower())):
                done = settle(maintainer, run_id, choice, options.by or _user(), options.reason)
            code = max(code, _tell(done))
    return int(code)


@contextmanager
def _no_crawl(maintainer: Maintainer, source: str | None) -> Iterator[None]:
    """Keep crawls of a source away, where the store can tell who came first: two would give one
    revision to two texts."""
    if source is None or not maintainer.can.conditional_put:
        yield
        return
    holder = this_process(maintainer.writer, "quarantine")
    lease = Lease(maintainer.store, of_source(source), holder, maintainer.clock)
    lease.take()
    try:
        yield
    finally:
        lease.release()


def _user() -> str:
    """Return who calls us, as the system names them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return "unknown"


def _list(found: list[Listed], *, as_json: bool) -> int:
    for one in found:
        if as_json:
            print(json.dumps(one.to_json(), ensure_ascii=False))
            continue
        batch = one.batch
        print(f"{shown(batch.run_id)}  {batch.source}  {counted(batch.records, 'record')}")
        for why in one.why:
            print(f"    {shown(why, 200)}")
        for decision in one.decisions:
            print(f"    {decision.choice} by {shown(decision.by)}, these are left")
    if not found and not as_json:
        print("nothing is in quarantine")
    return int(ExitCode.WHOLE)


def _show(store: Store, run_id: str, limit: int, *, as_json: bool) -> None:
    count = 0
    for number, values in enumerate(records_of(store, run_id)):
        count += 1
        if number >= limit:
            continue
        if as_json:
            print(json.dumps(values["record"], ensure_ascii=False))
        else:
            _print(values["record"])
    if not count:
        raise UsageError(
            f"run {shown(run_id)} has nothing in quarantine; nordcrawl quarantine list"
        )
    if count > limit and not as_json:
        print(f"... and {count - limit} more (--limit)")


def _print(record: dict[str, Any]) -> None:
    text = record.get("text") or ""
    authors = ", ".join(record.get("authors") or ()) or "no author"
    print(shown(record["url"]))
    print(f"    {shown(record.get('title') or 'no title', 100)}")
    print(
        f"    {record['change']}, revision {record['revision']}; {shown(authors, 60)}; "
        f"{record.get('published_at') or 'no time of publication'}; "
        f"{len(text)} characters of {record['fetch'].get('bytes') or 0} bytes"
    )
    print(f"    {shown(' '.join(text.split()), 160)}")


def _tell(done: Done) -> ExitCode:
    decision = done.decision
    parts = (
        (done.released, "released"),
        (done.there, "there already"),
        (done.dropped, "dropped"),
        (done.overtaken, "left in quarantine, as the archive has a later page of each"),
    )
    told = ", ".join(f"{count} {words}" for count, words in parts if count) or "nothing was left"
    print(
        f"{decision.run_id}: {told}; {decision.choice} decided by {shown(decision.by)} on "
        f"{decision.decided_at:%Y-%m-%d %H:%M} UTC"
    )
    for left in done.left:
        print(f"nordcrawl: not finished: {left}", file=sys.stderr)
    return ExitCode.PENDING if done.left else ExitCode.WHOLE
