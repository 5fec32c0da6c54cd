"""`emr-notebook doctor` on the account: what is broken singly, what mends it, what is denied.

The stage `full` names all that a stage can: a role, a boundary, a key, a secret, a repository.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from emr_notebook.cli.aws.reader import READ_METHOD
from tests.conftest import ROOT
from tests.end_to_end import callers
from tests.end_to_end.callers import allow, deny, document
from tests.end_to_end.doctor_world import (
    ACCOUNT,
    CLUSTER_ID,
    REGION,
    STAGE,
    DoctorWorld,
    Report,
    doctor_world,
)

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(2)]

FULL, CLUSTER = "full", "cluster analytics"
DEPLOYER = "what the deploy's role may do"
CFN_EXEC = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
ROLE, REPOSITORY, STARTS = "data-science", "recipes", "starts"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
TRUST = callers.trust({"Service": "sagemaker.amazonaws.com"})
LOGS = document(allow("logs:*"))
CLONE = document(allow(["sagemaker:DescribeCodeRepository", "secretsmanager:GetSecretValue"]))
AGENT = document(allow("s3:GetObject"))
# What doctor needs for such a stage, and all that it needs.
READS = (
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplate",
    "cloudformation:ListStackResources",
    "ec2:DescribePrefixLists",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "elasticmapreduce:DescribeCluster",
    "elasticmapreduce:ListInstanceGroups",
    "elasticmapreduce:ListInstances",
    "iam:GetPolicy",
    "iam:GetRole",
    "iam:SimulatePrincipalPolicy",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "sagemaker:ListCodeRepositories",
    "sagemaker:ListNotebookInstanceLifecycleConfigs",
    "sagemaker:ListNotebookInstances",
    "secretsmanager:DescribeSecret",
    "servicequotas:GetServiceQuota",
    "servicequotas:ListServiceQuotas",
    "ssm:GetParameter",
)


@dataclass(frozen=True)
class Account:
    """The world, what the stage `full` names in it, and doctor's report when all is well."""

    world: DoctorWorld
    key_arn: str
    secret_arn: str
    healthy: dict[str, str]

    @property
    def key(self) -> str:
        return self.key_arn.rpartition("/")[2]

    @property
    def secret(self) -> str:
        return self.secret_arn.rpartition(":")[2]

    def fails(self, subject: str) -> Report:
        """Doctor's report, in which exactly this line has become another."""
        report = self.world.doctor(FULL)
        assert report.states() == {**self.healthy, subject: "failed"}
        assert report.code == 1
        return report

    def is_mended(self, report: Report) -> None:
        """The printed commands lead back to the healthy report."""
        commands = report.commands()
        assert commands
        self.world.paste(*commands)
        mended = self.world.doctor(FULL)
        assert mended.states() == self.healthy
        assert mended.code == 0


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with doctor_world(tmp_path_factory.mktemp("account")) as world:
        iam = world.client("iam")
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(RoleName=ROLE, PolicyName="it", PolicyDocument=LOGS)
        iam.put_role_policy(RoleName=ROLE, PolicyName="git", PolicyDocument=CLONE)
        iam.put_role_policy(RoleName=ROLE, PolicyName="agent", PolicyDocument=AGENT)
        iam.create_policy(PolicyName="boundary", PolicyDocument=document(allow("*")))
        key = world.client("kms").create_key(Policy=key_policy())["KeyMetadata"]["Arn"]
        secret = world.client("secretsmanager").create_secret(Name="git", SecretString="none")
        world.client("sagemaker").create_code_repository(
            CodeRepositoryName=REPOSITORY,
            GitConfig={
                "RepositoryUrl": "https://github.com/example/recipes",
                "SecretArn": secret["ARN"],
            },
        )
        write(world, key, secret["ARN"])
        healthy = world.doctor(FULL)
        assert healthy.code == 0, healthy.ran.out
        yield Account(world, key, secret["ARN"], healthy.states())


def write(world: DoctorWorld, key: str, secret: str, **changes: Any) -> None:
    notebooks: dict[str, Any] = {
        name: {"cluster": "analytics"} for name in ("alice", "bob", "carol")
    }
    repository = {"name": REPOSITORY, "secret_arn": secret}
    notebooks["alice"] |= {"role_arn": ROLE_ARN, "default_code_repository": repository}
    notebooks["bob"] |= {"role_arn": ROLE_ARN, "lifecycle_config_name": STARTS}
    more = {
        "notebooks": notebooks,
        "kms_key_arn": key,
        "permissions_boundary_arn": BOUNDARY,
        "opt_outs": {},
        **changes,
    }
    world.write_stage(FULL, **more)


