"""What the role may do in whose name CloudFormation deploys."""

from typing import Any

import pytest

from emr_notebook.cli.aws.reader import CommandError
from emr_notebook.cli.doctor import deploy_role
from emr_notebook.cli.doctor.deploy_role import required_permissions
from emr_notebook.cli.doctor.handlers import ONLY_WITH
from emr_notebook.cli.doctor.report import Line, State
from emr_notebook.cli.doctor.stack_resources import resource_kinds
from emr_notebook.settings.file import parse
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, REGION, refused
from tests.cli.doctor.account_in_memory import BOUNDARY, KEY, ROLE, SECRET, AccountWorld
from tests.cli.doctor.network.network_in_memory import COMMANDS, PRIMARY, settings
from tests.conftest import Change, stage, templates

NAME = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
IMPLICIT, EXPLICIT = {"EvalDecision": "implicitDeny"}, {"EvalDecision": "explicitDeny"}
CREATE, INVOKE = "sagemaker:CreateNotebookInstance", "lambda:InvokeFunction"


def line(world: AccountWorld, change: Change = lambda _: None) -> Line:
    [found] = deploy_role.check(world.reader(), settings(change), COMMANDS)
    return found


def denying(action: str, **decision: Any) -> AccountWorld:
    return AccountWorld(decisions={action: decision or IMPLICIT})


def missing(*keys: str) -> dict[str, Any]:
    return {**IMPLICIT, "MissingContextValues": list(keys)}


def asked(world: AccountWorld, action: str) -> list[dict[str, Any]]:
    """The simulations of an action, with their context as a mapping."""
    given = [each for name, each in world.calls if name == "simulate_principal_policy"]
    found = [each for each in given if action in each["ActionNames"]]
    return [
        {
            **each,
            "Context": {
                entry["ContextKeyName"]: entry["ContextKeyValues"]
                for entry in each["ContextEntries"]
            },
        }
        for each in found
    ]


def test_one_that_may_make_all_is_ok_and_it_is_that_role_which_is_asked_about() -> None:
    world = AccountWorld()

    assert line(world) == Line(
        deploy_role.SUBJECT, State.OK, f"{NAME} may make, change and delete what the stacks hold"
    )
    sources = {each["PolicySourceArn"] for _, each in world.calls}
    assert sources == {f"arn:aws:iam::{ACCOUNT}:role/{NAME}"}


@pytest.mark.parametrize(
    "action",
    [
        CREATE,
        "sagemaker:CreateNotebookInstanceLifecycleConfig",
        "iam:CreateRole",
        "iam:AttachRolePolicy",
        "iam:CreatePolicy",
        "iam:PassRole",
        "lambda:CreateFunction",
        "lambda:InvokeFunction",
        "logs:CreateLogGroup",
        "ec2:CreateSecurityGroup",
        "kms:CreateKey",
        # What handlers list beside the calls that name the resource.
        "ec2:CreateNetworkInterface",
        "ec2:DescribeDhcpOptions",
        "kms:CreateGrant",
        "s3:GetObject",
        "sagemaker:AddTags",
        "sagemaker:DescribeNotebookInstance",
        "sagemaker:StopNotebookInstance",
        "sagemaker:UpdateNotebookInstance",
        "iam:DeleteRole",
        "logs:DeleteLogGroup",
    ],
)
def test_one_that_the_bootstraps_policies_do_not_let_fails_with_the_action(action: str) -> None:
    found = line(denying(action))

    assert (found.state, found.commands) == (State.FAILED, ())
    assert found.what.startswith(f"{NAME} may not {action}: ")
    assert "--cloudformation-execution-policies" in found.advice


