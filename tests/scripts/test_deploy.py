"""`scripts/deploy.sh`, run: the plan comes first, and the reason of a refusal last."""

from pathlib import Path

import pytest

from tests.scripts.script_checkout import ScriptCheckout
from tests.stand_ins import Run

PLAN, DEPLOY = "python3 -m emr_notebook plan --stage dev", "cdk deploy --all -c stage=dev"
REFUSED = """\
dev | CREATE_FAILED | Custom::ClusterEndpoint | Endpoint \x1b[31mReceived response status [FAILED]
from custom resource. Message returned: Error: [livy-missing] Cluster j-2A has no Livy; its
applications are Hadoop, Spark. Next: start one of emr-7.9.0, or at least 5.9. Logs: /aws/x at f (y)
❌  dev failed: Error: [livy-missing] Cluster j-2A has no Livy; its applications are Hadoop, Spark.
Next: start one of emr-7.9.0, or at least 5.9. (RequestToken: 1)
    at async deploy (cli.js:1:2)
NOTICES (What's this? https://github.com/aws/aws-cdk/wiki/CLI-Notices)
"""
REASON = (
    "[livy-missing] Cluster j-2A has no Livy; its applications are Hadoop, Spark. "
    "Next: start one of emr-7.9.0, or at least 5.9."
)


class Checkout(ScriptCheckout):
    """Its commands speak on standard error, as cdk reports."""

    speaks = "cat >&2 <<'SAID'\n{says}\nSAID\n"

    def deploy(self, *arguments: str) -> Run:
        return self.run(*arguments, LC_ALL="C.UTF-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path, "deploy.sh")


@pytest.mark.parametrize("status", [0, 2])
def test_the_plan_is_shown_before_the_deploy(checkout: Checkout, status: int) -> None:
    checkout.stand_in("python3", status)

    assert checkout.deploy("dev").returncode == 0
    assert checkout.called() == [PLAN, DEPLOY]


@pytest.mark.parametrize(("status", "said"), [(1, "the plan says no"), (3, "could not find all")])
def test_nothing_is_deployed_where_the_plan_says_no(
    checkout: Checkout, status: int, said: str
) -> None:
    checkout.stand_in("python3", status)
    ended = checkout.deploy("dev")

    assert ended.returncode == 1
    assert said in ended.stderr.splitlines()[-1]
    assert checkout.called() == [PLAN]


def test_an_interrupted_plan_ends_it_and_is_no_plan_that_says_no(checkout: Checkout) -> None:
    checkout.stand_in("python3", 130, "Interrupted")
    ended = checkout.deploy("dev")

    assert (ended.returncode, ended.stderr.strip()) == (130, "Interrupted")
    assert checkout.called() == [PLAN]


def test_a_refresh_is_told_to_both(checkout: Checkout) -> None:
    checkout.deploy("dev", "--refresh=2026 november")

    assert checkout.called() == [
        f"{PLAN} --refresh=2026 november",
        f"{DEPLOY} -c refresh=2026 november",
    ]


def test_the_reason_of_a_refused_deploy_is_the_last_line(checkout: Checkout) -> None:
    checkout.stand_in("cdk", 1, REFUSED)
    ended = checkout.deploy("dev")

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == f"error: not deployed: {REASON}"
    assert "CREATE_FAILED" in ended.stderr


def test_of_another_failure_the_last_line_is_cdks_own_words(checkout: Checkout) -> None:
    checkout.stand_in("cdk", 1, "❌  dev failed: no bootstrap stack\n    at x (y.js:1:2)\nNOTICES")

    assert checkout.deploy("dev").stderr.splitlines()[-1] == (
        "error: not deployed: ❌  dev failed: no bootstrap stack"
    )


def test_where_nobody_can_be_asked_the_next_step_is_named(checkout: Checkout) -> None:
    unasked = "but terminal (TTY) is not attached so we are unable to get a confirmation"
    checkout.stand_in(
        "cdk", 1, f"Stack includes security-sensitive updates, {unasked} from the user"
    )

    assert checkout.deploy("dev").stderr.splitlines()[-1] == (
        "error: not deployed: cdk asks before it widens permissions, and this is no terminal. "
        f"Next: deploy in one; or look at make diff, then {DEPLOY} --require-approval never"
    )


@pytest.mark.parametrize("arguments", [[], [""], ["../dev"], ["dev; true"], ["dev", "prod"]])
def test_a_mistaken_call_runs_nothing_and_is_told_how_it_is_called(
    checkout: Checkout, arguments: list[str]
) -> None:
    ended = checkout.deploy(*arguments)

    assert ended.returncode == 1
    assert "Usage: scripts/deploy.sh STAGE" in ended.stderr
    assert checkout.called() == []