def key_policy(*principals: str) -> str:
    named = list(principals) or [f"arn:aws:iam::{ACCOUNT}:root"]
    return document(allow("kms:*", Principal={"AWS": named}))


def test_the_page_lists_every_permission_that_it_needs() -> None:
    page = (ROOT / "docs/doctor.md").read_text(encoding="utf-8")

    assert [each for each in READS if each.partition(":")[2] not in page] == []


def test_a_stage_that_lacks_nothing_is_ok(account: Account) -> None:
    report = account.world.doctor()

    assert (report.code, set(report.states().values()), report.commands()) == (0, {"ok"}, [])


def test_the_whole_stage_has_a_line_for_each_thing_that_it_names(account: Account) -> None:
    assert (
        account.healthy.items()
        >= {
            f"account {ACCOUNT}": "ok",
            "permission to deploy": "ok",
            DEPLOYER: "ok",
            f"role {ROLE}": "ok",
            f"logs by role {ROLE}": "ok",
            f"agent by role {ROLE}": "ok",
            "permissions boundary": "ok",
            f"key {account.key}": "ok",
            f"policy of key {account.key}": "ok",
            f"secret {account.secret}": "ok",
            f"code repository {REPOSITORY}": "ok",
            f"code repositories by role {ROLE}": "ok",
            "lifecycle configuration names": "ok",
        }.items()
    )


