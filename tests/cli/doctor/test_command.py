"""`emr-notebook doctor`: all areas together, its words, its exit status, and how much it asks."""

import json
import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ConnectTimeoutError
from rich.console import Console
from typer.testing import CliRunner

from emr_notebook.cli import main
from emr_notebook.cli.aws.live_endpoint import NOT_ASKED
from emr_notebook.cli.aws.reader import CommandError, Reader
from emr_notebook.cli.doctor.command import examine, lines_json, print_lines
from emr_notebook.cli.doctor.report import Line, State, failed, ok, worst_state
from emr_notebook.settings.model import Settings
from tests.assets.cluster_endpoint.emr_api import Api
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, REGION, instance, refused
from tests.cli.doctor.account_in_memory import BOUNDARY, KEY, ROLE, SECRET, AccountWorld
from tests.cli.doctor.network.network_in_memory import COMMANDS, PRIMARY, SUBNET, running, settings
from tests.conftest import stage

LIVY = "Livy of analytics"
# Of a stage whose VPC has no endpoint for it.
S3 = f"S3 from {SUBNET}"
LINES = [
    ok("VPC vpc-1", "10.0.0.0/16"),
    failed("bootstrap", "there is none", "cdk bootstrap", advice="once for a region"),
    Line("quota", State.NOT_CHECKED, "these credentials may not servicequotas:GetServiceQuota"),
]


def quiet(_: str) -> None:
    """Progress that nobody watches."""


def all_lines(world: AccountWorld, asked: Settings | None = None) -> list[Line]:
    return examine(world.reader(), asked or settings(), COMMANDS, say=quiet)


def cluster_ids(number: int) -> list[str]:
    return [f"j-2AXXXXXXGAPL{each}" for each in range(number)]


def account(clusters: int) -> AccountWorld:
    """An account with so many clusters, and the code repository of a large stage."""
    ids = cluster_ids(clusters)
    emr = Api([running() | {"Id": each} for each in ids], {each: [instance()] for each in ids})
    return AccountWorld(repositories=[repository("recipes")], emr=emr)


def large(notebooks: int, clusters: int) -> Settings:
    """A stage that names all that can be named, with so many notebooks and clusters."""
    repository = {"name": "recipes", "secret_arn": SECRET}

    def change(data: dict[str, Any]) -> None:
        cluster = {
            **data["clusters"]["analytics"],
            "security_group_id": PRIMARY,
            "ingress": "create",
        }
        ids = enumerate(cluster_ids(clusters))
        data["clusters"] = {f"cluster{number}": {**cluster, "id": each} for number, each in ids}
        data["notebooks"] = {
            f"user{number}": {"cluster": f"cluster{number % clusters}"}
            for number in range(notebooks)
        }
        data["network"]["s3_prefix_list_id"] = "pl-6da54004"
        data["defaults"] = {"role_arn": ROLE, "additional_code_repositories": [repository]}
        data |= {"kms_key_arn": KEY, "permissions_boundary_arn": BOUNDARY}

    return settings(change)


class TestAllAreas:
    def test_a_stage_that_lacks_nothing_is_ok_in_every_line_but_what_nobody_here_can_know(
        self,
    ) -> None:
        found = all_lines(AccountWorld())

        states = {line.subject: line.state for line in found if line.state is not State.OK}
        assert states == {LIVY: State.NOT_CHECKED, S3: State.WARNING}

    def test_no_two_lines_are_about_the_same(self) -> None:
        subjects = [line.subject for line in all_lines(account(2), large(3, 2))]

        assert len(subjects) == len(set(subjects))

    def test_another_accounts_credentials_end_it(self) -> None:
        world = AccountWorld(caller="arn:aws:iam::999988887777:root")
        [found] = all_lines(world)

        assert found.state is State.FAILED
        assert [name for name, _ in world.calls] == ["get_caller_identity"]

    def test_progress_counts_the_areas(self) -> None:
        said: list[str] = []
        examine(AccountWorld().reader(), settings(), COMMANDS, say=said.append)

        assert said[-1].endswith(f"{len(said)} of {len(said)}")

    def test_credentials_that_expire_on_the_way_are_an_error(self) -> None:
        world = AccountWorld()

        def expire(_: Any) -> Any:
            raise refused("ExpiredToken")

        world.answers["ssm", "get_parameter"] = expire
        with pytest.raises(CommandError, match="log in again"):
            all_lines(world)

    def test_a_service_that_does_not_answer_hides_its_own_lines_alone(self) -> None:
        world = AccountWorld()

        def silent(_: Any) -> Any:
            raise ConnectTimeoutError(endpoint_url="https://ssm.eu-west-1.amazonaws.com")

        world.answers["ssm", "get_parameter"] = silent
        lines = [line for line in all_lines(world) if line.subject not in (LIVY, S3)]
        found = {line.subject: line for line in lines if line.state is not State.OK}

        assert {subject: line.what for subject, line in found.items()} == {
            f"bootstrap of {REGION}": "ssm does not answer"
        }
        assert worst_state(found.values()) is State.NOT_CHECKED


