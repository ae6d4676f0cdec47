"""Install nordcrawl as its users do, and run it where the clone is not.

Builds the wheel, installs it with the oldest pip that a supported Debian ships for this Python,
without a lock, into a virtual environment of its own, and runs the README's commands from another
folder, in an environment that knows nothing of the clone. Needs Python with venv, and a package
index; the standard library only.

    python3 tests/install_check.py              # the newest libraries
    python3 tests/install_check.py --lowest     # the lowest versions that pyproject.toml names
    python3 tests/install_check.py --day 3      # one of three, by the day of the week, 1 to 7:
                                                # oldest Python, newest Python, lowest versions
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CLONE = Path(__file__).resolve().parent.parent

#: The oldest pip for each minor version of Python 3: of Debian 12 and 13, and of venv for the one
#: between, which the pip before does not run on. Others keep the pip that venv gives them.
OLDEST_PIP = {11: "23.0.1", 12: "23.2.1", 13: "25.1.1"}

#: The versions of Python that pyproject.toml promises, 3.x.
SUPPORTED = (11, 12, 13, 14)

#: Seconds for one command. An install from a slow index takes longest.
PATIENCE_S = 900

#: Imports every module but those that need the extra; none may need pyarrow, nor the clone.
IMPORT_ALL = """
import importlib, importlib.util, pkgutil, sys
import nordcrawl
assert nordcrawl.__file__.startswith(sys.prefix), nordcrawl.__file__
assert importlib.util.find_spec("pyarrow") is None, "pyarrow came without the extra"
extra = ("reading.arrow", "reading.parquet", "report.metrics")
extra += ("alerts.deliver", "fleet.cluster", "cluster.join", "cluster.stream")
extra += ("reextract.on_ray", "reading.signatures_on_ray")
extra += ("report.overview.charts", "report.overview.page")
for module in pkgutil.walk_packages(nordcrawl.__path__, "nordcrawl."):
    if module.name not in ("nordcrawl.__main__", *(f"nordcrawl.{name}" for name in extra)):
        importlib.import_module(module.name)
