"""doctor's lines of the VPC, its DNS, and the notebooks' subnets."""

from typing import Any

import pytest

from emr_notebook.cli.doctor.network.subnets import check
from emr_notebook.cli.doctor.report import State
from emr_notebook.settings.model import Settings
from tests.cli.doctor.network.network_in_memory import (
    OTHER_VPC,
    STACK,
    SUBNET,
    VPC,
    NetworkWorld,
    failing,
    lines,
    settings,
    subnet,
    unknown,
)

ROOM = f"free addresses in {SUBNET}"


def notebooks(count: int, **more: Any) -> Settings:
    """A stage of so many notebooks."""
    made = {f"n{number:03d}": {"cluster": "analytics", **more} for number in range(count)}
    return settings(lambda data: data.update(notebooks=made))


def test_a_good_network_has_a_line_for_each_thing_and_all_are_ok() -> None:
    found = lines(check, NetworkWorld())

    assert list(found) == [
        f"VPC {VPC}",
        "network.vpc_cidr",
        f"DNS of {VPC}",
        f"subnet {SUBNET}",
        ROOM,
    ]
    assert {line.state for line in found.values()} == {State.OK}


def test_a_vpc_that_does_not_exist_is_one_failure_and_says_what_to_correct() -> None:
    world = NetworkWorld()
    world.remove("Vpcs", VPC)
    found = lines(check, world)

    assert failing(found) == [f"VPC {VPC}"]
    assert "correct network.vpc_id" in found[f"VPC {VPC}"].advice
    assert f"DNS of {VPC}" not in found


@pytest.mark.parametrize(
    ("cidr", "state", "what"),
    [
        ("10.0.0.0/16", State.OK, "10.0.0.0/16"),
        ("10.1.0.0/16", State.OK, "10.1.0.0/16"),
        ("10.0.0.0/8", State.OK, "10.0.0.0/8 is wider than the VPC's 10.0.0.0/16, 10.1.0.0/16"),
        ("10.0.0.0/17", State.FAILED, "10.0.0.0/17 is none of the VPC's ranges"),
        ("10.9.0.0/16", State.FAILED, "10.9.0.0/16 is none of the VPC's ranges"),
    ],
)
def test_the_range_is_one_that_the_vpc_has_now(cidr: str, state: State, what: str) -> None:
    world = NetworkWorld()
    world.of("Vpcs", VPC)["CidrBlockAssociationSet"].append(
        {"CidrBlock": "10.1.0.0/16", "CidrBlockState": {"State": "associated"}}
    )
    asked = settings(lambda data: data["network"].update(vpc_cidr=cidr))
    line = lines(check, world, asked)["network.vpc_cidr"]

    assert line.state is state
    assert line.what.startswith(what)


@pytest.mark.parametrize(
    ("name", "option"),
    [("enableDnsSupport", "enable-dns-support"), ("enableDnsHostnames", "enable-dns-hostnames")],
)
def test_an_attribute_of_dns_that_is_off_is_turned_on(name: str, option: str) -> None:
    world = NetworkWorld()
    world.dns[name] = False
    found = lines(check, world)

    assert failing(found) == [f"DNS of {VPC}"]
    value = """'{"Value": true}'"""
    command = f"aws ec2 modify-vpc-attribute --vpc-id {VPC} --{option} {value} --region eu-west-1"
    assert found[f"DNS of {VPC}"].commands == (command,)


def test_subnets_of_notebooks_are_looked_at_beside_the_networks_own() -> None:
    world = NetworkWorld()
    gone, elsewhere = "subnet-00000000000000001", "subnet-00000000000000002"
    world.records["Subnets"].append(subnet(elsewhere, "10.0.3.0/24", vpc=OTHER_VPC))
    made = {
        "alice": {"cluster": "analytics", "subnet_id": gone},
        "bob": {"cluster": "analytics", "subnet_id": elsewhere},
    }
    found = lines(check, world, settings(lambda data: data.update(notebooks=made)))

    assert failing(found) == [f"subnet {gone}", f"subnet {elsewhere}"]
    assert found[f"subnet {elsewhere}"].what == f"it is in {OTHER_VPC}, not in {VPC}"
    assert f"free addresses in {gone}" not in found


def test_a_subnet_that_is_still_made_is_no_good_yet() -> None:
    world = NetworkWorld()
    world.of("Subnets", SUBNET)["State"] = "pending"

    assert failing(lines(check, world)) == [f"subnet {SUBNET}"]


@pytest.mark.parametrize(
    ("free", "existing", "state", "what", "asks"),
    [
        (3, [], State.OK, "3 for 3 notebooks", 0),
        (2, [], State.FAILED, "2 are left for 3 notebooks to be made", 1),
        (2, [f"{STACK}-n000"], State.OK, "2 for 2 notebooks to be made", 1),
        (0, [f"{STACK}-n000", f"{STACK}-n001"], State.FAILED, "0 are left for 1 notebook ", 1),
        (0, [f"{STACK}-n00{number}" for number in range(3)], State.OK, "0 for 0 notebooks", 1),
    ],
)
def test_every_notebook_that_is_still_to_be_made_needs_an_address(
    free: int, existing: list[str], state: State, what: str, asks: int
) -> None:
    world = NetworkWorld(notebooks=existing)
    world.of("Subnets", SUBNET)["AvailableIpAddressCount"] = free
    line = lines(check, world, notebooks(3))[ROOM]

    assert (line.state, world.count("list_notebook_instances")) == (state, asks)
    assert line.what.startswith(what)


@pytest.mark.parametrize(
    ("action", "subject"),
    [
        ("ec2:DescribeVpcs", [f"VPC {VPC}", "network.vpc_cidr"]),
        ("ec2:DescribeVpcAttribute", [f"DNS of {VPC}"]),
        ("ec2:DescribeSubnets", [f"subnet {SUBNET}"]),
        ("sagemaker:ListNotebookInstances", [ROOM]),
    ],
)
def test_what_may_not_be_read_is_said_where_it_is_needed(action: str, subject: list[str]) -> None:
    world = NetworkWorld(denied={action})
    world.of("Subnets", SUBNET)["AvailableIpAddressCount"] = 1
    found = lines(check, world, notebooks(2))

    assert failing(found) == ([] if "ListNotebook" in action or "Subnets" in action else [ROOM])
    assert unknown(found) == dict.fromkeys(subject, f"these credentials may not {action}")


def test_sagemaker_is_not_asked_where_there_is_room() -> None:
    world = NetworkWorld(denied={"sagemaker:ListNotebookInstances"})

    assert unknown(lines(check, world, notebooks(40))) == {}
    assert len(world.calls) == 4