class TestHowMuchIsAsked:
    def test_notebooks_cost_nothing(self) -> None:
        few, many = account(5), account(5)
        all_lines(few, large(5, 5))
        all_lines(many, large(40, 5))

        assert counted(many) == counted(few)

    def test_forty_notebooks_on_five_clusters_cost_a_bounded_number_of_calls(self) -> None:
        clusters = 5
        world = account(clusters)
        all_lines(world, large(40, clusters))

        assert counted(world) == {
            "describe_cluster": clusters,
            "list_instances": clusters,
            "list_instance_groups": clusters,
            **dict.fromkeys(ONCE, 1),
            "simulate_principal_policy": 23,
            "describe_subnets": 3,
            "describe_vpc_attribute": 2,
            "describe_security_groups": 2,
            "list_notebook_instances": 2,
        }


ONCE = (
    "get_caller_identity",
    "describe_vpcs",
    "describe_route_tables",
    "describe_vpc_endpoints",
    "describe_prefix_lists",
    "list_stack_resources",
    "describe_stacks",
    "get_role",
    "get_policy",
    "get_parameter",
    "describe_key",
    "get_key_policy",
    "describe_secret",
    "get_service_quota",
    "list_service_quotas",
    "list_code_repositories",
)


def counted(world: AccountWorld) -> Mapping[str, int]:
    return {name: world.count(name) for name, _ in world.calls}


def repository(name: str) -> dict[str, Any]:
    config = {"RepositoryUrl": "https://code.example.com/recipes"}
    return {
        "CodeRepositoryName": name,
        "CodeRepositoryArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:code-repository/{name}",
        "CreationTime": 0,
        "LastModifiedTime": 0,
        "GitConfig": config,
    }


