"""The parts of the slow suite are all of it, and each test stays in its part."""

from __future__ import annotations

import argparse

import pytest

from tests.support.suite_parts import Part, is_of_another_server, together

NAMES = [f"tests/archive/test_kills.py::test_killed[{n}]" for n in range(500)]


def test_each_test_is_in_one_of_the_seven_parts() -> None:
    taken = [[name for name in NAMES if Part(day, 7).has(name)] for day in range(1, 8)]
    assert sorted(name for part in taken for name in part) == sorted(NAMES)
    assert min(map(len, taken)) > 40


def test_what_shares_costly_things_is_in_one_part() -> None:
    shared = [f"tests/reading/test_memory.py::test_memory_is_bounded[{n}]" for n in range(50)]
    assert [all(map(Part(day, 7).has, shared)) for day in range(1, 8)].count(True) == 1


def test_a_test_stays_in_its_part() -> None:
    """On another day, by another Python, in another process."""
    assert [day for day in range(1, 8) if Part(day, 7).has(NAMES[0])] == [3]


@pytest.mark.parametrize("text", ["0/7", "8/7", "1", "1/", "/7", "a/7", "-1/7", "1/7/7"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=text):
        Part.parse(text)


@pytest.mark.parametrize(
    ("node_id", "name"),
    [
        ("tests/doctor/test_doctor.py::test_nobody_answers[dead-port]", "seaweedfs"),
        ("tests/archive/store/test_contract.py::test_put[swift]", "swift"),
        ("tests/archive/store/test_faults.py::test_wrong_clock[juicefs]", "juicefs"),
        ("tests/archive/store/test_contract.py::test_put[folder]", ""),
        ("tests/archive/store/test_killed_server.py::test_every_record[swift]", ""),
        ("tests/docs/test_reading.py::test_a_block[3]", "seaweedfs"),
        ("tests/extract/test_explain.py::test_the_page[3]", "tests/extract/test_explain.py"),
        ("tests/crawl/test_crawl.py::test_a_crawl", ""),
    ],
)
def test_what_shares_a_server_or_a_fixture_is_together(node_id: str, name: str) -> None:
    assert together(node_id) == (name or node_id)


@pytest.mark.parametrize(
    ("node_id", "is_slow"),
    [
        ("tests/archive/store/test_contract.py::test_put[swift]", True),
        ("tests/archive/store/test_killed_server.py::test_every_record[juicefs]", True),
        ("tests/archive/store/test_contract.py::test_put[seaweedfs]", False),
        ("tests/archive/store/test_contract.py::test_put[folder]", False),
        ("tests/archive/store/test_uri.py::test_swift_is_no_scheme", False),
        ("tests/extract/test_markup.py::test_words[a swift bird]", False),
    ],
)
def test_what_another_server_has_to_answer_is_slow(node_id: str, is_slow: bool) -> None:
    assert is_of_another_server(node_id) is is_slow
