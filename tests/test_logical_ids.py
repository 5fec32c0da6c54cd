"""Logical ids stay: CloudFormation replaces what has another, a notebook with all its files."""

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from emr_notebook.settings.immutable_properties import IMMUTABLE_PROPERTIES
from tests.conftest import STAGE, templates
from tests.templates import (
    GROUP,
    INGRESS,
    INSTANCE,
    KEY,
    LIFECYCLE,
    POLICY,
    PRIMARY,
    ROLE,
    ROLE_ARN,
    lifecycle_of,
    properties,
    resources,
)

SNAPSHOT = Path(__file__).with_name("logical_ids.json")
# A kept notebook and what it cannot start without; and rules, which EC2 takes once.
WITH_THE_FILES = (INSTANCE, LIFECYCLE, KEY, GROUP, INGRESS)


def committed_stage(data: dict[str, Any]) -> None:
    """Several clusters, stacks, sessions and names: one of each way in which an id is made."""
    data["clusters"] = {
        "analytics": {"id": "j-2AXXXXXXGAPLF", "security_group_id": PRIMARY, "ingress": "create"},
        "nightly": {"name": "nightly-spark", "security_group_id": PRIMARY, "ingress": "create"},
        "by-tags-2": {"tags": {"team": "risk"}},
    }
    data["notebooks"] = {
        "alice": {
            "cluster": "analytics",
            "owner": "alice@example.com",
            "default_code_repository": {"name": "team"},
        },
        "bob": {"cluster": "analytics", "name": "bobs-own", "spark": {"executorMemory": "4g"}},
        "carol-and-dan": {"cluster": "nightly", "lifecycle_config_name": "spark-start"},
        "erin": {"cluster": "by-tags-2", "stack": "science", "role_arn": ROLE_ARN},
        "frank": {"cluster": "analytics", "stack": "science", "replace": True},
    }


def kept_ids(found: Template) -> dict[str, str]:
    """The kind of each resource whose logical id must stay, by that id."""
    kept = {name: kind for kind in WITH_THE_FILES for name in resources(found, kind)}
    roles = dict.fromkeys(resources(found, ROLE, "Notebook"), ROLE)
    shared = dict.fromkeys(resources(found, POLICY, "Roles"), POLICY)
    return dict(sorted({**kept, **roles, **shared}.items()))


def test_the_logical_ids_of_what_is_deployed_are_those_that_were_committed() -> None:
    committed = json.loads(SNAPSHOT.read_text(encoding="utf-8"))

    found = {name: kept_ids(each) for name, each in templates(committed_stage).items()}

    changed = [
        f"{stack}: {name} ({kind}) is gone"
        for stack, held in committed.items()
        for name, kind in held.items()
        if found.get(stack, {}).get(name) != kind
    ]
    assert changed == [], (
        "a changed logical id replaces a deployed notebook: it is deployed again, empty, and the "
        "old one stays behind unknown to its stack. Give the construct its old id back. Gone: "
        f"{changed}. There now: {json.dumps(found, indent=1)}"
    )
    assert found == committed, f"write the new ids down in {SNAPSHOT.name}"


KEYS = ("alice", "bob", "carol", "dan", "erin")
# What a deployed notebook may change and stay the same instance.
CHANGEABLE = st.fixed_dictionaries(
    {"cluster": st.sampled_from(["analytics", "nightly"])},
    optional={
        "owner": st.sampled_from(["alice@example.com", "bob@example.com"]),
        "tags": st.just({"project": "risk"}),
        "instance_type": st.sampled_from(["ml.t3.medium", "ml.m5.xlarge"]),
        "volume_size_in_gb": st.sampled_from([5, 50]),
        "role_arn": st.just(ROLE_ARN),
        "spark": st.sampled_from([{}, {"executorMemory": "4g"}, {"conf": {"spark.a": "1"}}]),
        "default_code_repository": st.just({"name": "team"}),
        "additional_code_repositories": st.just([{"url": "https://github.com/example/more.git"}]),
        "opt_outs": st.just({"root_access": {"because": "builds drivers"}}),
    },
)
# What is fixed at birth, and here never changes.
BORN = st.fixed_dictionaries(
    {},
    optional={
        "subnet_id": st.just("subnet-00000000000000002"),
        "stack": st.just("science"),
    },
)
MORE = {"port": 443, "cidr": "192.0.2.0/24", "because": "The package index"}
# What a stage may change without touching what its notebooks were born with.
STAGE_WIDE = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.just({"cost-center": "42"}),
        "network": st.just({**STAGE["network"], "extra_egress": [MORE], "vpc_cidr": "10.0.0.0/8"}),
        "termination_protection": st.booleans(),
        "permissions_boundary_arn": st.just("arn:aws:iam::111122223333:policy/boundary"),
        "owner_identity": st.just("user-name"),
        "checks": st.just(["nist"]),
        "defaults": st.sampled_from(
            [{"volume_size_in_gb": 20}, {"instance_type": "ml.m5.large"}, {}]
        ),
    },
)
CLUSTERS = st.fixed_dictionaries(
    {
        "analytics": st.sampled_from(
            [{"id": "j-2AXXXXXXGAPLF"}, {"id": "j-ANOTHER", "port": 9443, "wait_minutes": 1}]
        ),
        "nightly": st.sampled_from([{"name": "nightly"}, {"tags": {"team": "risk"}}]),
    },
    optional={"third": st.just({"id": "j-THIRD"})},
)


