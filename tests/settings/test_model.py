"""What a notebook gets: its defaults and overrides, its name, its stack."""

import re
from typing import Any

import pytest

from emr_notebook.settings.file import parse
from emr_notebook.settings.model import Settings
from emr_notebook.settings.notebook import Notebook, NotebookDefaults, ResolvedNotebook
from tests.conftest import Change, stage
from tests.settings.changes import refusal

ROLE = "arn:aws:iam::111122223333:role/science"
POLICY = "arn:aws:iam::111122223333:policy/athena"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OPT_OUT = {"because": "no NAT gateway yet"}
# Of each key that a notebook may take from the defaults: what nobody says, and two other values.
VALUES: dict[str, tuple[Any, Any, Any]] = {
    "instance_type": ("ml.t3.medium", "ml.m5.xlarge", "ml.t3.large"),
    "volume_size_in_gb": (5, 20, 50),
    "role_arn": (None, ROLE, f"{ROLE}-2"),
    "managed_policy_arns": ([], [POLICY], [POLICY, f"{POLICY}-2"]),
    "lifecycle_config_name": (None, "start", "begin"),
    "default_code_repository": (None, {"name": "one"}, {"url": "https://example.com/two.git"}),
    "additional_code_repositories": ([], [{"name": "one"}], [{"name": "two"}, {"name": "three"}]),
    "spark": ({}, {"driverCores": 1, "queue": "a"}, {"driverMemory": "1g"}),
    "sparkmagic": ({}, {"default_maxrows": 100}, {"use_auto_viz": False}),
    "schedule": (None, {"stop": "19:30", "timezone": "UTC"}, {"start": "08:00", "timezone": "UTC"}),
    "stop_after_idle_minutes": ("never", 120, 10_080),
    "start_hook": (None, {"file": "hooks/one.sh"}, {"file": "hooks/two.sh"}),
    "environment": ({}, {"DATA": "s3://one/", "A": "1"}, {"DATA": "s3://two/"}),
    "opt_outs": ({}, {"root_access": OPT_OUT}, {"direct_internet_access": OPT_OUT}),
}


def alice(change: Change = lambda _: None) -> ResolvedNotebook:
    return parse(stage(change)).notebook("alice")


def plain(notebook: ResolvedNotebook, key: str) -> Any:
    """A value as a file has it."""
    dumped = notebook.model_dump(mode="json", exclude_defaults=True).get(key, None)
    return (
        dumped if dumped is not None else {"spark": {}, "sparkmagic": {}, "opt_outs": {}}.get(key)
    )


def test_every_key_of_the_defaults_is_one_of_a_notebook_and_in_the_table() -> None:
    assert set(VALUES) == set(NotebookDefaults.model_fields)
    assert set(VALUES) < set(Notebook.model_fields)
    # What a notebook does not say has to show as such.
    assert all(Notebook.model_fields[key].default is None for key in VALUES)


@pytest.mark.parametrize("key", VALUES)
class TestDefaults:
    def test_what_nobody_says_has_a_secure_value(self, key: str) -> None:
        assert plain(alice(), key) == VALUES[key][0]

    def test_a_notebook_takes_what_it_does_not_say_from_them(self, key: str) -> None:
        found = alice(lambda data: data.update(defaults={key: VALUES[key][1]}))

        assert plain(found, key) == VALUES[key][1]

    def test_what_a_notebook_says_replaces_them_whole(self, key: str) -> None:
        def change(data: dict[str, Any]) -> None:
            data["defaults"] = {key: VALUES[key][1]}
            data["notebooks"]["alice"][key] = VALUES[key][2]

        assert plain(alice(change), key) == VALUES[key][2]

    def test_nothing_written_is_nothing_said(self, key: str) -> None:
        def change(data: dict[str, Any]) -> None:
            data["defaults"] = {key: VALUES[key][1]}
            data["notebooks"]["alice"][key] = None

        assert plain(alice(change), key) == VALUES[key][1]


def test_an_empty_value_is_said_and_not_missing() -> None:
    def change(data: dict[str, Any]) -> None:
        data["defaults"] = {
            "spark": {"queue": "a"},
            "opt_outs": {"root_access": OPT_OUT},
            "additional_code_repositories": [{"name": "one"}],
        }
        data["notebooks"]["alice"].update(spark={}, opt_outs={}, additional_code_repositories=[])

    found = alice(change)

    assert found.spark.queue is None
    assert found.opt_outs.root_access is None
    assert found.additional_code_repositories == ()


