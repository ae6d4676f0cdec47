"""Metrics: how sources stand, in the text format that Prometheus reads (extra ``metrics``).

Source: prometheus.io, "Exposition formats"; names and units as in "Metric and label naming".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from nordcrawl.report.standing import Level, Standing

Judged = tuple[Standing, Level, str]


def metrics(judged: Sequence[Judged], now: datetime, *, readable: bool) -> bytes:
    """Return the text, UTF-8; `readable` says whether the archive could be read at all.

    What is not known (a run that never was) has no sample, so that no age is computed from it.
    """
    registry = CollectorRegistry()

    def gauge(name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"nordcrawl_{name}", what, labels, registry=registry)

    at = gauge("check_timestamp_seconds", "When the archive was looked at, Unix time.")
    at.set(now.timestamp())
    gauge("archive_readable", "Whether the archive could be read (1) or not (0).").set(readable)
    level = gauge("source_status", "0 ok, 1 warning, 2 critical, as nordcrawl check.", "source")
    last = gauge("last_run_timestamp_seconds", "When the last run ended, Unix time.", "source")
    done = gauge(
        "last_done_timestamp_seconds",
        "When a run last did its work (exit code 0, 7, 15, 16).",
        "source",
    )
    found = gauge("last_article_timestamp_seconds", "When a run last archived any.", "source")
    took = gauge("last_run_duration_seconds", "How long the last run took.", "source")
    code = gauge("last_run_exit_code", "Exit code of the last run.", "source")
    urls = gauge("last_run_urls", "URLs of the last run by outcome.", "source", "outcome")
    articles = gauge("articles_24h", "Records archived in the last 24 hours.", "source")
    for one, level_, _ in judged:
        level.labels(one.source).set(level_)
        articles.labels(one.source).set(one.articles)
        for metric, run in ((last, one.last), (done, one.done), (found, one.found)):
            if run is not None:
                metric.labels(one.source).set(run.ended_at.timestamp())
        if one.last is None:
            continue
        if one.last.exit_code is not None:
            code.labels(one.source).set(one.last.exit_code)
        if one.last.finished_at is not None:
            seconds = (one.last.finished_at - one.last.started_at).total_seconds()
            took.labels(one.source).set(seconds)
        for outcome, number in one.last.outcomes.items():
            urls.labels(one.source, outcome).set(number)
    return generate_latest(registry)
