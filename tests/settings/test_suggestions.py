"""Whoever misspells a key, or pastes it from elsewhere, is told its name here."""

import pytest

from emr_notebook.settings.keys import dotted_path, keys
from emr_notebook.settings.suggestions import ANSWERS, OTHER_NAMES
from tests.conftest import Change
from tests.settings.changes import refusal, with_alice, with_cluster


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (with_alice(instance_typ="x"), "notebooks.alice.instance_typ: {}instance_type?"),
        (with_alice(Owner="x"), "notebooks.alice.Owner: {}owner?"),
        (with_cluster(id="j-2AXXXXXXGAPLF", portt=1), "clusters.analytics.portt: {}port?"),
        (lambda data: data["network"].update(vpc=1), "network.vpc: {}vpc_id?"),
        (lambda data: data.update(cluster={}), "cluster: {}notebooks.<key>.cluster?"),
        (lambda data: data.update(notebook={}), "notebook: {}notebooks?"),
        (lambda data: data.update(defaults={"sparc": {}}), "defaults.sparc: {}spark?"),
        (
            with_alice(spark={"executor_memory": "4g"}),
            "notebooks.alice.spark.executor_memory: {}executorMemory?",
        ),
        (
            with_alice(opt_outs={"rootaccess": {}}),
            "notebooks.alice.opt_outs.rootaccess: {}root_access?",
        ),
        (
            with_cluster(id="j-2AXXXXXXGAPLF", tls={"cafile": "x"}),
            "clusters.analytics.tls.cafile: {}ca_file?",
        ),
        (
            lambda data: data.update(opt_outs={"delete_volume": {}}),
            "opt_outs.delete_volume: {}delete_volumes?",
        ),
        (
            lambda data: data["network"].update(extra_egress=[{"sg": 1, "to_port": 1}]),
            "network.extra_egress.0.to_port: {}port?",
        ),
        (
            with_alice(default_code_repository={"URL": "https://h/r"}),
            "notebooks.alice.default_code_repository.URL: {}url?",
        ),
        # Notebooks whose keys are the names of settings.
        (
            lambda data: data["notebooks"].update(tags={"cluster": "analytics", "nam": "x"}),
            "notebooks.tags.nam: {}name?",
        ),
        (
            lambda data: data["notebooks"].update(spark={"cluster": "analytics", "queue": "x"}),
            "notebooks.spark.queue: {}defaults.spark.queue or notebooks.<key>.spark.queue?",
        ),
    ],
)
def test_a_misspelt_one_is_told_apart(change: Change, said: str) -> None:
    assert said.format("there is no such key; did you mean ") in refusal(change)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SubnetId", "did you mean network.subnet_id or notebooks.<key>.subnet_id?"),
        ("SecurityGroupIds", "did you mean network.security_group_ids?"),
        ("VolumeSizeInGB", "did you mean defaults.volume_size_in_gb or notebooks.<key>.volum"),
        ("RoleArn", "did you mean defaults.role_arn or notebooks.<key>.role_arn?"),
        ("nb_instance_type", "did you mean defaults.instance_type or notebooks.<key>.instanc"),
        ("nb_instance_name", "did you mean notebooks.<key>.name?"),
        ("lifecycle_config_name", "did you mean defaults.lifecycle_config_name or notebooks.<"),
        ("emr_cluster_id", "did you mean clusters.<key>.id?"),
        ("StackName", "did you mean stack_name?"),
        ("Tags", "did you mean tags?"),
        ("DirectInternetAccess", "it is off, unless opt_outs.direct_internet_access gives a"),
        ("RootAccess", "it is off, unless opt_outs.root_access gives a because"),
        ("OnFailure", "CloudFormation rolls a failed deploy back by itself"),
        ("KmsKeyId", "did you mean kms_key_arn?"),
    ],
)
def test_a_parameter_from_elsewhere_is_told_its_place_here(name: str, said: str) -> None:
    assert f"\n  {name}: there is no such key; {said}" in refusal(
        lambda data: data.update({name: "x"})
    )


def test_the_old_stack_name_in_a_notebook_is_told_its_place() -> None:
    said = refusal(with_alice(stack_name="x", RoleArn="y"))

    assert "notebooks.alice.stack_name: there is no such key; did you mean stack_name?" in said
    assert "notebooks.alice.RoleArn: there is no such key; did you mean role_arn?" in said


def test_one_like_no_other_is_told_what_there_is() -> None:
    said = refusal(lambda data: data["network"].update(zzz=1))

    assert "network.zzz: there is no such key; accepted: extra_egress, s3_prefix_list_id" in said


def test_a_key_of_a_megabyte_is_refused_in_a_line() -> None:
    said = refusal(lambda data: data.update({"ab\n" * 300_000: 1}))

    assert len(said) < 700
    assert "(900000 characters): there is no such key" in said


def test_every_meaning_is_a_key_that_there_is() -> None:
    there = {dotted_path(path) for path, _ in keys()}

    assert {place for places in OTHER_NAMES.values() for place in places} - there == set()
    assert all(name not in OTHER_NAMES for name in ANSWERS)
