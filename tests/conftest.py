"""What all tests share: a stage's settings to change, and the template that they make."""

import copy
import functools
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
import pytest_socket
import yaml

# jsii runs node; the pinned one stands beside this Python.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
# One for all checkouts that tests make; 200 MB. Not in the home, which may be read-only.
os.environ.setdefault(
    "JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(Path(__file__).parents[1] / ".cache" / "jsii")
)
# A second a stack; the validation has a test of its own.
os.environ["CDK_VALIDATION"] = "false"

import hypothesis

from emr_notebook.settings.file import parse

if TYPE_CHECKING:
    from aws_cdk.assertions import Template

# Its grammars take a second to compile in each process, for checks of IRIs, of which nothing here
# has any: jsonschema does without.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

# A CI that runs in the background ignores these, and whatever it starts would, too: tests that
# interrupt a program would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long an example takes says more of the machine's other work than of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
# Of `make unit`.
hypothesis.settings.register_profile("quick", deadline=None, max_examples=20)

ROOT = Path(__file__).parent.parent
STAGE: dict[str, Any] = {
    "account": "111122223333",
    "region": "eu-west-1",
    "stack_name": "emr-notebooks-test",
    "network": {
        "vpc_id": "vpc-0a1b2c3d4e5f60718",
        "subnet_id": "subnet-0a1b2c3d4e5f60718",
        "vpc_cidr": "10.0.0.0/16",
    },
    "clusters": {"analytics": {"id": "j-2AXXXXXXGAPLF"}},
    "notebooks": {"alice": {"cluster": "analytics"}},
}

Change = Callable[[dict[str, Any]], object]


def stage(change: Change = lambda _: None) -> dict[str, Any]:
    """A stage with one cluster and one notebook, as a settings file holds it, changed in place."""
    data = copy.deepcopy(STAGE)
    change(data)
    return data


def template(change: Change = lambda _: None) -> "Template":
    """What the app deploys for that stage of one stack, checks included."""
    (found,) = templates(change).values()
    return found


def templates(change: Change = lambda _: None, *, refresh: str = "") -> "Mapping[str, Template]":
    """The template of each of a stage's stacks, by the stack's name; checks included.

    Half of the stages that tests ask for were asked for before, and are not made anew.
    """
    return _templates_once(json.dumps(stage(change)), refresh)


@functools.cache
def _templates_once(settings: str, refresh: str) -> "Mapping[str, Template]":
    return make_templates(json.loads(settings), refresh)


def make_templates(data: dict[str, Any], refresh: str = "") -> "Mapping[str, Template]":
    """The templates of a stage's settings."""
    # Here, because they start node: the process that hands out the tests needs none.
    import aws_cdk as cdk
    from aws_cdk.assertions import Template

    from emr_notebook.build import build

    with TemporaryDirectory(prefix="cdk.out-") as folder:
        app = cdk.App(context=cdk_context(), outdir=folder)
        stacks = build(app, parse(data), refresh=refresh)
        return {each.stack_name: Template.from_stack(each) for each in stacks}


def cdk_context() -> dict[str, Any]:
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def example() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((ROOT / "config/example.yaml").read_text())
    return data


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run what takes seconds before what takes minutes; in several processes, the longest first.

    What is longest must not begin last: the other processes would have nothing left to do.
    """
    items.sort(key=_minutes, reverse=hasattr(config, "workerinput"))


def pytest_collection_finish() -> None:
    """Leave the thousands of tests out of Python's searches for garbage, which take seconds."""
    gc.freeze()


def _minutes(item: pytest.Item) -> float:
    said = item.get_closest_marker("minutes")
    if said is not None:
        return float(said.args[0])
    return 0.1 if item.get_closest_marker("sandbox") else 0


@pytest.fixture(autouse=True)
def _alone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tests run as on a machine that has never seen AWS; unit tests reach this machine only."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    if request.node.get_closest_marker("sandbox") is None:
        pytest_socket.socket_allow_hosts(
            ["127.0.0.0/8", "::1", "localhost"], allow_unix_socket=True
        )
    yield
    pytest_socket._remove_restrictions()
