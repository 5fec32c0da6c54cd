"""Finds the notebooks that outlived their entry in the settings: they are still paid for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from emr_notebook.cli.aws.held_by_stacks import held_by_stacks
from emr_notebook.cli.aws.notebooks import NotebookSummary, describe
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.aws.tagged import tagged_resources
from emr_notebook.names import OWNER_TAG, STACK_TAG
from emr_notebook.settings.model import Settings


@dataclass(frozen=True)
class KeptNotebook:
    """A notebook of one of the stage's stacks that the settings no longer name.

    The next deploy decides about one that its stack still `is_held` by; None is not known.
    """

    name: str
    state: str
    stack: str
    owner: str
    is_held: bool | None = None


def kept_notebooks(
    reader: Reader, settings: Settings, found: Mapping[str, NotebookSummary]
) -> list[KeptNotebook]:
    """Those of the stacks that the settings name, by name; `found` spares a call for each in it.

    They are found by the tag that this app gives them. Raises as Reader.ask does.
    """
    named = {each.name.lower() for each in settings.resolved_notebooks}
    # ARNs have names in lower case.
    known = {name.lower(): each for name, each in found.items()}
    tagged = {
        str(each["ResourceARN"]).rpartition("/")[2]: each
        for each in tagged_resources(reader, settings, "sagemaker:notebook-instance")
    }
    kept = sorted(name for name in tagged if name not in named)

    def find(name: str) -> NotebookSummary | None:
        # Tags are listed for a while after their notebook is gone.
        return known.get(name) or describe(reader, name)

    states = reader.map_concurrently(find, kept)
    return [
        KeptNotebook(at.name, at.state, _tag(tagged[name]), _tag(tagged[name], OWNER_TAG))
        for name, at in zip(kept, states, strict=True)
        if at is not None
    ]


def tell_held(reader: Reader, kept: Sequence[KeptNotebook]) -> list[KeptNotebook]:
    """The same, with whether a stack holds each: one that none does was kept by an earlier deploy.

    Raises as Reader.ask does.
    """
    held = held_by_stacks(reader, [each.stack for each in kept])
    return [replace(each, is_held=each.name.lower() in held) for each in kept]


def stack_of(reader: Reader, settings: Settings, name: str) -> str:
    """The stack that made a notebook of any name, by its tag; "" for one that this app did not.

    Raises as Reader.ask does.
    """
    where = f"{settings.partition.name}:sagemaker:{settings.region}:{settings.account}"
    arn = f"arn:{where}:notebook-instance/{name.lower()}"
    return _tag({"Tags": reader.pages("sagemaker", "list_tags", items="Tags", ResourceArn=arn)})


def _tag(tagged: Mapping[str, Any], key: str = STACK_TAG) -> str:
    return next((str(each["Value"]) for each in tagged["Tags"] if each["Key"] == key), "")
