"""What a machine of a cluster is told, refuses, and holds. Without Ray; with it: tests/fleet."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write import give_id
from nordcrawl.cluster import machine
from nordcrawl.cluster.machine import Told, answer
from nordcrawl.errors import ExitCode, StoreUnavailable, UsageError


class Times:
    """Multiplies; fails with what is no number."""

    made = 0
    closed = 0

    def __init__(self, store: Store, factor: int) -> None:
        type(self).made += 1
        self.store = store
        self.factor = factor

    def work(self, items: Sequence[Any]) -> list[Any]:
        if None in items:
            raise StoreUnavailable("the store here: slow down")
        return [item * self.factor for item in items]

    def close(self) -> None:
        type(self).closed += 1


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Times, "made", 0)
    monkeypatch.setattr(Times, "closed", 0)
    machine._held.clear()
    yield
    machine._held.clear()


@pytest.fixture
def told(tmp_path: Path) -> Told:
    store = open_store(str(tmp_path / "archive"))
    store.probe()
    give_id(store)
    return Told.of(store, str(tmp_path / "archive"), 1.0, Times, 3)


def answered(told: Told, *items: Any) -> list[Any]:
    """As it comes back over the network."""
    found = answer(told.to_json(), pickle.dumps([*items]))
    values: list[Any] = pickle.loads(pickle.dumps(found)).told()
    return values


def test_a_process_keeps_what_it_needs_for_the_next_block(told: Told) -> None:
    assert [answered(told, 1, 2), answered(told, 5)] == [[3, 6], [15]]
    assert (Times.made, Times.closed) == (1, 0)
    assert answered(replace(told, what=pickle.dumps(2)), 5) == [10], "other work came"
    assert (Times.made, Times.closed) == (2, 1)


def test_what_a_machine_meets_is_raised_where_it_was_asked_for(told: Told) -> None:
    with pytest.raises(StoreUnavailable, match="the store here: slow down") as met:
        answered(told, 1, None)
    assert met.value.exit_code is ExitCode.PENDING
    assert answered(told, 1) == [3], "and it works on"


def test_another_release_is_refused_before_anything_is_read(told: Told) -> None:
    values = told.to_json() | {"release": "0.0.1", "what": b"of a form to come", "more": 1}
    with pytest.raises(UsageError, match=r"was sent work by 0\.0\.1: install the same release"):
        answer(values, b"").told()
    assert Times.made == 0


def test_another_archive_is_refused(told: Told, tmp_path: Path) -> None:
    other = replace(told, archive=(tmp_path / "other").as_uri())
    there = open_store(other.archive)
    there.probe()
    give_id(there)
    for wrong in (other, replace(told, archive_id=None)):
        with pytest.raises(UsageError, match=r"is another archive on .* than where the command"):
            answered(wrong, 1)
    assert Times.made == 0


def test_no_key_is_told(told: Told, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "c2VjcmV0")
    monkeypatch.setenv("NORDCRAWL_PROXY", "http://proxy.example:8080")
    again = Told.of(told.store(), str(tmp_path / "archive"), 1.0, Times, 3)
    assert again == told
    assert set(told.to_json()) == {
        "archive", "archive_id", "retry_s", "worker", "what", "release",
    }  # fmt: skip
