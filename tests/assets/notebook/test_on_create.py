"""What the script of a notebook's creation promises: the real one, run in scratch homes."""

import json
import shutil
import stat
import subprocess
import sys

import nbformat
import pytest

from tests.assets.notebook.scratch_instance import (
    START_HERE,
    Instance,
    Server,
    is_confined,
    notebook_user,
    parsed,
)
from tests.conftest import template

LIFECYCLE = "AWS::SageMaker::NotebookInstanceLifecycleConfig"


def test_start_here_is_a_valid_notebook_for_the_pyspark_kernel(instance: Instance) -> None:
    created = instance.create()

    notebook = json.loads(instance.start_here.read_text())
    nbformat.validate(notebook)
    assert notebook["metadata"]["kernelspec"]["name"] == "pysparkkernel"
    assert (created.exit_code, created.log) == (0, f"Placed: {instance.start_here}\n")


def test_it_is_the_users_own(instance: Instance) -> None:
    instance.create()

    assert instance.start_here.owner() == notebook_user()
    assert instance.start_here.stat().st_mode & stat.S_IRUSR


def test_without_the_agent_its_first_code_cell_prints_what_the_start_script_found(
    instance: Instance, livy: Server
) -> None:
    instance.create()
    instance.start(LIVY_URL=livy.url)

    cells = json.loads(instance.start_here.read_text())["cells"]
    magic, *program = next(each["source"] for each in cells if each["cell_type"] == "code")
    printed = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "".join(program)],
        env={"HOME": str(instance.home)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert magic == "%%local\n"
    shown = parsed(printed)
    assert (shown["cluster"], shown["spark"]) == ("analytics", "3.5.5-amzn-1")


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_start_leaves_an_edited_one_edited_and_a_deleted_one_deleted(
    instance: Instance, is_deleted: bool
) -> None:
    instance.create()
    instance.start_here.write_text("mine")
    if is_deleted:
        instance.start_here.unlink()

    instance.start()

    assert instance.start_here.exists() is not is_deleted
    assert is_deleted or instance.start_here.read_text() == "mine"


def test_a_notebook_that_was_there_before_is_kept(instance: Instance) -> None:
    instance.start_here.write_text("mine")

    created = instance.create()

    assert instance.start_here.read_text() == "mine"
    assert "There already" in created.log


def test_quotes_and_dollar_signs_in_it_are_text(instance: Instance) -> None:
    instance.create('it\'s $HOME\n"`id`"')

    assert instance.start_here.read_text() == 'it\'s $HOME\n"`id`"\n'


@pytest.mark.parametrize("what", ["no volume", "no user", "nothing to place"])
def test_whatever_is_missing_the_instance_is_created_and_the_log_says_so(
    instance: Instance, what: str
) -> None:
    if what == "no volume":
        shutil.rmtree(instance.home / "SageMaker")
    if what == "no user":
        instance.environment = {"NOTEBOOK_USER": "no-such-user"}

    created = instance.create("" if what == "nothing to place" else START_HERE)

    assert created.exit_code == 0
    assert "Not placed" in created.log
    assert not instance.start_here.exists()


@pytest.mark.skipif(not is_confined(), reason="only root can run the script for another user")
def test_a_link_to_a_file_of_roots_does_not_change_it(instance: Instance) -> None:
    precious = instance.home.parent / "precious"
    instance.start_here.symlink_to(precious)

    assert instance.create().exit_code == 0
    assert not precious.exists()


def test_the_script_in_the_template_places_it(instance: Instance) -> None:
    (found,) = template().find_resources(LIFECYCLE).values()
    (hook,) = found["Properties"]["OnCreate"]

    done = instance.run({}, "\n".join(hook["Content"]["Fn::Base64"]["Fn::Join"][1]))

    assert done.exit_code == 0
    assert instance.start_here.read_text() == f"{START_HERE}\n"
