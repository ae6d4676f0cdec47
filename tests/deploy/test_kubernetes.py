"""The Kubernetes files of crawls and alerts keep the schemas, fit each other, and answer each exit
code."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from nordcrawl.crawl.stopping import GONE_S
from nordcrawl.errors import ExitCode
from tests.support.deploy_files import DEPLOY, instructions, of_the_machine, of_the_tests, ran, yaml

FOLDER = DEPLOY / "kubernetes"
RESOURCES = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")


PREFIXES = ("", "alert-")


@pytest.fixture(params=PREFIXES, ids=["crawl", "alert"])
def prefix(request: pytest.FixtureRequest) -> str:
    """How the names of a job's files begin."""
    value: str = request.param
    return value


@pytest.fixture
def resources(prefix: str) -> dict[str, Any]:
    """The resources of a job by kind, of which there is one each; the settings are of both."""
    files = [path for path in RESOURCES if path.name.startswith("alert-") is bool(prefix)]
    files += [FOLDER / "configmap.yaml"] if prefix else []
    found = {value["kind"]: value for value in map(yaml, files)}
    assert len(found) == len(files) == 5
    return found


@pytest.fixture
def job(resources: dict[str, Any]) -> Any:
    return resources["CronJob"]["spec"]["jobTemplate"]["spec"]


@pytest.fixture
def pod(job: Any) -> Any:
    return job["template"]["spec"]


@pytest.fixture
def environment(resources: dict[str, Any], pod: Any) -> dict[str, str]:
    """The settings that a pod is started with."""
    (container,) = pod["containers"]
    own = {one["name"]: one["value"] for one in container.get("env", ())}
    return {**resources["ConfigMap"]["data"], **own}


def test_every_resource_keeps_its_schema() -> None:
    said = ran(of_the_tests("kubernetes-validate"), "--strict", *RESOURCES)
    assert said.returncode == 0, said.stdout
    # A kind that it does not know is a warning to it.
    assert [line for line in said.stdout.splitlines() if " passed for resource " not in line] == []
    assert said.stdout.count(" passed for resource ") == len(RESOURCES)


def test_the_kustomization_has_every_resource_and_says_the_image(pod: Any) -> None:
    values = yaml(FOLDER / "kustomization.yaml")
    assert sorted(values["resources"]) == [path.name for path in RESOURCES]
    assert [image["name"] for image in values["images"]] == [pod["containers"][0]["image"]]


def test_kustomize_builds_it() -> None:
    said = ran(of_the_machine("kubectl"), "kustomize", FOLDER)
    assert said.returncode == 0, said.stderr
    built = list(YAML(typ="safe").load_all(said.stdout))
    assert len(built) == len(RESOURCES)
    (image,) = yaml(FOLDER / "kustomization.yaml")["images"]
    jobs = [value["spec"]["jobTemplate"] for value in built if value["kind"] == "CronJob"]
    assert len(jobs) == len(PREFIXES)
    for job in jobs:
        (container,) = job["spec"]["template"]["spec"]["containers"]
        assert container["image"].startswith(image["newName"])


@pytest.mark.parametrize("prefix", [""], indirect=True)
def test_each_exit_code_has_one_answer(job: Any) -> None:
    """Kubernetes, "Pod failure policy": the first rule that fits; without one a failure counts."""
    answers: dict[int, str] = {}
    for rule in job["podFailurePolicy"]["rules"]:
        for code in rule.get("onExitCodes", {}).get("values", ()):
            assert code not in answers
            assert rule["onExitCodes"]["containerName"] == "nordcrawl"
            assert rule["onExitCodes"]["operator"] == "In"
            answers[code] = rule["action"]
    assert answers.keys() == set(ExitCode) - {ExitCode.WHOLE}
    again = {code for code, action in answers.items() if action == "Count"}
    assert again == {ExitCode.PENDING, ExitCode.INTERRUPTED}
    assert set(answers.values()) == {"Count", "FailJob"}


@pytest.mark.parametrize("prefix", ["alert-"], indirect=True)
def test_a_look_that_failed_is_left_to_the_next_one(resources: dict[str, Any], job: Any) -> None:
    assert job["backoffLimit"] == 0
    minutes = [int(one) for one in resources["CronJob"]["spec"]["schedule"].split()[0].split(",")]
    assert 60 * (minutes[1] - minutes[0]) > job["activeDeadlineSeconds"]


