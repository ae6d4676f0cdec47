"""What a disk may hold after its power was cut: the steps of a `recorder`, done in part.

A model of the least that file systems promise (man 2 fsync, NOTES): bytes of a file are safe when
the file was synced after they were written, a name when the folder was synced that it stands in.
What is not safe may be there or not. Names in one folder come and go in the order of the calls, as
in the journals of ext4, XFS and Btrfs; anything else may come in any order, a write in part, and a
file may have its new length and zeros for bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tests.support.recorded_run import Step


class Fate(Enum):
    """What becomes of a step that is not safe."""

    DONE = "done"
    LOST = "lost"
    ZEROS = "zeros"
    """Of a write: the file has the length, and no bytes."""
    TORN = "torn"
    """Of a write: its first half only, to a sector."""


Fates = Callable[["Event", int], Fate]
"""Tells the fate of the step of a number."""


@dataclass(slots=True)
class Event:
    """A step by what it is about: numbers of files, for names change."""

    about: int
    """The file or folder whose sync makes it safe."""
    names: tuple[tuple[int, str, int | None], ...] = ()
    """Names that come, with the file, or go: (folder, name, file)."""
    size: int | None = None
    offset: int = 0
    body: bytes = b""
    told: bytes = b""
    safe_at: float = float("inf")
    """From which step on it is safe."""


class Disk:
    """A recorded piece of work, and what is left of it if the power goes."""

    def __init__(self, root: Path, steps: list[Step]) -> None:
        """`root` is there, and empty, before the first of the `steps`."""
        self._root = root
        self._names: dict[tuple[int, str], int] = {}
        self._folders = {0}
        self._count = 0
        self.events: list[Event] = []
        for step in steps:
            self._take(step)

    def _take(self, step: Step) -> None:
        event = Event(-1)
        match step.what:
            case "told":
                event.told = step.body
            case "sync":
                synced = self._find(step.path)
                for earlier in self.events[: step.offset]:
                    if earlier.about == synced:
                        earlier.safe_at = min(earlier.safe_at, len(self.events))
            case "write":
                event = Event(self._find(step.path), offset=step.offset, body=step.body)
            case "size":
                event = Event(self._find(step.path), size=step.offset)
            case "create" | "mkdir":
                folder, name = self._place(step.path)
                if (folder, name) not in self._names:
                    self._count += 1
                    if step.what == "mkdir":
                        self._folders.add(self._count)
                    event = self._named((folder, name, self._count))
            case "unlink":
                event = self._named((*self._place(step.path), None))
            case "link" | "rename":
                new = (*self._place(step.other), self._find(step.path))
                gone = [(*self._place(step.path), None)] if step.what == "rename" else []
                event = self._named(new, *gone)
            case _:
                raise AssertionError(step.what)
        self.events.append(event)

    def _named(self, *names: tuple[int, str, int | None]) -> Event:
        for folder, name, file in reversed(names):
            if file is None:
                del self._names[folder, name]
            else:
                self._names[folder, name] = file
        return Event(names[0][0], names)

    def _place(self, path: str) -> tuple[int, str]:
        return self._find(str(Path(path).parent)), Path(path).name

    def _find(self, path: str) -> int:
        found = 0
        for name in Path(path).relative_to(self._root).parts:
            found = self._names[found, name]
        return found

    def told(self, cut: int) -> set[bytes]:
        """Return what the process had said when the power went, before the step `cut`."""
        return {event.told for event in self.events[:cut] if event.told}

    def leave(self, cut: int, fate: Fates, root: Path) -> None:
        """Make below `root` what is there afterwards, of what was done before the step `cut`."""
        names: dict[tuple[int, str], int] = {}
        bodies: dict[int, bytearray] = {}
        for number, event in enumerate(self.events[:cut]):
            becomes = Fate.DONE if event.safe_at < cut else fate(event, number)
            if becomes is Fate.LOST:
                continue
            for folder, name, file in event.names:
                names.pop((folder, name), None)
                if file is not None:
                    names[folder, name] = file
            body = bodies.setdefault(event.about, bytearray())
            if event.size is not None:
                body[:] = body[: event.size].ljust(event.size, b"\0")
            elif event.body:
                _write(body, event, becomes)
        self._make(0, root, names, bodies)

    def _make(
        self,
        folder: int,
        path: Path,
        names: dict[tuple[int, str], int],
        bodies: dict[int, bytearray],
    ) -> None:
        path.mkdir(parents=True, exist_ok=True)
        for (of, name), file in names.items():
            if of != folder:
                continue
            if file in self._folders:
                self._make(file, path / name, names, bodies)
            else:
                (path / name).write_bytes(bodies.get(file, b""))


def _write(body: bytearray, event: Event, becomes: Fate) -> None:
    end = event.offset + len(event.body)
    body.extend(b"\0" * (end - len(body)))
    written = event.body
    if becomes is Fate.ZEROS:
        return
    if becomes is Fate.TORN:
        written = written[: len(written) // 2 // 512 * 512]
    body[event.offset : event.offset + len(written)] = written


def fates() -> dict[str, Fates]:
    """Return the plain ways in which steps that are not safe may end."""
    named, lost, done = bool, Fate.LOST, Fate.DONE
    return {
        "all is there": lambda event, number: done,
        "nothing but what is safe": lambda event, number: lost,
        "names without bytes": lambda event, number: done if named(event.names) else lost,
        "bytes without names": lambda event, number: lost if named(event.names) else done,
        "names, lengths and zeros": lambda event, number: (
            done if named(event.names) else Fate.ZEROS
        ),
        "names and halves": lambda event, number: done if named(event.names) else Fate.TORN,
    }


def any_fate(seed: int) -> Fates:
    """Return a way thrown with dice: some of the names of each folder, the first ones, and some of
    the writes."""
    dice = random.Random(seed)
    known: dict[int, float] = {}

    def fate(event: Event, number: int) -> Fate:
        if event.names:
            lasting = known.setdefault(event.about, dice.choice((0, 0.5, 0.9, 1)))
            if lasting and dice.random() < lasting:
                return Fate.DONE
            known[event.about] = 0  # nor any later one in this folder
            return Fate.LOST
        return dice.choice(list(Fate))

    return fate
