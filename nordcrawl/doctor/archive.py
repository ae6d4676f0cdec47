"""Archive: examine the store that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nordcrawl.archive.store.address import archive_name
from nordcrawl.doctor.finding import Clock, Finding, failed, ok
from nordcrawl.doctor.folder import examine_folder
from nordcrawl.errors import UsageError


def examine_archive(address: str, clock: Clock, *, brief: bool = False) -> Iterator[Finding]:
    """Look at the archive at `address`, in a folder or a bucket, in the order of what fails first.

    Takes seconds whatever the store does. Each finding is yielded as it is made. `brief` asks a
    bucket no more than whether it is there and may be written.
    """
    try:
        name = archive_name(address)
    except UsageError as error:
        yield failed("address", error)
        return
    yield ok("address", name)
    if name.startswith("s3:"):
        # Here, so that an archive in a folder needs no boto3.
        from nordcrawl.doctor.bucket import examine_bucket

        yield from examine_bucket(name, clock, brief=brief)
    else:
        yield from examine_folder(Path(unquote(urlsplit(name).path)))
