"""Memory: which address was told of what, so that each is told once, and once that it ended.

It lies in the state folder of the machine that alerts: a key that may only read is enough then, and
what watches an archive does not hang on being able to write to it. It proves itself by a digest.
Without it, or where it is damaged or very old, each address is told anew how all stands, which
repeats what it knew and says what ended; so nothing is lost. Pure, but for `read` and `write`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from nordcrawl.alerts.condition import Alert, Judged
from nordcrawl.archive.format.sealed import decode_versioned, encode_sealed
from nordcrawl.model.times import parse_rfc3339, rfc3339
from nordcrawl.model.words import reason
from nordcrawl.system.disk import make_folders, write_file

#: A memory that was not asked for so long says nothing of what its addresses know.
OLD: Final = timedelta(days=30)
_FORMAT: Final = "nordcrawl-alerts"


@dataclass(frozen=True, slots=True)
class Ended:
    """A condition that an address was told of, and that holds no more."""

    id: str
    source: str
    since: datetime
    """When it was seen first."""

    def to_json(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return {"id": self.id, "source": self.source or None, "since": rfc3339(self.since)}


@dataclass(frozen=True, slots=True)
class News:
    """What one address does not know yet."""

    new: tuple[Alert, ...] = ()
    ended: tuple[Ended, ...] = ()
    begins: bool = False
    """Nothing is known of what it was told before."""

    @property
    def is_any(self) -> bool:
        """Whether there is something to say."""
        return bool(self.begins or self.new or self.ended)


@dataclass(slots=True)
class Memory:
    """What each address was told. Times UTC."""

    salt: str = field(default_factory=lambda: secrets.token_hex(16))
    looked_at: datetime | None = None
    told: dict[str, dict[str, datetime]] = field(default_factory=dict)
    """Digest of the address -> key of what it was told that it holds -> since when."""
    trouble: str = ""
    """Why what was there could not be used; empty where there was nothing, or all is well."""

    def name_of(self, address: str) -> str:
        """Return what an address is known by here, from which it can't be read."""
        return hashlib.blake2b(address.encode(), key=self.salt.encode(), digest_size=8).hexdigest()

    def news(self, address: str, judged: Judged) -> News:
        """Return what an address does not know yet. Of what could not be judged what it knows
        stands."""
        told = self.told.get(self.name_of(address))
        before = told or {}
        holds = {one.key for one in judged.alerts}
        return News(
            new=tuple(one for one in judged.alerts if one.key not in before),
            ended=tuple(
                Ended(key.rpartition("/")[2], key.rpartition("/")[0], since)
                for key, since in before.items()
                if key in judged.judged and key not in holds
            ),
            begins=told is None,
        )

    def since(self, key: str) -> datetime | None:
        """Return when a condition that holds was first told to anybody."""
        return min((keys[key] for keys in self.told.values() if key in keys), default=None)

    def heard(self, address: str, news: News, now: datetime) -> None:
        """Take note that an address was told."""
        keys = self.told.setdefault(self.name_of(address), {})
        for one in news.ended:
            keys.pop(f"{one.source}/{one.id}", None)
        for one_new in news.new:
            keys[one_new.key] = self.since(one_new.key) or now

    @classmethod
    def read(cls, file: Path, now: datetime) -> Self:
        """Read the file; what can't be used is as if it were not there, and says why."""
        try:
            values = decode_versioned(file.read_bytes(), _FORMAT, 1)
            return cls._from_json(values, now)
        except FileNotFoundError:
            return cls()
        except OSError as error:
            return cls(trouble=f"{file}: {error.strerror or error}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return cls(trouble=f"{file}: {reason(error)}")

    @classmethod
    def _from_json(cls, values: Mapping[str, Any], now: datetime) -> Self:
        looked_at = parse_rfc3339(values["looked_at"])
        if looked_at is None or now - looked_at > OLD:
            raise ValueError(f"of {values['looked_at']}, which is too long ago")
        told = {
            str(name): {str(key): datetime.fromisoformat(at) for key, at in keys.items()}
            for name, keys in values["told"].items()
        }
        return cls(salt=str(values["salt"]), looked_at=looked_at, told=told)

    def write(self, file: Path, addresses: tuple[str, ...], now: datetime) -> None:
        """Write the file, whole or not at all, for this user alone; of addresses that are no more
        nothing is kept.

        Raises:
            OSError: the disk refuses.
        """
        names = {self.name_of(address) for address in addresses}
        values = {
            "format": _FORMAT,
            "version": 1,
            "looked_at": rfc3339(now),
            "salt": self.salt,
            "told": {
                name: {key: rfc3339(at) for key, at in keys.items()}
                for name, keys in self.told.items()
                if name in names
            },
        }
        make_folders(file.parent, 0o700)
        write_file(file, encode_sealed(values))
