"""Contradictions between parts of the settings that are each right: their place and words."""

from collections.abc import Callable
from typing import Any

import pytest

from emr_notebook.names import NAME_TAG, OWNER_TAG, STACK_TAG
from emr_notebook.settings.consistency import MOST_TAGS, RESERVED_TAGS
from emr_notebook.settings.file import parse
from tests.conftest import example, stage
from tests.settings.changes import refusal

GROUP = "sg-0a1b2c3d4e5f60718"
PRIMARY = "sg-0a1b2c3d4e5f60799"
KEY = "key/1234abcd-12ab-34cd-56ef-1234567890ab"
LONG = "s" * 128


def changed(**parts: Any) -> Callable[[dict[str, Any]], None]:
    """A stage with these parts instead of its own; those of `network` beside its own."""

    def change(data: dict[str, Any]) -> None:
        data["network"].update(parts.get("network", {}))
        data.update({name: part for name, part in parts.items() if name != "network"})

    return change


def notebooks(**own: dict[str, Any]) -> dict[str, Any]:
    return {key: {"cluster": "analytics", **values} for key, values in own.items()}


def clusters(**own: dict[str, Any]) -> dict[str, Any]:
    return {key: {"id": "j-2AXXXXXXGAPLF", **values} for key, values in own.items()}


def egress(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"extra_egress": [{"because": "the proxy", **rule} for rule in rules]}


ADMITTED = {"security_group_id": PRIMARY, "ingress": "create"}
ADMITTED_ELSEWHERE = {"security_group_id": PRIMARY, "ingress": "external"}
TWO_STACKS = notebooks(alice={}, bob={"stack": "science"})

