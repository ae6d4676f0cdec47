"""Order: what the machine of a shard is told. No secret is in it, for a cluster's logs and
dashboards are read by others than an archive's keys.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from nordcrawl._version import __version__
from nordcrawl.archive.store.address import archive_name
from nordcrawl.cluster.alike import refuse_another_release
from nordcrawl.config.options import SETTINGS, Options
from nordcrawl.errors import UsageError
from nordcrawl.model.printable import shown
from nordcrawl.sources.shards import in_shard

#: Settings that are each machine's own: where it has a disk, a way to the net, a port; and secrets.
#: The sources' tables are handed over as text, the archive's address as it is spelled in full.
OWN: Final = frozenset({
    "NORDCRAWL_STATE_DIR", "NORDCRAWL_PROXY", "NORDCRAWL_METRICS_PORT", "NORDCRAWL_ALERTS",
    "NORDCRAWL_ALERT_AFTER_RUN", "NORDCRAWL_SOURCES", "NORDCRAWL_ARCHIVE",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """One shard, as it is sent to a machine."""

    number: int
    """From 1."""
    count: int
    sources: tuple[str, ...]
    named: bool
    """These were asked for by name: there may be more in the shard."""
    archive_id: str
    settings: Mapping[str, str]
    tables: Mapping[str, str]
    """Source files of the operator's, by name."""
    arguments: tuple[str, ...] = ()
    """For each crawl."""
    jobs: int = 1
    max_seconds: float | None = None
    tries: int = 3
    """Crawls of a source that ended in a way that asks for another try."""
    pause_s: float = 60.0
    """Before the second try; five times as long before each later one."""
    patience_s: float = 1200.0
    """How long hosts that another holds are waited for: longer than the lease of one that died."""
    release: str = __version__

    @property
    def name(self) -> str:
        """The shard, for people."""
        return f"{self.number}/{self.count}"

    def to_json(self) -> dict[str, Any]:
        """Return it as values that any pickle and JSON take."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave.

        Raises:
            UsageError: it is of another release.
        """
        refuse_another_release(values)
        lists = {name: tuple(values[name]) for name in ("sources", "arguments")}
        return cls(**{**values, **lists})


def orders(
    options: Options,
    names: Sequence[str],
    count: int,
    archive_id: str,
    *,
    arguments: Sequence[str] = (),
    jobs: int = 1,
    max_seconds: float | None = None,
) -> list[Order]:
    """Return the orders of all shards that have a source; of the sources in `names`, or of all.

    Raises:
        UsageError: a source is unknown.
        SourceError: a source file is wrong.
    """
    known = options.sources()
    for name in names:
        if name not in known:
            raise UsageError(f"no source {shown(name)!r}: there are {', '.join(known)}")
    chosen = {name: known[name] for name in names or known}
    parts = {number: in_shard(chosen, number, count) for number in range(1, count + 1)}
    return [
        Order(
            number=number,
            count=count,
            sources=tuple(part),
            named=bool(names),
            archive_id=archive_id,
            settings=handed_over(os.environ, options),
            tables=tables(options.source_files),
            arguments=tuple(arguments),
            jobs=jobs,
            max_seconds=max_seconds,
        )
        for number, part in parts.items()
        if part
    ]


def handed_over(environment: Mapping[str, str], options: Options) -> dict[str, str]:
    """Return the settings that go along: those of ours in the environment that are no machine's
    own. Never a variable of anybody else's, so no key of a store."""
    given = {
        name: value
        for name in SETTINGS
        if name not in OWN and (value := environment.get(name)) is not None
    }
    return given | {"NORDCRAWL_ARCHIVE": archive_name(options.archive)}


def tables(files: Sequence[Path]) -> dict[str, str]:
    """Return the text of source files by names that sort as the files came."""
    return {
        f"{number:04d}-{path.name}": path.read_text("utf-8") for number, path in enumerate(files)
    }
