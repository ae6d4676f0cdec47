"""The parts of the slow suite are all of it, and each test stays in its part."""

from __future__ import annotations

import argparse

import pytest

from parts import Part, group

NAMES = [f"tests/archive/test_kills.py::test_killed[{n}]" for n in range(500)]


def test_each_test_is_in_one_of_the_seven_parts() -> None:
    taken = [[name for name in NAMES if Part(day, 7).has(name)] for day in range(1, 8)]
    assert sorted(name for part in taken for name in part) == sorted(NAMES)
    assert min(map(len, taken)) > 40


def test_a_test_stays_in_its_part() -> None:
    """On another day, by another Python, in another process."""
    assert [day for day in range(1, 8) if Part(day, 7).has(NAMES[0])] == [3]


@pytest.mark.parametrize("text", ["0/7", "8/7", "1", "1/", "/7", "a/7", "-1/7", "1/7/7"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=text):
        Part.parse(text)


def test_servers_and_costly_fixtures_stay_in_one_process() -> None:
    assert Part.parse("3/7") == Part(3, 7)
    assert group("a.py", ["tmp_path", "proxy", "seaweedfs"], []) == "seaweedfs"
    assert group("a.py", ["kind", "own", "swift"], []) is None
    assert group("a.py", ["site", "tmp_path"], ["site"]) == "a.py"
    assert group("a.py", ["tmp_path"], ["site"]) is None