POLICY = "arn:aws:iam::111122223333:policy/athena"
SCIENCE = "arn:aws:iam::111122223333:role/science"
# (what each is about, the change, the whole line that is said of it)
MISTAKES = [
    (
        "a stack's name that no DNS name can hold, and a cluster that is followed",
        changed(stack_name="s" * 64, clusters={"analytics": {"name": "nightly"}}, notebooks={}),
        (
            f"stack_name: '{'s' * 64}' was given; accepted: at most 63 characters, a letter or "
            "digit last, where a cluster is followed: its DNS name holds it (or set follow: false "
            "for the clusters)"
        ),
    ),
    (
        "a certificate's alias of a cluster that is not followed",
        changed(clusters=clusters(analytics={"tls": {"verify": "system", "names_alias": True}})),
        (
            "clusters.analytics.tls.names_alias: true (a truth value) was given; accepted: false "
            "for a cluster that is not followed: notebooks use no name of its own"
        ),
    ),
    (
        "notebooks that wait for a cluster that is not followed",
        changed(clusters=clusters(analytics={"when_absent": "deploy"})),
        (
            "clusters.analytics.when_absent: 'deploy' was given; accepted: refuse for a cluster "
            "that is not followed: nobody would notice its start"
        ),
    ),
    (
        "alarms in another region",
        changed(alarms_topic_arn="arn:aws:sns:us-east-1:111122223333:alarms"),
        (
            "alarms_topic_arn: 'arn:aws:sns:us-east-1:111122223333:alarms' was given; accepted: a "
            "topic in the stage's region, eu-west-1"
        ),
    ),
    (
        "policies for a role that is given",
        changed(defaults={"managed_policy_arns": [POLICY], "role_arn": SCIENCE}),
        (
            f"defaults.managed_policy_arns: ['{POLICY}'] was given; accepted: none beside a "
            "role_arn: a role of your own is not modified"
        ),
    ),
    (
        "a notebook's policies for the stage's role",
        changed(
            defaults={"role_arn": SCIENCE},
            notebooks=notebooks(alice={"managed_policy_arns": [POLICY]}),
        ),
        (
            f"notebooks.alice.managed_policy_arns: ['{POLICY}'] was given; accepted: none beside a "
            "role_arn: a role of your own is not modified"
        ),
    ),
    (
        "a policy twice",
        changed(notebooks=notebooks(alice={"managed_policy_arns": [POLICY, POLICY]})),
        (
            f"notebooks.alice.managed_policy_arns.1: '{POLICY}' was given; accepted: each policy "
            "once"
        ),
    ),
    (
        "more policies than a role takes whose notebook stops itself",
        changed(
            defaults={
                "managed_policy_arns": [f"{POLICY}-{number}" for number in range(8)],
                "stop_after_idle_minutes": 60,
            }
        ),
        (
            f"defaults.managed_policy_arns: ['{POLICY}-0', '{POLICY}-1', "
            "'arn:aws:iam::111122223333... was given; accepted: at most 7 beside "
            "stop_after_idle_minutes, which takes a policy itself"
        ),
    ),
    (
        "a policy of another account",
        changed(defaults={"managed_policy_arns": ["arn:aws:iam::444455556666:policy/athena"]}),
        (
            "defaults.managed_policy_arns: 'arn:aws:iam::444455556666:policy/athena' was given; "
            "accepted: one of the stage's account, 111122223333"
        ),
    ),
    (
        "a cluster that is not there",
        changed(notebooks={"alice": {"cluster": "analytic"}}),
        "notebooks.alice.cluster: 'analytic' was given; accepted: one of the clusters: analytics",
    ),
    (
        "a Livy that no rule reaches",
        changed(network={"vpc_cidr": None}),
        (
            "clusters.analytics.security_group_id: nothing was given; accepted: the primary's "
            "security group, unless network.vpc_cidr or network.security_group_ids is given: "
            "without one of them no rule lets the notebooks reach Livy"
        ),
    ),
    (
        "a rule that is to be made and is there",
        changed(clusters=clusters(analytics=ADMITTED, other=ADMITTED_ELSEWHERE)),
        (
            "clusters.other.ingress: 'external' was given; accepted: create, as clusters.analytics "
            "says of the same group and port"
        ),
    ),
    (
        "a rule that two stacks would make",
        changed(
            network={"security_group_ids": [GROUP]},
            clusters=clusters(analytics=ADMITTED),
            notebooks=TWO_STACKS,
        ),
        (
            "clusters.analytics.ingress: 'create' was given; accepted: external: "
            "emr-notebooks-test and emr-notebooks-test-science would each make the same rule"
        ),
    ),
    (
        "a rule that two stacks would make for two clusters",
        changed(
            network={"security_group_ids": [GROUP]},
            clusters=clusters(analytics=ADMITTED, other=ADMITTED),
            notebooks={"alice": {"cluster": "analytics"}, "b": {"cluster": "other", "stack": "b"}},
        ),
        (
            "clusters.other.ingress: 'create' was given; accepted: external: emr-notebooks-test "
            "and emr-notebooks-test-b would each make the same rule"
        ),
    ),
    (
        "a name that is too long",
        changed(stack_name="s" * 60),
        (
            f"notebooks.alice.name: '{'s' * 60}-alice' was given; accepted: at most 63 characters; "
            "this is 66 long: give a shorter one"
        ),
    ),
    (
        "a name that two notebooks have, in capitals or not",
        changed(notebooks=notebooks(alice={"name": "Shared"}, bob={"name": "shared"})),
        "notebooks.bob.name: 'shared' was given; accepted: a name of its own: alice has this one",
    ),
    (
        "a name that another one gets without asking",
        changed(notebooks=notebooks(alice={}, bob={"name": "emr-notebooks-test-alice"})),
        (
            "notebooks.bob.name: 'emr-notebooks-test-alice' was given; accepted: a name of its "
            "own: alice has this one"
        ),
    ),
    (
        "one lifecycle configuration for two scripts",
        changed(
            notebooks=notebooks(
                alice={"lifecycle_config_name": "start", "spark": {"driverCores": 1}},
                bob={"lifecycle_config_name": "Start", "spark": {"driverCores": 2}},
            )
        ),
        (
            "notebooks.bob.lifecycle_config_name: 'Start' was given; accepted: one name for one "
            "script: bob has another than alice"
        ),
    ),
    (
        "one lifecycle configuration for two stacks",
        changed(defaults={"lifecycle_config_name": "start"}, notebooks=TWO_STACKS),
        (
            "defaults.lifecycle_config_name: 'start' was given; accepted: one name for one script: "
            "bob has another than alice"
        ),
    ),
    (
        "a stack's name that is too long",
        changed(
            stack_name=LONG,
            notebooks=notebooks(alice={"name": "alice", "stack": "science"}),
        ),
        (
            "notebooks.alice.stack: 'science' was given; accepted: at most 128 characters with the "
            "stack_name before it; this makes 136"
        ),
    ),
    (
        "one session name for all",
        changed(
            defaults={"spark": {"name": "mine"}},
            notebooks=notebooks(alice={}, bob={}, carol={}),
        ),
        (
            "defaults.spark.name: 'mine' was given; accepted: a name for each notebook of "
            "analytics: alice has this one"
        ),
    ),
    (
        "one session name for two",
        changed(
            notebooks=notebooks(alice={"spark": {"name": "ours"}}, bob={"spark": {"name": "ours"}})
        ),
        (
            "notebooks.bob.spark.name: 'ours' was given; accepted: a name for each notebook of "
            "analytics: alice has this one"
        ),
    ),
    (
        "an owner in the stage's tags",
        changed(tags={"owner": "alice"}),
        "tags.owner: 'alice' was given; accepted: no tag Owner here: it is a notebook's owner",
    ),
    (
        "an owner in a notebook's tags",
        changed(notebooks=notebooks(alice={"tags": {"Owner": "alice"}})),
        (
            "notebooks.alice.tags.Owner: 'alice' was given; accepted: no tag Owner here: it is a "
            "notebook's owner"
        ),
    ),
    (
        "the app's own tag on a notebook",
        changed(notebooks=notebooks(alice={"tags": {STACK_TAG: "x"}})),
        (
            f"notebooks.alice.tags.{STACK_TAG}: 'x' was given; accepted: another tag: this one is "
            "the app's own"
        ),
    ),
    (
        "the app's own tag on a role, in small letters",
        changed(tags={NAME_TAG.lower(): "x"}),
        "tags.emrnotebookname: 'x' was given; accepted: another tag: this one is the app's own",
    ),
    (
        "tags that IAM takes for one",
        changed(tags={"Team": "a", "team": "b"}),
        "tags.team: 'b' was given; accepted: a tag of its own: to IAM this is Team",
    ),
    (
        "too many tags",
        changed(tags={f"t{n}": "x" for n in range(48)}),
        (
            "tags: {'t0': 'x', 't1': 'x', 't10': 'x', 't11': 'x', ...} was given; accepted: at "
            "most 47 tags, the stage's among them; here are 48"
        ),
    ),
    (
        "too many tags together",
        changed(
            tags={f"t{n}": "x" for n in range(47)}, notebooks=notebooks(alice={"tags": {"u": "x"}})
        ),
        (
            "notebooks.alice.tags: {'u': 'x'} was given; accepted: at most 47 tags, the stage's "
            "among them; here are 48"
        ),
    ),
    (
        "a key beside none",
        changed(
            kms_key_arn=f"arn:aws:kms:eu-west-1:111122223333:{KEY}",
            opt_outs={"aws_managed_key": {"because": "no key policy is agreed yet"}},
        ),
        (
            f"kms_key_arn: 'arn:aws:kms:eu-west-1:111122223333:{KEY}' was given; accepted: no key "
            "beside opt_outs.aws_managed_key: remove one of the two"
        ),
    ),
    (
        "a key of another region",
        changed(kms_key_arn=f"arn:aws:kms:us-east-1:111122223333:{KEY}"),
        (
            f"kms_key_arn: 'arn:aws:kms:us-east-1:111122223333:{KEY}' was given; accepted: a key "
            "in the stage's region, eu-west-1"
        ),
    ),
    (
        "a boundary of another account",
        changed(permissions_boundary_arn="arn:aws:iam::444455556666:policy/boundary"),
        (
            "permissions_boundary_arn: 'arn:aws:iam::444455556666:policy/boundary' was given; "
            "accepted: one of the stage's account, 111122223333"
        ),
    ),
    (
        "a role of another account for all",
        changed(defaults={"role_arn": "arn:aws:iam::444455556666:role/science"}),
        (
            "defaults.role_arn: 'arn:aws:iam::444455556666:role/science' was given; accepted: one "
            "of the stage's account, 111122223333"
        ),
    ),
    (
        "a role of another account for one",
        changed(notebooks=notebooks(alice={"role_arn": "arn:aws:iam::444455556666:role/science"})),
        (
            "notebooks.alice.role_arn: 'arn:aws:iam::444455556666:role/science' was given; "
            "accepted: one of the stage's account, 111122223333"
        ),
    ),
    (
        "a security group twice",
        changed(network={"security_group_ids": [GROUP, PRIMARY, GROUP]}),
        f"network.security_group_ids.2: '{GROUP}' was given; accepted: each group once",
    ),
    (
        "rules for groups that are not made",
        changed(
            network={"security_group_ids": [GROUP], **egress({"port": 1, "cidr": "1.0.0.0/8"})}
        ),
        (
            "network.extra_egress: [{'because': 'the proxy', 'cidr': '1.0.0.0/8', 'port': 1}] was "
            "given; accepted: none beside network.security_group_ids: groups of your own are not "
            "changed"
        ),
    ),
    (
        "a rule twice",
        changed(network=egress({"port": 1, "cidr": "1.0.0.0/8"}, {"port": 1, "cidr": "1.0.0.0/8"})),
        (
            "network.extra_egress.1: {'because': 'the proxy', 'cidr': '1.0.0.0/8', 'port': 1} was "
            "given; accepted: each rule once: network.extra_egress.0 has this one"
        ),
    ),
    (
        "the rule for the VPC's endpoints again",
        changed(network=egress({"port": 443, "cidr": "10.0.0.0/16"})),
        (
            "network.extra_egress.0: {'because': 'the proxy', 'cidr': '10.0.0.0/16', 'port': 443} "
            "was given; accepted: each rule once: network.vpc_cidr has this one"
        ),
    ),
    (
        "Livy's rule again",
        changed(
            clusters=clusters(analytics=ADMITTED),
            network=egress({"port": 8998, "security_group_id": PRIMARY}),
        ),
        (
            "network.extra_egress.0: {'because': 'the proxy', 'port': 8998, 'security_group_id': "
            f"'{PRIMARY}'}} was given; accepted: each rule once: clusters.analytics has this one"
        ),
    ),
]