class TestTheWords:
    def test_each_line_is_followed_by_what_mends_it(self) -> None:
        out = StringIO()
        print_lines(Console(file=out, width=40), LINES)

        assert out.getvalue().splitlines() == [
            "ok          VPC vpc-1: 10.0.0.0/16",
            "failed      bootstrap: there is none",
            "            cdk bootstrap",
            "            once for a region",
            "not checked quota: these credentials may not servicequotas:GetServiceQuota",
        ]

    def test_what_others_named_is_printed_as_it_is(self) -> None:
        out = StringIO()
        print_lines(Console(file=out), [ok("cluster [red]", "[bold]x")])

        assert out.getvalue() == "ok          cluster [red]: [bold]x\n"

    def test_json_says_the_same(self) -> None:
        found = lines_json("test", LINES)

        assert (found["stage"], found["ok"]) == ("test", False)
        assert found["prerequisites"][1] == {
            "about": "bootstrap",
            "state": "failed",
            "what": "there is none",
            "commands": ["cdk bootstrap"],
            "advice": "once for a region",
            "counts": True,
        }
        assert json.loads(json.dumps(found)) == found


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the stage `test` and the CDK's CLI, in which commands run."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/test.yaml").write_text(yaml.safe_dump(stage()))
    package = tmp_path / "node_modules/aws-cdk/package.json"
    package.parent.mkdir(parents=True)
    package.write_text('{"version": "2.1148.1"}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(
    world: AccountWorld, monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, str, str]:
    """The command in this world: exit status, output, errors."""

    def reader(_: str) -> Reader:
        return world.reader()

    monkeypatch.setattr("emr_notebook.cli.doctor.command.aws_reader", reader)
    done = CliRunner().invoke(main.app, ["doctor", "--stage", "test", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.usefixtures("checkout")
class TestTheCommand:
    def test_exits_0_when_nothing_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        code, out, err = run(AccountWorld(), monkeypatch)

        assert (code, err) == (0, "")
        assert out != ""
        *lines, last = [line for line in out.splitlines() if not line.startswith(" ")]
        s3, livy = [line for line in lines if not line.startswith("ok  ")]
        assert s3.startswith(f"warning     {S3}: ")
        assert livy == f"not checked {LIVY}: {NOT_ASKED}"
        next_step = "Next: emr-notebook plan --stage test"
        assert last == f"1 not checked, 1 warning, {len(lines) - 2} ok. {next_step}"

    def test_exits_1_when_something_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        code, out, _ = run(AccountWorld(version=None), monkeypatch)

        assert code == 1
        assert re.search(
            r"\n1 failed, 1 not checked, 1 warning, \d+ ok\. "
            r"Next: mend what failed, then emr-notebook doctor --stage test\n$",
            out,
        )
        assert f"            cdk bootstrap aws://{ACCOUNT}/{REGION} -c stage=test\n" in out

    def test_exits_3_when_something_could_not_be_found_out(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = AccountWorld(denied={"ssm:GetParameter"})
        code, out, _ = run(world, monkeypatch)

        assert code == 3
        assert "not checked bootstrap of eu-west-1: these credentials may not ssm:Get" in out

    def test_exits_1_when_something_is_missing_and_something_else_unknown(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = AccountWorld(version=None, denied={"ec2:DescribeVpcs"})

        assert run(world, monkeypatch)[0] == 1

    def test_exits_1_with_another_accounts_credentials(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = AccountWorld(caller="arn:aws:iam::999988887777:root")
        code, out, err = run(world, monkeypatch)

        assert (code, err) == (1, "")
        assert out.startswith(f"failed      account {ACCOUNT}: the credentials are of account 9999")

    def test_prints_nothing_but_json_when_asked_for_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        code, out, err = run(AccountWorld(), monkeypatch, "--json")

        assert (code, err) == (0, "")
        assert json.loads(out)["ok"] is True

    def test_a_deploy_without_the_bootstrap_needs_nothing_of_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = AccountWorld(version=None)
        code, out, _ = run(world, monkeypatch, f"--deploy-role={ROLE}")

        assert code == 0
        assert "what the deploy's role may do: data-science may make" in out
        assert "bootstrap" not in out

    def test_as_an_owner_it_looks_at_nothing_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        world = AccountWorld(version=None)
        code, out, _ = run(world, monkeypatch, f"--as={ROLE}")

        assert code == 1
        *lines, last = out.splitlines()
        assert [line.partition(":")[0] for line in lines if line[0] != " "] == [
            f"ok          account {ACCOUNT}",
            "failed      data-science as an owner",
        ]
        assert last.endswith(f"then emr-notebook doctor --stage test --as {ROLE}")

    def test_refuses_two_checks_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        code, _, err = run(AccountWorld(), monkeypatch, f"--as={ROLE}", f"--deploy-role={ROLE}")

        assert code == 1
        assert err.startswith("error: --deploy-role and --as are two checks: give one of the two")

    def test_says_in_one_line_that_aws_does_not_know_the_credentials(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = AccountWorld()

        def unknown(_: Any) -> Any:
            raise refused("InvalidClientTokenId")

        world.answers["sts", "get_caller_identity"] = unknown
        code, out, err = run(world, monkeypatch)

        assert (code, out) == (1, "")
        assert (
            err
            == "error: AWS does not accept the credentials (InvalidClientTokenId): log in again.\n"
        )

    def test_says_in_one_line_that_there_are_no_credentials(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("HOME", "/nonexistent")
        done = CliRunner().invoke(main.app, ["doctor", "--stage", "test"])

        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith("error: there are no AWS credentials: run `aws sso login`")
        assert len(done.stderr.splitlines()) == 1

    def test_says_in_words_that_a_stage_does_not_exist(self) -> None:
        done = CliRunner().invoke(main.app, ["doctor", "--stage", "prod"])

        assert done.exit_code == 1
        assert done.stderr.startswith("error: ")
        assert "Traceback" not in done.output

    def test_shows_an_example_in_its_help(self) -> None:
        done = CliRunner().invoke(main.app, ["doctor", "--help"])

        assert done.exit_code == 0
        assert "Example: emr-notebook doctor --stage dev" in done.stdout
