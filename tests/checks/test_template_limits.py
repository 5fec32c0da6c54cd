"""A stack that CloudFormation would not take is refused, in words that say how to split it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
import yaml

from emr_notebook.build import build
from emr_notebook.checks.template_limits import (
    CDK_RESOURCE_LIMIT_OFF,
    TemplateTooLarge,
    check_templates,
)
from emr_notebook.settings.file import parse
from emr_notebook.synthesis import SynthesisError, synthesize
from tests.conftest import ROOT, cdk_context, stage
from tests.templates import ENDPOINT, INSTANCE, LIFECYCLE

MOST_BYTES, MOST_RESOURCES, MOST_OUTPUTS = 900_000, 450, 180


def written(
    folder: Path,
    *kinds: str,
    name: str = "notebooks",
    size: int | None = None,
    outputs: int = 0,
) -> dict[str, Any]:
    """A template with resources of these kinds and outputs, filled up to a size in bytes."""
    resources = {f"R{number}": {"Type": kind} for number, kind in enumerate(kinds)}
    declared = {f"O{number}": {"Value": "x"} for number in range(outputs)}
    template: dict[str, Any] = {"Resources": resources, "Outputs": declared, "Description": ""}
    missing = 0 if size is None else size - len(json.dumps(template))
    template["Description"] = "x" * missing
    (folder / f"{name}.template.json").write_text(json.dumps(template))
    return template


def refusal(folder: Path) -> str:
    with pytest.raises(TemplateTooLarge) as refused:
        check_templates(folder)
    return str(refused.value)


class TestLimits:
    def test_what_is_just_within_them_is_accepted(self, tmp_path: Path) -> None:
        written(tmp_path, *[INSTANCE] * MOST_RESOURCES, size=MOST_BYTES, outputs=MOST_OUTPUTS)

        check_templates(tmp_path)

    def test_one_more_output_is_refused(self, tmp_path: Path) -> None:
        written(tmp_path, outputs=MOST_OUTPUTS + 1)

        assert refusal(tmp_path).startswith("stack notebooks: its template has 181 outputs")
        assert "; 180 are accepted. " in refusal(tmp_path)

    def test_one_more_followed_cluster_than_lambda_takes_rules_of_is_refused(
        self, tmp_path: Path
    ) -> None:
        written(tmp_path, *["Custom::ClusterRecord"] * 40)
        check_templates(tmp_path)

        written(tmp_path, *["Custom::ClusterRecord"] * 41)
        assert refusal(tmp_path) == (
            "stack notebooks: it keeps the names of 41 clusters; 40 are accepted. Give some "
            "clusters `follow: false`, or a stage of their own."
        )

    def test_each_limit_is_told_on_a_line_of_its_own(self, tmp_path: Path) -> None:
        written(tmp_path, *[INSTANCE] * 451, outputs=MOST_OUTPUTS + 1)

        assert len(refusal(tmp_path).splitlines()) == 2

    @pytest.mark.parametrize(
        ("resources", "size", "said"),
        [
            (MOST_RESOURCES + 1, MOST_BYTES, "900,000 bytes and 451 resources"),
            (MOST_RESOURCES, MOST_BYTES + 1, "900,001 bytes and 450 resources"),
        ],
    )
    def test_one_more_is_refused_with_what_was_found_and_what_is_accepted(
        self, tmp_path: Path, resources: int, size: int, said: str
    ) -> None:
        written(tmp_path, *[INSTANCE] * resources, size=size)

        assert f"stack notebooks: its template has {said}" in refusal(tmp_path)
        assert "900,000 bytes and 450 resources are accepted" in refusal(tmp_path)

    def test_bytes_are_counted_and_not_characters(self, tmp_path: Path) -> None:
        text = json.dumps({"Resources": {}, "Description": "é" * 460_000}, ensure_ascii=False)
        (tmp_path / "notebooks.template.json").write_text(text, encoding="utf-8")

        assert "its template has 920,0" in refusal(tmp_path)

    def test_every_stack_that_is_too_large_is_told_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "assembly-prod").mkdir()
        written(tmp_path, *[INSTANCE] * 451, name="one")
        written(tmp_path, *[INSTANCE] * 10, name="two")
        written(tmp_path / "assembly-prod", *[INSTANCE] * 500, name="three")

        told = [line.split(":")[0] for line in refusal(tmp_path).splitlines()]
        assert sorted(told) == ["stack one", "stack three"]


class TestWords:
    def test_say_how_many_notebooks_there_are_and_how_to_move_some(self, tmp_path: Path) -> None:
        written(tmp_path, *[INSTANCE] * 220, *["AWS::IAM::Role"] * 231)

        said = refusal(tmp_path)
        assert "some of its 220 notebooks a stack of their own" in said
        assert "such as `stack: science`" in said
        assert "A notebook that is deployed already stays where it is: move new ones." in said

    def test_say_that_different_sessions_each_cost_a_script(self, tmp_path: Path) -> None:
        written(tmp_path, *[LIFECYCLE] * 40, size=MOST_BYTES + 1)

        assert "40 different ones make 40 copies of the start script" in refusal(tmp_path)

    def test_say_whose_outputs_they_are_and_how_to_have_fewer(self, tmp_path: Path) -> None:
        written(tmp_path, *[ENDPOINT] * 60, outputs=MOST_OUTPUTS + 2)

        said = refusal(tmp_path)
        assert "182 outputs, most of them for its 60 clusters" in said
        assert "give the notebooks of some clusters a stack of their own" in said
        assert said.endswith(
            "and take out clusters that no notebook uses. A notebook that is deployed already "
            "stays where it is: move new ones."
        )

    def test_do_not_advise_to_share_the_only_script(self, tmp_path: Path) -> None:
        written(tmp_path, LIFECYCLE, *[INSTANCE] * 450)

        assert "share" not in refusal(tmp_path)


def many(notebooks: int, **settings: Any) -> dict[str, Any]:
    """A stage of that many notebooks; a callable setting is asked with the notebook's number."""

    def change(data: dict[str, Any]) -> None:
        data["notebooks"] = {
            f"user-{number}": {
                "cluster": "analytics",
                **{key: value(number) for key, value in settings.items()},
            }
            for number in range(notebooks)
        }

    return stage(change)