@pytest.mark.parametrize(
    ("change", "line"), [each[1:] for each in MISTAKES], ids=[each[0] for each in MISTAKES]
)
def test_it_is_told_once_with_its_place_and_what_is_accepted(
    change: Callable[[dict[str, Any]], None], line: str
) -> None:
    assert refusal(change) == f"1 mistake\n  {line}"


def test_several_are_told_at_once() -> None:
    def several(data: dict[str, Any]) -> None:
        data["notebooks"]["bob"] = {"cluster": "analytic", "tags": {"owner": "x"}}
        data["tags"] = {STACK_TAG: "x"}

    assert refusal(several).splitlines() == [
        "3 mistakes",
        "  notebooks.bob.cluster: 'analytic' was given; accepted: one of the clusters: analytics",
        f"  tags.{STACK_TAG}: 'x' was given; accepted: another tag: this one is the app's own",
        (
            "  notebooks.bob.tags.owner: 'x' was given; accepted: no tag Owner here: it is a "
            "notebook's owner"
        ),
    ]


ALARMS = [
    (
        "policies for the roles that are made, and a role for one that is not",
        changed(
            defaults={"managed_policy_arns": ["arn:aws:iam::aws:policy/AmazonAthenaFullAccess"]},
            notebooks=notebooks(alice={"role_arn": "arn:aws:iam::111122223333:role/science"}),
        ),
    ),
    (
        "as many policies as a role takes, of a notebook that stops itself or never does",
        changed(
            defaults={"managed_policy_arns": [f"{POLICY}-{number}" for number in range(8)]},
            notebooks=notebooks(
                alice={
                    "managed_policy_arns": [f"{POLICY}-{number}" for number in range(7)],
                    "stop_after_idle_minutes": 60,
                },
                bob={"stop_after_idle_minutes": "never"},
            ),
        ),
    ),
    ("no notebook yet", changed(notebooks={})),
    ("the example", lambda data: data.update(example())),
    (
        "a group of the primary's without a range",
        changed(clusters=clusters(analytics=ADMITTED), network={"vpc_cidr": None}),
    ),
    (
        "groups that reach Livy already",
        changed(network={"security_group_ids": [GROUP], "vpc_cidr": None}),
    ),
    ("one rule for two clusters", changed(clusters=clusters(analytics=ADMITTED, b=ADMITTED))),
    (
        "one group, made and external, at two ports",
        changed(clusters=clusters(analytics=ADMITTED, b={**ADMITTED_ELSEWHERE, "port": 8999})),
    ),
    (
        "two stacks whose made groups are admitted",
        changed(clusters=clusters(analytics=ADMITTED), notebooks=TWO_STACKS),
    ),
    (
        "two stacks, each of which admits to a primary of its own",
        changed(
            network={"security_group_ids": [GROUP]},
            clusters=clusters(analytics=ADMITTED, b={**ADMITTED, "security_group_id": GROUP}),
            notebooks={"alice": {"cluster": "analytics"}, "b": {"cluster": "b", "stack": "b"}},
        ),
    ),
    (
        "two stacks, and an idle cluster in the first",
        changed(
            network={"security_group_ids": [GROUP]},
            clusters=clusters(analytics={}, idle=ADMITTED),
            notebooks=TWO_STACKS,
        ),
    ),
    ("a name of 63 characters", changed(notebooks=notebooks(alice={"name": "a" * 63}))),
    ("a made name of 63 characters", changed(stack_name="s" * 57)),
    (
        "one lifecycle configuration for one script",
        changed(
            defaults={"lifecycle_config_name": "start"},
            notebooks=notebooks(alice={}, bob={"spark": {}}),
        ),
    ),
    ("a stack_name of 128 characters", changed(stack_name=LONG, notebooks={})),
    (
        "a session name for the one who takes the default",
        changed(
            defaults={"spark": {"name": "mine"}}, notebooks=notebooks(alice={}, bob={"spark": {}})
        ),
    ),
    (
        "one session name on two clusters",
        changed(
            clusters=clusters(analytics={}, b={}),
            defaults={"spark": {"name": "mine"}},
            notebooks={"alice": {"cluster": "analytics"}, "bob": {"cluster": "b"}},
        ),
    ),
    (
        "as many tags as there may be, the notebook's own among them",
        changed(
            tags={f"t{n}": "x" for n in range(46)},
            notebooks=notebooks(alice={"tags": {"t0": "y", "u": "x"}}),
        ),
    ),
    (
        "tags that SageMaker tells apart",
        changed(tags={"team": "a"}, notebooks=notebooks(alice={"tags": {"Team": "b"}})),
    ),
    (
        "a key of another account in the region",
        changed(kms_key_arn=f"arn:aws:kms:eu-west-1:444455556666:{KEY}"),
    ),
    (
        "AWS's own policy as a boundary",
        changed(permissions_boundary_arn="arn:aws:iam::aws:policy/PowerUserAccess"),
    ),
    (
        "rules that differ in one thing",
        changed(
            network=egress(
                {"port": 443, "cidr": "10.0.0.0/15"},
                {"port": 444, "cidr": "10.0.0.0/16"},
                {"port": 443, "cidr": "10.0.0.0/16", "protocol": "udp"},
                {"port": 443, "security_group_id": GROUP},
                {"port": 443, "prefix_list_id": "pl-6da54004"},
            )
        ),
    ),
]


@pytest.mark.parametrize("change", [each[1] for each in ALARMS], ids=[each[0] for each in ALARMS])
def test_what_is_no_contradiction_raises_no_alarm(change: Any) -> None:
    parse(stage(change))


def test_the_apps_own_tags_cannot_be_given() -> None:
    assert set(RESERVED_TAGS) == {NAME_TAG.lower(), STACK_TAG.lower()}
    assert MOST_TAGS + len([OWNER_TAG, NAME_TAG, STACK_TAG]) <= 50
