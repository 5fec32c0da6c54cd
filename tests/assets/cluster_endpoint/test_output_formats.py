"""Tests cluster_endpoint/output_formats.py: what may reach a start script."""

import re
import string
from typing import get_args

import pytest

from cluster_endpoint import output_formats
from emr_notebook.constructs import start_script
from emr_notebook.settings import types
from refusal import Refusal

LONGEST_NAME = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
FIT = {
    "LivyUrl": [
        "http://10.0.0.5:8998",
        "http://0.0.0.1:8998",
        "http://255.249.199.99:8998",
        "https://ip-10-0-0-5.ec2.internal:1",
        "https://ip-10-0-0-5.eu-west-1.compute.internal:8998",
        "http://a.b:65535",
        "https://ip-10-0-0-5:8998",
        f"https://{LONGEST_NAME}:8998",
    ],
    "ClusterId": ["j-2AXXXXXXGAPLF", "j-AAAA", "j-" + "9" * 20],
    "ReleaseLabel": ["emr-7.9.0", "emr-6.10.1-latest", "emr-spark-8.1.0", "emr-" + "7" * 60],
    "SparkVersion": ["3.5.5", "3.5.5-amzn-0", "0" * 64],
    "LivyVersion": ["0.8.0", "0.8.0+incubating_1"],
}
UNFIT_ADDRESSES = [
    "10.0.0",
    "10.0.0.5.6",
    "10.0.0.256",
    "10.0.0.05",
    "10.0.0.٥",
    "::1",
    "10",
    "0x7f000001",
    "A.b",
    "a.b.",
    "a_b.c",
    f"{'a' * 64}.b",
    f"{LONGEST_NAME}d",
    "é.example",
]
UNFIT = {
    "LivyUrl": [
        "ftp://10.0.0.5:8998",
        "http://10.0.0.5",
        "http://10.0.0.5:",
        "http://10.0.0.5:123456",
        "http://10.0.0.5:8998/",
        "http://10.0.0.256:8998",
        "http://user@10.0.0.5:8998",
        "http://:8998",
        "http://a..b:8998",
        "http://-a.b:8998",
        f"http://{'a.' * 126}bc:8998",
        "http://10.0.0.5:٨٩٩٨",
        "",
        "http://10.0.0.5:8998,",
        "http://10.0.0.5:8998 http://10.0.0.6:8998",
        "http://10.0.0.5:8998,http://10.0.0.6:8998",
        *(f"http://{address}:8998" for address in UNFIT_ADDRESSES),
    ],
    "ClusterId": ["j-", "j-AAA", "j-" + "9" * 21, "J-2AXXXXXXGAPLF", "j-2axxxx", "s-2AXXXXXXGAPLF"],
    "ReleaseLabel": ["", "-7.9.0", "emr-7.9.0 ", "emr-" + "7" * 61, "emr-٧"],
    "SparkVersion": ["", ".5", "-1", "0" * 65, "3,5"],
    "LivyVersion": ["", "0.8 0", "٠.٨"],
}
PAIRS = [(name, value) for name, values in FIT.items() for value in values]


@pytest.mark.parametrize(("name", "value"), PAIRS)
def test_what_emr_answers_fits(name: str, value: str) -> None:
    assert output_formats.checked({name: value}) == {name: value}
    assert output_formats.matches(name, value)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in UNFIT.items() for value in values]
)
def test_what_only_looks_like_it_does_not(name: str, value: str) -> None:
    assert not output_formats.matches(name, value)
    with pytest.raises(Refusal) as refusal:
        output_formats.checked({name: value})
    assert refusal.value.code == "value-unfit"
    assert f" of {name}, " in str(refusal.value)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("ip-10-0-0-5.ec2.internal", "ip-10-0-0-5.ec2.internal"),
        ("ip-10-0-0-5.one.example two.example", "ip-10-0-0-5.one.example"),
        (" ip-10-0-0-5.one.example\ttwo.example ", "ip-10-0-0-5.one.example"),
        ("IP-10-0-0-5.Corp.Example.COM", "ip-10-0-0-5.corp.example.com"),
        ("ip-10-0-0-5.corp.example.com.", "ip-10-0-0-5.corp.example.com"),
        ("ip-10-0-0-5.Corp.example. other.example.", "ip-10-0-0-5.corp.example"),
        ("primary.analytics", "primary.analytics"),
        ("ip-10-0-0-5", "ip-10-0-0-5"),
        ("", ""),
        (" ", ""),
        (".", ""),
        (None, ""),
        (["a.b"], ""),
    ],
)
def test_a_name_is_its_first_word_in_small_letters_without_a_final_dot(
    said: object, name: str
) -> None:
    assert output_formats.host_name(said) == name


@pytest.mark.parametrize("mark", sorted(set(string.printable) - set(string.ascii_letters)))
@pytest.mark.parametrize("name", output_formats.FORMATS)
def test_no_format_lets_a_character_through_that_a_shell_reads(name: str, mark: str) -> None:
    harmless = set(string.digits) | set(".,:/+_-")

    for value in FIT[name]:
        for spoilt in (mark + value, value + mark, value[:3] + mark + value[3:]):
            assert mark in harmless or not output_formats.matches(name, spoilt)


@pytest.mark.parametrize(
    "value", [None, 5, b"10.0.0.5", ["10.0.0.5"], {"LivyUrl": "http://10.0.0.5:8998"}]
)
@pytest.mark.parametrize("name", output_formats.FORMATS)
def test_only_text_fits(name: str, value: object) -> None:
    assert not output_formats.matches(name, value)
    with pytest.raises(Refusal, match="value-unfit"):
        output_formats.checked({name: value})


@pytest.mark.parametrize(("name", "value"), PAIRS)
def test_nothing_grows_beyond_what_the_start_script_has_room_for(name: str, value: str) -> None:
    room = start_script.LONGEST_VALUE
    variables = {
        "LivyUrl": "LIVY_URL",
        "ClusterId": "CLUSTER_ID",
        "ReleaseLabel": "RELEASE_LABEL",
        "SparkVersion": "SPARK_VERSION",
        "LivyVersion": "LIVY_VERSION",
    }

    if name in variables:
        longest = value + "0" * (room[variables[name]] + 1 - len(value))
        assert not output_formats.matches(name, longest)


def test_the_settings_know_the_same_cluster_ids() -> None:
    _, form = get_args(types.ClusterId)

    assert form.pattern == output_formats.CLUSTER_ID


@pytest.mark.parametrize("key", ["a", "analytics", "a-1", "a" * 32])
def test_a_key_of_the_settings_is_one_of_the_resolver_s(key: str) -> None:
    _, form = get_args(types.Key)

    assert form.check(key) == key
    assert re.fullmatch(output_formats.CLUSTER_KEY, key)
