"""Dry: what would become revisions, without a run: no lock, no lease, nothing written."""

from __future__ import annotations

from nordcrawl.archive.store.protocol import Store
from nordcrawl.config.options import Options
from nordcrawl.reextract.again import Again, Refused
from nordcrawl.reextract.archive import places
from nordcrawl.reextract.findings import Findings
from nordcrawl.reextract.plan import Plan
from nordcrawl.sources.source import Source
from nordcrawl.workers.pool import Workers


async def look(options: Options, source: Source, store: Store, plan: Plan) -> Findings:
    """Read a source's captures again, and return what comes of it; it is archived nowhere.

    Raises:
        ArchiveDamaged, StoreRefused, StoreUnavailable: the archive.
    """
    findings = Findings(plan.left, planned=len(plan))
    workers = Workers(
        options.workers,
        timeout_s=options.page_timeout_s,
        memory_bytes=options.worker_memory_bytes,
        preload=("nordcrawl.extract.warmed",),
    )
    again = Again(source, places(store, source.name), workers)
    try:
        async for task, coming in again.read(plan, lambda: True, options.workers):
            found = await coming
            if isinstance(found, Refused):
                findings.refuse(task, found)
            elif found is not None:
                findings.add(found)
    finally:
        workers.close()
    return findings
