"""Tests the resolver as a whole: what holds in every world, whatever EMR answers."""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from cluster_endpoint import output_formats
from cluster_endpoint.aws import OPERATIONS
from refusal import Refusal
from tests.assets.cluster_endpoint import emr_records
from tests.assets.cluster_endpoint.emr_records import (
    BEFORE,
    CLUSTER_ID,
    cluster,
    instance,
    livy_conf,
    refused,
)
from tests.assets.cluster_endpoint.emr_world import World
from tests.assets.cluster_endpoint.oracle import Truth, truths

# What an endpoint is looked up with.
LOOK_UPS = sorted(name for name, each in OPERATIONS.items() if each.service != "route53")

# Thousands of worlds. test_resolve.py, test_find.py and test_handler.py have each case by name.
pytestmark = [pytest.mark.slow, pytest.mark.minutes(0.3)]

# A call's own limits: 5 s to connect and 20 s to read.
CALL_SECONDS = 25
often = settings(
    max_examples=400, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)


def outcome(world: World, asked: Mapping[str, Any]) -> str | dict[str, str]:
    """The code of the refusal, or the attributes without those of the protocol."""
    try:
        data = world.data(asked)
    except Refusal as refusal:
        code, said = refusal.code, str(refusal)
    else:
        assert data.pop("State") in ("live", "kept", "gone")
        assert json.loads(data.pop("Value")) == data
        return data
    # CloudFormation and terminals show one line; it shares 4,096 bytes with the framework's own.
    assert said.isprintable()
    assert len(said.encode()) < 2500
    assert re.fullmatch(r"\[[a-z-]+\] .+ Next: .+\.", said)
    return code


@often
@given(truths())
def test_the_answer_is_the_oracles_in_every_world(truth: Truth) -> None:
    expected = truth.expected()
    event(expected if isinstance(expected, str) else "found")

    assert outcome(truth.world(), truth.event()) == expected


@often
@given(truths())
def test_no_more_is_asked_than_the_settings_need(truth: Truth) -> None:
    world = truth.world()

    outcome(world, truth.event())

    allowed = {"DescribeCluster", "ListInstances"}
    allowed |= {"ListClusters"} if truth.selector != "id" else set()
    allowed |= {"GetResources"} if truth.selector == "tags" else set()
    allowed |= {"DescribeSecurityConfiguration"} if truth.scheme == "detect" else set()
    allowed |= {"ListInstanceGroups", "ListInstanceFleets"} if truth.read_groups else set()
    assert set(world.operations) <= allowed


@often
@given(truths(), st.randoms(use_true_random=False), st.integers(1, 5))
def test_neither_order_nor_page_size_changes_the_answer(
    truth: Truth, random: Any, page_size: int
) -> None:
    other = truth.world()
    other.page_size = page_size
    for listed in (other.clusters, *other.instances.values(), *other.groups.values()):
        random.shuffle(listed)

    assert outcome(other, truth.event()) == outcome(truth.world(), truth.event())


TRANSIENT = st.sampled_from(
    [
        refused("ThrottlingException", "Rate exceeded"),
        refused("Throttling", "Rate exceeded"),
        refused("InternalServerException", status=500),
        refused("", status=503),
        ReadTimeoutError(endpoint_url="https://example.invalid"),
        ConnectionClosedError(endpoint_url="https://example.invalid"),
    ]
)


@often
@given(
    truths(),
    st.dictionaries(st.sampled_from(LOOK_UPS), st.lists(TRANSIENT, max_size=12)),
    st.floats(0, CALL_SECONDS),
)
def test_when_aws_is_slow_and_fails_in_passing_the_answer_is_right_or_late_and_in_time(
    truth: Truth, failures: dict[str, list[Exception]], seconds_a_call: float
) -> None:
    world = truth.world()
    # A cluster's fate must not depend on how slow AWS is.
    world.later, world.indexed = [], {}
    undisturbed = outcome(copy.deepcopy(world), truth.event())
    world.failures.update(failures)
    world.seconds_a_call = seconds_a_call

    found = outcome(world, truth.event())

    event("late" if found != undisturbed else "right")
    assert found in (undisturbed, "aws-unavailable")
    assert world.spent <= 60 * truth.minutes + 60 + CALL_SECONDS


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["MASTER", "RUNNING", "WAITING", "$(reboot)", "a;b", "`id`", "'", '"', "\n"])
    | st.sampled_from(["\x1b[2J", "\x00", "٨٩٩٨", "\ud800"])
    | st.builds(lambda: "[" * 200_000)
    | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Id", "Name", "State", "Status", "Key", "Properties", "livy.server.port"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
