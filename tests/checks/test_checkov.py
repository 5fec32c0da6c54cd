"""checkov finds nothing in the shipped stages but what is accepted beside its resource."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from emr_notebook.settings.file import PIPELINE
from tests.shipped_stages import STAGES, templates

__all__ = ["templates"]

# checkov takes seconds to start, and cfn-lint and cdk-nag look at every run.
pytestmark = pytest.mark.slow

NOTEBOOK = "AWS::SageMaker::NotebookInstance."
# KMS key of the customer's, IMDSv2, a role of its own.
OF_A_NOTEBOOK = {"CKV_AWS_187", "CKV_AWS_371", "CKV2_AWS_68"}


@dataclass(frozen=True)
class Result:
    """What a check said of a resource: <stack>/<type>.<logical id>."""

    check: str
    resource: str
    said: str


@dataclass(frozen=True)
class Scan:
    """A stage's results, and those of the same templates with nothing accepted in them."""

    results: frozenset[Result]
    without_skips: frozenset[Result]
    resources: Mapping[str, Mapping[str, Any]]

    def found(self, outcome: str) -> set[tuple[str, str]]:
        return {(each.check, each.resource) for each in self.results if each.said == outcome}


@pytest.fixture(scope="module")
def scans(templates: dict[str, list[Path]]) -> Iterator[dict[str, Scan]]:
    """One run of checkov over everything: it takes seconds to start."""
    with TemporaryDirectory(prefix="checkov-") as name:
        bare = {
            path: _without_skips(path, Path(name) / stage)
            for stage, paths in templates.items()
            for path in paths
        }
        results = _checkov([*bare, *bare.values()], Path(name))
        yield {
            stage: Scan(
                frozenset(x for path in paths for x in results[path]),
                frozenset(x for path in paths for x in results[bare[path]]),
                {
                    f"{_stack(path)}/{resource['Type']}.{logical_id}": resource
                    for path in paths
                    for logical_id, resource in json.loads(path.read_text())["Resources"].items()
                },
            )
            for stage, paths in templates.items()
        }


def _stack(template: Path) -> str:
    return template.name.removesuffix(".template.json")


def _without_skips(template: Path, folder: Path) -> Path:
    content = json.loads(template.read_text())
    for resource in content["Resources"].values():
        resource.get("Metadata", {}).pop("checkov", None)
    folder.mkdir(exist_ok=True)
    copy = folder / template.name
    copy.write_text(json.dumps(content))
    return copy


def _checkov(files: list[Path], empty: Path) -> dict[Path, list[Result]]:
    """checkov's results by file. It reads these files alone, and asks nobody."""
    options = ["--framework", "cloudformation", "--skip-download", "--compact", "--output", "json"]
    ended = subprocess.run(
        [
            # Its script does not start from a folder with a space in its name.
            *(sys.executable, "-m", "checkov.main"),
            *options,
            *(x for file in files for x in ("--file", file)),
        ],
        # It would read settings here and in the home folder.
        cwd=empty,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(empty),
            "TMPDIR": str(empty),
            # It would ask the package index for a newer version.
            "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode in {0, 1}, ended.stdout + ended.stderr
    report = json.loads(ended.stdout)
    assert report["summary"]["parsing_errors"] == 0
    found: dict[Path, list[Result]] = {file: [] for file in files}
    for kind in ("passed_checks", "failed_checks", "skipped_checks"):
        for each in report["results"][kind]:
            file = Path(each["file_abs_path"])
            resource, said = f"{_stack(file)}/{each['resource']}", each["check_result"]["result"]
            found[file].append(Result(each["check_id"], resource, said))
    return found


@pytest.mark.parametrize("stage", STAGES)
class TestStage:
    def test_no_check_fails(self, stage: str, scans: dict[str, Scan]) -> None:
        assert scans[stage].found("FAILED") == set()

    def test_notebooks_pass_by_themselves(self, stage: str, scans: dict[str, Scan]) -> None:
        notebooks = [name for name in scans[stage].resources if f"/{NOTEBOOK}" in name]

        assert notebooks != []
        assert {(check, name) for check in OF_A_NOTEBOOK for name in notebooks} <= scans[
            stage
        ].found("PASSED")

    def test_every_skip_hides_a_finding(self, stage: str, scans: dict[str, Scan]) -> None:
        hidden = {
            (each.check, each.resource)
            for each in scans[stage].without_skips
            if each.said == "FAILED"
        }

        assert scans[stage].found("SKIPPED") == hidden
        assert hidden != set()

    def test_every_skip_says_why_in_a_sentence(self, stage: str, scans: dict[str, Scan]) -> None:
        reasons = [
            skip["comment"]
            for resource in scans[stage].resources.values()
            for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
        ]

        assert reasons != []
        assert [each for each in reasons if len(each.split()) < 6 or each[-1] != "."] == []

    def test_nothing_is_skipped_on_what_there_is_one_of_for_each_notebook(
        self, stage: str, scans: dict[str, Scan]
    ) -> None:
        kinds = {
            resource["Type"]
            for resource in scans[stage].resources.values()
            if "checkov" in resource.get("Metadata", {})
        }

        of_the_pipeline = {"AWS::S3::Bucket", "AWS::IAM::Policy"} if stage == PIPELINE else set()
        of_followed_names = {"AWS::SQS::Queue", "AWS::SNS::Topic"}
        usual = {"AWS::Lambda::Function", "AWS::Logs::LogGroup"}
        assert kinds == usual | of_followed_names | of_the_pipeline
