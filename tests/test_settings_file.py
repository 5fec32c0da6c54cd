"""Settings files: what is refused, in which words, and that every mistake is told at once."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from emr_notebook.settings_file import SettingsError, load_file, load_stage, parse
from tests.conftest import Change, stage


def refusal(change: Change) -> str:
    with pytest.raises(SettingsError) as error:
        parse(stage(change))
    return str(error.value)


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda data: data.update(account=111122223333),
            "account: 111122223333 (a number) was given; accepted: an AWS account id: 12 digits",
        ),
        (
            lambda data: data["clusters"]["analytics"].update(id="j-1; reboot"),
            "clusters.analytics.id: 'j-1; reboot' was given; accepted: an EMR cluster id",
        ),
        (
            lambda data: data["notebooks"]["alice"].update(volume_size_in_gb=16_385),
            "16385 (a number) was given; accepted: a whole number of gigabytes, 5 to 16384",
        ),
        (
            lambda data: data["notebooks"]["alice"].update(volume_size_in_gb="20"),
            "notebooks.alice.volume_size_in_gb: '20' was given",
        ),
        (
            lambda data: data["notebooks"]["alice"].update(volume_size_in_gb=True),
            "True (a truth value) was given",
        ),
        (
            lambda data: data["notebooks"]["alice"].update(name="a" * 64),
            "accepted: a notebook name: letters, digits and hyphens inside, at most 63 characters",
        ),
        (
            lambda data: data["notebooks"]["alice"].update(cluster="analytic"),
            "alice.cluster: 'analytic' was given; accepted: one of the clusters: analytics",
        ),
        (
            lambda data: data["notebooks"]["alice"].update(instance_typ="ml.t3.large"),
            "notebooks.alice.instance_typ: there is no such key; did you mean instance_type?",
        ),
        (
            lambda data: data["notebooks"].update({"Alice Liddell": {"cluster": "analytics"}}),
            "notebooks.Alice Liddell: 'Alice Liddell' was given; accepted: a key: small letters",
        ),
        (
            lambda data: data["clusters"]["analytics"].update(ingress="create"),
            "ingress is given without security_group_id",
        ),
        (
            lambda data: data["clusters"]["analytics"].update(
                security_group_id="sg-0a1b2c3d4e5f60718"
            ),
            "security_group_id is given without ingress (create or external)",
        ),
        (
            lambda data: data["network"].pop("vpc_cidr"),
            "clusters.analytics.security_group_id: None was given; accepted: the primary's",
        ),
        (
            lambda data: data["notebooks"]["alice"].update(
                opt_outs={"root_access": {"because": ""}}
            ),
            "notebooks.alice.opt_outs.root_access.because: '' was given; accepted: the reason",
        ),
        (
            lambda data: data.update(
                kms_key_arn="arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-"
                "1234567890ab",
                opt_outs={"aws_managed_key": {"because": "no key policy yet"}},
            ),
            "no key beside opt_outs.aws_managed_key",
        ),
        (lambda data: data.update(clusters={}), "clusters: "),
        (lambda data: data.pop("network"), "network: is missing; accepted: a mapping with"),
    ],
)
def test_a_mistake_names_its_place_what_was_given_and_what_is_accepted(
    change: Change, said: str
) -> None:
    assert said in refusal(change)


def test_a_made_name_over_63_characters_is_refused_with_its_length() -> None:
    said = refusal(lambda data: data.update(stack_name="s" * 60))

    assert f"notebooks.alice.name: '{'s' * 60}-alice' was given" in said
    assert "at most 63 characters; this is 66 long" in said


def test_two_notebooks_cannot_share_a_name() -> None:
    def twins(data: dict[str, Any]) -> None:
        data["notebooks"]["alice"]["name"] = "Shared"
        data["notebooks"]["bob"] = {"cluster": "analytics", "name": "shared"}

    assert "notebooks.bob.name: 'shared' was given; accepted: a name of its own" in refusal(twins)


def test_a_key_that_stands_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    file = tmp_path / "dev.yaml"
    file.write_text("notebooks:\n  alice: {cluster: a}\n  bob: {cluster: a}\n  alice: {}\n")

    with pytest.raises(SettingsError, match=r"line 4: the key 'alice' stands twice.*line 2"):
        load_file(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds nothing"),
        (b"- a\n", "holds a list"),
        (b"a: [\n", "not YAML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a: !!python/object/apply:os.system [reboot]\n", "not YAML"),
    ],
)
def test_a_file_that_holds_no_settings_is_refused_by_name(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "dev.yaml"
    file.write_bytes(content)

    with pytest.raises(SettingsError) as error:
        load_file(file)

    assert str(error.value).startswith(f"{file}: ")
    assert said in str(error.value)


def test_a_stage_without_a_file_is_refused_with_the_stages_there_are(tmp_path: Path) -> None:
    (tmp_path / "prod.yaml").write_text("")
    (tmp_path / "dev.yaml").write_text("")

    with pytest.raises(SettingsError, match=r"no stage 'test'.*Stages here: dev, prod"):
        load_stage("test", tmp_path)


def test_a_stage_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("a: 1")
    (tmp_path / "config").mkdir()

    with pytest.raises(SettingsError, match="no stage"):
        load_stage("../secret", tmp_path / "config")


def test_a_notebook_takes_what_it_does_not_say_from_the_defaults() -> None:
    def defaults(data: dict[str, Any]) -> None:
        data["defaults"] = {"instance_type": "ml.m5.xlarge", "volume_size_in_gb": 20}
        data["notebooks"]["alice"]["volume_size_in_gb"] = 50

    alice = parse(stage(defaults)).notebook("alice")

    assert (alice.instance_type, alice.volume_size_in_gb) == ("ml.m5.xlarge", 50)
    assert alice.name == "emr-notebooks-test-alice"


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
        said = str(error)
        assert re.match(r"\d+ mistakes?\n  ", said)
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


def test_settings_survive_yaml() -> None:
    assert parse(yaml.safe_load(yaml.safe_dump(stage()))) == parse(stage())


class TestCluster:
    """Which cluster, and how its Livy is reached."""

    def with_cluster(self, **values: Any) -> Change:
        return lambda data: data["clusters"].update(analytics=values)

    @pytest.mark.parametrize(
        "selector",
        [{"id": "j-2AXXXXXXGAPLF"}, {"name": "nightly spark (v2)"}, {"tags": {"team": "risk"}}],
    )
    def test_is_named_by_an_id_a_name_or_tags(self, selector: dict[str, Any]) -> None:
        cluster = parse(stage(self.with_cluster(**selector))).clusters["analytics"]

        (kind,) = selector
        assert getattr(cluster, kind) == selector[kind]

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({}, "none of id, name and tags is given: give one of them"),
            ({"id": "j-2AXXXXXXGAPLF", "name": "x"}, "id and name of id, name and tags is given"),
            ({"tags": {}}, "clusters.analytics.tags: "),
            ({"name": ""}, "accepted: an EMR cluster's name: at most 256 characters"),
            ({"name": "x" * 257}, "accepted: an EMR cluster's name"),
            ({"name": "tab\there"}, "accepted: an EMR cluster's name"),
            ({"id": "j-2AXXXXXXGAPLF", "port": 0}, "accepted: a TCP port, 1 to 65535"),
            ({"id": "j-2AXXXXXXGAPLF", "wait_minutes": 14}, "a whole number of minutes, 0 to 13"),
            ({"id": "j-2AXXXXXXGAPLF", "scheme": "ftp"}, "'ftp' was given; accepted: 'http'"),
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
        ],
    )
    def test_is_refused_in_words(self, values: dict[str, Any], said: str) -> None:
        assert said in refusal(self.with_cluster(**values))
