"""Whose credentials these are, and whether they may deploy."""

import json
import shlex
from typing import Any

import pytest

from emr_notebook.cli.doctor import caller
from emr_notebook.cli.doctor.caller import account_line
from emr_notebook.cli.doctor.report import Line, State
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, REGION
from tests.cli.doctor.account_in_memory import USER, AccountWorld, said
from tests.cli.doctor.network.network_in_memory import COMMANDS, settings

IMPLICIT, EXPLICIT = {"EvalDecision": "implicitDeny"}, {"EvalDecision": "explicitDeny"}
DEPLOY, FILES, LOOKUP = "deploy-role", "file-publishing-role", "lookup-role"
SSO = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0a1b"


def line(world: AccountWorld) -> Line:
    [found] = caller.check(world.reader(), settings(), COMMANDS)
    return found


def role(path_and_name: str) -> AccountWorld:
    """A session of this role calls."""
    name = path_and_name.rpartition("/")[2]
    arn = f"arn:aws:iam::{ACCOUNT}:role/{path_and_name}"
    return AccountWorld(
        caller=f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/dana",
        roles={name: {"Arn": arn, "Trust": {}}},
    )


def denying(world: AccountWorld, *kinds: str, **decision: Any) -> AccountWorld:
    world.decisions |= {kind: decision or dict(IMPLICIT) for kind in kinds}
    return world


class TestTheAccount:
    def test_is_told_with_who_calls(self) -> None:
        found = account_line(AccountWorld().reader(), settings())

        assert found == Line(f"account {ACCOUNT}", State.OK, f"as {USER}")

    def test_fails_for_credentials_of_another(self) -> None:
        found = account_line(AccountWorld(caller="arn:aws:iam::999:root").reader(), settings())

        assert found.state is State.FAILED
        assert "of account 999: nothing else" in found.what
        assert "AWS_PROFILE" in found.advice


class TestThePermissionToDeploy:
    def test_is_there_when_the_roles_of_the_bootstrap_may_be_assumed(self) -> None:
        world = AccountWorld()

        assert line(world).state is State.OK
        asked = [given for name, given in world.calls if name == "simulate_principal_policy"]
        assert {tuple(each["ResourceArns"]) for each in asked} == {
            (f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-{kind}-{ACCOUNT}-{REGION}",)
            for kind in (DEPLOY, FILES, LOOKUP)
        }
        assert {each["PolicySourceArn"] for each in asked} == {USER}
        assert {tuple(each["ActionNames"]) for each in asked} == {("sts:AssumeRole",)}

    def test_is_roots_without_asking(self) -> None:
        world = AccountWorld(caller=f"arn:aws:iam::{ACCOUNT}:root")

        assert line(world).state is State.OK
        assert world.count("simulate_principal_policy") == 0

    @pytest.mark.parametrize("path", ["deployers", "teams/deployers", SSO])
    def test_of_a_session_is_asked_about_its_role_with_the_roles_path(self, path: str) -> None:
        world = role(path)

        assert line(world).state is State.OK
        asked = [given for name, given in world.calls if name == "simulate_principal_policy"]
        assert {x["PolicySourceArn"] for x in asked} == {f"arn:aws:iam::{ACCOUNT}:role/{path}"}

    @pytest.mark.parametrize("kind", [DEPLOY, FILES])
    def test_is_missing_without_one_of_the_two_that_a_deploy_assumes(self, kind: str) -> None:
        found = line(denying(AccountWorld(), kind))

        assert found.state is State.FAILED
        assert f"may not sts:AssumeRole on the bootstrap's {kind.removesuffix('-role')}" in (
            found.what
        )

    def test_is_there_without_the_look_up_role_which_is_said(self) -> None:
        found = line(denying(AccountWorld(), LOOKUP))

        assert found.state is State.OK
        assert "not --lookup-role: it may not assume the look-up role" in found.what

    def test_of_a_user_is_given_by_a_policy_for_all_three_roles(self) -> None:
        [command] = line(denying(AccountWorld(), DEPLOY, FILES)).commands
        words = shlex.split(command)
        policy = json.loads(words[words.index("--policy-document") + 1])

        assert words[:6] == [
            "aws",
            "iam",
            "put-user-policy",
            "--user-name",
            "dana",
            "--policy-name",
        ]
        assert len(policy["Statement"][0]["Resource"]) == 3
        assert words[-2:] == ["--region", REGION]

    def test_of_a_role_is_given_by_a_policy_of_that_role(self) -> None:
        [command] = line(denying(role("teams/deployers"), DEPLOY)).commands

        assert command.startswith("aws iam put-role-policy --role-name deployers ")

    def test_of_identity_centers_role_is_for_its_permission_set_to_give(self) -> None:
        found = line(denying(role(SSO), DEPLOY))

        assert (found.state, found.commands) == (State.FAILED, ())
        assert "permission set allow it: {" in found.advice

    @pytest.mark.parametrize(
        "decision",
        [
            EXPLICIT,
            {
                **IMPLICIT,
                "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False},
            },
        ],
    )
    def test_is_given_by_no_command_when_something_denies_it(self, decision: Any) -> None:
        found = line(denying(AccountWorld(), DEPLOY, **decision))

        assert (found.state, found.commands) == (State.FAILED, ())
        assert "look for what denies it" in found.advice

    def test_is_not_known_when_a_condition_decides(self) -> None:
        keys = {"MissingContextValues": ["aws:MultiFactorAuthPresent"]}
        found = line(denying(AccountWorld(), DEPLOY, **IMPLICIT, **keys))

        assert found.state is State.NOT_CHECKED
        assert "aws:MultiFactorAuthPresent" in found.what

    def test_is_not_known_when_a_condition_decides_about_the_named_role(self) -> None:
        on = {"EvalResourceName": "*", "EvalResourceDecision": "implicitDeny"}
        keys = {"ResourceSpecificResults": [{**on, "MissingContextValues": ["aws:SourceVpce"]}]}
        found = line(denying(AccountWorld(), DEPLOY, **IMPLICIT, **keys))

        assert found.state is State.NOT_CHECKED
        assert "aws:SourceVpce" in found.what

    @pytest.mark.parametrize("decision", [IMPLICIT, EXPLICIT])
    def test_is_not_known_when_the_organization_denies_it(self, decision: Any) -> None:
        organization = {"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}
        found = line(denying(AccountWorld(), DEPLOY, **decision, **organization))

        assert found.state is State.NOT_CHECKED
        assert "an SCP denies it, perhaps under a condition" in found.what

    def test_is_asked_about_in_the_stages_region(self) -> None:
        world = AccountWorld()
        line(world)
        asked = [given for name, given in world.calls if name == "simulate_principal_policy"]

        assert asked != []
        for given in asked:
            assert {
                "ContextKeyName": "aws:RequestedRegion",
                "ContextKeyValues": [REGION],
                "ContextKeyType": "string",
            } in given["ContextEntries"]

    @pytest.mark.parametrize("action", ["iam:SimulatePrincipalPolicy", "iam:GetRole"])
    def test_is_not_known_without_a_permission(self, action: str) -> None:
        world = role("deployers")
        world.denied = {action}

        assert line(world).state is State.NOT_CHECKED
        assert said(line(world)).startswith(f"these credentials may not {action}")

    def test_of_what_is_neither_a_user_nor_a_role_is_not_known(self) -> None:
        world = AccountWorld(caller=f"arn:aws:sts::{ACCOUNT}:federated-user/dana")

        assert line(world).state is State.NOT_CHECKED
        assert "neither a user nor a role" in line(world).what
