"""Stores to examine: a folder, and buckets of the real servers."""

from __future__ import annotations

from tests.support.store_fixtures import (
    _botocore_reads_its_files_once,
    _no_aws_of_this_machine,
    address,
    dead,
    kind,
    prefix,
    proxy,
    store,
    use,
)

__all__ = [
    "_botocore_reads_its_files_once",
    "_no_aws_of_this_machine",
    "address",
    "dead",
    "kind",
    "prefix",
    "proxy",
    "store",
    "use",
]
