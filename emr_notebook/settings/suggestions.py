"""Suggests what a key that the settings do not know was probably meant to be."""

import difflib
from collections.abc import Mapping

from pydantic import BaseModel

from emr_notebook.settings.keys import dotted_path, fields, keys, place_at
from emr_notebook.settings.model import Settings


def _of_notebooks(key: str) -> tuple[str, ...]:
    return (f"defaults.{key}", f"notebooks.<key>.{key}")


# What others call it: the parameters of CloudFormation, of boto3 and of the scripts that this app
# takes the place of. Names that differ in capitals and underscores alone need no entry.
OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "nb_instance_name": ("notebooks.<key>.name",),
    "NotebookInstanceName": ("notebooks.<key>.name",),
    "nb_instance_type": _of_notebooks("instance_type"),
    "VolumeSize": _of_notebooks("volume_size_in_gb"),
    "NotebookInstanceLifecycleConfigName": _of_notebooks("lifecycle_config_name"),
    "emr_cluster_id": ("clusters.<key>.id",),
    "ClusterId": ("clusters.<key>.id",),
    "JobFlowId": ("clusters.<key>.id",),
    "emr_cluster_name": ("clusters.<key>.name",),
    "LivyPort": ("clusters.<key>.port",),
    "KmsKeyId": ("kms_key_arn",),
    "KmsKey": ("kms_key_arn",),
    "IdleTime": _of_notebooks("stop_after_idle_minutes"),
    "IdleTimeoutInMinutes": _of_notebooks("stop_after_idle_minutes"),
    "role": _of_notebooks("role_arn"),
    "ExecutionRoleArn": _of_notebooks("role_arn"),
    "PermissionsBoundary": ("permissions_boundary_arn",),
    "SecurityGroups": ("network.security_group_ids",),
    "OnStart": _of_notebooks("start_hook"),
    "start_script": _of_notebooks("start_hook"),
    "env": _of_notebooks("environment"),
    "environment_variables": _of_notebooks("environment"),
    "EnableTerminationProtection": ("termination_protection",),
}
# And what has no key of that meaning.
ANSWERS: Mapping[str, str] = {
    "DirectInternetAccess": "it is off, unless opt_outs.direct_internet_access gives a because",
    "RootAccess": "it is off, unless opt_outs.root_access gives a because",
    "OnFailure": "CloudFormation rolls a failed deploy back by itself",
    "PlatformIdentifier": "it is notebook-al2023-v1, the only one that can still be created",
}
_MOST_PLACES = 3


def suggestion(location: tuple[str | int, ...], model: type[BaseModel] = Settings) -> str:
    """What to write instead of the unknown key at the end of a path, and what is accepted there."""
    *above, key = location
    place = place_at(tuple(above), model)
    known = sorted(fields(place.model)) if place is not None and place.model else []
    return f"{_hint(str(key), known, model)}accepted: {', '.join(known)}"


def _hint(key: str, known: list[str], model: type[BaseModel]) -> str:
    """The same key in another spelling; then what others call so; then what looks like it."""
    plain = _plain(key)
    here = [name for name in known if _plain(name) == plain]
    others, answers = (_OTHER_NAMES, _ANSWERS) if model is Settings else ({}, {})
    if not here and plain in answers:
        return f"{answers[plain]}; "
    # difflib takes quadratic time, and no key is that long.
    close = difflib.get_close_matches(key[:64], known, n=1)
    found = here or others.get(plain) or _elsewhere(plain, model) or close
    return f"did you mean {' or '.join(found)}? " if found else ""


def _elsewhere(plain: str, model: type[BaseModel]) -> list[str]:
    """The shallowest places at which the settings do have such a key."""
    found = [path for path, _ in keys(model) if _plain(path[-1]) == plain]
    shallow = sorted(found, key=len)[:_MOST_PLACES]
    return [dotted_path(path) for path in shallow]


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


_OTHER_NAMES = {_plain(name): places for name, places in OTHER_NAMES.items()}
_ANSWERS = {_plain(name): answer for name, answer in ANSWERS.items()}