class TestWhatIsBroken:
    def test_a_deploys_role_that_may_not_make_notebooks(self, account: Account) -> None:
        iam = account.world.client("iam")
        name = {"RoleName": CFN_EXEC, "PolicyName": "narrow"}
        narrow = document(deny("sagemaker:CreateNotebookInstance"))
        iam.put_role_policy(**name, PolicyDocument=narrow)
        try:
            report = account.fails(DEPLOYER)
        finally:
            iam.delete_role_policy(**name)

        what = report.of("failed")[DEPLOYER]
        assert what.startswith(f"{CFN_EXEC} may not sagemaker:CreateNotebookInstance: ")
        assert account.world.doctor(FULL).states() == account.healthy

    def test_a_deploys_role_whose_policies_are_too_narrow(self, account: Account) -> None:
        iam = account.world.client("iam")
        attached = {
            "RoleName": CFN_EXEC,
            "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
        }
        name = {"RoleName": CFN_EXEC, "PolicyName": "narrow"}
        iam.detach_role_policy(**attached)
        actions = ["sagemaker:*", "lambda:*", "logs:*", "ec2:*", "kms:*", "s3:*", "iam:*Policy*"]
        iam.put_role_policy(**name, PolicyDocument=document(allow(actions)))
        try:
            report = account.fails(DEPLOYER)
        finally:
            iam.attach_role_policy(**attached)
            iam.delete_role_policy(**name)

        what = report.of("failed")[DEPLOYER]
        assert what.startswith(f"{CFN_EXEC} may not iam:CreateRole, iam:DeleteRole, ")
        assert "iam:PassRole" in what.partition(":")[2]
        assert "--cloudformation-execution-policies" in report.lines[DEPLOYER]["advice"]

    def test_a_role_that_sagemaker_may_not_assume(self, account: Account) -> None:
        iam = account.world.client("iam")
        other = json.dumps(callers.trust({"Service": "lambda.amazonaws.com"}))
        iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=other)
        account.is_mended(account.fails(f"role {ROLE}"))

        trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
        assert [each["Principal"]["Service"] for each in trust["Statement"]] == [
            "lambda.amazonaws.com",
            "sagemaker.amazonaws.com",
        ]

    def test_a_role_that_writes_no_logs(self, account: Account) -> None:
        account.world.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="it")
        account.is_mended(account.fails(f"logs by role {ROLE}"))

    def test_a_role_that_may_not_read_a_repositorys_secret(self, account: Account) -> None:
        account.world.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="git")
        account.is_mended(account.fails(f"code repositories by role {ROLE}"))

    def test_a_role_that_may_not_read_the_agent_is_warned_of_and_fails_nothing(
        self, account: Account
    ) -> None:
        account.world.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="agent")

        report = account.world.doctor(FULL)

        assert report.states() == {**account.healthy, f"agent by role {ROLE}": "warning"}
        assert report.code == 0
        account.is_mended(report)

    def test_a_boundary_that_does_not_exist(self, account: Account) -> None:
        iam = account.world.client("iam")
        iam.delete_policy(PolicyArn=BOUNDARY)
        try:
            report = account.fails("permissions boundary")
        finally:
            iam.create_policy(PolicyName="boundary", PolicyDocument=document(allow("*")))

        assert "make that policy" in report.lines["permissions boundary"]["advice"]
        assert account.world.doctor(FULL).states() == account.healthy

    def test_a_key_that_is_disabled(self, account: Account) -> None:
        account.world.client("kms").disable_key(KeyId=account.key_arn)
        account.is_mended(account.fails(f"key {account.key}"))

    def test_a_key_that_is_to_be_deleted(self, account: Account) -> None:
        account.world.client("kms").schedule_key_deletion(KeyId=account.key_arn)
        account.is_mended(account.fails(f"key {account.key}"))

    def test_a_key_whose_policy_knows_others_alone(self, account: Account) -> None:
        kms = account.world.client("kms")
        own = key_policy(f"arn:aws:iam::{ACCOUNT}:role/somebody")
        kms.put_key_policy(KeyId=account.key_arn, PolicyName="default", Policy=own)
        account.is_mended(account.fails(f"policy of key {account.key}"))

        policy = kms.get_key_policy(KeyId=account.key_arn, PolicyName="default")["Policy"]
        assert len(json.loads(policy)["Statement"]) == 2
        # Else only root may look at the key.
        kms.put_key_policy(KeyId=account.key_arn, PolicyName="default", Policy=key_policy())

    def test_a_secret_that_is_to_be_deleted(self, account: Account) -> None:
        secrets = account.world.client("secretsmanager")
        secrets.delete_secret(SecretId=account.secret_arn)
        account.is_mended(account.fails(f"secret {account.secret}"))

    def test_too_low_a_quota(self, account: Account) -> None:
        notebooks = {f"user{number}": {"cluster": "analytics"} for number in range(21)}
        account.world.write_stage("many", notebooks=notebooks)
        subject = "quota of notebook instances"
        report = account.world.doctor("many")
        assert report.of("failed") == {subject: "0 exist and 21 are to be made; the quota is 20"}

        account.world.paste(*report.commands())
        assert account.world.doctor("many").code == 0

    def test_an_instance_type_that_the_account_may_not_run(self, account: Account) -> None:
        notebooks = {"gail": {"cluster": "analytics", "instance_type": "ml.g5.xlarge"}}
        account.world.write_stage("graphics", notebooks=notebooks)
        subject = "quota of ml.g5.xlarge"
        report = account.world.doctor("graphics")
        assert report.of("failed") == {subject: "0 run and 1 are to be started; the quota is 0"}

        account.world.paste(*report.commands())
        assert account.world.doctor("graphics").code == 0

    def test_a_notebooks_name_that_is_taken(self, account: Account) -> None:
        sagemaker = account.world.client("sagemaker")
        name = f"{FULL}-carol"
        sagemaker.create_notebook_instance(
            NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=ROLE_ARN
        )
        report = account.fails("notebook names")

        assert name in report.of("failed")["notebook names"]
        assert "notebooks.carol.name" in report.lines["notebook names"]["advice"]
        assert report.commands() == []
        changed = {key: {"cluster": "analytics"} for key in ("alice", "bob", "carol")}
        changed["carol"]["name"] = "carols-own"
        account.world.write_stage("advised", stack_name=FULL, notebooks=changed)
        assert account.world.doctor("advised").code == 0
        account.world.paste(
            f"aws sagemaker stop-notebook-instance --notebook-instance-name {name} "
            f"--region {REGION}",
            f"aws sagemaker wait notebook-instance-stopped --notebook-instance-name {name} "
            f"--region {REGION}",
            f"aws sagemaker delete-notebook-instance --notebook-instance-name {name} "
            f"--region {REGION}",
            f"aws sagemaker wait notebook-instance-deleted --notebook-instance-name {name} "
            f"--region {REGION}",
        )
        assert account.world.doctor(FULL).states() == account.healthy

    def test_a_lifecycle_configurations_name_that_is_taken(self, account: Account) -> None:
        sagemaker = account.world.client("sagemaker")
        name = {"NotebookInstanceLifecycleConfigName": STARTS}
        sagemaker.create_notebook_instance_lifecycle_config(**name)
        try:
            report = account.fails("lifecycle configuration names")
        finally:
            sagemaker.delete_notebook_instance_lifecycle_config(**name)

        assert STARTS in report.of("failed")["lifecycle configuration names"]

    def test_a_cluster_that_has_ended(self, account: Account) -> None:
        account.world.put_cluster(state="TERMINATED", ended=1767229200.0)
        try:
            report = account.fails(CLUSTER)
        finally:
            account.world.put_cluster()

        assert report.of("failed")[CLUSTER].startswith(f"[cluster-ended] Cluster {CLUSTER_ID}")
        assert report.lines[CLUSTER]["advice"].startswith("start a cluster")

    def test_another_accounts_credentials_end_it_with_that_line(self, account: Account) -> None:
        report = account.world.doctor(FULL, AWS_ACCESS_KEY_ID="999988887777")

        assert report.code == 1
        assert report.of("failed") == {
            f"account {ACCOUNT}": "the credentials are of account 999988887777: nothing else can "
            "be checked"
        }
        assert len(report.lines) == 1


