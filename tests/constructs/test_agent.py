"""The agent's way to notebooks: one file, the same for the same program, under its own SHA-256."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template

from emr_notebook import stack
from emr_notebook.constructs import start_script
from emr_notebook.constructs.agent_archive import AGENT, AgentArchive, agent_archive
from emr_notebook.settings.file import parse
from emr_notebook.synthesis import synthesize_stage
from tests.conftest import ROOT, make_templates, stage, template
from tests.templates import LIFECYCLE, only, script, two_stacks


def header(found: Template) -> dict[str, str]:
    """What the start script of the template's one lifecycle configuration is told of the agent."""
    lines = [each for each in script(only(found, LIFECYCLE)) if isinstance(each, str)]
    return start_script.header_in(start_script.content(lines))


def published(assembly: Path) -> dict[str, bytes]:
    """The files that `cdk deploy` uploads as they are, by the address that they get."""
    manifests = [json.loads(each.read_text()) for each in assembly.glob("*.assets.json")]
    return {
        f"s3://{place['bucketName']}/{place['objectKey']}": (
            assembly / each["source"]["path"]
        ).read_bytes()
        for manifest in manifests
        for each in manifest["files"].values()
        if each["source"]["packaging"] == "file"
        for place in each["destinations"].values()
    }


def test_what_is_published_where_the_script_looks_has_the_sha256_that_it_demands(
    tmp_path: Path,
) -> None:
    synthesize_stage(parse(stage(two_stacks)), tmp_path, directory=ROOT, cdk_validation=False)
    told = [
        header(Template.from_json(json.loads(each.read_text())))
        for each in tmp_path.glob("*.template.json")
    ]

    assert len(told) == 2
    for each in told:
        content = published(tmp_path)[each["AGENT_URI"]]
        assert hashlib.sha256(content).hexdigest() == each["AGENT_SHA256"]


class TestArchive:
    def test_it_is_the_same_in_another_checkout_that_was_used(self, tmp_path: Path) -> None:
        copy = tmp_path / "another place" / "agent"
        shutil.copytree(AGENT, copy)
        for each in copy.rglob("*.py"):
            os.utime(each, (1e9, 1e9))
            each.chmod(0o600)
        for left in ("__pycache__/main.cpython-39.pyc", ".mypy_cache/x.json", ".DS_Store"):
            (copy / left).parent.mkdir(exist_ok=True)
            (copy / left).write_bytes(b"1")

        assert agent_archive(folder=copy).sha256 == agent_archive().sha256

    def test_python_runs_it_from_one_file(self, tmp_path: Path) -> None:
        file = tmp_path / "agent.pyz"
        file.write_bytes(agent_archive().content)

        ended = subprocess.run(
            [sys.executable, "-I", file, "dance"], capture_output=True, text=True, cwd="/"
        )

        assert ended.returncode == 2
        assert "'dance' was given; accepted: " in ended.stderr

    def test_a_start_hook_lies_beside_the_program_as_it_was_given(self) -> None:
        hook = b"#!/bin/bash\necho 'caf\xc3\xa9'\n"

        with zipfile.ZipFile(io.BytesIO(agent_archive(hook).content)) as archive:
            assert archive.read("start_hook") == hook
            assert "__main__.py" in archive.namelist()

    def test_another_hook_is_another_file(self) -> None:
        hooks = (None, b"", b"true\n", b"true")

        assert len({agent_archive(each).file_name for each in hooks}) == len(hooks)


def test_a_change_of_the_agent_reaches_script_and_policy_and_replaces_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = template().to_json()["Resources"]
    monkeypatch.setattr(stack, "agent_archive", lambda: AgentArchive(b"another program"))
    (made,) = make_templates(stage()).values()
    after = made.to_json()["Resources"]

    assert before.keys() == after.keys()
    changed = {name for name in before if before[name] != after[name]}
    assert {before[name]["Type"] for name in changed} == {LIFECYCLE, "AWS::IAM::ManagedPolicy"}
    # CloudFormation changes a policy's document in place, and replaces it for a description.
    policy = next(name for name in changed if "Policy" in before[name]["Type"])
    assert differing(before[policy]["Properties"], after[policy]["Properties"]) == {
        "PolicyDocument"
    }
    versions = {header(each)["SCRIPT_VERSION"] for each in (template(), made)}
    assert len(versions) == 2


def test_a_notebook_with_a_start_hook_reads_the_file_that_holds_it_and_no_other_one_does(
    tmp_path: Path,
) -> None:
    hook = tmp_path / "team.sh"

    def change(data: dict[str, Any]) -> None:
        data["notebooks"]["bob"] = {"cluster": "analytics", "start_hook": {"file": str(hook)}}

    found = []
    for text in ("echo one", "echo two"):
        hook.write_text(text)
        (made,) = make_templates(stage(change)).values()
        found.append(made.to_json()["Resources"])
    before, after = found

    alice, bob = (only_named(before, f"Notebook{name}Role") for name in ("alice", "bob"))
    (common,) = alice["Properties"]["ManagedPolicyArns"]
    assert bob["Properties"]["ManagedPolicyArns"][0] == common
    own = bob["Properties"]["ManagedPolicyArns"][1]["Ref"]
    uris = [
        line.rpartition("/")[2].rstrip("'")
        for each in before.values()
        if each["Type"] == LIFECYCLE
        for line in script(each)
        if str(line).startswith("AGENT_URI=")
    ]
    granted = json.dumps(before[common["Ref"]]), json.dumps(before[own])
    assert [[uri in each for uri in uris] for each in granted] == [[True, False], [False, True]]
    # An edit of the hook replaces nothing, and leaves no policy behind.
    assert before.keys() == after.keys()
    assert before[own] != after[own]
    assert before[common["Ref"]] == after[common["Ref"]]


def only_named(resources: Mapping[str, Any], beginning: str) -> dict[str, Any]:
    (found,) = (each for name, each in resources.items() if name.startswith(beginning))
    return dict(found)


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
