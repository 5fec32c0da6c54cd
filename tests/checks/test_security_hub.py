"""AWS Security Hub's controls of notebook instances hold without a setting for them."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.conftest import example, stage, template

# SageMaker.4, .5 and others are about endpoints, models and jobs.
CONTROLS: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "SageMaker.1: no direct internet access": (
        lambda notebook: notebook["DirectInternetAccess"] == "Disabled"
    ),
    "SageMaker.2: in a VPC of the customer's": (
        lambda notebook: notebook["SubnetId"].startswith("subnet-")
    ),
    "SageMaker.3: users are not root": lambda notebook: notebook["RootAccess"] == "Disabled",
    "SageMaker.8: on a platform that AWS supports": (
        lambda notebook: notebook["PlatformIdentifier"] == "notebook-al2023-v1"
    ),
}


def plain(data: dict[str, Any]) -> None:
    """Two notebooks that say nothing about themselves."""
    data["notebooks"]["bob"] = {"cluster": "analytics"}


def full(data: dict[str, Any]) -> None:
    """The example, which uses every setting, without what it gives up."""
    data.update(example())
    data.pop("opt_outs", None)
    data.get("defaults", {}).pop("opt_outs", None)
    for notebook in data["notebooks"].values():
        notebook.pop("opt_outs", None)
        # One template holds all.
        notebook.pop("stack", None)


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("change", [plain, full])
def test_every_notebook_meets(control: str, change: Callable[[dict[str, Any]], None]) -> None:
    notebooks = template(change).find_resources("AWS::SageMaker::NotebookInstance")

    assert len(notebooks) == len(stage(change)["notebooks"]) > 1
    assert [
        name for name, each in notebooks.items() if not CONTROLS[control](each["Properties"])
    ] == []


@pytest.mark.parametrize("control", ["SageMaker.1", "SageMaker.3"])
def test_an_opt_out_is_the_only_way_to_miss(control: str) -> None:
    names = {"SageMaker.1": "direct_internet_access", "SageMaker.3": "root_access"}
    opt_outs = {names[control]: {"because": "tries packages that no mirror has"}}
    (holds,) = (check for name, check in CONTROLS.items() if name.startswith(f"{control}:"))

    found = template(lambda data: data["notebooks"]["alice"].update(opt_outs=opt_outs))

    (notebook,) = found.find_resources("AWS::SageMaker::NotebookInstance").values()
    assert not holds(notebook["Properties"])
