"""``nordcrawl crawl --replay``: a source's spider against the pages that an archive has of it, and
what came out otherwise than it is there."""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.address import archive_name, open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.capture.library import NEEDED, is_there
from nordcrawl.cli.environment import require_archive
from nordcrawl.cli.numbers import count
from nordcrawl.config.options import Options
from nordcrawl.errors import ExitCode, NordcrawlError, UsageError
from nordcrawl.model.printable import counted, shown
from nordcrawl.replay import gather
from nordcrawl.replay.comparison import Comparison, compared
from nordcrawl.replay.spider import FOLDER
from nordcrawl.replay.tape import RECORDS, Tape, opened
from nordcrawl.sources.source import Source
from nordcrawl.spiders.asking import project_settings
from nordcrawl.system.signals import HANDED_ON, STOP

#: What a run ends with that came to its end, whatever it says of the site.
_CAME_TO_ITS_END: Final = frozenset({
    ExitCode.WHOLE, ExitCode.LIMIT, ExitCode.NOTHING, ExitCode.SUSPECT, ExitCode.SOURCE_DOWN,
    ExitCode.ROBOTS,
})  # fmt: skip
#: Whoever asks nobody need not be reached by anybody. Source: RFC 2606 section 2.
_NOBODY: Final = "nobody@replay.invalid"
#: Examples printed, of each kind; `--json` has more.
_SHOWN: Final = 10

Crawl = Callable[[Sequence[str]], int]
"""Takes what stands behind ``scrapy crawl``; returns the exit code."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What is replayed, and what is not."""

    tape: Tape
    erased: int
    """Addresses whose capture is there no more."""
    refused: dict[str, str]
    """Ids of articles whose address the table has asked for no more, with why."""

    def to_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.tape.folder),
            "addresses": len(self.tape.pages),
            "erased": self.erased,
        }