def test_a_notebooks_tags_stand_beside_the_stages_and_before_them() -> None:
    def change(data: dict[str, Any]) -> None:
        data["tags"] = {"team": "platform", "cost-center": "42"}
        data["notebooks"]["alice"]["tags"] = {"team": "risk", "project": "x"}

    assert alice(change).tags == {"team": "risk", "cost-center": "42", "project": "x"}


@pytest.mark.parametrize(
    ("own", "subnet"), [({}, "0a1b2c3d4e5f60718"), ({"subnet_id": "subnet-11112222"}, "11112222")]
)
def test_a_notebook_lives_in_the_networks_subnet_or_in_its_own(
    own: dict[str, Any], subnet: str
) -> None:
    found = alice(lambda data: data["notebooks"]["alice"].update(own))

    assert found.subnet_id == f"subnet-{subnet}"


def test_all_notebooks_are_resolved_in_the_order_of_the_file() -> None:
    def change(data: dict[str, Any]) -> None:
        data["notebooks"] = {key: {"cluster": "analytics"} for key in ("zoe", "alice", "bob")}

    settings = parse(stage(change))

    assert [each.key for each in settings.resolved_notebooks] == ["zoe", "alice", "bob"]
    assert all(settings.notebook(each.key) == each for each in settings.resolved_notebooks)


def in_stacks(*stacks: str | None) -> Settings:
    """A stage with a notebook for each of these stacks."""
    notebooks = {
        f"n{number}": {"cluster": "analytics", "stack": stack}
        for number, stack in enumerate(stacks)
    }
    return parse(stage(lambda data: data.update(notebooks=notebooks)))


