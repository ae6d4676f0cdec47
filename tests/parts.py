"""Which tests run, and which of them in one process: what `conftest` tells pytest."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

SERVERS = ("seaweedfs", "juicefs", "swift")
"""Fixtures of the S3 servers, each started once in the process that has its tests."""


@dataclass(frozen=True)
class Part:
    """The `number`-th of `count` parts of the tests, as ``3/7``; together they are all tests."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Part:
        """Read an option's value.

        Raises:
            argparse.ArgumentTypeError: it is no part.
        """
        number, slash, count = text.partition("/")
        if slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
            return cls(int(number), int(count))
        raise argparse.ArgumentTypeError(f"{text!r} is no part such as 3/7")

    def has(self, node_id: str) -> bool:
        """Tell by its name alone, so that a new test moves no other one to another day."""
        digest = hashlib.sha256(node_id.encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1


def group(module: str, fixtures: Iterable[str], shared: Collection[str]) -> str | None:
    """Name the process that a test has to run in, or None: any will do.

    `fixtures` are names of fixtures and values of parameters, of which some name a server;
    `shared` those of the fixtures that are made once for all of a module, at some cost.
    """
    used = set(fixtures)
    if "own" in used:  # a server that the test starts for itself
        return None
    for server in SERVERS:
        if server in used:
            return server
    return module if used & set(shared) else None
