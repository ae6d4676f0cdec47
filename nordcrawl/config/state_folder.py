"""State folder: where the spool and state of each archive and source lie on this machine."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from nordcrawl.archive.store.address import archive_name
from nordcrawl.archive.write import is_spool
from nordcrawl.config.options import Options


def spool_folder(options: Options, source: str) -> Path:
    """Return the folder of spool and state: one an archive and source."""
    return spools_folder(options) / source


def maintenance_folder(options: Options) -> Path:
    """Return where the maintenance of this archive keeps its writer id."""
    return spools_folder(options) / ".maintenance"


def spools(folder: Path) -> list[str]:
    """Return the sources that have a spool in a `spools_folder`, sorted."""
    return sorted(place.name for place in folder.glob("*") if is_spool(place))


def spools_folder(options: Options) -> Path:
    """Return the folder of an archive's spools, named so that a person finds it. A bucket's name
    says little without the endpoint that it is at."""
    name = archive_name(options.archive)
    endpoint = ""
    if name.startswith("s3:"):
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[-40:].strip("-")
    digest = hashlib.sha256(f"{name} {endpoint}".encode()).hexdigest()[:8]
    return options.state_dir / f"{slug}-{digest}"