"""


class Failed(Exception):
    """A command did not do what the documentation says."""


class Installation:
    """A virtual environment and a folder that its user is in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "somewhere else"  # with a space: hints must be quoted
        self.folder.mkdir()
        self.bin = folder / "v" / "bin"
        self.home = folder / "home"
        self.home.mkdir()

    def pip(self, *arguments: str) -> str:
        """Run pip in the caller's environment, which may name the index, less what hides faults."""
        hidden = ("PYTHON", "VIRTUAL_ENV", "NORDCRAWL_", "SCRAPY_")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
        environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
        command = [str(self.bin / "pip"), *arguments]
        return _run(command, self.folder, environment)

    def run(self, command: str, code: int = 0, folder: Path | None = None, **settings: str) -> str:
        """Run a command line in a shell with no more than HOME and PATH, and return its output.

        A program of the installation is called by its path: the environment is not activated.
        """
        name, _, rest = command.partition(" ")
        if (self.bin / name).exists():
            command = f"{shlex.quote(str(self.bin / name))} {rest}"
        environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", **settings}
        return _run(["/bin/sh", "-c", command], folder or self.folder, environment, code)

    @contextmanager
    def site(self) -> Iterator[str]:
        """Serve the demo's site; gives the value of NORDCRAWL_HOSTS that leads to it."""
        site = subprocess.Popen(
            [str(self.bin / "nordcrawl"), "demo", "site", "--port", "0"],
            cwd=self.folder,
            env={"HOME": str(self.home), "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert site.stdout is not None
            for line in site.stdout:
                if line.startswith("hosts "):
                    yield line.split()[1]
                    return
            raise Failed("nordcrawl demo site: ended before it said where it is")
        finally:
            site.terminate()
            site.communicate()


def _run(command: Sequence[str], folder: Path, environment: dict[str, str], code: int = 0) -> str:
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE_S,
        check=False,
    )
    shown = command[-1] if command[0] == "/bin/sh" else shlex.join(command)
    brief = shown.splitlines()[0].replace(f"{folder.parent}/", "").replace("v/bin/", "")
    print(f"{time.monotonic() - started:8.1f} s  {brief[:100]}", flush=True)
    if done.returncode != code:
        raise Failed(f"{shown}\nexit code {done.returncode}, not {code}:\n{done.stdout}")
    return done.stdout


def _expect(text: str, *parts: str) -> None:
    for part in parts:
        if part not in text:
            raise Failed(f"{part!r} is not in:\n{text}")


def pythons() -> list[str]:
    """Return a working interpreter for each supported version that this machine has, oldest first.

    Looks into PATH and into pyenv's folder, whose names on PATH need not lead anywhere.
    """
    found = {sys.version_info.minor: sys.executable}
    for minor in SUPPORTED:
        places = [shutil.which(f"python3.{minor}")]
        places += map(str, Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3"))
        for place in filter(None, places):
            asked = [place, "-c", "import ensurepip, sys, venv; print(sys.version_info.minor)"]
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
            if done.returncode == 0 and int(done.stdout) == minor:
                found.setdefault(minor, place)
    return [found[minor] for minor in sorted(found)]


def lowest(wheel: Path) -> list[str]:
    """Return the lowest version that a wheel allows of each library that it names, as ``a==1``."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()
    found = re.findall(r"(?m)^Requires-Dist: ([\w.-]+)[^;\n]*?>=([\w.]+)[^;\n]*(;.*)?$", metadata)
    return [f"{name}=={version}{'' if 'extra' in rest else rest}" for name, version, rest in found]


def install(user: Installation, *, at_least: bool) -> Path:
    """Make the environment, build the wheel, install it, and return the wheel; with `at_least` and
    no newer libraries than it must have."""
    _run([sys.executable, "-m", "venv", str(user.bin.parent)], user.folder, dict(os.environ))
    wanted = OLDEST_PIP.get(sys.version_info.minor)
    if wanted and f"pip {wanted} " not in user.pip("--version"):
        user.pip("install", "--quiet", f"pip=={wanted}")
    dist = user.folder.parent / "dist"
    # Of a copy: what setuptools leaves there, other checks of the clone would look at meanwhile.
    copy = user.folder.parent / "source"
    shutil.copytree(CLONE, copy, ignore=shutil.ignore_patterns(".*", "build", "*.egg-info"))
    user.pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(dist), str(copy))
    (wheel,) = dist.glob("nordcrawl-*.whl")
    limits = user.folder.parent / "constraints.txt"
    limits.write_text("\n".join(lowest(wheel)) + "\n" if at_least else "")
    user.pip("install", "--quiet", "--no-compile", "--constraint", str(limits), str(wheel))
    user.pip("check")
    return wheel


def check(user: Installation) -> None:
    """Run what the README and the docs promise to who has installed nordcrawl."""
    user.run(shlex.join([str(user.bin / "python"), "-P", "-c", IMPORT_ALL]))
    _expect(user.run("nordcrawl --version"), "nordcrawl ")
    sources = user.run("nordcrawl sources")
    _expect(user.run("nordcrawl completion bash"), "complete -o", "--published-from")

    # The demo, and the command that it tells its reader, as it tells it.
    shown = user.run("nordcrawl demo")
    _expect(shown, "each archived once", "exit 0")
    hints = re.findall(r"(?m)^  (?:read it     )?(\S.* read --archive .*)$", shown)
    if len(hints) < 2:
        raise Failed(f"the demo does not say how to read its archive:\n{shown}")
    for hint in dict.fromkeys(hints):
        _expect(user.run(hint), "highnorthnews")
    archive = "demo-archive/archive"
    lines = user.run(f"nordcrawl read --archive {archive} --latest 2>/dev/null").splitlines()
    if len({json.loads(line)["article_id"] for line in lines}) != 32:
        raise Failed(f"nordcrawl read gives {len(lines)} lines, not 32")
    _expect(user.run("nordcrawl doctor", NORDCRAWL_ARCHIVE=archive), "ready to crawl")
    _expect(
        user.run(f"nordcrawl read --archive {archive} --format parquet --output a.parquet", 2),
        "nordcrawl: error: --format parquet needs pyarrow: pip install 'nordcrawl[parquet]'",
    )

    # Scrapy's own command finds the sources by its file, or by a variable where there is none.
    project = user.folder / "project"
    project.mkdir()
    (project / "scrapy.cfg").write_text("[settings]\ndefault = nordcrawl.settings\n")
    by_name: dict[str, Any] = {"SCRAPY_SETTINGS_MODULE": "nordcrawl.settings"}
    listed = user.run("scrapy list", folder=project)
    _expect(listed, *(line.split()[0] for line in sources.splitlines()))
    if user.run("scrapy list", **by_name) != listed:
        raise Failed("scrapy list differs with SCRAPY_SETTINGS_MODULE")
    with user.site() as hosts:
        crawl = "scrapy crawl highnorthnews"
        settings: dict[str, Any] = {
            "NORDCRAWL_HOSTS": hosts,
            "NORDCRAWL_ARCHIVE": str(user.folder / "archive"),
        }
        _expect(user.run(crawl, folder=project, **settings), "32   new", "exit 0")
        _expect(user.run(crawl, **by_name, **settings), "skipped_fresh", "exit 0")


def check_extra(user: Installation, wheel: Path) -> None:
    """Install the extra, as the message says, and write Parquet."""
    user.pip("install", "--quiet", "--no-compile", f"nordcrawl[parquet] @ {wheel.as_uri()}")
    user.run("nordcrawl read --archive demo-archive/archive --format parquet --output a.parquet")
    if (user.folder / "a.parquet").read_bytes()[:4] != b"PAR1":
        raise Failed("a.parquet is no Parquet file")


def main() -> int:
    """Run all checks in a temporary folder; the exit code is 0 if all hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lowest", action="store_true", help="the lowest versions allowed")
    parser.add_argument("--day", type=int, help="the check of this day of the week")
    asked = parser.parse_args()
    if asked.day is not None:
        there = pythons()
        ways = ([there[0]], [there[-1]], [there[0], "--lowest"])
        python, *options = ways[asked.day % len(ways)]
        return subprocess.run([python, __file__, *options], check=False).returncode
    print(f"Python {platform.python_version()}, {'lowest' if asked.lowest else 'newest'} libraries")
    with tempfile.TemporaryDirectory(prefix="nordcrawl-install-") as folder:
        user = Installation(Path(folder))
        try:
            wheel = install(user, at_least=asked.lowest)
            check(user)
            check_extra(user, wheel)
        except (Failed, subprocess.TimeoutExpired) as error:
            print(f"install check: {error}", file=sys.stderr)
            return 1
    print("install check: nordcrawl works as the documentation says")
    return 0


if __name__ == "__main__":
    sys.exit(main())
