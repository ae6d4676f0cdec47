"""Proofs: why an object of an archive may go; `delete` sees whether they hold.

- `Taken`: a part that a commit removed. Each of its segments lies byte for byte in a live part that
  was read back; or every line that is less is covered by an erasure order. Of a part of quarantine
  that a release or a drop took away: for each line that no order covers, that commit brought a
  ledger line, and of a released one the record; what it left in quarantine lies in a live part.
- `Uncommitted`: a part that no log lists, older than was stated, by the store's own clock.
- `Beside`: an index of a part of captures that is not there.
- `Cache`: an object of a checkpoint that can't be read, that holds what is erased, or that is older
  than two that are whole.
- `Continued`: a catalog with all of which a newer one begins, that was read back.
- `Cleaned`: a report whose copy without what is erased was read back.
- `Outlived`: a lease, where one of the same source or host, of a day later, was read back.

What a process itself put, and nothing refers to, goes by its bytes: `delete.delete_own`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

OUTLIVED: Final = timedelta(days=1)
"""How much later the lease must be that another one goes for: far more than clocks differ."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A part that a commit removed."""


@dataclass(frozen=True, slots=True)
class Uncommitted:
    """A part, or one of a checkpoint, that nothing lists."""

    age: timedelta
    """How long ago, by the store's clock, it must have been put."""
    since: datetime | None = None
    """A time by that clock from which the age counts, where it is later than the put."""


@dataclass(frozen=True, slots=True)
class Beside:
    """An index without its part."""


@dataclass(frozen=True, slots=True)
class Cache:
    """An object of a checkpoint."""


@dataclass(frozen=True, slots=True)
class Continued:
    """A catalog that a newer one goes on from."""

    by: str
    """The newer one's key."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A report of which there is a copy without what is erased."""

    by: str
    """The copy's key."""


@dataclass(frozen=True, slots=True)
class Outlived:
    """A lease, of whose source or host there is another of a day later."""

    by: str
    """The other one's key."""


Proof = Taken | Uncommitted | Beside | Cache | Continued | Cleaned | Outlived
