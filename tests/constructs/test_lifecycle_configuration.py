"""Lifecycle configurations: one for each distinct script, told by the cluster and the session."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template

from emr_notebook.constructs import start_script
from tests.conftest import make_templates, stage, template
from tests.constructs.test_start_script import rsa_authority
from tests.templates import (
    ENDPOINT,
    INSTANCE,
    LIFECYCLE,
    lifecycle_of,
    only,
    properties,
    resources,
    script,
    two_notebooks,
)

# As a settings file gives it, in Livy's own names.
SESSION = {
    "driverMemory": "4g",
    "driverCores": 2,
    "executorMemory": "8g",
    "executorCores": 4,
    "numExecutors": 10,
    "queue": "science",
    "name": "alice",
    "proxyUser": "alice",
    "ttl": "8h",
    "idleTimeout": "90m",
    "jars": ["s3://bucket/one.jar", "hdfs:///two.jar"],
    "pyFiles": ["s3://bucket/library.zip"],
    "files": ["s3://bucket/lookup.csv"],
    "archives": ["s3://bucket/environment.tar.gz#environment"],
    "conf": {"spark.sql.shuffle.partitions": "64"},
}


def session(found: Template, notebook: str = "alice") -> Any:
    """What the Spark sessions of a notebook ask for, as its start script hands it to SparkMagic."""
    instance = only(found, INSTANCE, f"Notebook{notebook}")
    lines = script(resources(found, LIFECYCLE)[lifecycle_of(found, instance)])
    (line,) = (each for each in lines if str(each).startswith("SPARKMAGIC_CONFIG='"))
    text = start_script.header_in(start_script.content([line]))["SPARKMAGIC_CONFIG"]
    return json.loads(text)["session_configs_defaults"]


class TestSharing:
    def test_notebooks_with_the_same_script_share_one(self) -> None:
        found = template(two_notebooks)

        assert len(resources(found, INSTANCE)) == 2
        assert len(resources(found, LIFECYCLE)) == 1

    def test_what_is_not_in_the_script_does_not_part_them(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["notebooks"]["bob"].update(
                owner="bob@example.com", instance_type="ml.m5.xlarge", tags={"project": "risk"}
            )

        assert len(resources(template(change), LIFECYCLE)) == 1

    def test_a_value_that_is_sparks_default_anyway_does_not_part_them(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["notebooks"]["bob"]["spark"] = {"conf": {}, "jars": []}

        assert len(resources(template(change), LIFECYCLE)) == 1

    @pytest.mark.parametrize(
        "own",
        [
            {"cluster": "second"},
            {"spark": {"executorMemory": "4g"}},
            {"sparkmagic": {"default_maxrows": 100}},
            {"lifecycle_config_name": "bobs"},
            {"environment": {"DATA": "s3://bucket/"}},
            {"start_hook": {"file": "examples/hooks/packages.sh"}},
        ],
    )
    def test_another_setting_of_the_script_makes_another(self, own: dict[str, Any]) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["clusters"]["second"] = {"id": "j-SECOND"}
            data["notebooks"]["bob"].update(own)

        found = template(change)

        used = {lifecycle_of(found, each) for each in resources(found, INSTANCE).values()}
        assert used == set(resources(found, LIFECYCLE))
        assert len(used) == 2


class TestSession:
    def test_every_setting_reaches_sparkmagic_as_it_was_given(self) -> None:
        found = template(lambda data: data["notebooks"]["alice"].update(spark=SESSION))

        assert session(found) == SESSION

    def test_what_is_not_set_stays_livys_own_decision(self) -> None:
        assert session(template()) == {}

    def test_each_notebook_has_its_own_and_the_others_the_stages(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["defaults"] = {"spark": {"executorMemory": "2g", "conf": {"spark.a": "1"}}}
            data["notebooks"]["bob"]["spark"] = {"proxyUser": "bob", "jars": ["s3://b/bob.jar"]}

        found = template(change)

        assert session(found, "alice") == {"executorMemory": "2g", "conf": {"spark.a": "1"}}
        # It replaces the default whole.
        assert session(found, "bob") == {"proxyUser": "bob", "jars": ["s3://b/bob.jar"]}


class TestName:
    def test_is_made_up_by_cloudformation_unless_it_is_given(self) -> None:
        assert "NotebookInstanceLifecycleConfigName" not in properties(template(), LIFECYCLE)

    def test_is_the_one_that_is_given(self) -> None:
        found = template(
            lambda data: data["notebooks"]["alice"].update(lifecycle_config_name="spark-start")
        )

        name = properties(found, LIFECYCLE)["NotebookInstanceLifecycleConfigName"]
        assert name == "spark-start"

    def test_of_the_defaults_is_one_configuration_for_all(self) -> None:
        def change(data: dict[str, Any]) -> None:
            two_notebooks(data)
            data["defaults"] = {"lifecycle_config_name": "spark-start"}

        assert len(resources(template(change), LIFECYCLE)) == 1

    @pytest.mark.parametrize("edit", [{"spark": {"executorMemory": "4g"}}, {"cluster": "second"}])
    def test_stays_with_the_resource_when_its_script_changes(self, edit: dict[str, Any]) -> None:
        """Another resource would be made while the name is still taken, and fail the deploy."""

        def named(data: dict[str, Any]) -> None:
            data["clusters"]["second"] = {"id": "j-SECOND"}
            data["notebooks"]["alice"]["lifecycle_config_name"] = "spark-start"

        def edited(data: dict[str, Any]) -> None:
            named(data)
            data["notebooks"]["alice"].update(edit)

        before, after = (
            resources(template(named), LIFECYCLE),
            resources(template(edited), LIFECYCLE),
        )
        assert set(before) == set(after)
        assert before != after


class TestScript:
    @pytest.mark.parametrize(
        ("variable", "answer"),
        [
            ("LIVY_URL", "LivyUrl"),
            ("CLUSTER_ID", "ClusterId"),
            ("RELEASE_LABEL", "ReleaseLabel"),
            ("SPARK_VERSION", "SparkVersion"),
            ("LIVY_VERSION", "LivyVersion"),
        ],
    )
    def test_holds_the_custom_resources_answers(self, variable: str, answer: str) -> None:
        found = template()
        (endpoint,) = resources(found, ENDPOINT)

        line = ["", [f"{variable}='", {"Fn::GetAtt": [endpoint, answer]}, "'"]]
        assert {"Fn::Join": line} in script(only(found, LIFECYCLE))

    def test_stands_in_the_template_line_by_line(self) -> None:
        lines = script(only(template(), LIFECYCLE))

        assert lines[0] == "#!/bin/bash"
        assert len(lines) > 100
        assert not any("\n" in line for line in lines if isinstance(line, str))

    def test_says_who_runs_the_start_hook_and_what_the_environment_is(self) -> None:
        hook = {"file": "examples/hooks/efs.sh", "as": "root", "because": "a mount"}
        environment = {"DATA": "s3://it's here/"}
        lines = script(
            only(
                template(
                    lambda data: data["notebooks"]["alice"].update(
                        start_hook=hook, environment=environment
                    )
                ),
                LIFECYCLE,
            )
        )

        found = [line for line in lines if str(line).startswith(("START_HOOK=", "ENVIRONMENT="))]
        header = start_script.header_in(start_script.content(found))
        assert header["START_HOOK"] == "root"
        assert json.loads(header["ENVIRONMENT"]) == environment

    def test_of_each_notebook_is_its_own_clusters(self) -> None:
        def change(data: dict[str, Any]) -> None:
            data["clusters"]["second"] = {"id": "j-SECOND"}
            data["notebooks"]["bob"] = {"cluster": "second"}

        found = template(change)

        for notebook, cluster in {"alice": "analytics", "bob": "second"}.items():
            instance = only(found, INSTANCE, f"Notebook{notebook}")
            lines = script(resources(found, LIFECYCLE)[lifecycle_of(found, instance)])
            (endpoint,) = resources(found, ENDPOINT, f"Cluster{cluster}")
            assert f"CLUSTER='{cluster}'" in lines
            assert f"['{endpoint}', 'LivyUrl']" in str(lines)

    def test_can_change_while_the_logical_id_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = template()
        monkeypatch.setattr(
            "emr_notebook.constructs.lifecycle_configuration._asset", lambda _: "exit 0"
        )
        (after,) = make_templates(stage()).values()

        assert set(resources(before, LIFECYCLE)) == set(resources(after, LIFECYCLE))
        assert resources(before, LIFECYCLE) != resources(after, LIFECYCLE)


def test_it_outlives_its_entry_because_a_kept_notebook_cannot_start_without_it() -> None:
    kept = only(template(), LIFECYCLE)

    assert kept["DeletionPolicy"] == "RetainExceptOnCreate"
    assert kept["UpdateReplacePolicy"] == "Retain"


def test_it_carries_the_name_of_its_stack_beside_the_stages_tags() -> None:
    def change(data: dict[str, Any]) -> None:
        data["tags"] = {"team": "risk"}
        data["notebooks"]["alice"]["stack"] = "science"

    (found,) = make_templates(stage(change)).values()

    tags = {each["Key"]: each["Value"] for each in properties(found, LIFECYCLE)["Tags"]}
    assert tags == {"team": "risk", "EmrNotebookStack": "emr-notebooks-test-science"}


class TestAFollowedCluster:
    @staticmethod
    def made(ca_file: Path, key_bits: int, **tls: Any) -> str:
        """The start script for a cluster by name, whose TLS trusts one authority."""
        ca_file.write_text(rsa_authority(key_bits))
        data = stage()
        trusted = {"ca_file": str(ca_file), **tls}
        data["clusters"]["analytics"] = {"name": "nightly-spark", "tls": trusted}
        (found,) = make_templates(data).values()
        lines = script(only(found, LIFECYCLE))
        return json.dumps(lines)

    def test_its_script_has_room_for_the_longest_authority_where_the_name_is_used(
        self, tmp_path: Path
    ) -> None:
        assert "LIVY_FALLBACK='" in self.made(tmp_path / "ca.pem", 4096, names_alias=True)

    def test_no_address_stands_beside_the_url_of_one_that_tls_keeps_from_being_followed(
        self, tmp_path: Path
    ) -> None:
        assert "LIVY_FALLBACK='" not in self.made(tmp_path / "ca.pem", 4096)
