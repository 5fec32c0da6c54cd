"""Settings files: what is read, what is refused, and in which words."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from emr_notebook.settings.file import LARGEST_BYTES, SettingsError, load_file, load_stage, parse
from sandbox.livy.rejections import BLACKLIST
from sandbox.livy.spark_settings import OVERRIDDEN
from tests.conftest import Change, stage
from tests.settings.changes import of_file, refusal, with_alice, with_cluster

SECRET_KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

EVERY_LINE = re.compile(r"  \S.*: .+")


def test_every_mistake_is_told_at_once() -> None:
    def several(data: dict[str, Any]) -> None:
        data["account"] = 111122223333
        data["clusters"]["analytics"]["id"] = "analytics"
        data["notebooks"]["alice"]["volume_size_in_gb"] = 4
        del data["network"]["subnet_id"]

    said = refusal(several)

    assert said.startswith("4 mistakes\n")
    for place in (
        "account",
        "clusters.analytics.id",
        "notebooks.alice.volume_size_in_gb",
        "network.subnet_id",
    ):
        assert f"  {place}: " in said


def test_of_very_many_mistakes_the_first_fifty_are_told() -> None:
    said = refusal(lambda data: data.update({f"x{number}": 1 for number in range(3_000)}))

    first, *lines, last = said.splitlines()
    assert (first, len(lines), last) == ("3000 mistakes", 50, "  and 2950 more")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda data: data.update(account=111122223333),
            "account: 111122223333 (a number) was given; accepted: an AWS account id: 12 digits",
        ),
        (
            with_cluster(id="j-1; reboot"),
            "clusters.analytics.id: 'j-1; reboot' was given; accepted: an EMR cluster id",
        ),
        (
            with_alice(volume_size_in_gb=16_385),
            "16385 (a number) was given; accepted: a whole number of gigabytes, 5 to 16384",
        ),
        (with_alice(volume_size_in_gb="20"), "notebooks.alice.volume_size_in_gb: '20' was given"),
        (with_alice(volume_size_in_gb=True), "volume_size_in_gb: true (a truth value) was given"),
        (with_alice(volume_size_in_gb=5.0), "volume_size_in_gb: 5.0 (a number) was given"),
        (
            with_alice(stop_after_idle_minutes=9),
            (
                "stop_after_idle_minutes: 9 (a number) was given; accepted: a whole number of "
                "minutes, 10 to 10080, or never"
            ),
        ),
        (with_alice(stop_after_idle_minutes=10_081), "10081 (a number) was given; accepted: a who"),
        (with_alice(stop_after_idle_minutes="2h"), "stop_after_idle_minutes: '2h' was given"),
        (with_alice(stop_after_idle_minutes=False), "false (a truth value) was given"),
        (
            with_alice(sparkmagic={"default_maxrow": 5}),
            "sparkmagic.default_maxrow: there is no such key; did you mean default_maxrows? ",
        ),
        (
            with_alice(sparkmagic={"kernel_r_credentials": {"url": "http://h:8998"}}),
            (
                "notebooks.alice.sparkmagic: kernel_r_credentials is no key here: the cluster "
                "decides it: clusters.<key>"
            ),
        ),
        (
            with_alice(sparkmagic={"ignore_ssl_errors": True}),
            "ignore_ssl_errors is no key here: write clusters.<key>.tls: {verify: none",
        ),
        (
            with_alice(sparkmagic={"default_maxrows": "all"}),
            "sparkmagic.default_maxrows: 'all' was given; accepted: a whole number of rows",
        ),
        (
            with_alice(sparkmagic={"custom_headers": {"Authorization": "Basic eDp5"}}),
            "custom_headers.Authorization: 'Authorization' was given; accepted: the name of a",
        ),
        (
            with_alice(sparkmagic={"resource_limit_mitigation_suggestion": "{}"}),
            "was given; accepted: a text without { and }, at most 500 characters",
        ),
        (
            with_alice(name="a" * 64),
            "accepted: a notebook name: letters, digits and hyphens inside, at most 63 characters",
        ),
        (with_alice(name=None, cluster=None), "notebooks.alice.cluster: nothing was given"),
        (
            lambda data: data["notebooks"].update({"Alice Liddell": {"cluster": "analytics"}}),
            "notebooks.Alice Liddell: 'Alice Liddell' was given; accepted: a key: small letters",
        ),
        (
            lambda data: data["notebooks"].update({"a\nb": {"cluster": "analytics"}}),
            r"notebooks.'a\nb': 'a\nb' was given; accepted: a key: small letters",
        ),
        (
            lambda data: data["notebooks"].update({"[key]": {"cluster": "analytics"}}),
            "notebooks.'[key]': '[key]' was given; accepted: a key: small letters",
        ),
        (
            lambda data: data["notebooks"].update({"[key]": 5}),
            "notebooks.'[key]': 5 (a number) was given; accepted: a mapping with additional_code_",
        ),
        (
            with_alice(opt_outs={"root_access": {"because": ""}}),
            "notebooks.alice.opt_outs.root_access.because: '' was given; accepted: the reason",
        ),
        (
            with_alice(opt_outs={"root_access": "builds drivers"}),
            "opt_outs.root_access: 'builds drivers' was given; accepted: a mapping with because",
        ),
        (
            with_alice(instance_type="ml.p3dn.24xlarge"),
            (
                "notebooks.alice.instance_type: 'ml.p3dn.24xlarge' was given; accepted: a SageMaker"
                " instance type, such as ml.t3.medium; not ml.p2, ml.p3, ml.p3dn, ml.inf1 or ml.g3,"
                " which notebooks on Amazon Linux 2023 (notebook-al2023-v1) cannot have"
            ),
        ),
        (with_alice(instance_type="ml.g3.4xlarge"), "instance_type: 'ml.g3.4xlarge' was given"),
        (
            lambda data: data.update(role_path="science"),
            "role_path: 'science' was given; accepted: ",
        ),
        (
            lambda data: data.update(role_path="/a//b/"),
            "'/a//b/' was given; accepted: a path of IAM",
        ),
        (with_alice(replace="yes"), "alice.replace: 'yes' was given; accepted: true or false"),
        (
            lambda data: data.update(clusters={}),
            "clusters: {} was given; accepted: a mapping of at least 1, for each name a mapping wi",
        ),
        (lambda data: data.pop("network"), "network: is missing; accepted: a mapping with extra_e"),
        (lambda data: data.pop("account"), "account: is missing; accepted: an AWS account id"),
        (
            lambda data: data.update(checks="nist"),
            "checks: 'nist' was given; accepted: a list, each nist",
        ),
        (
            lambda data: data["network"].update(
                security_group_ids=[f"sg-{n:08}" for n in "123456"]
            ),
            "accepted: a list of at least 1 and at most 5, each a security group id",
        ),
        (
            lambda data: data["network"].update(extra_egress=[{"port": 443}]),
            "network.extra_egress.0.because: is missing; accepted: the reason in a sentence",
        ),
        (
            lambda data: data["network"].update(
                extra_egress=[{"port": 443, "because": "the proxy"}]
            ),
            "network.extra_egress.0: none of cidr, security_group_id, prefix_list_id is given",
        ),
        (
            with_alice(additional_code_repositories=[{}]),
            "notebooks.alice.additional_code_repositories.0: give either url or name",
        ),
        (
            with_alice(default_code_repository={"name": "r", "secret_key_arn": SECRET_KEY}),
            "notebooks.alice.default_code_repository: secret_key_arn goes with secret_arn",
        ),
        (
            with_alice(
                default_code_repository={"url": "https://h/r", "secret_arn": None, "name": ""}
            ),
            "notebooks.alice.default_code_repository.name: '' was given",
        ),
        (
            with_alice(spark={"conf": {"spark.executor.cores": 4}}),
            "alice.spark.conf.spark.executor.cores: 4 (a number) was given; accepted: a Spark prop",
        ),
        (
            with_alice(spark={"queue": ""}),
            "alice.spark.queue: '' was given; accepted: a YARN queue",
        ),
        (
            with_alice(spark={"conf": {"spark.yarn.jars": "s3://b/x"}}),
            (
                "conf.spark.yarn.jars: 'spark.yarn.jars' was given; accepted: a Spark property's "
                "name, such as spark.sql.shuffle.partitions; none of those that Livy decides and "
            ),
        ),
        (
            with_alice(spark={"executorMemory": "4g", "conf": {"spark.executor.memory": "8g"}}),
            (
                "notebooks.alice.spark: executorMemory and conf's spark.executor.memory are one "
                "property: give one of the two"
            ),
        ),
        (
            lambda data: data.update(
                defaults={
                    "spark": {
                        "queue": "a",
                        "numExecutors": 2,
                        "conf": {"spark.yarn.queue": "b", "spark.executor.instances": "2"},
                    }
                }
            ),
            (
                "defaults.spark: numExecutors and conf's spark.executor.instances are one property;"
                " queue and conf's spark.yarn.queue are one property: give one of the two"
            ),
        ),
        (
            with_alice(spark={"name": "2024"}),
            "dots, hyphens and underscores, not digits alone, at most 128 characters",
        ),
        (
            with_alice(spark={"name": "risk", "conf": {"spark.app.name": "Risk model"}}),
            "name and conf's spark.app.name are one property: give one of the two",
        ),
        (with_alice(spark={"driverMemory": "4gb"}), "'4gb' was given; accepted: a size in mega"),
        (
            with_alice(spark={"ttl": "90"}),
            "'90' was given; accepted: a time with its unit (s",
        ),
        (with_alice(spark={"idleTimeout": "0m"}), "'0m' was given; accepted: a time with its unit"),
        (with_alice(spark={"driverMemory": "4t"}), "'4t' was given; accepted: a size in megab"),
        (with_alice(spark={"driverMemory": "0g"}), "'0g' was given; accepted: a size in megabytes"),
        (lambda data: data.update({5: 1}), "the file: 5 (a number) was given; accepted: keys that"),
    ],
)
def test_a_mistake_names_its_place_what_was_given_and_what_is_accepted(
    change: Change, said: str
) -> None:
    assert f"1 mistake\n  {said}" in refusal(change) or said in refusal(change)


@pytest.mark.parametrize("name", [*BLACKLIST, OVERRIDDEN])
def test_a_property_that_livy_itself_decides_is_refused(name: str) -> None:
    said = refusal(with_alice(spark={"conf": {name: "x"}}))

    assert f"conf.{name}: '{name}' was given; accepted: a Spark property's name" in said


@pytest.mark.parametrize(
    "given", ["10.0.3.7/16", "10.0.0.0", "10.00.0.0/16", "::/0", "10.0.0.0/33"]
)
def test_a_range_is_what_ec2_stores(given: str) -> None:
    said = refusal(lambda data: data["network"].update(vpc_cidr=given))

    assert f"network.vpc_cidr: '{given}' was given; accepted: an IPv4 range, such as" in said


@pytest.mark.parametrize("given", ["512m", "4G", "34490m", "34490M"])
def test_a_size_may_be_spelt_as_spark_spells_it(given: str) -> None:
    change = with_alice(spark={"driverMemory": given, "conf": {"spark.executor.memory": given}})

    assert parse(stage(change)).notebook("alice").spark.driverMemory == given


def test_a_digit_is_an_ascii_digit() -> None:
    assert "account: '١١١١٢٢٢٢٣٣٣٣' was given" in refusal(
        lambda data: data.update(account="١١١١٢٢٢٢٣٣٣٣")
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file holds nothing; a mapping of settings is accepted"),
        (b"# only words\n", "the file holds nothing"),
        (b"- a\n", "the file holds a list"),
        (b"2024-01-02\n", "the file holds a text"),
        (b"42\n", "the file holds a number"),
        (b"true\n", "the file holds a truth value"),
        (b"a: [\n", "not YAML: line 2, column 1: "),
        (b"a: 1\na: 2\n", "line 2: the key 'a' stands twice"),
        (b"\xff\xfe", "not UTF-8 text (byte number 1): save it as UTF-8"),
        (b"a: caf\xe9\n", "not UTF-8 text (byte number 7)"),
        (b"a: [" + b"x," * 400_000 + b"]", "line 1: more than 100,000 values"),
        (b"a: " + b"x" * LARGEST_BYTES, "larger than 1,000,000 bytes: this is no settings file"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_file_that_holds_no_settings_is_refused_by_name(
    tmp_path: Path, content: bytes, said: str
) -> None:
    assert of_file(tmp_path, content).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("42", "tags.a: 42 (a number) was given; accepted: a tag value, in quotes"),
        ('""', "tags.a: '' was given; accepted: a tag value, in quotes"),
        ("1.10", "tags.a: 1.1 (a number) was given"),
        (".inf", "tags.a: inf (a number) was given"),
        ("true", "tags.a: true (a truth value) was given"),
        ("", "tags.a: nothing was given"),
        ("[x]", "tags.a: ['x'] was given"),
        ("{x: 1}", "tags.a: {'x': 1} was given"),
    ],
)
def test_what_is_no_text_is_refused_where_text_is_meant(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in of_file(tmp_path, f"tags: {{a: {text}}}")


def test_octal_is_no_number(tmp_path: Path) -> None:
    said = of_file(tmp_path, "defaults: {volume_size_in_gb: 010}")

    assert "defaults.volume_size_in_gb: '010' was given; accepted: a whole number of gig" in said


@pytest.mark.parametrize(
    "place",
    [
        "tags: {}",
        *(
            pytest.param(place, marks=pytest.mark.slow)
            for place in ("account: {}", "checks: {}", "network: {{vpc_id: {}}}", "x: {}")
        ),
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        "x" * 900_000,
        "'" + "/" * 900_000 + "'",
        "[" + ", ".join(["a"] * 90_000) + "]",
        "{" + ", ".join(f"k{n}: 1" for n in range(40_000)) + "}",
    ],
    ids=lambda value: value[:3],
)
def test_values_of_a_megabyte_are_refused_in_words_and_at_once(
    tmp_path: Path, place: str, value: str
) -> None:
    began = time.monotonic()

    said = of_file(tmp_path, place.format(value))

    assert re.match(r"\d+ mistakes\n", said)
    lines = said.splitlines()[1:51]
    assert lines != []
    assert all(EVERY_LINE.fullmatch(line) for line in lines)
    assert len(said) < 20_000
    assert time.monotonic() - began < 10


ANCHORS = """
x-large: &large {executorMemory: 16g, executorCores: 4}
x-notes: [whatever, {1: 2}]
notebooks:
  alice: {cluster: analytics, spark: *large}
  bob: {cluster: analytics, spark: {<<: *large, numExecutors: 20}}
