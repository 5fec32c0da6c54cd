"""The partitions are botocore's, and what belongs to one of them is refused in another."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore
import pytest

from emr_notebook.settings.file import parse
from emr_notebook.settings.partitions import PARTITIONS, partition_of
from tests.conftest import stage
from tests.settings.changes import refusal

BOTOCORES = json.loads((Path(botocore.__file__).parent / "data/partitions.json").read_text())
KEY = "key/1234abcd-12ab-34cd-56ef-1234567890ab"


def _replaced(text: str, words: Mapping[str, str]) -> str:
    for word, other in words.items():
        text = text.replace(word, other)
    return text


def test_they_are_those_that_botocore_knows() -> None:
    known = {
        each["id"]: (each["regionRegex"], each["outputs"]["dnsSuffix"])
        for each in BOTOCORES["partitions"]
    }

    # Settings take small letters and digits where botocore takes a word's characters.
    in_their_words = {"[a-z]+": r"\w+", "[0-9]+": r"\d+", "-": r"\-"}
    found = {
        x.name: (f"^{_replaced(x.regions, in_their_words)}$", x.dns_suffix) for x in PARTITIONS
    }
    assert found == known


@pytest.mark.parametrize("partition", BOTOCORES["partitions"], ids=lambda each: each["id"])
def test_every_region_that_botocore_lists_is_in_its_partition(partition: dict[str, Any]) -> None:
    regions = [each for each in partition["regions"] if not each.endswith("-global")]

    found = {parse({**stage(), "region": each}).partition.name for each in regions}
    assert found == {partition["id"]}


@pytest.mark.parametrize("region", ["xx-new-1", "usa-east-1", "eusc-fr-east-1"])
def test_a_region_of_no_partition_is_told_as_such(region: str) -> None:
    with pytest.raises(ValueError, match=region):
        partition_of(region)
    assert (
        f"region: '{region}' was given; accepted: a region's name as the partitions of AWS have "
        "them, such as eu-west-1, cn-north-1 or us-gov-west-1"
    ) in refusal(lambda data: data.update(region=region))


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "eusc-de-east-1"])
def test_an_arn_of_another_partition_is_refused_wherever_it_is_given(region: str) -> None:
    role = "arn:aws:iam::111122223333:role/data-science"
    secret_arn = f"arn:aws:secretsmanager:{region}:111122223333:secret:git-a1b2c3"
    key_arn = f"arn:aws:kms:{region}:111122223333:{KEY}"
    secret = {"name": "science", "secret_arn": secret_arn, "secret_key_arn": key_arn}

    def change(data: dict[str, Any]) -> None:
        data["region"] = region
        data["kms_key_arn"] = key_arn
        data["permissions_boundary_arn"] = "arn:aws:iam::aws:policy/PowerUserAccess"
        data["defaults"] = {"role_arn": role, "default_code_repository": secret}
        data["notebooks"]["alice"] |= {
            "role_arn": role,
            "additional_code_repositories": [{"url": "https://example.com/a.git"}, secret],
        }

    said = refusal(change)

    name = partition_of(region).name
    accepted = f"accepted: one that begins with arn:{name}:, as those of {region} do"
    assert said.count(accepted) == 8
    places = [line.strip().split(": ")[0] for line in said.splitlines()[1:]]
    assert places == [
        "permissions_boundary_arn",
        "defaults.role_arn",
        "notebooks.alice.role_arn",
        "defaults.default_code_repository.secret_arn",
        "defaults.default_code_repository.secret_key_arn",
        "notebooks.alice.additional_code_repositories.1.secret_arn",
        "notebooks.alice.additional_code_repositories.1.secret_key_arn",
        "kms_key_arn",
    ]


def test_an_arn_of_the_stages_own_partition_is_accepted() -> None:
    def change(data: dict[str, Any]) -> None:
        data["region"] = "cn-north-1"
        data["kms_key_arn"] = f"arn:aws-cn:kms:cn-north-1:111122223333:{KEY}"
        data["permissions_boundary_arn"] = "arn:aws-cn:iam::aws:policy/PowerUserAccess"

    assert parse(stage(change)).kms_key_arn
