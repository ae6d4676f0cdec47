"""Which tests run, and which of them in one process: what `conftest` tells pytest."""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
from typing import Any

import pytest

SERVERS = ("seaweedfs", "juicefs", "swift")
"""The S3 servers that stores are tested on, the one for most tests first; names of fixtures and
values of parameters. Each is started in the process that has its tests."""
_NO_SERVER = (
    "tests/archive/store/test_folder.py",
    "tests/archive/store/test_killed_server.py",  # each of its tests has a server of its own
    "tests/archive/store/test_uri.py",
)
_SERVED = ("tests/archive/store/", "tests/doctor/")
_SEAWEEDFS = ("tests/docs/test_reading.py",)
_SHARING = (
    "tests/archive/keep/test_verification.py",
    "tests/reading/test_memory.py",
    "tests/report/test_overview.py",
    "tests/system/test_streams.py",
    "tests/extract/test_explain.py",
    "tests/benchmarks/test_quality_bench.py",
)
"""Files whose tests share a fixture."""


def first_of(value: Any, *others: Any) -> list[Any]:
    """Return values for ``parametrize`` of which `make test` takes the first, and the slow suite
    the others: ways to the same promise, each at the price of whole crawls. A tuple is the values
    of several parameters.
    """
    return [value, *map(_slow, others)]


def is_of_another_server(node_id: str) -> bool:
    """Tell whether a test is one that other tests make, too, on the first of `SERVERS`: a slow one,
    at the price of one more server in its process.
    """
    test, _, values = node_id.partition("[")
    return test.startswith(_SERVED) and any(server in values for server in SERVERS[1:])


def _slow(value: Any) -> Any:
    values = value if isinstance(value, tuple) else (value,)
    return pytest.param(*values, marks=pytest.mark.slow)


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
        """Tell by its name alone, so that a new test moves no other one to another day; by that of
        its file, where the tests of it share what costs much to make.
        """
        path = node_id.partition("::")[0]
        digest = hashlib.sha256((path if path in _SHARING else node_id).encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1


def together(node_id: str) -> str:
    """Name what one process runs in one go: the tests with that name share what costs much to
    make. A test that shares nothing is alone, and the next process that is free runs it.
    """
    path, _, test = node_id.partition("::")
    if path in _SHARING:
        return path
    if path in _SEAWEEDFS:
        return SERVERS[0]
    if path.startswith(_SERVED) and path not in _NO_SERVER and "[folder" not in test:
        return next((server for server in SERVERS if server in test), SERVERS[0])
    return node_id