def test_a_caller_who_may_not_deploy_fails_and_the_printed_command_lets_them(
    account: Account,
) -> None:
    keys = account.world.user("dana", allow(list(READS)))
    subject = "permission to deploy"
    deploy = f"cdk deploy --require-approval=never --method=direct -c stage={STAGE}"
    report = account.world.doctor(**keys)
    with pytest.raises(AssertionError, match="could not be used to assume"):
        account.world.paste(deploy, **keys)

    assert report.of("failed").keys() == {subject}
    account.world.paste(*report.commands())
    mended = account.world.doctor(**keys)
    assert (mended.code, mended.of("failed")) == (0, {})
    account.world.paste(deploy, **keys)
    assert account.world.doctor(**keys).of("ok")[f"stack {STAGE}"] == "CREATE_COMPLETE"


def test_a_caller_without_the_look_up_role_can_deploy_and_is_told_what_they_cannot(
    account: Account,
) -> None:
    kinds = ("deploy", "file-publishing")
    roles = [f"arn:aws:iam::{ACCOUNT}:role/cdk-*-{kind}-role-*" for kind in kinds]
    keys = account.world.user("erin", allow(list(READS)), allow("sts:AssumeRole", roles))
    report = account.world.doctor(**keys)

    assert report.code == 0
    assert "not --lookup-role" in report.of("ok")["permission to deploy"]
    deploy = "cdk deploy --force --require-approval=never --method=direct"
    account.world.paste(f"{deploy} -c stage={STAGE}", **keys)


def test_a_stage_that_is_deployed_is_ok_too(account: Account) -> None:
    # The caller's test has deployed it.
    report = account.world.doctor()

    assert (report.code, set(report.states().values())) == (0, {"ok"})
    assert report.of("ok")["quota of notebook instances"] == "no notebook is to be made"


def test_a_first_deploy_that_failed_is_no_obstacle_to_the_next(account: Account) -> None:
    world = account.world
    world.write_stage("again")
    deploy = "cdk deploy --require-approval=never --method=direct -c stage=again"
    world.put_cluster(applications={"Spark": "3.5.4"})
    try:
        with pytest.raises(AssertionError, match="livy-missing"):
            world.paste(deploy)
    finally:
        world.put_cluster()
    report = world.doctor("again")
    assert report.code == 0
    assert report.of("ok")["stack again"].startswith("ROLLBACK_COMPLETE")

    world.paste(deploy)
    assert world.doctor("again").of("ok")["stack again"] == "CREATE_COMPLETE"


def test_a_role_of_a_caller_is_found_by_its_session(account: Account) -> None:
    arn = callers.role(account.world.world.aws, "deployers", document(allow("*")), {})
    given = callers.assume(account.world.world.aws, arn)
    keys = {
        "AWS_ACCESS_KEY_ID": given["access_key"],
        "AWS_SECRET_ACCESS_KEY": given["secret_key"],
        "AWS_SESSION_TOKEN": given["session_token"],
    }
    report = account.world.doctor(FULL, **keys)

    assert report.states() == account.healthy
    assert report.of("ok")["permission to deploy"].startswith(arn)