def many_clusters(number: int) -> dict[str, Any]:
    """A stage of that many clusters, and one notebook."""

    def change(data: dict[str, Any]) -> None:
        data["clusters"] = {f"c{each}": {"id": f"j-C{each:04}"} for each in range(number)}
        data["notebooks"] = {"alice": {"cluster": "c0", "owner": "alice@example.com"}}

    return stage(change)


def synthesized(data: dict[str, Any], folder: Path) -> Path:
    app = cdk.App(context={**cdk_context(), **CDK_RESOURCE_LIMIT_OFF}, outdir=str(folder))
    build(app, parse(data))
    return Path(app.synth().directory)


@pytest.mark.slow
def test_a_stage_of_200_notebooks_fits_into_one_stack(tmp_path: Path) -> None:
    check_templates(synthesized(many(200), tmp_path))


def test_a_time_of_a_notebook_is_one_resource_and_105_with_two_fit(tmp_path: Path) -> None:
    times = {"start": "08:00", "stop": "19:30", "timezone": "Europe/Berlin"}

    def resources(notebooks: int, **settings: Any) -> int:
        folder = synthesized(many(notebooks, **settings), tmp_path / f"{notebooks}{len(settings)}")
        [template] = folder.glob("*.template.json")
        return len(json.loads(template.read_text())["Resources"])

    one, two = (resources(each, schedule=lambda _: times) for each in (1, 2))

    assert two - one == resources(2) - resources(1) + 2 == 4
    assert one + 104 * (two - one) <= MOST_RESOURCES


def test_59_clusters_fit_into_one_stack(tmp_path: Path) -> None:
    check_templates(synthesized(many_clusters(59), tmp_path))


def test_of_60_clusters_the_outputs_are_too_many(tmp_path: Path) -> None:
    assert "182 outputs, most of them for its 60 clusters" in refusal(
        synthesized(many_clusters(60), tmp_path)
    )


@pytest.mark.slow
def test_notebooks_with_a_session_each_are_refused_by_bytes(tmp_path: Path) -> None:
    data = many(60, spark=lambda number: {"numExecutors": number + 1})

    said = refusal(synthesized(data, tmp_path))

    assert "60 different ones make 60 copies" in said


@pytest.mark.slow
def test_the_same_notebooks_in_two_stacks_are_accepted(tmp_path: Path) -> None:
    data = many(300, stack=lambda number: "science" if number % 2 else None)

    check_templates(synthesized(data, tmp_path))


def test_5000_notebooks_are_refused_by_their_number_before_anything_is_synthesized(
    tmp_path: Path,
) -> None:
    app = cdk.App(outdir=str(tmp_path))
    with pytest.raises(SynthesisError) as refused:
        synthesize(app, lambda: build(app, parse(many(5000))))

    assert str(refused.value) == (
        "stack emr-notebooks-test: its 5,000 notebooks take 10,000 resources or more; 450 are "
        "accepted. Give some of them a stack of their own in the settings, such as "
        "`stack: science`. A notebook that is deployed already stays where it is: move new ones."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("stack", "each"), [("a", 1), ("b", 2)])
def test_a_notebook_counts_with_the_role_that_is_made_for_it(stack: str, each: int) -> None:
    given = {"role_arn": lambda _: "arn:aws:iam::111122223333:role/notebooks"}
    data = many(MOST_RESOURCES + 1, **given if each == 1 else {}, stack=lambda _: stack)

    with pytest.raises(TemplateTooLarge, match=f"-{stack}: its 451 .* take {each * 451} resources"):
        build(cdk.App(), parse(data))


@pytest.mark.slow
def test_the_app_says_it_without_a_stack_trace_and_fails(tmp_path: Path) -> None:
    notebooks = 222
    (tmp_path / "config").mkdir()
    (tmp_path / "config/dev.yaml").write_text(yaml.safe_dump(many(notebooks)))

    ended = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "CDK_OUTDIR": str(tmp_path / "cdk.out"),
            "CDK_CONTEXT_JSON": json.dumps(cdk_context()),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 1
    assert "error: stack emr-notebooks-test: its template has" in ended.stderr
    assert f"some of its {notebooks} notebooks a stack of their own" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "RuntimeError" not in ended.stderr
