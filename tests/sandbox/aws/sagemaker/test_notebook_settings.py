"""A notebook's properties are defaulted, changed and refused as AWS does."""

from typing import Any

import pytest

from sandbox.aws.answers import Refused
from sandbox.aws.sagemaker.notebook_settings import initial_properties, updated_properties

REQUEST = {"NotebookInstanceName": "alice", "InstanceType": "ml.t3.medium", "RoleArn": "r"}


def properties(**more: Any) -> dict[str, Any]:
    return initial_properties({**REQUEST, **more})


def test_what_is_left_out_is_what_aws_gives() -> None:
    found = properties()

    assert found["VolumeSizeInGB"] == 5
    assert found["DirectInternetAccess"] == "Enabled"
    assert found["RootAccess"] == "Enabled"
    assert found["PlatformIdentifier"] == "notebook-al2023-v1"
    assert found["InstanceMetadataServiceConfiguration"] == {
        "MinimumInstanceMetadataServiceVersion": "1"
    }


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"DirectInternetAccess": "Disabled"}, "only when SubnetId is given"),
        ({"SecurityGroupIds": ["sg-1"]}, "only together with SubnetId"),
        ({"PlatformIdentifier": "notebook-al2-v1"}, "Use notebook-al2023-v1"),
        ({"InstanceType": "ml.p3.2xlarge"}, "ml.p3.2xlarge is not supported on notebook-al2023-v1"),
        ({"InstanceType": "ml.inf1.xlarge"}, "ml.inf1.xlarge is not supported"),
    ],
)
def test_a_combination_aws_does_not_make_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        properties(**more)


def test_a_change_to_an_instance_type_that_the_platform_lacks_is_refused() -> None:
    with pytest.raises(Refused, match=r"ml\.p2\.xlarge is not supported"):
        updated_properties(properties(), {"InstanceType": "ml.p2.xlarge"})


def test_a_disassociation_takes_the_property_away() -> None:
    found = updated_properties(
        properties(LifecycleConfigName="a"), {"DisassociateLifecycleConfig": True}
    )

    assert "LifecycleConfigName" not in found


def test_a_disassociation_beside_a_new_value_is_refused() -> None:
    request = {"DisassociateLifecycleConfig": True, "LifecycleConfigName": "b"}
    with pytest.raises(Refused, match="cannot be given together"):
        updated_properties(properties(LifecycleConfigName="a"), request)


@pytest.mark.parametrize(("size", "accepted"), [(9, False), (10, True), (11, True)])
def test_a_volume_only_grows(size: int, accepted: bool) -> None:
    before = properties(VolumeSizeInGB=10)
    if accepted:
        assert updated_properties(before, {"VolumeSizeInGB": size})["VolumeSizeInGB"] == size
    else:
        with pytest.raises(Refused, match="it is 10, and 9 was given"):
            updated_properties(before, {"VolumeSizeInGB": size})
