"""What ``deploy/`` says is true of the program: names, codes, commands, links, policies."""

from __future__ import annotations

import argparse
import configparser
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from nordcrawl import settings
from nordcrawl.cli.environment import ModuleSettings
from nordcrawl.cli.main import COMMANDS
from nordcrawl.config.arguments import Arguments
from nordcrawl.config.options import Options
from nordcrawl.errors import ExitCode
from tests.support.deploy_files import (
    DEPLOY,
    ROOT,
    RUNBOOK,
    instructions,
    of_the_machine,
    ran,
    texts,
    unit,
    yaml,
)

SOURCE = "highnorthnews"
_PLACEHOLDERS = {"SOURCE": SOURCE, "%i": SOURCE, "${SOURCE:-highnorthnews}": SOURCE}
_CALL = re.compile(
    r"(?:(?<![\w./@:-])(?<!-[nt] )(?:/opt/nordcrawl/bin/)?nordcrawl(?:-as-service(?: --keep)?)?"
    r"|docker compose run --rm (?:-T )?(?:crawl|keep|alert)) ((?:[a-z]|--version)[^`|\n]*)"
)


def code(markdown: str) -> Iterator[str]:
    """Yield what a page shows as code: the lines of its blocks, then its spans."""
    blocks = re.findall(r"^ *```\w+\n(.*?)^ *```", markdown, re.DOTALL | re.MULTILINE)
    for block in blocks:
        yield from re.sub(r"\\\n\s*", " ", block).splitlines()
    rest = re.sub(r"^ *```.*?^ *```", "", markdown, flags=re.DOTALL | re.MULTILINE)
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", rest))


def calls() -> Iterator[tuple[str, list[str]]]:
    """Yield each command line of nordcrawl in ``deploy/``: where it stands, and its words."""
    for line in code(RUNBOOK.read_text("utf-8")):
        if line.startswith("$ kubectl"):
            continue  # where it is the name of a namespace
        for call in _CALL.findall(line):
            yield RUNBOOK.name, shlex.split(call.partition(" &&")[0], comments=True)
    wrapper = DEPLOY / "systemd" / "nordcrawl-as-service"
    for call in re.findall(
        r"^#     nordcrawl-as-service (?:--keep )?(.+)$", wrapper.read_text(), re.M
    ):
        yield wrapper.name, shlex.split(call)
    for path in (DEPLOY / "systemd").glob("nordcrawl@.service"):
        for line in unit(path)["Service.ExecStart"]:
            yield path.name, line.split()[1:]
    compose = yaml(DEPLOY / "compose" / "compose.yaml")
    for name in ("crawl", "keep", "alert"):
        yield f"compose {name}", compose["services"][name]["command"]
    for name in ("cronjob", "alert-cronjob"):
        cron = yaml(DEPLOY / "kubernetes" / f"{name}.yaml")
        (container,) = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        yield name, container["args"]
    for name, rest in instructions(DEPLOY / "Containerfile"):
        if name == "CMD":
            yield "Containerfile", json.loads(rest)


CALLS = list(calls())


def test_command_lines_are_found() -> None:
    assert len(CALLS) > 20
    assert {"crawl", "doctor", "verify", "erase", "state", "ship", "read"} <= {
        words[0] for _, words in CALLS
    }


@pytest.mark.parametrize(
    ("where", "words"), CALLS, ids=[f"{where}: {' '.join(words)}" for where, words in CALLS]
)
def test_every_command_line_is_one_that_nordcrawl_takes(where: str, words: list[str]) -> None:
    words = [_PLACEHOLDERS.get(word, word) for word in words]
    name, *rest = words
    if name == "--version":
        return
    assert name in COMMANDS, where
    parser = argparse.ArgumentParser(exit_on_error=False)
    import_module(f"nordcrawl.cli.{name}").add_options(parser)
    options = parser.parse_args(rest)
    if name == "crawl":  # whose arguments are the source's
        all_of_it = Options.from_settings(ModuleSettings(NORDCRAWL_CONTACT="a@example.org"))
        for source in options.sources or [SOURCE]:
            given = dict(pair.split("=", 1) for pair in options.a or ())
            Arguments.parse(given, all_of_it.source(source))


def test_units_that_the_runbook_starts_are_there_with_commands_that_are() -> None:
    named = re.findall(
        r"\b(nordcrawl(?:-keep)?@)(\w*)\.(service|timer)", RUNBOOK.read_text("utf-8")
    )
    assert named
    for template, instance, kind in named:
        assert (DEPLOY / "systemd" / f"{template}.{kind}").is_file()
        if template == "nordcrawl-keep@" and instance:
            assert instance in COMMANDS


