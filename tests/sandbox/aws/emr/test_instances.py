"""ListInstances' filters and pages answer as EMR's do."""

from typing import Any

import pytest

from sandbox.aws.answers import Refused
from sandbox.aws.emr.instances import list_instances, page

GROUPS = {"Id": "j-1", "InstanceCollectionType": "INSTANCE_GROUP"}
FLEETS = {"Id": "j-1", "InstanceCollectionType": "INSTANCE_FLEET"}
ROLES = {"ig-m": "MASTER", "ig-c": "CORE"}


def instance(number: int, group: str = "ig-m", state: str = "RUNNING") -> dict[str, Any]:
    return {"Id": f"ci-{number}", "InstanceGroupId": group, "Status": {"State": state}}


def found(
    *instances: dict[str, Any], cluster: dict[str, str] = GROUPS, **request: Any
) -> list[str]:
    answer = list_instances(request, cluster, instances, ROLES, page_size=100)
    return [each["Id"] for each in answer["Instances"]]


def test_ended_instances_are_listed_unless_a_state_leaves_them_out() -> None:
    two = (instance(1), instance(2, state="TERMINATED"))

    assert found(*two) == ["ci-1", "ci-2"]
    assert found(*two, InstanceStates=["RUNNING"]) == ["ci-1"]


def test_a_group_is_found_by_type_or_by_id() -> None:
    two = (instance(1), instance(2, group="ig-c"))

    assert found(*two, InstanceGroupTypes=["CORE"]) == ["ci-2"]
    assert found(*two, InstanceGroupTypes=["CORE", "MASTER"]) == ["ci-1", "ci-2"]
    assert found(*two, InstanceGroupId="ig-m") == ["ci-1"]


@pytest.mark.parametrize(
    ("cluster", "request_", "code"),
    [
        (FLEETS, {"InstanceGroupTypes": ["MASTER"]}, "INSTANCE_FLEET"),
        (GROUPS, {"InstanceFleetType": "MASTER"}, "INSTANCE_GROUP"),
    ],
)
def test_the_other_collection_types_filter_is_refused(
    cluster: dict[str, str], request_: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        found(cluster=cluster, **request_)

    assert refused.value.code == "InvalidRequestException"
    assert refused.value.members["ErrorCode"] == f"API_DOES_NOT_SUPPORT_{code}_CLUSTERS"


@pytest.mark.parametrize(("count", "pages"), [(0, [0]), (2, [2]), (3, [2, 1]), (4, [2, 2])])
def test_following_markers_gives_every_item_once(count: int, pages: list[int]) -> None:
    items, marker, sizes, seen = [{"Id": n} for n in range(count)], None, [], []
    while True:
        answer = page("Instances", items, marker, page_size=2)
        sizes.append(len(answer["Instances"]))
        seen += answer["Instances"]
        marker = answer.get("Marker")
        if marker is None:
            break

    assert sizes == pages
    assert seen == items


@pytest.mark.parametrize("marker", ["next", "b2Zmc2V0Og==", "////", "MTA="])
def test_a_marker_of_someone_elses_making_is_refused(marker: str) -> None:
    with pytest.raises(Refused, match="is not valid"):
        page("Instances", [], marker, page_size=2)
