"""Read the tables of words that stand beside this module, each a TOML file.

A table holds, by the tag of a language (BCP 47; ``any`` for what is the same in all of them), a
list of phrases; a file holds one table or several named ones. Does not know what they mean.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _file(name: str) -> Mapping[str, Any]:
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))


def table(file: str, *path: str) -> Mapping[str, Any]:
    """Return a table of a file, whole or the one that a path of names leads to.

    Raises: FileNotFoundError, KeyError for what there is not.
    """
    found = _file(file)
    for name in path:
        found = found[name]
    return found


def words(file: str, *path: str) -> tuple[str, ...]:
    """Return the phrases of all languages of a table, each once, in the order of the file.

    Raises: TypeError for a table that holds anything but lists of phrases.

    >>> "fi" in table("labels") and "mainos" in words("labels")
    True
    """
    found: dict[str, None] = {}
    for language, phrases in table(file, *path).items():
        if not (isinstance(phrases, list) and all(isinstance(p, str) for p in phrases)):
            raise TypeError(f"{file}.toml: {'.'.join((*path, language))} is no list of phrases")
        found.update(dict.fromkeys(phrases))
    return tuple(found)


def one_of(*phrases: str) -> str:
    """Return a regular expression for any one of phrases that are such expressions themselves.

    >>> one_of("les mer", "se også")
    '(?:les mer|se også)'
    """
    return f"(?:{'|'.join(phrases)})"
