"""Environment: settings read without Scrapy, and the archive that a command is about."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.store.protocol import MARKER_KEY, Store
from nordcrawl.config import logs
from nordcrawl.config.options import Options
from nordcrawl.errors import ObjectMissing, UsageError
from nordcrawl.model.printable import shown


class ModuleSettings:
    """`nordcrawl.settings` read without Scrapy, as `nordcrawl.config.options.Settings` asks for
    it."""

    def __init__(self, **given: str | None) -> None:
        from nordcrawl import settings

        self._values = {k: v for k, v in vars(settings).items() if k.isupper()}
        self._values.update({k: v for k, v in given.items() if v is not None})

    def get(self, name: str, default: object = None) -> object:
        """Return a setting's value."""
        return self._values.get(name, default)

    def keys(self) -> list[str]:
        """Return the names of all settings."""
        return [*self._values]


def options_from_environment(**given: str | None) -> Options:
    """Return the operator's options from the environment, with `given` settings on top.

    Raises:
        UsageError: see `Options.from_settings`.
    """
    return Options.from_settings(ModuleSettings(**given))


def log_as_asked() -> None:
    """Write the log as a crawl does, by LOG_LEVEL and NORDCRAWL_LOG: of a command that is a run."""
    told = ModuleSettings().get
    level = str(told("LOG_LEVEL"))
    logs.install(
        form=str(told("NORDCRAWL_LOG")),
        level=level if level in logs.LEVELS else "INFO",
        line=str(told("LOG_FORMAT")),
        dates=None,
    )
    logging.root.setLevel(level if level in logs.LEVELS else "INFO")


def require_archive(store: Store) -> None:
    """See that there is an archive: an empty answer for a mistyped address would be a silent
    failure.

    Raises:
        UsageError: there is none.
        StoreRefused, StoreUnavailable: the store.
    """
    try:
        store.get(MARKER_KEY)
    except ObjectMissing:
        if any(True for _ in store.folders("commits/")):
            return  # verify says so
        raise UsageError(
            f"no archive at {store.uri} (there is no {MARKER_KEY}); --archive or NORDCRAWL_ARCHIVE "
            "says where it lies"
        ) from None


def require_sources(store: Store, names: Sequence[str]) -> None:
    """See that an archive has something of each source that is named.

    Raises:
        UsageError: of one it has nothing; the text names those of which it has.
        StoreRefused, StoreUnavailable: the store.
    """
    if not names:
        return
    kinds = [f"{kind.folder}/" for kind in PartKind]
    there = {name.removeprefix("source=") for kind in kinds for name in store.folders(kind)}
    for name in names:
        if name not in there:
            known = ", ".join(sorted(there)) or "none"
            raise UsageError(f"{store.uri} has nothing of {shown(name)!r}; its sources: {known}")


def archive_option(parser: argparse.ArgumentParser) -> None:
    """Declare ``--archive``, by one name and in one place for all commands."""
    parser.add_argument(
        "--archive",
        metavar="PATH|URI",
        help="a folder, file:// or s3://bucket/prefix (default: NORDCRAWL_ARCHIVE)",
    )
