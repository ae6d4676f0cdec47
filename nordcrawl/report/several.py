"""Several: the report of all crawls that one command began, in the state folder of its caller."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from nordcrawl.system.disk import make_folders, write_file

#: So many are kept; each run has a report of its own in the archive.
KEPT: Final = 100


def write(folder: Path, began: datetime, told: Mapping[str, Any], *, kept: int = KEPT) -> Path:
    """Write the report of what began then (UTC), delete all but the latest `kept`, and return its
    path.

    Raises:
        OSError: the disk.
    """
    make_folders(folder, 0o700)
    path = folder / f"{began:%Y%m%dt%H%M%S}{began.microsecond:06d}z.json"
    write_file(path, (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode())
    for old in sorted(folder.glob("*z.json"))[:-kept]:
        old.unlink(missing_ok=True)
    return path
