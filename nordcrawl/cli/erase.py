"""``nordcrawl erase``: take articles out of an archive, for good."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from nordcrawl.archive.format.order import Order
from nordcrawl.archive.keep.erase import Erased, finish, finish_again, put_order
from nordcrawl.archive.keep.erase_here import open_orders, purge_spool
from nordcrawl.archive.keep.erase_plan import Plan, plan_erasure
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.cli.environment import archive_option, options_from_environment, require_archive
from nordcrawl.config.options import Options
from nordcrawl.config.state_folder import archive_folders, maintenance_folder, spools
from nordcrawl.errors import ExitCode, LockHeld, UsageError
from nordcrawl.model.printable import shown
from nordcrawl.model.times import utc_now
from nordcrawl.model.url import canonicalize

_EXAMPLES: Final = 20
"""Articles named that stay: a site's front page may be mentioned in all of them."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Erase articles with all revisions, addresses and traces: in parts, ledger, checkpoints, "
        "reports, local state and spools. A tombstone without content is left, and they are not "
        "archived again. Without --execute it only says what would be erased."
    )
    parser.epilog = (
        'Example: nordcrawl erase --url https://example.org/news/7 --reason "court order" --execute'
    )
    archive_option(parser)
    parser.add_argument("--url", action="append", default=[], help="an address of the article")
    parser.add_argument(
        "--article",
        action="append",
        default=[],
        metavar="ID",
        help="an article id, e.g. highnorthnews:1117230",
    )
    parser.add_argument("--reason", default="", help="kept with the order; name nobody in it")
    parser.add_argument("--execute", action="store_true", help="do it; it can't be undone")
    parser.add_argument("--resume", action="store_true", help="finish what was begun")


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `erase_articles`."""
    return erase_articles(
        options.archive,
        urls=options.url,
        articles=options.article,
        reason=options.reason,
        execute=options.execute,
        resume=options.resume,
    )


def erase_articles(
    archive: str | None,
    *,
    urls: list[str],
    articles: list[str],
    reason: str,
    execute: bool,
    resume: bool,
) -> int:
    """Say what would be erased or, with `execute` or `resume`, erase it; return the exit code.

    Raises:
        UsageError: nothing to erase is named, or no article has such an id.
        LockHeld: another maintenance is under way on this machine.
        StoreError: the store, or a damaged archive; run it again with `resume`.
    """
    if resume and (urls or articles):
        raise UsageError("erase: --resume goes without --url and --article")
    if not (resume or urls or articles):
        raise UsageError("erase: give --url or --article (or --resume)")
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    store = open_store(options.archive, retry_s=options.store_retry_s)
    require_archive(store)
    if resume:
        return _resume(options, store)
    for url in urls:
        try:
            canonicalize(url)
        except ValueError as error:
            raise UsageError(f"erase: --url {shown(url)}: {error}") from None
    plan = plan_erasure(store, urls, articles)
    if unknown := sorted(set(articles) - {article_id for _, article_id in plan.articles}):
        raise UsageError(
            f"erase: no article {shown(unknown[0])!r} in {store.uri}; ids are as article_id in "
            "nordcrawl read"
        )
    _print(plan)
    if not execute:
        print("nothing was changed; --execute erases it, and that can't be undone")
        return int(ExitCode.WHOLE)
    with Maintainer.open(store, maintenance_folder(options, store), utc_now) as maintainer:
        order = plan.order(reason, utc_now())
        put_order(store, order)
        print(f"order {order.order_id} stands: nobody reads or archives it from here on")
        code = _finish(maintainer, order)
    return max(code, _local(options, store))


def _resume(options: Options, store: Store) -> int:
    orders = open_orders(store)
    code = int(ExitCode.WHOLE)
    with Maintainer.open(store, maintenance_folder(options, store), utc_now) as maintainer:
        for order in orders:
            code = max(code, _finish(maintainer, order))
        again = finish_again(maintainer)
        for done in again:
            print(f"order {done.order_id} was done, and some of it came since")
            code = max(code, _tell(done))
    if not (orders or again):
        print("no erasure is unfinished")
    return max(code, _local(options, store))


def _print(plan: Plan) -> None:
    for article in plan.articles.values():
        title = f" {shown(article.title, 100)}" if article.title else ""
        print(f"{shown(article.article_id)}  {article.revisions} revisions  ({article.why}){title}")
        for url in sorted(article.urls):
            print(f"    {shown(url)}")
    for url in sorted(plan.urls - {u for a in plan.articles.values() for u in a.urls}):
        print(f"{shown(url)}  (no article; it will not be archived)")
    for _, article_id in sorted(plan.only_mention)[:_EXAMPLES]:
        print(f"{shown(article_id)}  (only mentions it, as canonical address or on the way there; "
              "it stays, unless --article names it)")  # fmt: skip
    if (more := len(plan.only_mention) - _EXAMPLES) > 0:
        print(f"    and {more} others that only mention it and stay")
    print(f"{plan.lines} lines in {plan.parts} parts hold something of it")


def _finish(maintainer: Maintainer, order: Order) -> int:
    return _tell(finish(maintainer, order))


def _tell(done: Erased) -> int:
    print(
        f"order {done.order_id}: {done.lines} lines taken out of {done.parts} parts, "
        f"{done.captures} captures erased, {done.tombstones} tombstones, "
        f"{done.checkpoints} checkpoints and {done.reports} reports "
        f"written anew, {done.deleted} objects deleted"
    )
    for left in done.left:
        print(f"nordcrawl: not finished: {left}", file=sys.stderr)
    return int(ExitCode.PENDING if done.left else ExitCode.WHOLE)


def _local(options: Options, store: Store) -> int:
    """Purge this machine's spools and states of this archive; others do so when they next run."""
    code = ExitCode.WHOLE
    folders = archive_folders(options, store)
    for spool in [folder / source for folder in folders for source in spools(folder)]:
        source = spool.name
        try:
            purge_spool(store, spool, source)
        except LockHeld as held:
            print(f"nordcrawl: {held}; it obeys before its next commit", file=sys.stderr)
            code = ExitCode.PENDING
            continue
        print(f"{source}: spool and state of this machine hold nothing of it")
    return int(code)
