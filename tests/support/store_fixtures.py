"""Stores to test: a folder, and buckets of the real servers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader

from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import Store
from tests.support import faulty_s3 as faulty
from tests.support import s3_servers as servers

#: What a conftest takes from here, all of it: pytest finds fixtures by the names in its module.
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


@pytest.fixture(scope="session", autouse=True)
def _botocore_reads_its_files_once() -> Iterator[None]:
    """Each test makes clients of its own, at 0.1 s of JSON; nothing alters what was read."""
    files: dict[str, Any] = {}
    real = JSONFileLoader.load_file

    def load_once(loader: JSONFileLoader, path: str) -> Any:
        if path not in files:
            files[path] = real(loader, path)
        return files[path]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", load_once)
        yield


@pytest.fixture(autouse=True)
def _no_aws_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        *("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "HTTP_PROXY", "http_proxy"),
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in servers.isolation().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    """A prefix of this test's own."""
    return "t/" + re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Point the AWS variables at a server."""

    def point(server: servers.S3Server, **changes: str) -> None:
        for name, value in server.environment(**changes).items():
            monkeypatch.setenv(name, value)

    return point


@pytest.fixture(params=["folder", "seaweedfs", "juicefs", "swift"])
def address(
    request: pytest.FixtureRequest, tmp_path: Path, prefix: str, use: Callable[..., None]
) -> str:
    """The address of an empty archive, on each kind of store."""
    if request.param == "folder":
        return str(tmp_path / "archive")
    server = request.getfixturevalue(request.param)
    use(server)
    return f"s3://{server.bucket}/{prefix}"


@pytest.fixture
def kind(request: pytest.FixtureRequest, address: str) -> str:
    """Which kind of store `address` is on."""
    return str(request.node.callspec.params["address"])


@pytest.fixture
def store(address: str) -> Store:
    """A probed store at `address`."""
    store = open_store(address, retry_s=120)
    store.probe()
    return store


@pytest.fixture
def dead() -> Iterator[str]:
    """An endpoint that refuses connections."""
    with servers.dead_port() as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def proxy(seaweedfs: servers.S3Server, use: Callable[..., None]) -> Iterator[faulty.Server]:
    """A proxy before SeaweedFS, faultless until told; the AWS variables point at it."""
    with faulty.served(faulty.forward_to(seaweedfs.endpoint)) as server:
        use(seaweedfs.through(faulty.endpoint(server)))
        yield server
