"""Judge: all conditions on a source. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from nordcrawl.alerts import runs, texts
from nordcrawl.alerts.condition import Alert, AlertLimits, Answer, History, Judged, Quiet

#: Each condition on a source, by its id, in the order in which they are told.
CONDITIONS: Final[dict[str, Callable[[History, AlertLimits], Answer]]] = {
    "no_run": runs.no_run,
    "run_failed": runs.run_failed,
    "pending": runs.pending,
    "quarantine": runs.quarantine,
    "silent": runs.silent,
    "fewer_articles": runs.fewer_articles,
    "errors": runs.errors,
    "gap": runs.gap,
    "field_coverage": texts.field_coverage,
    "boilerplate": texts.boilerplate,
}


def judge(histories: Iterable[History], limits: AlertLimits) -> Judged:
    """Return what holds of some sources, and what could be judged."""
    alerts: list[Alert] = []
    judged: set[str] = set()
    for history in histories:
        for name, condition in CONDITIONS.items():
            answer = condition(history, limits)
            if answer is Quiet.UNTOLD:
                continue
            judged.add(f"{history.source}/{name}")
            if isinstance(answer, Alert):
                alerts.append(answer)
    return Judged(tuple(alerts), frozenset(judged))
