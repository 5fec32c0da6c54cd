"""What the resolver finds in a real `cdk deploy`, with IAM enforced, and by which calls."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from emr_notebook.constructs.resolver_request import properties
from emr_notebook.settings.cluster import Cluster
from sandbox.aws.emr.seed import ClusterSpec
from tests.end_to_end.resolver_world import (
    PRIMARY_GROUP,
    Asked,
    ResolverWorld,
    resolver_world,
    running,
)

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(0.5)]

NAME = "🚀 nightly ｶﾀｶﾅ"
# One of them is a tag that AWS sets.
TEAM = {"team": "risk", "stage": "test", "aws:cloudformation:stack-name": "spark"}
# So many that five outputs each would be more than CloudFormation takes.
MANY = {f"c{number}": f"j-MANY{number:04d}" for number in range(45)}
TEN = dict(list(MANY.items())[:10])
NEWER = 1.8e9
HIGHLY_AVAILABLE = ("10.0.3.10", "10.0.3.11", "10.0.3.12")
STAGES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "by-id": {"analytics": {"id": "j-BYID0001"}},
    "by-name": {"analytics": {"name": NAME}},
    "by-tags": {"analytics": {"tags": TEAM}},
    "three-primaries": {"analytics": {"id": "j-FLEET001"}},
    "own-ports": {
        "groups": {"id": "j-GROUPS01", "port": 9001},
        "fleets": {"id": "j-FLEETS01", "port": 9002},
        "bootstrapped": {
            "id": "j-BOOTED01",
            "port": 9003,
            "security_group_id": PRIMARY_GROUP,
            "ingress": "create",
        },
    },
    "many": {
        key: {"id": cluster_id, "group_configurations": False} for key, cluster_id in MANY.items()
    },
}
NOTEBOOKS = {name: {"cluster": "analytics"} for name in ("alice", "bob", "carol")}
# What its roles and Lambda are made with, unless nobody says so.
MADE_OTHERWISE: Mapping[str, Any] = {
    "role_path": "/data-science/",
    "resolver_architecture": "x86_64",
    "defaults": {"managed_policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
}
IN_FLEETS: Any = {"collection": "INSTANCE_FLEET"}
SPARK_4: Any = {"applications": {"Hadoop": "3.4.2", "Livy": "0.9.0", "Spark": "4.1.1-amzn-0"}}


def livy_port(port: int) -> list[Mapping[str, Any]]:
    return [{"Classification": "livy-conf", "Properties": {"livy.server.port": str(port)}}]


def seed(world: ResolverWorld) -> None:
    """Each stage's clusters, dead ones like them, and so many others that lists have pages."""
    world.put(
        running("j-BYID0001", "10.0.1.10"),
        running("j-BYNAME01", "10.0.1.20", name=NAME, **SPARK_4, release_label="emr-spark-8.0.0"),
        running(
            "j-BYTAGS01",
            "10.0.1.30",
            tags={**TEAM, "owner": "alice"},
            **SPARK_4,
            release_label="emr-spark-8.1.0",
        ),
        running("j-OTHERTAG", "10.0.1.31", tags={"team": "risk", "stage": "live"}),
        running("j-FLEET001", *HIGHLY_AVAILABLE, **IN_FLEETS),
        running("j-GROUPS01", "10.0.4.10", primary_configurations=livy_port(9001)),
        # A bootstrap action has moved its Livy, of which EMR says nothing.
        running("j-BOOTED01", "10.0.4.30"),
        running("j-FLEETS01", "10.0.4.20", primary_configurations=livy_port(9002), **IN_FLEETS),
        # Newer than those above, as the next ones, so that these are on the second page.
        *(running(each, f"10.0.2.{n}", created=NEWER) for n, each in enumerate(MANY.values())),
    )
    for number in range(40):
        world.put(
            ClusterSpec(f"j-DEAD{number:04d}", name=NAME, tags=TEAM, state="TERMINATED"),
            ClusterSpec(f"j-MORE{number:04d}", name="another", created=NEWER + number),
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResolverWorld]:
    """Every stage above, deployed."""
    with resolver_world(tmp_path_factory.mktemp("resolver")) as found:
        seed(found)
        for stage, clusters in STAGES.items():
            more = MADE_OTHERWISE if stage == "by-id" else {}
            found.write_stage(stage, clusters, NOTEBOOKS if stage == "by-id" else None, **more)
        deploy = found.deploy_together(dict.fromkeys(STAGES, Asked()))
        assert not deploy.failed, deploy.printed
        yield found