@st.composite
def edits(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of two deploys: notebooks come, go, move and change, the fixed apart."""
    born = {key: draw(BORN) for key in KEYS}

    def deploy() -> dict[str, Any]:
        chosen = draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=1))
        return {
            **draw(STAGE_WIDE),
            "clusters": draw(CLUSTERS),
            "notebooks": {key: {**draw(CHANGEABLE), **born[key]} for key in chosen},
        }

    first = deploy()
    second = deploy()
    for key, notebook in first["notebooks"].items():
        if key in second["notebooks"] and draw(st.booleans()):
            second["notebooks"][key] = copy.deepcopy(notebook)
    return first, second


def deployed(data: Mapping[str, Any]) -> Mapping[str, Template]:
    return templates(lambda whole: whole.update(data))


def place_of(data: Mapping[str, Any], key: str) -> str:
    own = data["notebooks"][key].get("stack")
    return "emr-notebooks-test" + (f"-{own}" if own else "")


def instance_of(found: Template, key: str) -> tuple[str, dict[str, Any]]:
    """The logical id and the properties of a notebook, which is known by its name."""
    ((name, each),) = (
        (name, each["Properties"])
        for name, each in resources(found, INSTANCE).items()
        if each["Properties"]["NotebookInstanceName"] == f"emr-notebooks-test-{key}"
    )
    return name, each


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    # Shrinking takes minutes, and settings as small as these are read as they are.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(edits())
def test_what_is_done_to_one_notebook_or_the_stage_replaces_nothing_of_another(
    deploys: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    first, second = deploys
    before, after = deployed(first), deployed(second)

    for key in set(first["notebooks"]) & set(second["notebooks"]):
        stack = place_of(first, key)
        old_id, old = instance_of(before[stack], key)
        new_id, new = instance_of(after[stack], key)
        note(f"{key} in {stack}")

        assert new_id == old_id
        assert {name: new.get(name) for name in IMMUTABLE_PROPERTIES} == {
            name: old.get(name) for name in IMMUTABLE_PROPERTIES
        }
        if isinstance(old["RoleArn"], dict) and isinstance(new["RoleArn"], dict):
            assert new["RoleArn"] == old["RoleArn"]
        if script_of(first, key) == script_of(second, key):
            assert new["LifecycleConfigName"] == old["LifecycleConfigName"]

    for stack in set(before) & set(after):
        for kind in (KEY, GROUP):
            assert set(resources(before[stack], kind)) == set(resources(after[stack], kind))


def script_of(data: Mapping[str, Any], key: str) -> tuple[str, Any]:
    own = data["notebooks"][key]
    return own["cluster"], own.get("spark") or {}


def _renamed(data: dict[str, Any]) -> None:
    data["stack_name"] = "another"
    data["notebooks"]["alice"]["name"] = "renamed"


def _reordered(data: dict[str, Any]) -> None:
    data["notebooks"] = dict(reversed(data["notebooks"].items()))
    data["clusters"] = dict(reversed(data["clusters"].items()))


def test_they_come_from_the_keys_in_the_settings_and_not_from_names_or_order() -> None:
    as_it_is = ids_of(committed_stage)

    for edit in (_renamed, _reordered):

        def change(data: dict[str, Any], edit: Callable[[dict[str, Any]], None] = edit) -> None:
            committed_stage(data)
            edit(data)

        assert ids_of(change) == as_it_is


def ids_of(change: Callable[[dict[str, Any]], None]) -> list[set[str]]:
    """The logical ids of each stack, the stacks in no order."""
    found = [set(kept_ids(each)) for each in templates(change).values()]
    return sorted(found, key=sorted)


def test_a_notebooks_lifecycle_configuration_is_another_when_its_session_is() -> None:
    """So that the notebooks that share the old one go on using it."""

    def shared(data: dict[str, Any]) -> None:
        data["notebooks"]["bob"] = {"cluster": "analytics"}

    def edited(data: dict[str, Any]) -> None:
        shared(data)
        data["notebooks"]["bob"]["spark"] = {"executorMemory": "4g"}

    before, after = (templates(each)["emr-notebooks-test"] for each in (shared, edited))

    old = {key: lifecycle_of_notebook(before, key) for key in ("alice", "bob")}
    new = {key: lifecycle_of_notebook(after, key) for key in ("alice", "bob")}
    assert new["alice"] == old["alice"] == old["bob"] != new["bob"]


def lifecycle_of_notebook(found: Template, key: str) -> str:
    return lifecycle_of(found, {"Properties": properties(found, INSTANCE, f"Notebook{key}")})