@pytest.mark.parametrize(
    "decision",
    [
        EXPLICIT,
        {**IMPLICIT, "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}},
    ],
)
def test_one_that_something_denies_is_not_told_to_allow_it(decision: Any) -> None:
    found = line(denying("iam:CreateRole", **decision))

    assert found.state is State.FAILED
    assert "look for what denies it" in found.advice


def test_an_scp_is_not_known_to_deny_it() -> None:
    organization = {"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}
    found = line(denying(CREATE, **EXPLICIT, **organization))

    assert found.state is State.NOT_CHECKED
    assert found.what == f"{NAME}, {CREATE}: an SCP denies it, perhaps under a condition"


@pytest.mark.parametrize(
    ("action", "key", "change", "state"),
    [
        (CREATE, "sagemaker:VpcSubnets", {}, State.NOT_CHECKED),
        ("iam:CreateRole", "iam:PermissionsBoundary", {}, State.FAILED),
        (
            "iam:CreateRole",
            "iam:PermissionsBoundary",
            {"permissions_boundary_arn": BOUNDARY},
            State.NOT_CHECKED,
        ),
        ("lambda:CreateFunction", "lambda:VpcIds", {}, State.FAILED),
        ("lambda:CreateFunction", "aws:SourceVpce", {}, State.NOT_CHECKED),
    ],
)
def test_a_condition_decides_unless_the_deploy_is_known_to_lack_its_key(
    action: str, key: str, change: dict[str, str], state: State
) -> None:
    found = line(denying(action, **missing(key)), lambda data: data.update(change))

    assert found.state is state


def test_the_boundary_of_the_settings_is_told_to_iam() -> None:
    world = AccountWorld()
    line(world, lambda data: data.update(permissions_boundary_arn=BOUNDARY))
    [given] = asked(world, "iam:CreateRole")

    assert given["Context"]["iam:PermissionsBoundary"] == [BOUNDARY]


def test_iam_is_asked_in_the_region_in_which_it_is() -> None:
    world = AccountWorld()
    line(world)

    assert asked(world, "iam:CreateRole")[0]["Context"]["aws:RequestedRegion"] == ["us-east-1"]
    assert asked(world, CREATE)[0]["Context"]["aws:RequestedRegion"] == [REGION]


def test_a_role_is_passed_to_each_service_that_takes_it() -> None:
    world = AccountWorld()
    line(world, lambda data: data.update(defaults={"role_arn": ROLE}))
    passed = {
        (given["Context"]["iam:PassedToService"][0], given["ResourceArns"][0])
        for given in asked(world, "iam:PassRole")
    }

    made = f"arn:aws:iam::{ACCOUNT}:role/emr-notebooks-test-Role"
    assert passed == {("lambda.amazonaws.com", made), ("sagemaker.amazonaws.com", ROLE)}


def test_made_roles_are_asked_about_under_their_path() -> None:
    world = AccountWorld()
    line(world, lambda data: data.update(role_path="/science/"))

    made = f"arn:aws:iam::{ACCOUNT}:role/science/emr-notebooks-test-Role"
    for action in ("iam:CreateRole", "iam:PassRole"):
        assert {each["ResourceArns"][0] for each in asked(world, action)} == {made}


@pytest.mark.parametrize(("decision", "state"), [(IMPLICIT, State.OK), (EXPLICIT, State.FAILED)])
def test_a_given_keys_own_policy_may_allow_its_use_unless_something_denies_it(
    decision: Any, state: State
) -> None:
    world = denying("kms:CreateGrant", **decision)

    assert line(world, lambda data: data.update(kms_key_arn=KEY)).state is state


def test_one_that_does_not_exist_is_not_known() -> None:
    world = AccountWorld()

    def absent_keys(_: Any) -> Any:
        raise refused("NoSuchEntity", "Role cannot be found.")

    world.answers["iam", "simulate_principal_policy"] = absent_keys
    found = line(world)

    assert found.state is State.NOT_CHECKED
    assert found.what.endswith("does not exist: see bootstrap")


def test_a_missing_permission_is_named() -> None:
    found = line(AccountWorld(denied={"iam:SimulatePrincipalPolicy"}))

    assert found.state is State.NOT_CHECKED
    assert found.what == "these credentials may not iam:SimulatePrincipalPolicy"


def scheduled(data: dict[str, Any]) -> None:
    data["defaults"] = {"schedule": {"stop": "19:30", "timezone": "UTC"}}


@pytest.mark.parametrize(
    "action",
    ["scheduler:CreateScheduleGroup", "scheduler:CreateSchedule", "scheduler:UpdateSchedule"],
)
def test_schedules_are_asked_about_where_there_are_some_and_in_their_group(action: str) -> None:
    world = denying(action)

    assert line(world).state is State.OK
    assert line(world, scheduled).what.startswith(f"{NAME} may not {action}: ")
    [resource] = asked(world, action)[0]["ResourceArns"]
    group, of_alice = "emr-notebooks-test", "/alice-stop" if action.endswith("Schedule") else ""
    assert resource.endswith(f"/{group}{of_alice}")


def cloning(data: dict[str, Any]) -> None:
    git = {"name": "recipes", "secret_arn": SECRET, "secret_key_arn": KEY}
    data["defaults"] = {"default_code_repository": git}


@pytest.mark.parametrize(
    ("action", "resource", "brought"),
    [
        ("secretsmanager:GetSecretValue", SECRET, {}),
        (
            "kms:Decrypt",
            KEY,
            {
                "kms:ViaService": [f"secretsmanager.{REGION}.amazonaws.com"],
                "kms:EncryptionContext:SecretARN": [SECRET],
            },
        ),
    ],
)
def test_the_secrets_that_notebooks_clone_with_are_asked_about_once(
    action: str, resource: str, brought: dict[str, Any]
) -> None:
    def two(data: dict[str, Any]) -> None:
        cloning(data)
        git = data["defaults"]["default_code_repository"]
        data["defaults"]["additional_code_repositories"] = [{**git, "name": "more"}]

    world = AccountWorld(decisions={resource: IMPLICIT})
    found = line(world, two)

    assert action in found.what
    [given] = [each for each in asked(world, action) if each["ResourceArns"] == [resource]]
    assert given["Context"] == {"aws:RequestedRegion": [REGION], **brought}


def following(data: dict[str, Any]) -> None:
    data["clusters"]["analytics"]["follow"] = True


def open_by_rule(data: dict[str, Any]) -> None:
    data["clusters"]["analytics"] |= {"security_group_id": PRIMARY, "ingress": "create"}


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        open_by_rule,
        scheduled,
        lambda data: data["network"].update(security_group_ids=[PRIMARY]),
        lambda data: data.update(kms_key_arn=KEY, defaults={"role_arn": ROLE}),
        lambda data: data.update(permissions_boundary_arn=BOUNDARY),
        lambda data: data["notebooks"]["alice"].update(owner="dana"),
        following,
    ],
)
def test_what_is_asked_about_is_what_the_template_holds(change: Change) -> None:
    """The types, and the properties that decide what a handler calls."""
    [template] = templates(change).values()
    held: dict[str, set[str]] = {}
    for each in template.to_json()["Resources"].values():
        deciding = ONLY_WITH.get(each["Type"], {})
        has = {name for name in deciding if value_at(each.get("Properties", {}), name)}
        held.setdefault(each["Type"], set()).update(has)
    custom = {kind for kind in held if kind.startswith(("Custom::", "AWS::CDK::"))}

    asked_about = {x.resource_type: set(x.properties) for x in resource_kinds(parse(stage(change)))}
    assert asked_about == {kind: has for kind, has in held.items() if kind not in custom}
    assert custom <= {
        "AWS::CDK::Metadata",
        "Custom::ClusterEndpoint",
        "Custom::ClusterRecord",
        "Custom::ReplacementGuard",
    }
    assert any(INVOKE in x.actions for x in required_permissions(parse(stage(change))))


def value_at(properties: Any, path: str) -> Any:
    """What stands in properties under a path such as `Code/S3ObjectVersion`."""
    for name in path.split("/"):
        properties = properties.get(name, {})
    return properties


def test_a_deployer_that_is_no_user_or_role_is_refused() -> None:
    with pytest.raises(CommandError, match="--deploy-role takes the ARN of an IAM user or role"):
        deploy_role.check(AccountWorld().reader(), settings(), COMMANDS, deployer="me")


def test_another_role_is_asked_about_if_it_deploys_and_nothing_of_the_bootstraps_bucket() -> None:
    world = AccountWorld(decisions={CREATE: IMPLICIT})
    [found] = deploy_role.check(world.reader(), settings(), COMMANDS, deployer=ROLE)

    assert found.what.startswith(f"data-science may not {CREATE}: ")
    assert found.advice == "have the policies that are its own allow it"
    assert {each["PolicySourceArn"] for _, each in world.calls} == {ROLE}
    assert asked(world, "s3:GetObject") == []
