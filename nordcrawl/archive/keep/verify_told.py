"""Rules of verification for what reports, receipts, catalogs, orders and tombstones tell of
others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import CommitKind
from nordcrawl.archive.keep.facts import Facts
from nordcrawl.archive.keep.findings import Defect, damage, named, note, unfinished
from nordcrawl.archive.keep.verify_lines import missing_outcomes
from nordcrawl.archive.keep.verify_log import taken_out
from nordcrawl.archive.log.follow import get_patiently
from nordcrawl.errors import ArchiveDamaged, ObjectMissing


def heads(facts: Facts) -> Iterator[Defect]:
    """The commit is there that somebody ended with, or has seen."""
    for receipt in facts.receipts:
        for writer, seq in receipt.seen.items():
            log = facts.logs.get(writer)
            if seq > (log[-1].seq if log else 0):
                key = keys.commit_key(writer, seq)
                yield damage(key, f"missing: {receipt.key} has seen it")
    digests = {(commit.writer, commit.seq): commit.sha256 for commit in facts.commits()}
    for writer, head in facts.heads:
        if digests.get((writer, head.seq)) != head.sha256:
            key = keys.commit_key(writer, head.seq)
            yield damage(key, f"missing or changed: {head.why} ended with it")


def catalogs(facts: Facts) -> Iterator[Defect]:
    """A log ended where a catalog says so: readers who believe it miss what came behind."""
    for catalog in facts.catalogs:
        for writer, seq in catalog.closed.items():
            log = facts.logs.get(writer)
            if not log or log[-1].seq < seq:
                continue  # missing or damaged, which is told already
            key = keys.commit_key(writer, seq)
            if log[-1].seq > seq:
                yield damage(
                    catalog.key, f"says that {key} is the last, but {log[-1].key} is there"
                )
            elif not log[-1].closed:
                yield damage(catalog.key, f"says that {key} is the last, but that does not say so")


def revisions(facts: Facts) -> Iterator[Defect]:
    """Each revision has a ledger line, each such line its revision; two writers may have a revision
    each, with other texts."""
    for key, what in facts.lines.unpaired():
        yield damage(key, what)
    for key, what in facts.lines.forks():
        yield note(key, what)


def reports(facts: Facts) -> Iterator[Defect]:
    """Reports count no more outcomes than the ledger has, with what erasures took out of it, and
    each run has one."""
    found = Counter(facts.lines.outcomes()) + taken_out(facts)
    for key, what in missing_outcomes(facts.runs, found, are_erased=bool(facts.orders)):
        yield damage(key, what)
    told = {str(run["run_id"]) for _, run in facts.runs}
    for log in facts.logs.values():
        for run_id in dict.fromkeys(c.run_id for c in log if c.kind is CommitKind.APPEND):
            if run_id not in told:
                yield unfinished(
                    keys.run_key(run_id),
                    "no report: the run is under way or was killed, or the report is lost",
                )


def orders(facts: Facts) -> Iterator[Defect]:
    """An order is there of which a commit, a receipt, a later order, a report or a tombstone tells;
    and each has a receipt."""
    told = {order_id: f"{key} has a tombstone of it" for key, order_id in facts.lines.erased_by()}
    for commit in facts.commits():
        if commit.kind is CommitKind.ERASE:
            told[commit.run_id] = f"{commit.key} is of it"
    for order in facts.orders.values():
        told |= dict.fromkeys(order.after, f"{order.key} comes after it")
    for key, run in facts.runs:
        told |= dict.fromkeys(map(str, run.get("orders") or ()), f"{key} tells of it")
    for receipt in facts.receipts:
        told[receipt.order_id] = f"{receipt.key} is there"
    for order_id in sorted(told.keys() - facts.orders.keys()):
        key = keys.erasure_key(order_id, "order")
        # The logs are read last, so may tell of one that came meanwhile. What is damaged is told.
        try:
            get_patiently(facts.store, key)
        except ObjectMissing:
            yield damage(key, f"missing, but {told[order_id]}")
        except ArchiveDamaged as error:
            yield named(error)
    for order_id, order in sorted(facts.orders.items()):
        if order_id not in facts.done:
            yield unfinished(order.receipt_key, "no receipt: run nordcrawl erase --resume")
