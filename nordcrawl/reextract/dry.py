"""Dry: what would become revisions, without a run: no lock, no lease, nothing written."""

from __future__ import annotations

from nordcrawl.archive.read.earlier import Earlier
from nordcrawl.archive.store.protocol import Store
from nordcrawl.config.options import Options
from nordcrawl.reextract.again import Again
from nordcrawl.reextract.engine import Engine, Refused
from nordcrawl.reextract.findings import Findings
from nordcrawl.reextract.local import Local
from nordcrawl.reextract.plan import Plan
from nordcrawl.sources.source import Source
from nordcrawl.workers.pool import Workers


async def look(
    options: Options, source: Source, store: Store, plan: Plan, engine: Engine | None = None
) -> Findings:
    """Read a source's captures again, by workers of this machine or by another engine, and return
    what comes of it; it is archived nowhere.

    Raises:
        ArchiveDamaged, StoreRefused, StoreUnavailable: the archive.
    """
    findings = Findings(plan.left, planned=len(plan))
    if engine is None:
        engine = Local(store, source.profile, _workers(options), options.workers)
    again = Again(source, Earlier(store, source.name), engine)
    try:
        async for task, found in again.read(plan, lambda: True):
            if isinstance(found, Refused):
                findings.refuse(task, found)
            elif found is not None:
                findings.add(found)
    finally:
        engine.close()
    return findings


def _workers(options: Options) -> Workers:
    return Workers(
        options.workers,
        timeout_s=options.page_timeout_s,
        memory_bytes=options.worker_memory_bytes,
        preload=("nordcrawl.extract.warmed",),
    )
