"""The map of the house is true: every path that ARCHITECTURE.md names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
_PATH = re.compile(
    r"`((?:[\w.-]+/)*(?:[\w*<>.-]+\.(?:py|toml|md|json|lock)|[\w.-]+/))(?:[: ][^`]*)?`"
)
_ROOMS = ("", "nordcrawl", "nordcrawl/extract", "nordcrawl/archive")


def paths() -> list[str]:
    return sorted({match[1] for match in _PATH.finditer(TEXT)})


def is_there(path: str) -> bool:
    pattern = re.sub(r"<\w+>", "*", path)
    if "/" not in pattern:  # of the room that its row is about
        return (ROOT / pattern).is_file() or any((ROOT / "nordcrawl").rglob(pattern))
    return any(any((ROOT / room).glob(pattern.rstrip("/"))) for room in _ROOMS)


def test_there_are_many_signs() -> None:
    assert len(paths()) > 60


@pytest.mark.parametrize("path", paths())
def test_a_sign_leads_somewhere(path: str) -> None:
    assert is_there(path)


def test_a_sign_that_leads_nowhere_is_seen() -> None:
    assert not is_there("archive/format/nothing.py")


def test_the_tests_lie_where_their_rooms_lie() -> None:
    """But those of what lies beside the package, and what tests share."""
    others = {"benchmarks", "compat", "deploy", "docs", "support"}
    folders = {file.parent.relative_to(ROOT / "tests") for file in (ROOT / "tests").rglob("*.py")}
    rooms = {folder for folder in folders if folder.parts[:1] and folder.parts[0] not in others}
    assert len(rooms) > 20
    assert sorted(room for room in rooms if not (ROOT / "nordcrawl" / room).is_dir()) == []


@pytest.mark.parametrize("folder", ["nordcrawl", "nordcrawl/archive", "nordcrawl/extract"])
def test_every_room_is_on_the_map(folder: str) -> None:
    rooms = [p.parent.name for p in (ROOT / folder).glob("*/__init__.py")]
    assert [room for room in rooms if not re.search(rf"\b{room}\b", TEXT)] == []


def test_the_newcomers_twelve_changes_have_a_place() -> None:
    twelve = TEXT.split("Twelve changes", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in twelve.splitlines() if line.startswith("| ")][2:]
    assert len(rows) == 12
    assert all(_PATH.search(row) for row in rows)
