"""The deploy's variables, as kernels, terminals and the start hook get them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emr_notebook_agent import environment

AWKWARD = {"QUOTES": 'it\'s "so" \\ $HOME `id` {}', "EMPTY": "", "WORDS": "two  words ü"}
LIVY = {"LIVY_URL": "http://analytics.team.internal:8998", "LIVY_FALLBACK": "http://10.0.0.5:8998"}


def given(**variables: str) -> dict[str, str]:
    return {"ENVIRONMENT": json.dumps(variables), **LIVY}


def test_a_notebook_without_variables_gets_none() -> None:
    assert environment.variables(LIVY) == {}
    assert environment.variables({**LIVY, "ENVIRONMENT": ""}) == {}


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
def test_livy_the_role_and_the_notebook_itself_are_reached_without_a_proxy(name: str) -> None:
    found = environment.variables(given(**{name: "http://proxy:3128", "NO_PROXY": ".corp,x"}))

    wanted = ".corp,x,localhost,127.0.0.1,169.254.169.254,analytics.team.internal,10.0.0.5"
    assert (found["NO_PROXY"], found["no_proxy"]) == (wanted, wanted)


def test_without_proxies_nothing_is_added() -> None:
    assert environment.variables(given(DATA="s3://data/", HTTPS_PROXY="")) == {
        "DATA": "s3://data/",
        "HTTPS_PROXY": "",
    }


@pytest.mark.parametrize("text", ["[]", '{"A": 1}', '{"A;id": "x"}', "{", '{"A": "\\u0000"}'])
def test_what_are_no_variables_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"ENVIRONMENT is no JSON object|Expecting"):
        environment.variables({"ENVIRONMENT": text})


def test_a_login_shell_gets_each_value_as_it_is() -> None:
    text = environment.profile(environment.variables(given(**AWKWARD)))

    for shell in ("bash", "sh"):
        printed = subprocess.run(
            [shell, "-c", f"{text}\nenv -0"], capture_output=True, check=True, env={}
        ).stdout.decode()
        found = dict(line.split("=", 1) for line in printed.split("\0") if line)
        assert AWKWARD.items() <= found.items()


def test_a_kernel_gets_each_value_as_it_is(tmp_path: Path) -> None:
    environment.set_up(tmp_path, given(**AWKWARD))
    code = "import os, json; print(json.dumps(dict(os.environ)))"

    shown = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=NoColor", "-c", code],
        capture_output=True,
        check=True,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
    ).stdout

    assert AWKWARD.items() <= json.loads(shown).items()


def test_what_an_earlier_start_wrote_goes_with_the_setting(tmp_path: Path) -> None:
    startup = tmp_path / environment.STARTUP
    environment.set_up(tmp_path, given(DATA="s3://data/"))
    assert startup.exists()

    environment.set_up(tmp_path, LIVY)
    environment.set_up(tmp_path, LIVY)

    assert not startup.exists()


def test_it_comes_before_whom_to_trust() -> None:
    names = [Path(environment.STARTUP).name, "00-emr-notebook.py"]

    # IPython runs its startup files in this order.
    assert sorted(names) == names
