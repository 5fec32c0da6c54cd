"""What SparkMagic's configuration says, and which of a user's own settings it cannot say."""

import json
import re

import pytest

from cluster_endpoint import output_formats
from emr_notebook.constructs.start_script import sparkmagic_config
from emr_notebook_agent import connection, start
from tests.assets.cluster_endpoint.test_output_formats import PAIRS


@pytest.mark.parametrize(("name", "value"), [*PAIRS, ("ReleaseLabel", output_formats.UNKNOWN)])
def test_whatever_the_resolver_answers_is_accepted(name: str, value: str) -> None:
    form = connection.ADDRESS if name == "LivyUrl" else start.VALUE
    assert re.fullmatch(form, value)


URLS = {
    "http://10.0.0.5:8998": True,
    "https://ip-10-0-0-5.ec2.internal": True,
    "http://gateway:80/livy/": True,
    "http://[fd00::5]:8998": True,
    "ftp://10.0.0.5:8998": False,
    "10.0.0.5:8998": False,
    "http://": False,
    "http://:8998": False,
    "http://10.0.0.5:0": False,
    "http://10.0.0.5:65536": False,
    "http://10.0.0.5:port": False,
    "http://10.0.0.5:8998/?a=b": False,
    "http://10.0.0.5:8998/#a": False,
    "http://[fd00::5:8998": False,
    "http://a b:8998": False,
    "http://a..b:8998": False,
    f"http://{'a' * 64}.b:8998": False,
    "http://a\nb:8998": False,
}


@pytest.mark.parametrize("kernel", ["python", "scala", "r"])
@pytest.mark.parametrize(("url", "accepted"), URLS.items())
def test_an_address_of_the_users_own_has_a_scheme_a_host_a_port_and_a_path_alone(
    kernel: str, url: str, accepted: bool
) -> None:
    config = connection.deployed("http://10.0.0.9:8998", "{}")
    own = json.dumps({f"kernel_{kernel}_credentials": {"url": url}})

    if accepted:
        assert connection.with_own(config, own)[f"kernel_{kernel}_credentials"]["url"] == url
    else:
        with pytest.raises(ValueError, match=f"kernel_{kernel}_credentials"):
            connection.with_own(config, own)


@pytest.mark.parametrize("url", ["http://me:s3cret@livy:8998", "http://s3cret@livy:8998"])
def test_a_login_in_the_address_is_refused_and_not_shown(url: str) -> None:
    config = connection.deployed("http://10.0.0.9:8998", "{}")
    own = json.dumps({"kernel_python_credentials": {"url": url}})

    with pytest.raises(ValueError, match="a user name or a password") as refused:
        connection.with_own(config, own)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "headers",
    [
        "s3cret",
        None,
        {"X-Team": "s3cret\r\nX-Other: a"},
        {"X-Team": "s3cret€"},
        {"X-Team": 7},
        {"X Team": "s3cret"},
        {"": "s3cret"},
    ],
)
def test_what_is_no_header_is_refused_and_not_shown(headers: object) -> None:
    config = connection.deployed("http://10.0.0.9:8998", "{}")

    with pytest.raises(ValueError, match="custom_headers") as refused:
        connection.with_own(config, json.dumps({"custom_headers": headers}))
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "form"),
    [
        ("livy_session_startup_timeout_seconds", "300", "a number"),
        ("livy_session_startup_timeout_seconds", True, "a number"),
        ("coerce_dataframe", "false", "true or false"),
        ("fatal_error_suggestion", None, "a text"),
        ("session_configs_defaults", [], "an object"),
        ("session_configs", "s3cret", "an object"),
    ],
)
def test_a_value_that_sparkmagic_would_trip_over_in_a_cell_is_refused_and_not_shown(
    name: str, value: object, form: str
) -> None:
    config = connection.deployed("http://10.0.0.9:8998", json.dumps(sparkmagic_config()))

    with pytest.raises(ValueError, match=f"^{name} has to be {form}$"):
        connection.with_own(config, json.dumps({name: value}))


def test_a_number_of_seconds_may_have_a_fraction() -> None:
    config = connection.deployed("http://10.0.0.9:8998", json.dumps(sparkmagic_config()))
    own = {"livy_session_startup_timeout_seconds": 0.5, "heartbeat_refresh_seconds": "of no deploy"}

    assert connection.with_own(config, json.dumps(own)).items() >= own.items()


def test_settings_that_only_merging_finds_too_deep_are_refused() -> None:
    config = connection.deployed("http://10.0.0.9:8998", "{}")
    deep = '{"a":' * 900 + "1" + "}" * 900

    with pytest.raises(ValueError, match="too deeply"):
        connection.with_own(
            config, f'{{"session_configs_defaults": {deep}, "session_configs": {deep}}}'
        )


def test_livy_is_asked_with_sparkmagics_own_headers() -> None:
    config = connection.deployed("http://10.0.0.9:8998", '{"custom_headers": {"X-Team": "risk"}}')

    asked = dict(connection.livy(config, "").headers)
    assert asked["X-Team"] == "risk"
    assert asked["X-Requested-By"]