FULL = cluster(
    Configurations=livy_conf(livy_server_port="9000", livy_keystore="/k"),
    SecurityConfiguration="strict",
    Tags=[{"Key": "team", "Value": "risk"}],
)


def full_world(*, fleet: bool) -> World:
    """A world in which every operation has something to answer."""
    kind, role = ("FLEET", "InstanceFleetId") if fleet else ("GROUP", "InstanceGroupId")
    nodes = [{**instance(number), role: "MASTER"} for number in (5, 6, 7)]
    own = livy_conf(livy_server_port="9001")
    group = {"InstanceGroupType": "MASTER", "Configurations": own}
    specifications = [{"InstanceType": "m5.xlarge", "Configurations": own}]
    types = {"InstanceFleetType": "MASTER", "InstanceTypeSpecifications": specifications}
    world = World(
        clusters=[{**FULL, "InstanceCollectionType": f"INSTANCE_{kind}"}],
        instances={CLUSTER_ID: nodes},
        groups={CLUSTER_ID: [types if fleet else group]},
        security={"strict": '{"EncryptionConfiguration": {"EnableInTransitEncryption": true}}'},
        page_size=1,
    )
    world.deployed(BEFORE)
    return world


ASKED: Mapping[str, dict[str, Any]] = {
    "DescribeCluster": {"ClusterId": CLUSTER_ID},
    "ListInstances": {
        "ClusterId": CLUSTER_ID,
        "InstanceGroupTypes": ["MASTER"],
        "InstanceStates": ["RUNNING"],
    },
    "ListClusters": {"ClusterStates": ["WAITING"]},
    "ListInstanceGroups": {"ClusterId": CLUSTER_ID},
    "ListInstanceFleets": {"ClusterId": CLUSTER_ID},
    "DescribeSecurityConfiguration": {"Name": "strict"},
    "GetResources": {
        "ResourceTypeFilters": ["elasticmapreduce:cluster"],
        "TagFilters": [{"Key": "team", "Values": ["risk"]}],
    },
    "DescribeStacks": {"StackName": emr_records.STACK_ID},
}


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each part of an answer."""
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, (*path, name))
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from paths(inner, (*path, number))


@st.composite
def lies(draw: st.DrawFn, operation: str) -> dict[str, Any]:
    """The operation's answer with some parts left out or replaced by anything at all."""
    world = full_world(fleet=operation == "ListInstanceFleets")
    answer = copy.deepcopy(dict(world.call(operation, ASKED[operation])))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([each for each in paths(answer) if each]))
        holder = answer
        for key in path[:-1]:
            holder = holder[key]
        if draw(st.booleans()):
            holder[path[-1]] = draw(JUNK)
        else:
            del holder[path[-1]]
        if not answer:
            break
    # boto3 answers with a mapping, whatever AWS sends.
    return answer


@pytest.mark.parametrize("operation", LOOK_UPS)
@settings(parent=often, max_examples=150)
@given(data=st.data())
def test_whatever_aws_answers_the_values_fit_or_the_refusal_is_in_words_and_in_time(
    operation: str, data: st.DataObject
) -> None:
    world = full_world(fleet=operation == "ListInstanceFleets")
    world.lies[operation] = data.draw(lies(operation))
    by_tags = {"ClusterId": None, "ClusterTags": '{"team": "risk"}'}
    asked = emr_records.event(
        "Update",
        **(by_tags if operation in ("ListClusters", "GetResources") else {}),
        Scheme="detect",
        TrustIsGiven="true",
        LastValueOutput="LastValue",
    )

    found = outcome(world, {**asked, "OldResourceProperties": asked["ResourceProperties"]})
    if isinstance(found, str):
        event(found)
    else:
        event("values")
        assert set(found) == set(output_formats.FORMATS)
        assert all(re.fullmatch("[A-Za-z0-9.,:/_+-]{1,900}", each) for each in found.values())
        assert all(output_formats.matches(name, value) for name, value in found.items())
    assert world.spent <= 600 + 60 + CALL_SECONDS
    assert operation in world.operations


@often
@given(st.dictionaries(st.text(max_size=5), JUNK) | st.fixed_dictionaries({"Cluster": JUNK}))
def test_any_mapping_for_a_cluster_is_refused(answer: dict[str, Any]) -> None:
    found = outcome(World(lies={"DescribeCluster": answer}), emr_records.event())

    assert isinstance(found, str)
