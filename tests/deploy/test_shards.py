"""The files that part sources among machines: each shard is asked for once, none is left out."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from nordcrawl.crawl.stopping import GONE_S
from nordcrawl.errors import ExitCode
from tests.support.deploy_files import DEPLOY, of_the_tests, ran, yaml

FOLDER = DEPLOY / "shards"
JOB = FOLDER / "indexed-job.yaml"
ARRAY = FOLDER / "array.sbatch"


@pytest.fixture
def says(tmp_path: Path) -> dict[str, str]:
    """An environment in which nordcrawl says how it was called."""
    program = tmp_path / "nordcrawl"
    program.write_text('#!/bin/sh\necho "$@" in "$NORDCRAWL_STATE_DIR"\n')
    program.chmod(0o755)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": "/home/someone"}


def said_by(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_job_keeps_its_schema() -> None:
    said = ran(of_the_tests("kubernetes-validate"), "--strict", JOB)
    assert said.returncode == 0, said.stdout
    assert said.stdout.count(" passed for resource ") == 1


def test_each_pod_has_a_shard_of_its_own(says: dict[str, str]) -> None:
    job = yaml(JOB)["spec"]
    (container,) = job["template"]["spec"]["containers"]
    command = [*container["command"], *container["args"]]
    shards = [
        said_by(command, says | {"JOB_COMPLETION_INDEX": str(number), "NORDCRAWL_STATE_DIR": "x"})
        for number in range(job["completions"])
    ]
    count = job["completions"]
    assert [re.search(r"--shard (\S+)", one)[1] for one in shards] == [  # type: ignore[index]
        f"{number}/{count}" for number in range(1, count + 1)
    ]
    assert job["parallelism"] == count
    left = job["activeDeadlineSeconds"] - int(re.search(r"seconds (\d+)", shards[0])[1])  # type: ignore[index]
    assert left > GONE_S
    assert job["template"]["spec"]["terminationGracePeriodSeconds"] > GONE_S


def test_each_exit_code_is_answered_by_the_job() -> None:
    rules = yaml(JOB)["spec"]["podFailurePolicy"]["rules"]
    told = [code for rule in rules for code in rule.get("onExitCodes", {}).get("values", ())]
    assert sorted(told) == sorted(int(code) for code in ExitCode if code is not ExitCode.WHOLE)


def test_each_task_of_the_array_has_a_shard_and_a_folder_of_its_own(says: dict[str, str]) -> None:
    for number in (1, 8):
        told = {"SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_COUNT": "8"}
        said = said_by(["bash", str(ARRAY)], says | told)
        assert said == (
            f"crawl --all --shard {number}/8 --max-seconds 21000 in "
            f"/home/someone/.local/state/nordcrawl/shard-{number}"
        )
    options = dict(re.findall(r"^#SBATCH --(\S+?)=(\S+)$", ARRAY.read_text(), re.MULTILINE))
    hours, minutes, seconds = map(int, options["time"].split(":"))
    assert hours * 3600 + minutes * 60 + seconds > 21000 + GONE_S
    assert int(options["signal"].partition("@")[2]) > GONE_S
