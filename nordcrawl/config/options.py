"""Options: the operator's settings and spider arguments, typed and checked.

Everything wrong is said at once, before the first request; the text names the setting or
argument, its value and what is allowed.
"""

from __future__ import annotations

import difflib
import importlib.util
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from nordcrawl._version import __version__
from nordcrawl.capture.library import NEEDED, is_there
from nordcrawl.config.alert_limits import AlertLimits, is_address, read_addresses
from nordcrawl.config.logs import FORMS, LEVELS
from nordcrawl.errors import UsageError
from nordcrawl.model.printable import shown, without_user
from nordcrawl.model.url import is_loopback
from nordcrawl.quarantine.judge import QuarantineLimits
from nordcrawl.report import health
from nordcrawl.sources.load import load
from nordcrawl.sources.source import Source

T = TypeVar("T")

SETTINGS = (
    "NORDCRAWL_ARCHIVE", "NORDCRAWL_STATE_DIR", "NORDCRAWL_SOURCES", "NORDCRAWL_CONTACT",
    "NORDCRAWL_HOSTS", "NORDCRAWL_PROXY", "NORDCRAWL_WORKERS", "NORDCRAWL_PAGE_TIMEOUT_S",
    "NORDCRAWL_RETRY_AFTER_MAX_S", "NORDCRAWL_CRAWL_DELAY_MAX_S",
    "NORDCRAWL_WORKER_MEMORY_MIB", "NORDCRAWL_PART_MIB", "NORDCRAWL_PART_AGE_S",
    "NORDCRAWL_SPOOL_MIB", "NORDCRAWL_STORE_RETRY_S", "NORDCRAWL_LOG", "NORDCRAWL_LOG_LEVEL",
    "NORDCRAWL_SUSPECT_SHARE", "NORDCRAWL_SUSPECT_PAGES", "NORDCRAWL_BUDGET_TIME_S",
    "NORDCRAWL_BUDGET_PAGES", "NORDCRAWL_BUDGET_MIB", "NORDCRAWL_BUDGET_MEMORY_MIB",
    "NORDCRAWL_STALL_S", "NORDCRAWL_QUARANTINE", "NORDCRAWL_QUARANTINE_PAGES",
    "NORDCRAWL_QUARANTINE_HISTORY", "NORDCRAWL_QUARANTINE_COVERAGE",
    "NORDCRAWL_QUARANTINE_FACTOR", "NORDCRAWL_QUARANTINE_SAME",
    "NORDCRAWL_METRICS_PORT", "NORDCRAWL_ALERTS", "NORDCRAWL_ALERT_AFTER_RUN",
    "NORDCRAWL_ALERT_NO_RUN_H", "NORDCRAWL_ALERT_FEWER", "NORDCRAWL_ALERT_COVERAGE_DROP",
    "NORDCRAWL_ALERT_TEXT_CHANGE", "NORDCRAWL_ALERT_ERRORS_RISE", "NORDCRAWL_CAPTURE",
)  # fmt: skip


class Settings(Protocol):
    """What is asked of Scrapy's settings (or of a dict that stands for them)."""

    def get(self, name: str, default: Any = None) -> Any:
        """Return a setting's value."""

    def keys(self) -> Iterable[str]:
        """Return the names that are set."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """How much one run may take; 0 is no bound."""

    time_s: float = 0
    pages: int = 0
    bytes: int = 0
    """Of answers, as they came over the network."""
    memory_mib: int = 1500
    """Resident, of the crawler's process without its workers."""
    stall_s: float = 1800
    """Seconds in which nothing came of it."""