@pytest.mark.parametrize("path", texts(), ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_setting_that_is_named_is_one(path: Path) -> None:
    named = set(re.findall(r"NORDCRAWL_[A-Z_]+", path.read_text("utf-8")))
    assert named <= {name for name in vars(settings) if name.startswith("NORDCRAWL_")}


def _environments() -> Iterator[tuple[str, dict[str, str]]]:
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string("[s]\n" + (DEPLOY / "systemd" / "nordcrawl.env").read_text("utf-8"))
    yield "systemd", dict(parser["s"])
    service = unit(DEPLOY / "systemd" / "nordcrawl@.service")
    yield "unit", dict(line.split("=", 1) for line in service["Service.Environment"])
    compose = yaml(DEPLOY / "compose" / "compose.yaml")
    for name in ("crawl", "keep", "alert"):
        values = compose["services"][name]["environment"]
        yield f"compose {name}", {**values, "NORDCRAWL_CONTACT": "a@example.org"}
    yield "kubernetes", yaml(DEPLOY / "kubernetes" / "configmap.yaml")["data"]
    for name, rest in instructions(DEPLOY / "Containerfile"):
        if name == "ENV" and "NORDCRAWL" in rest:
            yield "image", dict(word.split("=", 1) for word in rest.split())


@pytest.mark.parametrize(("where", "values"), list(_environments()))
def test_the_settings_that_are_set_pass_the_check(where: str, values: dict[str, str]) -> None:
    ours = {name: value for name, value in values.items() if name.startswith("NORDCRAWL_")}
    assert ours, where
    assert all(isinstance(value, str) for value in values.values())
    Options.from_settings(ModuleSettings(**ours))


def test_every_exit_code_has_its_row_in_the_runbook() -> None:
    text = RUNBOOK.read_text("utf-8").partition("## What each exit code asks of you")[2]
    rows = re.findall(r"^\| (\d+) \| (\w+) \|[^|]*\|([^|]+)\|$", text, re.MULTILINE)
    assert [(int(code), name) for code, name, _ in rows] == [
        (int(code), code.name.lower()) for code in ExitCode
    ]
    assert all(advice.strip() for *_, advice in rows)


def test_links_lead_somewhere() -> None:
    for text, target in re.findall(r"\[([^\]]+)\]\(([^)#]+)", RUNBOOK.read_text("utf-8")):
        if "://" not in target:
            assert (DEPLOY / target).exists(), text


def test_installing_names_files_that_are_there() -> None:
    lines = [line for line in code(RUNBOOK.read_text("utf-8")) if "install -" in line]
    named = {word for line in lines for word in shlex.split(line, comments=False) if "/" in word}
    ours = {word for word in named if word.startswith(("deploy/", "docs/", "requirements/"))}
    assert len(ours) > 5
    for word in ours:
        assert list(ROOT.glob(word)), word
    units = {path.name for path in (DEPLOY / "systemd").iterdir()}
    installed = {path.name for word in ours for path in ROOT.glob(word)}
    assert units - installed == set()


def test_the_keys_of_the_compose_file_are_made_as_the_runbook_says(tmp_path: Path) -> None:
    shell = of_the_machine("bash")
    of_the_machine("openssl")
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    blocks = re.findall(r"```console\n(.*?)```", RUNBOOK.read_text("utf-8"), re.DOTALL)
    (block,) = [block for block in blocks if "mkdir -m 700 secrets" in block]
    script = re.sub(r"^\$ ", "", block, flags=re.MULTILINE).partition("docker compose")[0]
    said = ran(shell, "-euc", script, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    folder = tmp_path / "deploy" / "compose" / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    values = json.loads((folder / "s3.json").read_text())
    text = json.dumps(values)
    assert not re.search(r"BUCKET|PREFIX|_KEY\b", text)
    pairs = {
        pair["accessKey"]: pair["secretKey"]
        for identity in values["identities"]
        for pair in identity["credentials"]
    }
    assert len({*pairs.values()}) == 3
    compose = yaml(DEPLOY / "compose" / "compose.yaml")
    addresses = compose["secrets"].pop("alerts")["file"]
    assert f"> {addresses.removeprefix('./')} " in RUNBOOK.read_text("utf-8")
    assert compose["secrets"].keys() == {"s3.json", "crawler", "maintenance", "reader"}
    for name, secret in compose["secrets"].items():
        assert (folder.parent / secret["file"]).stat().st_mode & 0o777 == 0o644
        if name != "s3.json":
            keys = configparser.ConfigParser()
            keys.read(folder.parent / secret["file"])
            given = keys["default"]
            assert pairs[given["aws_access_key_id"]] == given["aws_secret_access_key"]
    bucket, prefix = compose["x-settings"]["NORDCRAWL_ARCHIVE"].split("/")[2:]
    assert f"arn:aws:s3:::{bucket}/{prefix}/*" in text


POLICIES = sorted((DEPLOY / "s3").glob("*-policy.json"))


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_policies_are_of_the_version_that_is_current(path: Path) -> None:
    """AWS IAM, "Grammar of the JSON policy language"."""
    policy = json.loads(path.read_text("utf-8"))
    assert policy["Version"] == "2012-10-17"
    names = [statement["Sid"] for statement in policy["Statement"]]
    assert len({*names}) == len(names)
    for statement in policy["Statement"]:
        assert statement["Effect"] in ("Allow", "Deny")
        assert ("Principal" in statement) == (path.name == "bucket-policy.json")


def _actions(name: str) -> set[str]:
    policy = json.loads((DEPLOY / "s3" / f"{name}-policy.json").read_text("utf-8"))
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def test_each_key_may_do_no_more_than_it_needs() -> None:
    assert _actions("reader") < _actions("crawler") < _actions("maintenance")
    assert not {action for action in _actions("crawler") if "Delete" in action}
    assert not {action for action in _actions("reader") if "Put" in action}


def test_seaweedfs_is_given_the_same_policies() -> None:
    values: dict[str, Any] = json.loads((DEPLOY / "s3" / "seaweedfs.json").read_text("utf-8"))
    for policy in values["policies"]:
        name = policy["name"].removeprefix("nordcrawl-")
        path = DEPLOY / "s3" / f"{name}-policy.json"
        assert json.loads(policy["content"]) == json.loads(path.read_text("utf-8"))


def test_the_lifecycle_deletes_nothing_that_is_archived() -> None:
    rules = json.loads((DEPLOY / "s3" / "lifecycle.json").read_text("utf-8"))["Rules"]
    for rule in rules:
        assert rule["Status"] == "Enabled"
        expires = rule.keys() & {"Expiration", "Transitions", "NoncurrentVersionTransitions"}
        assert not expires or rule["Filter"] == {"Prefix": "PREFIX/leases/"}
