"""A start with a hook and variables: who runs it, who gets them, and what stands in whose way."""

import json
import subprocess
import time

import pytest

from emr_notebook.constructs.agent_archive import agent_archive
from tests.assets.notebook.scratch_instance import (
    Instance,
    Server,
    is_confined,
    notebook_user,
    parsed,
    values,
)

confined = pytest.mark.skipif(not is_confined(), reason="only root can give up root")
ENVIRONMENT = json.dumps({"HTTPS_PROXY": "http://proxy:3128", "WORDS": "it's $HOME"})


def packed(instance: Instance, hook: str) -> dict[str, str]:
    """Put an agent with this hook on the instance. Returns what names it in the header."""
    archive = agent_archive(hook.encode())
    (instance.programs / archive.file_name).write_bytes(archive.content)
    return {"AGENT_URI": f"s3://bucket/{archive.file_name}", "AGENT_SHA256": archive.sha256}


def told(instance: Instance) -> str:
    """What the user is told of a hook that has ended."""
    deadline = time.monotonic() + 30
    while True:
        line = parsed((instance.folder / "status.txt").read_text()).get("hook", "")
        if line and not line.startswith("running"):
            return line
        assert time.monotonic() < deadline, line
        time.sleep(0.05)


def log(instance: Instance) -> str:
    return (instance.folder / "hook.log").read_text()


@pytest.mark.parametrize("run_as", ["user", "root"])
def test_the_start_ends_first_and_the_hook_runs_as_the_settings_say(
    instance: Instance, livy: Server, run_as: str
) -> None:
    go = instance.home.parent / "go"
    hook = f"until [ -e '{go}' ]; do sleep 0.05; done; id -un; echo $WORDS; exit 3"

    start = instance.start(
        values(
            START_HOOK=run_as, ENVIRONMENT=ENVIRONMENT, LIVY_URL=livy.url, **packed(instance, hook)
        )
    )
    status = instance.status()
    go.touch()

    assert (start.exit_code, status["state"]) == (0, "ok")
    assert told(instance).startswith("failed with status 3 at ")
    who = "root" if run_as == "root" and is_confined() else notebook_user()
    assert log(instance).splitlines()[1:3] == [who, "it's $HOME"]
    # Root wrote nothing of the user's, and what the start wrote is as it was.
    assert {(instance.folder / name).owner() for name in ("hook.log", "status.txt")} == {
        notebook_user()
    }
    assert {**instance.status(), "hook": ""} == {**status, "hook": ""}


def test_without_a_hook_none_is_told_of(instance: Instance, livy: Server) -> None:
    instance.start(LIVY_URL=livy.url)

    assert "hook" not in instance.status()


@confined
def test_root_follows_nothing_of_the_users_for_its_hook(instance: Instance, livy: Server) -> None:
    mine = instance.home.parent / "mine"
    mine.write_text("mine")
    instance.folder.mkdir()
    for name in ("hook.log", "start_hook", "hook.lock"):
        (instance.folder / name).symlink_to(mine)
    instance.give(instance.folder)

    instance.start(values(START_HOOK="root", **packed(instance, "echo hello")))

    assert told(instance).startswith("ended ok at ")
    assert mine.read_text() == "mine"
    script = instance.programs / "start_hook"
    assert (script.owner(), script.stat().st_mode & 0o777) == ("root", 0o700)


@confined
def test_a_root_without_a_python_of_the_system_runs_no_hook_and_says_so(
    instance: Instance, livy: Server
) -> None:
    """The user's Python is the user's to replace."""
    user_python = instance.home / "anaconda3" / "bin"
    user_python.mkdir(parents=True)
    (user_python / "python3").symlink_to(
        subprocess.run(
            ["/bin/bash", "-c", "command -v python3"],
            env={"PATH": instance.path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    )
    (instance.bin / "python3").unlink(missing_ok=True)
    (instance.bin / "python3").write_text("#!/bin/sh\nexit 1\n")
    (instance.bin / "python3").chmod(0o755)
    instance.path = f"{instance.bin}:{instance.path}"

    instance.start(values(START_HOOK="root", **packed(instance, "echo hello")))

    assert told(instance).startswith("not run: the agent did not start it")


def test_terminals_and_kernels_get_the_variables_and_livy_no_proxy(
    instance: Instance, livy: Server
) -> None:
    instance.start(ENVIRONMENT=ENVIRONMENT, LIVY_URL=livy.url)

    script = f'. "{instance.profile}"; echo "$WORDS $HTTPS_PROXY $NO_PROXY"'
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown == "it's $HOME http://proxy:3128 localhost,127.0.0.1,169.254.169.254\n"
    startup = instance.home / ".ipython/profile_default/startup/00-emr-notebook-environment.py"
    assert "'WORDS': \"it's $HOME\"" in startup.read_text()

    instance.start(LIVY_URL=livy.url)

    assert not instance.profile.exists()
    assert not startup.exists()


def test_without_the_agent_it_is_said_what_is_missing(instance: Instance) -> None:
    asked = {"START_HOOK": "user", "ENVIRONMENT": ENVIRONMENT, "IDLE_MINUTES": "60"}
    instance.start(values(AGENT_SHA256="0" * 64, **asked))

    said = instance.status()["problem"]
    assert "the start hook not run, the environment not set, nothing stops it when idle" in said