def crawl_replayed(arguments: Sequence[str], crawl: Crawl) -> int:
    """Replay a source's captures into an archive of their own, print what came out otherwise than
    in the archive, and return the exit code: 0 where all is the same, 14 where anything differs.

    Raises:
        UsageError: an option is wrong, the source is unknown, or the archive has no captures of it.
        ArchiveDamaged, StoreRefused, StoreUnavailable: the archive.
    """
    asked, rest = _asked(arguments)
    options = _options(asked)
    source = options.source(asked.source, with_contact=False)
    if not is_there():
        raise UsageError(NEEDED)
    store = open_store(options.archive, retry_s=30)
    require_archive(store)
    folder = Path(tempfile.mkdtemp(prefix="nordcrawl-replay-"))
    try:
        taken = _taken(store, source, asked.limit, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    out, code, replayed = sys.stdout, int(ExitCode.WHOLE), None
    if taken.tape.pages:
        handlers = {number: signal.getsignal(number) for number in (*STOP, HANDED_ON)}
        given = [asked.source, *rest, *_settings(asked.settings, options, folder)]
        # The result is the comparison, and the run's summary no part of it.
        aside = contextlib.redirect_stdout(sys.stderr) if asked.json else contextlib.nullcontext()
        try:
            with aside:
                code = crawl([*given, *_urls(taken.tape)])
        finally:
            (folder / RECORDS).unlink()
        for number, handler in handlers.items():  # those of the crawl speak to one that is over
            signal.signal(number, handler)
        if code not in _CAME_TO_ITS_END:
            print(f"nordcrawl: the replay broke off; what there is: {folder}", file=sys.stderr)
            return code
        replayed = Reader(open_store(str(folder / "archive"), retry_s=0))
    pages = taken.tape.pages.values()
    result = compared(Reader(store), replayed, source.name, pages, taken.refused)
    if asked.json:
        told = taken.to_json() | result.to_json()
        told = {"source": source.name, "archive": archive_name(options.archive), **told}
        out.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        _show(taken, result)
        print(f"\nreplay: all of it lies in {folder}, to be deleted when you have seen it")
    return int(result.exit_code)


def _asked(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return what is asked of the replay, and what is Scrapy's."""
    parser = argparse.ArgumentParser(prog="nordcrawl crawl --replay", add_help=False)
    parser.add_argument("source")
    parser.add_argument("--replay", choices=("captures",))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("-a", action="append", default=[], dest="arguments", metavar="NAME=VALUE")
    parser.add_argument(
        "-s", "--set", action="append", default=[], dest="settings", metavar="NAME=VALUE"
    )
    parser.add_argument("-L", "--loglevel")
    parser.add_argument("--logfile")
    for name in ("--sandbox", "--all"):
        parser.add_argument(name, action="store_true")
    for name in ("--jobs", "--shard", "--max-seconds"):
        parser.add_argument(name)
    asked, rest = parser.parse_known_args(arguments)
    for name in ("sandbox", "all", "jobs", "shard", "max_seconds"):
        if getattr(asked, name):
            option = name.replace("_", "-")
            raise UsageError(f"--replay goes with one source, and not with --{option}")
    for last, one in zip(("", *rest), rest, strict=False):
        if one[:1] != "-" and last[:1] != "-":  # what stands behind an option may be its value
            raise UsageError(f"--replay goes with one source, and not with {shown(one)}, too")
    asked.limit = None
    for one in asked.arguments:
        name, _, value = one.partition("=")
        if name != "limit":
            raise UsageError(f"-a {shown(one)}: a replay takes limit, and no other argument")
        try:
            asked.limit = count(value)
        except argparse.ArgumentTypeError as error:
            raise UsageError(f"-a {shown(one)}: {error}") from None
    for name in ("loglevel", "logfile"):
        if (value := getattr(asked, name)) is not None:
            rest += [f"--{name}", value]
    return asked, rest


def _options(asked: argparse.Namespace) -> Options:
    settings = project_settings()
    for one in asked.settings:
        name, sign, value = one.partition("=")
        if not sign:
            raise UsageError(f"-s {shown(one)}: NAME=VALUE is allowed")
        settings.set(name, value, priority="cmdline")
    return Options.from_settings(settings)


def _taken(store: Store, source: Source, limit: int | None, folder: Path) -> _Taken:
    """Put the newest captures of a source on a tape.

    Raises:
        NordcrawlError: there are none, or the folder can't be written.
        ArchiveDamaged, StoreRefused, StoreUnavailable: the archive.
    """
    reader = Reader(store)
    chosen = gather.addresses(reader, source)[:limit]
    if not chosen:
        raise UsageError(
            f"{store.uri} has no captures of {source.name}: capture = true in its table keeps the "
            "pages that are fetched from then on"
        )
    refused = {
        one.article_id: one.refused for one in chosen if one.refused and one.article_id is not None
    }
    try:
        tape, erased = gather.record(store, reader, [x for x in chosen if not x.refused], folder)
        tape.save()
    except OSError as error:
        raise NordcrawlError(f"{folder} can't be written: {error.strerror or error}") from error
    if not (tape.pages or refused):
        raise UsageError(f"{store.uri} has no captures of {source.name} any more: they were erased")
    return _Taken(opened(folder), erased, refused)  # the one that the spider has, too


def _settings(given: Sequence[str], options: Options, folder: Path) -> list[str]:
    """Return the settings of the run: the operator's, less what belongs to the real archive, to its
    runs and to the net."""
    ours: dict[str, object] = {
        "SPIDER_LOADER_CLASS": "nordcrawl.replay.spider.ReplayLoader",
        FOLDER: folder,
        "NORDCRAWL_ARCHIVE": folder / "archive",
        "NORDCRAWL_STATE_DIR": folder / "state",
        "NORDCRAWL_CONTACT": options.contact or _NOBODY,
        "NORDCRAWL_ALERT_AFTER_RUN": 0,
        "NORDCRAWL_BUDGET_MIB": 0,
        "NORDCRAWL_BUDGET_PAGES": 0,
        "NORDCRAWL_METRICS_PORT": 0,
        "NORDCRAWL_QUARANTINE": 0,
    }
    pairs = (*given, *(f"{name}={value}" for name, value in ours.items()))
    return [part for pair in pairs for part in ("-s", pair)]


def _urls(tape: Tape) -> list[str]:
    """Return the argument that says that these pages are all there is."""
    file = tape.folder / "urls.txt"
    file.write_text("".join(f"{url}\n" for url in tape.pages), encoding="utf-8")
    return ["-a", f"urls={file}"]


def _show(taken: _Taken, result: Comparison) -> None:
    erased = f"; of {taken.erased:,} more the capture was erased" if taken.erased else ""
    print(f"\n  replayed    {len(taken.tape.pages):,} of the addresses with captures{erased}")
    print(f"  same        {counted(result.same, 'article')}")
    if result.differ:
        fields = ", ".join(f"{name} {number:,}" for name, number in result.fields.most_common())
        print(f"  differ      {counted(result.differ, 'article')}: {fields}")
        _show_examples(result, with_fields=True)
    if result.lost:
        print(f"  no article  {counted(result.lost.total(), 'article')}")
        for reason, number in result.lost.most_common(_SHOWN):
            print(f"  {number:>9,}   {shown(reason)}")
        _show_examples(result, with_fields=False)
    for reason, number in result.not_compared.most_common():
        print(f"  not looked at: {counted(number, 'article')}: {reason}")
    print(f"  exit {int(result.exit_code):<6} {result.exit_code.name.lower()}: {result.why}")


def _show_examples(result: Comparison, *, with_fields: bool) -> None:
    some = [one for one in result.examples if bool(one.fields) == with_fields]
    for one in some[:_SHOWN]:
        why = ", ".join(one.fields) or one.reason or ""
        print(f"              {shown(one.url, 90)}  ({shown(why, 70)})")
