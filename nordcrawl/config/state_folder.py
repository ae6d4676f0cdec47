"""State folder: where the spool and state of each archive and source lie on this machine."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from nordcrawl.archive.store.address import archive_name
from nordcrawl.archive.write import is_spool
from nordcrawl.config.options import Options


def spool_folder(options: Options, source: str) -> Path:
    """Return the folder of spool and state: one an archive and source."""
    return spools_folder(options) / source


def maintenance_folder(options: Options) -> Path:
    """Return where the lock of this archive's maintenance lies."""
    return spools_folder(options) / ".maintenance"


def spools(folder: Path) -> list[str]:
    """Return the sources that have a spool in a `spools_folder`, sorted."""
    return sorted(place.name for place in folder.glob("*") if is_spool(place))


def spools_folder(options: Options) -> Path:
    """Return the folder of an archive's spools, named so that a person finds it.

    A bucket's name says little without the endpoint that it is at, which is the same one in all
    spellings of its address. A folder that was named by another spelling is used on.
    """
    name = archive_name(options.archive)
    endpoint = ""
    if name.startswith("s3:"):
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    one, other = (_folder(options, name, spelling) for spelling in (_plain(endpoint), endpoint))
    return other if other.is_dir() and not one.is_dir() else one


def _folder(options: Options, name: str, endpoint: str) -> Path:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[-40:].strip("-")
    digest = hashlib.sha256(f"{name} {endpoint}".encode()).hexdigest()[:8]
    return options.state_dir / f"{slug}-{digest}"


def _plain(endpoint: str) -> str:
    """Return an endpoint's address without what changes nothing.

    Source: RFC 3986 section 6.2.2.1 (case of scheme and host) and 6.2.3 (default port, empty path).

    >>> _plain("HTTPS://S3.Example.org:443/"), _plain("http://127.0.0.1:9000")
    ('https://s3.example.org', 'http://127.0.0.1:9000')
    """
    try:
        parts = urlsplit(endpoint.strip())
        port = parts.port
    except ValueError:  # whoever opens the store says so
        return endpoint
    if not parts.hostname:
        return endpoint
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port not in (None, _PORTS.get(parts.scheme)):
        host = f"{host}:{port}"
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), parts.query, ""))


_PORTS: Final = {"http": 80, "https": 443}
