"""Held: what a spool knows of lines that are held in quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.waiting import SpooledLine


def hold(
    spool: Spool,
    run_id: str,
    lines: Sequence[tuple[SpooledLine, SpooledLine]],
    article_ids: Iterable[str],
) -> None:
    """Put other lines, and of other kinds, in the place of lines of the outbox, each pair being of
    the old one and the new one; and take note of the articles of a run that are held by that. One
    transaction.

    Raises:
        SpoolError: the disk refuses; nothing of it is done.
    """
    with spool.transaction() as db:
        db.executemany(
            "UPDATE outbox SET kind = ?, line = ? WHERE seq = ?",
            [(str(new.kind), new.line, old.seq) for old, new in lines],
        )
        db.executemany(
            "INSERT OR IGNORE INTO held VALUES (?, ?)",
            [(run_id, article_id) for article_id in ("", *article_ids)],
        )
        spool.backlog.outbox_bytes += sum(len(new.line) - len(old.line) for old, new in lines)


def held_articles(spool: Spool, run_id: str) -> frozenset[str] | None:
    """Return the ids of a run's articles that are held; None of a run that has none.

    Raises:
        SpoolError: the spool can't be read.
    """
    rows = spool.query("SELECT article_id FROM held WHERE run_id = ?", (run_id,))
    return frozenset(article_id for (article_id,) in rows if article_id) if rows else None
