"""Rules of verification for quarantine: what is held, what says so, and what was decided of it."""

from __future__ import annotations

from collections.abc import Iterator

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import CommitKind
from nordcrawl.archive.keep.facts import Facts
from nordcrawl.archive.keep.findings import Defect, damage, unfinished
from nordcrawl.archive.keep.quarantine import batches

_SETTLES = (CommitKind.RELEASE, CommitKind.DROP)


def quarantine(facts: Facts) -> Iterator[Defect]:
    """Each held record has a ledger line that says so. Each such line has its record in quarantine,
    or a line of a decision. A decision is there of each commit that carried one out; one of which
    all is held still is not carried out."""
    of_run: dict[str, set[str]] = {}
    for decision in facts.decisions:
        of_run.setdefault(decision.run_id, set()).add(decision.decision_id)
    for key, what in facts.lines.unheld(of_run):
        yield damage(key, what)
    known = {decision.decision_id for decision in facts.decisions}
    done: set[str] = set()
    for commit in facts.commits():
        if commit.kind in _SETTLES:
            done.add(commit.run_id)
            if commit.run_id not in known:
                yield damage(commit.key, "carries out a decision that is missing")
    held = {batch.run_id for batch in batches(facts.snapshot)}
    for decision in facts.decisions:
        if decision.decision_id not in done and decision.run_id in held:
            yield unfinished(
                keys.decision_key(decision.run_id, decision.choice),
                f"not carried out: run nordcrawl quarantine {decision.choice} {decision.run_id}",
            )
