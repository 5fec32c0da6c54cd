"""What is told of a CDK command that failed, and what is left of one that takes too long."""

import os
from pathlib import Path

import pytest

from sandbox.cdk import CLI, failure_in, run_cdk
from sandbox.errors import SandboxError
from tests.sandbox.processes import processes_with, wait_for

DEPLOY = """
stack | 13/18 | CREATE_FAILED | Custom::ClusterEndpoint | Cluster Received response status
[FAILED] from custom resource. Message returned: Error: [livy-missing] Cluster j-1 has no Livy; its
  applications are Spark. Next: make one with Livy.

Logs:
  /aws/lambda/resolver

    at invokeUserFunction (/var/task/framework.js:2:6)
❌  stack failed to deploy
‣ DeploymentError: Resource updates failed:
"""


def test_the_resolvers_own_words_are_told_unwrapped_and_without_its_stack() -> None:
    assert failure_in(DEPLOY) == (
        "[livy-missing] Cluster j-1 has no Livy; its applications are Spark. "
        "Next: make one with Livy."
    )


def test_another_failure_is_told_from_its_error_on_without_stack_lines() -> None:
    printed = (
        "✨  Synthesis time: 3 s\n❌  stack failed to deploy\n    at async x (y.js:1:2)\nwhy\n"
    )

    assert failure_in(printed) == "❌  stack failed to deploy\nwhy"


def test_the_apps_own_error_is_told() -> None:
    printed = "error: there is no stage 'prod'\npython3 app.py: Subprocess exited with error 1\n"

    assert failure_in(printed).splitlines()[0] == "error: there is no stage 'prod'"


def test_without_an_error_the_last_lines_are_told() -> None:
    printed = "\n".join(f"line {number}" for number in range(100))

    assert failure_in(printed).splitlines()[-1] == "line 99"
    assert "line 10\n" not in failure_in(printed)


@pytest.mark.slow
def test_a_command_that_takes_too_long_leaves_no_process(tmp_path: Path) -> None:
    cli = tmp_path / CLI
    cli.parent.mkdir(parents=True)
    cli.write_text("setInterval(() => {}, 1000);")

    with pytest.raises(SandboxError, match=r"^cdk deploy took longer than 2 s; see "):
        run_cdk(
            "deploy",
            env={"PATH": os.environ["PATH"]},
            checkout=tmp_path,
            output=tmp_path / "out",
            log=tmp_path / "log",
            seconds=2,
        )

    assert wait_for(lambda: processes_with(str(cli)) == [])
