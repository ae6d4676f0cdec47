"""Load: sources from TOML files, ours and the operator's. Each mistake names file and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nordcrawl.errors import SourceError
from nordcrawl.sources.source import Source
from nordcrawl.sources.wording import in_words


def load(files: Iterable[Path] = ()) -> dict[str, Source]:
    """Return all sources by name: the package's own, then those of `files`.

    Raises:
        SourceError: a file is missing or no TOML, or a key is unknown, missing or wrong; the text
            names file, source, key and what is allowed, of all that is wrong. A name that exists
            already is refused.
    """
    found: dict[str, tuple[Source, str]] = {}
    problems = []
    for path in [*_own_files(), *files]:
        try:
            sources = read(path)
        except SourceError as error:
            problems.append(str(error))
            continue
        for source in sources:
            if source.name in found:
                problems.append(
                    f"{path}: [sources.{source.name}] is already defined in "
                    f"{found[source.name][1]}; choose another name"
                )
            else:
                found[source.name] = (source, str(path))
    if problems:
        raise SourceError("; ".join(problems))
    return {name: source for name, (source, _) in sorted(found.items())}


def _own_files() -> list[Path]:
    folder = resources.files("nordcrawl.sources")
    return sorted(Path(str(f)) for f in folder.iterdir() if f.name.endswith(".toml"))


def read(path: Path) -> list[Source]:
    """Return the sources of one file, in its order.

    Raises:
        SourceError: see `load`.
    """
    try:
        # Some editors mark UTF-8 as such.
        tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SourceError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not UTF-8: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{path}: not valid TOML: {error}") from error
    for key in tables:
        if key != "sources":
            raise SourceError(f"{path}: unknown key {key!r}; a file holds tables [sources.<name>]")
    sources = tables.get("sources")
    if not isinstance(sources, dict) or not sources:
        raise SourceError(f"{path}: no table [sources.<name>]")
    found, problems = [], []
    for name, table in sources.items():
        try:
            found.append(_source(path, name, table))
        except SourceError as error:
            problems.append(str(error))
    if problems:
        raise SourceError("; ".join(problems))
    return found


def _source(path: Path, name: str, table: object) -> Source:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name):
        raise SourceError(
            f"{path}: [sources.{name}]: a name is up to 40 of a-z, 0-9, - and _, "
            "and starts with a letter or digit"
        )
    if not isinstance(table, dict):
        raise SourceError(f"{path}: sources.{name} must be a table")
    if "name" in table:
        raise SourceError(f"{path}: [sources.{name}]: unknown key 'name'; the table's name is it")
    try:
        return Source.model_validate({"name": name, **table})
    except ValidationError as error:
        raise SourceError(f"{path}: {in_words(error, name, Source.table_keys())}") from error