class TestStacks:
    @pytest.mark.parametrize(
        ("stacks", "names"),
        [
            ([], ["emr-notebooks-test"]),
            ([None, None], ["emr-notebooks-test"]),
            (["risk", None], ["emr-notebooks-test-risk", "emr-notebooks-test"]),
            (["b", "a", "b"], ["emr-notebooks-test-b", "emr-notebooks-test-a"]),
        ],
    )
    def test_stand_in_the_order_of_the_file(self, stacks: list[Any], names: list[str]) -> None:
        assert in_stacks(*stacks).stack_names() == names

    def test_a_notebook_is_in_the_stack_that_it_names(self) -> None:
        settings = in_stacks(None, "risk")

        assert settings.notebook("n0").stack == "emr-notebooks-test"
        assert settings.notebook("n1").stack == "emr-notebooks-test-risk"

    def test_a_notebooks_name_does_not_tell_its_stack(self) -> None:
        assert in_stacks("risk").notebook("n0").name == "emr-notebooks-test-n0"

    @pytest.mark.parametrize(
        ("stacks", "home"),
        [([], ""), (["risk", None], ""), (["risk"], "-risk"), (["b", "a"], "-b")],
    )
    def test_what_belongs_to_no_notebook_is_in_the_home_stack(
        self, stacks: list[Any], home: str
    ) -> None:
        assert in_stacks(*stacks).home_stack_name() == f"emr-notebooks-test{home}"

    def test_a_cluster_is_in_each_stack_that_uses_it(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["clusters"].update(idle={"id": "j-2AXXXXXXGAPLG"})
            data["notebooks"] = {
                "a": {"cluster": "analytics", "stack": "a"},
                "b": {"cluster": "analytics", "stack": "b"},
            }

        settings = parse(stage(change))

        assert settings.stacks_of_cluster("analytics") == [
            "emr-notebooks-test-a",
            "emr-notebooks-test-b",
        ]
        assert settings.stacks_of_cluster("idle") == ["emr-notebooks-test-a"]


class TestNames:
    def test_is_made_of_the_stack_name_and_the_key(self) -> None:
        assert alice().name == "emr-notebooks-test-alice"

    def test_or_is_what_the_settings_say(self) -> None:
        assert alice(lambda data: data["notebooks"]["alice"].update(name="Al")).name == "Al"

    def test_with_replace_ends_in_four_digits(self) -> None:
        assert re.fullmatch(r"emr-notebooks-test-alice-[0-9a-f]{4}", replaced())

    def test_a_given_name_stays_with_replace(self) -> None:
        assert replaced(lambda data: data["notebooks"]["alice"].update(name="Al")) == "Al"

    def test_never_over_63_characters_without_being_refused_in_words(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["stack_name"] = "s" * 53
            data["notebooks"]["alice"]["replace"] = True

        assert len(replaced(lambda data: data.update(stack_name="s" * 52))) == 63
        assert re.search(
            r"notebooks\.alice\.name: 's{53}-alice-[0-9a-f]{4}' was given; accepted: at most 63 "
            "characters; this is 64 long: give a shorter one",
            refusal(change),
        )


def replaced(change: Change = lambda _: None) -> str:
    """The name of a notebook that says `replace: true`, in a stage with this change."""

    def both(data: dict[str, Any]) -> None:
        data["notebooks"]["alice"]["replace"] = True
        change(data)

    return alice(both).name


def network(**values: Any) -> Change:
    return lambda data: data["network"].update(values)


def notebook(**values: Any) -> Change:
    return lambda data: data["notebooks"]["alice"].update(values)


GROUPS = ["sg-0a1b2c3d4e5f60718", "sg-0a1b2c3d4e5f60719"]


@pytest.mark.parametrize(
    "change",
    [
        network(subnet_id="subnet-11112222"),
        notebook(subnet_id="subnet-11112222"),
        network(security_group_ids=GROUPS),
        network(vpc_id="vpc-11112222"),
        lambda data: data.update(kms_key_arn=KEY),
        lambda data: data.update(opt_outs={"aws_managed_key": OPT_OUT}),
        notebook(opt_outs={"direct_internet_access": OPT_OUT}),
        lambda data: data.update(defaults={"opt_outs": {"direct_internet_access": OPT_OUT}}),
    ],
    ids=[
        "subnet",
        "own subnet",
        "groups",
        "VPC of the made group",
        "key",
        "no key",
        "internet access",
        "internet access by default",
    ],
)
def test_a_replacement_has_another_name_than_what_it_replaces(change: Change) -> None:
    assert replaced(change) != replaced()


@pytest.mark.parametrize(
    "change",
    [
        network(vpc_cidr="10.0.0.0/15"),
        network(s3_prefix_list_id="pl-6da54004"),
        network(extra_egress=[{"port": 3128, "cidr": "10.9.0.0/16", "because": "the proxy"}]),
        notebook(subnet_id="subnet-0a1b2c3d4e5f60718"),
        notebook(instance_type="ml.m5.xlarge", volume_size_in_gb=50, role_arn=ROLE),
        notebook(owner="alice@example.com", tags={"team": "risk"}, stack="risk"),
        notebook(spark={"queue": "a"}, lifecycle_config_name="start"),
        notebook(default_code_repository={"name": "one"}),
        notebook(opt_outs={"root_access": OPT_OUT}),
        lambda data: data.update(opt_outs={"delete_volumes": OPT_OUT}),
        lambda data: data.update(tags={"team": "risk"}, termination_protection=True),
        lambda data: data.update(
            permissions_boundary_arn="arn:aws:iam::aws:policy/PowerUserAccess"
        ),
        lambda data: data["clusters"]["analytics"].update(id="j-2AXXXXXXGAPLG", port=8999),
        lambda data: data["notebooks"].update(bob={"cluster": "analytics", "replace": True}),
    ],
)
def test_what_is_not_fixed_at_birth_renames_nothing(change: Change) -> None:
    assert replaced(change) == replaced()


def test_groups_of_ones_own_count_without_their_order_and_without_the_vpc() -> None:
    given = replaced(network(security_group_ids=GROUPS))

    assert replaced(network(security_group_ids=GROUPS[::-1])) == given
    assert replaced(network(security_group_ids=GROUPS, vpc_id="vpc-11112222")) == given
    assert replaced(network(security_group_ids=GROUPS[:1])) != given


def test_what_the_reason_for_an_opt_out_says_renames_nothing() -> None:
    opt_outs = [{"direct_internet_access": {"because": x}} for x in ("no NAT yet", "another one")]

    first, second = (replaced(notebook(opt_outs=each)) for each in opt_outs)

    assert first == second


def test_two_notebooks_that_are_born_alike_have_names_of_their_own() -> None:
    settings = parse(
        stage(
            lambda data: data.update(
                notebooks={
                    key: {"cluster": "analytics", "replace": True} for key in ("alice", "bob")
                }
            )
        )
    )

    assert settings.notebook("alice").name != settings.notebook("bob").name
