"""Metrics: how sources stand, and how a crawl does while it runs, in the text format that
Prometheus reads (extra ``metrics``).

Source: prometheus.io, "Exposition formats"; names and units as in "Metric and label naming".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Gauge, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from nordcrawl.report.standing import Level, Standing

if TYPE_CHECKING:
    from nordcrawl.report import live

_HOST: Final = "127.0.0.1"

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
    records = gauge("records_24h", "Records archived in the last 24 hours.", "source")
    for one, level_, _ in judged:
        level.labels(one.source).set(level_)
        records.labels(one.source).set(one.records)
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


def serve(port: int, now: Callable[[], live.Standing | None]) -> Callable[[], None]:
    """Answer ``http://127.0.0.1:PORT/metrics`` by a thread of its own with what `now` returns,
    which that thread calls; return what ends it. Nobody but this machine is answered.

    Raises:
        OSError: the port is taken, or may not be had.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Running(now))
    server, thread = start_http_server(port, addr=_HOST, registry=registry)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


class _Running(Collector):
    """A crawl as it stands when it is asked for."""

    def __init__(self, now: Callable[[], live.Standing | None]) -> None:
        self._now = now

    def collect(self) -> Iterator[Metric]:
        one = self._now()
        if one is None:
            return
        named = [one.source]
        for name, what, value in (
            ("elapsed_seconds", "How long the run has gone on.", one.seconds),
            ("entries", "Sitemaps, feeds and listings that were asked.", one.asked),
            ("entries_answered", "Those of them that answered.", one.answered),
            ("urls_discovered", "URLs that were found.", one.discovered),
            ("pages_due", "Pages that are still to be asked for.", one.due),
            ("pages_in_flight", "Pages that were asked for and are not settled.", one.in_flight),
            ("spool_bytes", "What waits in the spool for the store.", one.spool_bytes),
        ):
            gauge = GaugeMetricFamily(f"nordcrawl_run_{name}", what, labels=["source"])
            gauge.add_metric(named, value)
            yield gauge
        for name, what, value in (
            ("pages_fetched", "Pages that answered.", one.fetched),
            ("warnings", "Warnings in the log.", one.warnings),
        ):
            counter = CounterMetricFamily(f"nordcrawl_run_{name}", what, labels=["source"])
            counter.add_metric(named, value)
            yield counter
        urls = CounterMetricFamily(
            "nordcrawl_run_urls", "URLs that have ended, by outcome.", labels=["source", "outcome"]
        )
        for outcome, count in one.outcomes.items():
            urls.add_metric([one.source, outcome.value], count)
        yield urls
        phase = GaugeMetricFamily(
            "nordcrawl_run_phase", "1 for the phase it is in.", labels=["source", "phase"]
        )
        phase.add_metric([one.source, one.phase], 1)
        yield phase