@pytest.mark.parametrize("prefix", ["alert-"], indirect=True)
def test_alerts_have_addresses_and_a_memory_that_lasts(
    pod: Any, environment: dict[str, str]
) -> None:
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    addresses = Path(environment["NORDCRAWL_ALERTS"])
    (container,) = pod["containers"]
    mounted = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    secret = volumes[mounted[str(addresses.parent)]]["secret"]
    assert not secret.get("optional"), "a job that could tell nobody must fail"
    runbook = (DEPLOY / "README.md").read_text("utf-8")
    assert f"secret generic {secret['secretName']} --from-file={addresses.name}=" in runbook
    crawl = yaml(FOLDER / "cronjob.yaml")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    theirs = {volume["name"]: volume for volume in crawl["volumes"]}
    assert volumes["state"] != theirs["state"], "only one pod may have a claim"
    assert volumes["credentials"] != theirs["credentials"], "a reader's key is enough"


def test_a_pod_that_was_evicted_is_started_again(job: Any) -> None:
    first = job["podFailurePolicy"]["rules"][0]
    assert first["action"] == "Ignore"
    assert [condition["type"] for condition in first["onPodConditions"]] == ["DisruptionTarget"]
    assert job["template"]["spec"]["restartPolicy"] == "Never", "a policy needs it"


def test_runs_of_a_source_never_meet_and_end(resources: dict[str, Any], job: Any, pod: Any) -> None:
    assert resources["CronJob"]["spec"]["concurrencyPolicy"] == "Forbid"
    assert 0 < job["activeDeadlineSeconds"] < 86_400
    assert pod["terminationGracePeriodSeconds"] > GONE_S


def test_the_pod_is_shut_in(pod: Any) -> None:
    security = pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    user = ("USER", f"{security['runAsUser']}:{security['runAsGroup']}")
    assert user in instructions(DEPLOY / "Containerfile")
    assert security["fsGroup"] == security["runAsGroup"]
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]


def test_what_the_pod_refers_to_is_there(
    resources: dict[str, Any], pod: Any, environment: dict[str, str]
) -> None:
    (container,) = pod["containers"]
    names = {kind: value["metadata"]["name"] for kind, value in resources.items()}
    assert container["envFrom"] == [{"configMapRef": {"name": names["ConfigMap"]}}]
    assert pod["serviceAccountName"] == names["ServiceAccount"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    claim = volumes["state"]["persistentVolumeClaim"]
    assert claim == {"claimName": names["PersistentVolumeClaim"]}
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted.keys() == volumes.keys()
    assert environment["NORDCRAWL_STATE_DIR"].startswith(mounted["state"] + "/")
    keys = Path(environment["AWS_SHARED_CREDENTIALS_FILE"])
    assert str(keys.parent) == mounted["credentials"]
    assert volumes["credentials"]["secret"]["optional"] is True
    secret = volumes["credentials"]["secret"]["secretName"]
    runbook = (DEPLOY / "README.md").read_text("utf-8")
    assert f"secret generic {secret} --from-file={keys.name}=" in runbook


def test_the_network_policy_holds_for_the_pod(resources: dict[str, Any], job: Any) -> None:
    labels = job["template"]["metadata"]["labels"]
    for policy in (resources["NetworkPolicy"], yaml(FOLDER / "networkpolicy.yaml")):
        assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07::1", True),
        ("10.3.0.7", False),
        ("100.100.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("169.254.170.2", False),
        ("172.20.0.10", False),
        ("192.168.1.1", False),
        ("::1", False),
        ("fd00:ec2::254", False),
        ("fe80::1", False),
    ],
)
def test_the_pod_reaches_the_web_and_nothing_inside(
    resources: dict[str, Any], prefix: str, address: str, reached: bool
) -> None:
    policy = resources["NetworkPolicy"]["spec"]
    if not prefix:  # the policy of all pods, beside that of alerts
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        assert policy["ingress"] == []
    blocks = [
        (peer["ipBlock"], {port["port"] for port in rule["ports"]})
        for rule in policy["egress"]
        for peer in rule["to"]
        if "ipBlock" in peer
    ]
    assert all(ports == ({465, 587} if prefix else {80, 443}) for _, ports in blocks)
    asked = ip_address(address)
    assert reached == any(
        asked in ip_network(block["cidr"])
        and not any(asked in ip_network(inner) for inner in block.get("except", ()))
        for block, _ in blocks
    )