"""


def test_top_level_keys_that_begin_with_x_hold_anchors_and_are_read_by_nobody(
    tmp_path: Path,
) -> None:
    file = tmp_path / "dev.yaml"
    file.write_text(yaml.safe_dump(stage(lambda data: data.pop("notebooks"))) + ANCHORS)

    alice, bob = load_file(file).resolved_notebooks
    assert (alice.spark.executorMemory, alice.spark.executorCores) == ("16g", 4)
    assert (bob.spark.executorMemory, bob.spark.numExecutors) == ("16g", 20)


def test_elsewhere_such_a_key_is_unknown() -> None:
    said = refusal(lambda data: data["notebooks"]["alice"].update({"x-large": {}}))

    assert "notebooks.alice.x-large: there is no such key" in said


def test_a_folder_in_the_place_of_the_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").mkdir()

    with pytest.raises(SettingsError, match=r"dev\.yaml: cannot be read: Is a directory"):
        load_stage("dev", tmp_path)


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    file = tmp_path / "dev.yaml"
    file.write_text(yaml.safe_dump(stage()), encoding="utf-8-sig")

    assert load_file(file) == parse(stage())


def test_a_stage_without_a_file_is_refused_with_the_stages_there_are(tmp_path: Path) -> None:
    (tmp_path / "prod.yaml").write_text("")
    (tmp_path / "dev.yaml").write_text("")

    with pytest.raises(SettingsError, match=r"no stage 'test'.*Stages here: dev, prod"):
        load_stage("test", tmp_path)


def test_a_stage_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("a: 1")
    (tmp_path / "config").mkdir()

    with pytest.raises(SettingsError, match=r"'\.\./secret' is a path; accepted: a stage's name"):
        load_stage("../secret", tmp_path / "config")


@pytest.mark.parametrize("given", ["config/dev.yaml", "dev.yaml", "/srv/config/dev.yml"])
def test_a_path_that_is_given_as_a_stage_is_answered_with_the_stages_name(
    tmp_path: Path, given: str
) -> None:
    (tmp_path / "dev.yaml").write_text("a: 1")

    with pytest.raises(SettingsError) as refused:
        load_stage(given, tmp_path, option="--stage ")
    assert str(refused.value) == (
        f"{given!r} is a path; accepted: a stage's name. Stages here: dev. Next: --stage dev"
    )


@pytest.mark.parametrize("option", ["-c stage=", "--stage "])
@pytest.mark.parametrize("given", ["prod", "config/prod.yaml"])
def test_a_mistaken_stage_is_answered_in_terms_of_how_it_was_given(
    tmp_path: Path, option: str, given: str
) -> None:
    with pytest.raises(SettingsError, match=f"Choose one with {option}<stage>"):
        load_stage(given, tmp_path, option=option)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=8,
)
PLACES = ["account", "region", "network", "clusters", "defaults", "notebooks", "tags", "opt_outs"]


@given(changes=st.dictionaries(st.sampled_from(PLACES), VALUES, min_size=1))
def test_whatever_a_file_holds_is_accepted_or_refused_in_words(changes: dict[str, Any]) -> None:
    try:
        settings = parse({**stage(), **changes})
    except SettingsError as error:
        first, *lines = str(error).splitlines()
        assert re.fullmatch(r"\d+ mistakes?", first)
        assert lines != []
        assert all(EVERY_LINE.fullmatch(line) for line in lines)
    else:
        assert settings.stack_name == "emr-notebooks-test"


@given(text=st.text(max_size=80))
def test_whatever_text_a_file_holds_is_refused_in_words(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("config") / "dev.yaml"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")

    with pytest.raises(SettingsError):
        load_file(file)


def test_settings_survive_yaml(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text(yaml.safe_dump(stage()))

    assert load_stage("dev", tmp_path) == parse(stage())


class TestCluster:
    """Which cluster, and how its Livy is reached."""

    @pytest.mark.parametrize(
        "selector",
        [{"id": "j-2AXXXXXXGAPLF"}, {"name": "nightly spark (v2)"}, {"tags": {"team": "risk"}}],
    )
    def test_is_named_by_an_id_a_name_or_tags(self, selector: dict[str, Any]) -> None:
        cluster = parse(stage(with_cluster(**selector))).clusters["analytics"]

        (kind,) = selector
        assert getattr(cluster, kind) == selector[kind]

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({}, "none of id, name and tags is given: give one of them"),
            ({"id": "j-2AXXXXXXGAPLF", "name": "x"}, "id and name of id, name and tags is given"),
            (
                {"tags": {}},
                "clusters.analytics.tags: {} was given; accepted: a mapping of at least",
            ),
            ({"name": ""}, "accepted: an EMR cluster's name: at most 256 characters"),
            ({"name": "x" * 257}, "accepted: an EMR cluster's name"),
            ({"name": "bell\x07here"}, "accepted: an EMR cluster's name"),
            ({"id": "j-2AXXXXXXGAPLF", "port": 0}, "accepted: a TCP port, 1 to 65535"),
            ({"id": "j-2AXXXXXXGAPLF", "wait_minutes": 14}, "a whole number of minutes, 0 to 13"),
            (
                {"id": "j-2AXXXXXXGAPLF", "scheme": "ftp"},
                "'ftp' was given; accepted: http, https or detect",
            ),
            ({"id": "j-2AXXXXXXGAPLF", "tls": {}}, "give either ca_file or verify"),
            (
                {"id": "j-2AXXXXXXGAPLF", "tls": {"ca_file": "ca.pem", "verify": "system"}},
                "give either ca_file or verify",
            ),
            (
                {"id": "j-2AXXXXXXGAPLF", "tls": {"verify": "none"}},
                "verify: none goes with because",
            ),
            (
                {"id": "j-2AXXXXXXGAPLF", "tls": {"verify": "system", "because": "a reason"}},
                "verify: none goes with because",
            ),
            (
                {"id": "j-2AXXXXXXGAPLF", "ingress": "create"},
                "clusters.analytics: ingress is given without security_group_id",
            ),
            (
                {"id": "j-2AXXXXXXGAPLF", "security_group_id": "sg-0a1b2c3d4e5f60718"},
                "clusters.analytics: security_group_id is given without ingress (create or",
            ),
        ],
    )
    def test_is_refused_in_words(self, values: dict[str, Any], said: str) -> None:
        assert said in refusal(with_cluster(**values))