@pytest.mark.parametrize(
    ("stage", "cluster_id", "release", "url"),
    [
        ("by-id", "j-BYID0001", "emr-7.8.0", "http://10.0.1.10:8998"),
        ("by-name", "j-BYNAME01", "emr-spark-8.0.0", "http://10.0.1.20:8998"),
        ("by-tags", "j-BYTAGS01", "emr-spark-8.1.0", "http://10.0.1.30:8998"),
        ("three-primaries", "j-FLEET001", "emr-7.8.0", "http://10.0.3.10:8998"),
    ],
)
def test_a_stage_gets_the_livy_of_the_active_cluster_that_it_selects(
    world: ResolverWorld, stage: str, cluster_id: str, release: str, url: str
) -> None:
    stack = world.stack(stage)

    value = json.loads(stack.output("analytics", "Value"))
    assert value["ClusterId"] == cluster_id
    assert value["ReleaseLabel"] == release
    assert stack.output("analytics", "LivyUrl") == url
    assert stack.output("analytics", "State") == "live"


@pytest.mark.parametrize(
    ("key", "url"), [("groups", "http://10.0.4.10:9001"), ("fleets", "http://10.0.4.20:9002")]
)
def test_a_port_set_for_the_primarys_own_group_or_fleet_is_the_one_used(
    world: ResolverWorld, key: str, url: str
) -> None:
    assert world.stack("own-ports").output(key, "LivyUrl") == url


def test_a_port_that_only_the_settings_know_is_in_the_address_and_in_the_rule(
    world: ResolverWorld,
) -> None:
    stack = world.stack("own-ports")

    assert stack.output("bootstrapped", "LivyUrl") == "http://10.0.4.30:9003"
    rules = world.aws.client("ec2").describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [PRIMARY_GROUP]}]
    )["SecurityGroupRules"]
    assert 9003 in [rule["FromPort"] for rule in rules if not rule["IsEgress"]]


def test_the_found_address_reaches_every_notebook_of_the_cluster(world: ResolverWorld) -> None:
    assert [world.started_with("by-id", name) for name in NOTEBOOKS] == [
        "http://10.0.1.10:8998"
    ] * len(NOTEBOOKS)


def test_roles_and_resolver_are_made_as_the_settings_say(world: ResolverWorld) -> None:
    stack = world.stack("by-id")
    iam, function = world.aws.client("iam"), stack.named("ResolverFunction")

    roles = [name for logical, name in stack.resources.items() if "Role" in logical[-12:]]
    made = [iam.get_role(RoleName=each)["Role"]["Path"] for each in roles]
    assert made == ["/data-science/"] * (len(NOTEBOOKS) + 2)
    attached = iam.list_attached_role_policies(RoleName=stack.named("NotebookaliceRole"))
    names = [each["PolicyName"] for each in attached["AttachedPolicies"]]
    assert "ReadOnlyAccess" in names
    found = world.aws.client("lambda").get_function_configuration(FunctionName=function)
    assert found["Architectures"] == ["x86_64"]


def test_a_cluster_by_id_costs_three_calls_however_many_notebooks_use_it(
    world: ResolverWorld,
) -> None:
    assert world.calls_by("by-id") == [
        ("DescribeCluster", {"ClusterId": "j-BYID0001"}),
        (
            "ListInstances",
            {
                "ClusterId": "j-BYID0001",
                "InstanceGroupTypes": ["MASTER"],
                "InstanceStates": ["RUNNING"],
            },
        ),
        ("ListInstanceGroups", {"ClusterId": "j-BYID0001"}),
    ]


def test_each_further_page_of_instances_costs_one_call(world: ResolverWorld) -> None:
    """Two instances a page, three primaries."""
    actions = [action for action, _ in world.calls_by("three-primaries")]

    assert actions == ["DescribeCluster", "ListInstances", "ListInstances", "ListInstanceFleets"]


def test_a_name_costs_the_pages_of_active_clusters_besides(world: ResolverWorld) -> None:
    """Fifty clusters a page, ninety others active."""
    actions = [action for action, _ in world.calls_by("by-name")]

    read = ["DescribeCluster", "ListInstances", "ListInstanceGroups"]
    assert actions == ["ListClusters", "ListClusters", *read]


def test_45_clusters_of_a_stack_each_get_their_own_address(world: ResolverWorld) -> None:
    stack = world.stack("many")

    found = {key: stack.output(key, "LivyUrl") for key in MANY}
    assert found == {f"c{number}": f"http://10.0.2.{number}:8998" for number in range(45)}
    assert len(world.calls_by("many")) == 2 * len(MANY)


def test_one_lambda_answers_for_ten_clusters_at_the_same_time(world: ResolverWorld) -> None:
    """CloudFormation creates resources that do not depend on each other together."""
    client, function = world.aws.client("lambda"), world.stack("many").named("ResolverFunction")

    def ask(key: str) -> str:
        cluster = Cluster(id=TEN[key], group_configurations=False)
        event = {
            "RequestType": "Create",
            "ResourceProperties": properties(key, cluster, opened_port=None, refresh=""),
        }
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event))
        return str(json.loads(answer["Payload"].read())["Data"]["LivyUrl"])

    with ThreadPoolExecutor(len(TEN)) as threads:
        answers = list(threads.map(ask, TEN))
    assert answers == [f"http://10.0.2.{number}:8998" for number in range(len(TEN))]