@dataclass(frozen=True, slots=True)
class Options:
    """The operator's settings, checked; sizes in bytes, times in seconds."""

    archive: str
    state_dir: Path
    source_files: tuple[Path, ...] = ()
    contact: str = ""
    hosts: Mapping[str, str] = field(default_factory=dict)
    proxy: str = ""
    workers: int = 1
    retry_after_max_s: float = 300.0
    crawl_delay_max_s: float = 60.0
    page_timeout_s: float = 20.0
    worker_memory_bytes: int = 160 << 20
    part_bytes: int = 16 << 20
    part_age_s: float = 900.0
    spool_bytes: int = 2 << 30
    store_retry_s: float = 300.0
    capture: bool = False
    """Pages are kept as they were fetched."""
    suspect: health.SuspectLimits = field(default_factory=health.SuspectLimits)
    budgets: Budgets = field(default_factory=Budgets)
    quarantine: QuarantineLimits = field(default_factory=QuarantineLimits)
    alerts: str = field(default="", repr=False)
    """Addresses of Apprise, which are secret, or a file of them; `addresses` reads them."""
    alert_after_run: bool = False
    alert_limits: AlertLimits = field(default_factory=AlertLimits)
    metrics_port: int = 0
    """Of loopback; 0 is none."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Options:
        """Check all settings.

        Raises:
            UsageError: one or more are wrong or misspelt.
        """
        options, problems = cls.read(settings)
        if problems:
            raise UsageError("; ".join(problems))
        return options

    @classmethod
    def read(cls, settings: Settings) -> tuple[Options, list[str]]:
        """Return the options and what is wrong with the settings, a sentence each; where one is
        wrong the option is no more than a stand-in."""
        problems: list[str] = _misspelt([*settings.keys(), *os.environ])

        def number(name: str, low: float, high: float) -> float:
            value = settings.get(name)
            try:
                figure = float(value)
            except (TypeError, ValueError):
                figure = math.nan
            if not low <= figure <= high:
                problems.append(
                    f"{name} = {shown(str(value))}: a number from {low:g} to {high:g} is allowed"
                )
                return low
            return figure

        def checked(name: str, parse: Callable[[str], T], fallback: T) -> T:
            try:
                return parse(str(settings.get(name) or ""))
            except ValueError as error:
                problems.append(f"{name} = {shown(str(settings.get(name)))}: {error}")
                return fallback

        options = cls(
            archive=str(settings.get("NORDCRAWL_ARCHIVE") or ""),
            state_dir=checked("NORDCRAWL_STATE_DIR", _folder, Path()),
            source_files=checked("NORDCRAWL_SOURCES", _files, ()),
            contact=checked("NORDCRAWL_CONTACT", _contact, ""),
            hosts=checked("NORDCRAWL_HOSTS", _hosts, {}),
            proxy=checked("NORDCRAWL_PROXY", _proxy, ""),
            workers=int(number("NORDCRAWL_WORKERS", 0, 256)) or _cores(),
            retry_after_max_s=number("NORDCRAWL_RETRY_AFTER_MAX_S", 0, 86_400),
            crawl_delay_max_s=number("NORDCRAWL_CRAWL_DELAY_MAX_S", 0, 3_600),
            page_timeout_s=number("NORDCRAWL_PAGE_TIMEOUT_S", 0.1, 600),
            worker_memory_bytes=int(number("NORDCRAWL_WORKER_MEMORY_MIB", 64, 1 << 20)) << 20,
            part_bytes=int(number("NORDCRAWL_PART_MIB", 0.001, 1024) * (1 << 20)),
            part_age_s=number("NORDCRAWL_PART_AGE_S", 0.1, 86400),
            spool_bytes=int(number("NORDCRAWL_SPOOL_MIB", 0.01, 1 << 20) * (1 << 20)),
            store_retry_s=number("NORDCRAWL_STORE_RETRY_S", 0, 86400),
            capture=bool(number("NORDCRAWL_CAPTURE", 0, 1)),
            suspect=health.SuspectLimits(
                share=number("NORDCRAWL_SUSPECT_SHARE", 0, 1),
                pages=int(number("NORDCRAWL_SUSPECT_PAGES", 1, 1000)),
            ),
            budgets=Budgets(
                time_s=number("NORDCRAWL_BUDGET_TIME_S", 0, 864_000),
                pages=int(number("NORDCRAWL_BUDGET_PAGES", 0, 1e9)),
                bytes=int(number("NORDCRAWL_BUDGET_MIB", 0, 1 << 24) * (1 << 20)),
                memory_mib=int(number("NORDCRAWL_BUDGET_MEMORY_MIB", 0, 1 << 20)),
                stall_s=number("NORDCRAWL_STALL_S", 0, 864_000),
            ),
            quarantine=QuarantineLimits(
                on=bool(number("NORDCRAWL_QUARANTINE", 0, 1)),
                pages=int(number("NORDCRAWL_QUARANTINE_PAGES", 5, 10_000)),
                history=int(number("NORDCRAWL_QUARANTINE_HISTORY", 1, 1_000_000)),
                coverage=number("NORDCRAWL_QUARANTINE_COVERAGE", 0, 1),
                factor=number("NORDCRAWL_QUARANTINE_FACTOR", 2, 1_000_000),
                same=number("NORDCRAWL_QUARANTINE_SAME", 0.1, 1),
            ),
            alerts=str(settings.get("NORDCRAWL_ALERTS") or "").strip(),
            alert_after_run=bool(number("NORDCRAWL_ALERT_AFTER_RUN", 0, 1)),
            alert_limits=AlertLimits(
                no_run_h=number("NORDCRAWL_ALERT_NO_RUN_H", 0, 8_760),
                fewer=number("NORDCRAWL_ALERT_FEWER", 0, 1),
                coverage_drop=number("NORDCRAWL_ALERT_COVERAGE_DROP", 0, 1),
                text_change=number("NORDCRAWL_ALERT_TEXT_CHANGE", 0, 1),
                errors_rise=number("NORDCRAWL_ALERT_ERRORS_RISE", 0, 1),
            ),
            metrics_port=int(number("NORDCRAWL_METRICS_PORT", 0, 65_535)),
        )
        if options.metrics_port and importlib.util.find_spec("prometheus_client") is None:
            problems.append(
                "NORDCRAWL_METRICS_PORT needs prometheus-client: pip install 'nordcrawl[metrics]'"
            )
        problems += [
            f"{name} is not taken as a setting, where logs and process lists would show it: "
            "give it by the environment, a profile or a role"
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
            if settings.get(name)
        ]
        if (
            is_address(options.alerts)
            and options.alerts != os.environ.get("NORDCRAWL_ALERTS", "").strip()
        ):
            problems.append(
                "NORDCRAWL_ALERTS: addresses with their secrets come by the environment or in a "
                "file, not as a setting, which process lists would show"
            )
        if (form := str(settings.get("NORDCRAWL_LOG") or FORMS[0])) not in FORMS:
            problems.append(f"NORDCRAWL_LOG = {shown(form)}: one of {', '.join(FORMS)} is allowed")
        for name in ("NORDCRAWL_LOG_LEVEL", "LOG_LEVEL"):
            level = str(settings.get(name) or "INFO")
            if level not in LEVELS:
                problems.append(f"{name} = {shown(level)}: one of {', '.join(LEVELS)} is allowed")
                break
        if not options.archive:
            problems.append("NORDCRAWL_ARCHIVE is empty: a folder or s3://bucket/prefix is allowed")
        return options, problems

    def addresses(self) -> tuple[str, ...]:
        """Return the addresses that alerts go to. They are read here and not with the other
        settings, as whoever reads the archive beside need not be allowed to read their file.

        Raises:
            UsageError: one is none, or their file can't be read; the text has nothing of them.
        """
        try:
            return read_addresses(self.alerts)
        except ValueError as error:
            raise UsageError(f"NORDCRAWL_ALERTS: {error}") from None

    def sources(self) -> dict[str, Source]:
        """Return the sources of the package and of the operator's files, on their hosts.

        Raises:
            SourceError: see `nordcrawl.sources.load.load`.
        """
        return load(self.source_files)

    def source(self, name: str, *, with_contact: bool = True) -> Source:
        """Return one source, moved to `hosts` where those are given.

        Without `with_contact` it is not asked whether there is a contact.

        Raises:
            UsageError: there is none of this name, or a real host would be crawled without a
                contact, or pages are to be kept without the extra for it.
        """
        sources = self.sources()
        require_known(name, sources)
        source = sources[name]
        if self.hosts:
            source = source.with_hosts(self.hosts)
        if with_contact:
            self.require_means(source)
        return source

    def require_means(self, source: Source) -> None:
        """See that there is what a crawl of the source takes: a contact, and the extra for its
        pages if they are to be kept.

        Raises:
            UsageError: one of them is missing.
        """
        self.require_contact(source)
        if (self.capture if source.capture is None else source.capture) and not is_there():
            raise UsageError(NEEDED)

    def require_contact(self, source: Source) -> None:
        """See that real hosts are asked only by somebody whom their publisher can reach.

        Raises:
            UsageError: there is no contact.
        """
        if source.real_hosts and not self.contact:
            raise UsageError(
                f"NORDCRAWL_CONTACT is not set: a mail address or URL where the publisher of "
                f"{', '.join(source.real_hosts)} can reach you. Without it only loopback hosts "
                "are crawled."
            )

    @property
    def user_agent(self) -> str:
        """The User-Agent header: name, version and the contact. Source: RFC 9110 section 10.1.5."""
        where = f" (+{self.contact})" if self.contact else ""
        return f"nordcrawl/{__version__}{where}"


def require_known(name: str, sources: Mapping[str, Source]) -> None:
    """See that there is a source of this name.

    Raises:
        UsageError: there is none; the nearest is named.
    """
    if name not in sources:
        near = difflib.get_close_matches(name, sources, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"no source {shown(name)!r}: {hint}there are {', '.join(sources)}")


def _misspelt(names: Iterable[str]) -> list[str]:
    problems = []
    for name in sorted({n for n in names if n.startswith("NORDCRAWL_")} - set(SETTINGS)):
        near = difflib.get_close_matches(name, SETTINGS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        problems.append(f"unknown setting {shown(name)}: {hint}there are {', '.join(SETTINGS)}")
    return problems


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _folder(text: str) -> Path:
    if not text:
        raise ValueError("a folder is needed")
    return _expanded(text).absolute()


def _files(text: str) -> tuple[Path, ...]:
    """Return the files that are named; a folder names all ``*.toml`` in it, in their order."""
    found: list[Path] = []
    for part in filter(None, text.split(os.pathsep)):
        path = _expanded(part)
        inside = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not inside:
            raise ValueError(f"the folder {path} has no file *.toml")
        found += inside
    return tuple(found)


def _expanded(text: str) -> Path:
    """Return a path with ``~`` as a home folder; a service may have none."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError("no home folder is known; an absolute path is needed") from None


def _contact(text: str) -> str:
    text = text.strip()
    if text and not re.fullmatch(r"(?:mailto:)?[^\s@()<>]+@[^\s@()<>]+|https?://[^\s()<>]+", text):
        raise ValueError("a mail address or an http(s) URL is allowed")
    return text


def _proxy(text: str) -> str:
    text = text.strip()
    if without_user(text) != text:
        raise ValueError("an address without user name and password, which logs would show")
    if text and not re.fullmatch(r"http://[A-Za-z0-9.-]+(?::\d{1,5})?/?", text):
        raise ValueError("http://host:port is allowed")
    return text


def _hosts(text: str) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        old, sign, new = part.partition("=")
        if not (old and sign and new):
            raise ValueError("host=host:port pairs, parted by commas, are allowed")
        if not is_loopback(new):
            raise ValueError(
                f"{shown(new)} is not loopback: a source is tried on this machine only"
            )
        mapping[old.strip().lower()] = new.strip().lower()
    return mapping