NOT_CHECKED: Mapping[str, Callable[[Account], set[str]]] = {
    "iam:SimulatePrincipalPolicy": lambda _: {
        "permission to deploy",
        DEPLOYER,
        f"logs by role {ROLE}",
        f"agent by role {ROLE}",
        f"code repositories by role {ROLE}",
    },
    "iam:GetRole": lambda _: {f"role {ROLE}"},
    "iam:GetPolicy": lambda _: {"permissions boundary"},
    "ssm:GetParameter": lambda _: {f"bootstrap of {REGION}"},
    "elasticmapreduce:ListInstances": lambda _: {CLUSTER},
    "kms:DescribeKey": lambda at: {f"key {at.key}"},
    "kms:GetKeyPolicy": lambda at: {f"policy of key {at.key}"},
    "secretsmanager:DescribeSecret": lambda at: {
        f"secret {at.secret}",
        f"code repositories by role {ROLE}",
    },
    "servicequotas:GetServiceQuota": lambda _: {"quota of notebook instances"},
    "servicequotas:ListServiceQuotas": lambda _: {"quota of ml.t3.medium"},
    "cloudformation:DescribeStacks": lambda _: {f"stack {FULL}"},
    "sagemaker:ListNotebookInstances": lambda _: {
        "notebook names",
        "quota of notebook instances",
        "quota of ml.t3.medium",
    },
    "sagemaker:ListNotebookInstanceLifecycleConfigs": lambda _: {"lifecycle configuration names"},
}


@pytest.mark.parametrize("action", list(NOT_CHECKED))
def test_a_read_that_is_denied_is_named_where_it_is_missed_and_nowhere_else(
    account: Account, action: str
) -> None:
    keys = account.world.user_without(f"without-{action.rpartition(':')[2]}", action)
    report = account.world.doctor(FULL, **keys)
    missed = NOT_CHECKED[action](account)

    assert report.code == 3
    assert report.states() == account.healthy | dict.fromkeys(missed, "not checked")
    assert all(action in why for why in report.of("not checked").values())


def test_the_listed_permissions_are_enough_and_nothing_is_changed(account: Account) -> None:
    roles = f"arn:aws:iam::{ACCOUNT}:role/cdk-*"
    keys = account.world.user("reader", allow(list(READS)), allow("sts:AssumeRole", roles))
    report = account.world.doctor(FULL, **keys)
    made = account.world.calls_by("user/reader")

    assert report.states() == account.healthy
    snake = ["".join(f"_{c.lower()}" if c.isupper() else c for c in name)[1:] for name in made]
    assert all(READ_METHOD.fullmatch(name) for name in snake), made
    assert {each.rpartition(":")[2] for each in READS} >= set(made) - {"GetCallerIdentity"}


def test_an_account_that_is_not_bootstrapped_is_bootstrapped_by_the_printed_command(
    account: Account,
) -> None:
    # The last test: it takes away what deploys stand on.
    cloudformation, s3 = (account.world.client(each) for each in ("cloudformation", "s3"))
    cloudformation.delete_stack(StackName="CDKToolkit")
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName="CDKToolkit", WaiterConfig={"Delay": 1}
    )
    bucket = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
    for each in s3.list_object_versions(Bucket=bucket).get("Versions", []):
        s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
    s3.delete_bucket(Bucket=bucket)
    report = account.world.doctor(FULL)
    changed = {f"bootstrap of {REGION}": "failed", DEPLOYER: "not checked"}
    assert (report.code, report.states()) == (1, {**account.healthy, **changed})
    account.is_mended(report)


def test_who_may_read_gets_a_stages_file_that_lacks_one_decision(account: Account) -> None:
    world, stage = account.world, "begun"
    keys = world.user("gwen", allow([*READS, "elasticmapreduce:ListClusters"]))
    ran = world.run("init", "--cluster", CLUSTER_ID, "--stage", stage, AWS_REGION=REGION, **keys)
    path = world.root / "config" / f"{stage}.yaml"
    text = path.read_text()

    assert ran.out.startswith(text)
    assert "these credentials may not" not in text
    # Only a person leads notebooks to the internet.
    path.write_text(text.replace("# extra_egress:", "extra_egress:"))
    report = world.doctor(stage)
    assert (report.code, report.of("failed")) == (0, {})
    assert world.run("plan", "--stage", stage).code == 2
