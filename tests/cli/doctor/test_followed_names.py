"""What doctor says of the names of followed clusters and of their zone."""

from dataclasses import replace
from typing import Any

import pytest

from cluster_record.record import Record, State, record_sets
from emr_notebook.cli.doctor import followed_names
from emr_notebook.cli.doctor.report import Line
from tests.assets.cluster_endpoint.emr_records import refused
from tests.cli.aws_in_memory import Fields
from tests.cli.doctor.account_in_memory import AccountWorld
from tests.cli.doctor.network.network_in_memory import COMMANDS, settings

ZONE, STACK = "Z0123456789ABCDEFGHIJ", "emr-notebooks-test"
SINCE = "2026-11-25T03:00:00Z"
RECORD = Record(
    f"{STACK}/eu-west-1", State.FOLLOWED, SINCE, "http:8998", "j-2AXXXXXXGAPLF", "10.0.0.5"
)


def lines(
    record: Record | None, zone: str, given: bool, error: str = "", **world: Any
) -> list[str]:
    """The lines of a stage with one followed cluster, whose VPC has this zone."""

    def change(data: dict[str, Any]) -> None:
        data["clusters"]["analytics"] = {"name": "nightly-spark"}
        if given:
            data["network"].update(zone_id=ZONE, zone_name="example.com")

    asked = settings(change)
    made = AccountWorld(**world)
    owner = {"OwningAccount": "111122223333"}
    zones = [{"HostedZoneId": ZONE, "Name": f"{zone}.", "Owner": owner}] if zone else []

    def answered(_: Fields) -> Fields:
        if error:
            raise refused(error)
        return {"ResourceRecordSets": sets, "IsTruncated": False, "MaxItems": "20"}

    sets = record_sets(asked.record_name("analytics"), record)
    made.answers |= {
        ("route53", "list_hosted_zones_by_vpc"): lambda _: {
            "HostedZoneSummaries": zones,
            "MaxItems": "100",
        },
        ("route53", "list_resource_record_sets"): answered,
    }
    return [shown(each) for each in followed_names.check(made.reader(), asked, COMMANDS)]


def shown(line: Line) -> str:
    return f"{line.state} {line.subject}: {line.what}"


def test_a_stage_that_follows_nothing_has_no_line_and_costs_no_call() -> None:
    world = AccountWorld()

    assert followed_names.check(world.reader(), settings(), COMMANDS) == []
    assert world.calls == []


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (None, "ok name {}: the deploy makes it"),
        (RECORD, f"ok name {{}}: followed since {SINCE}, leads to j-2AXXXXXXGAPLF at 10.0.0.5"),
        (
            replace(RECORD, state=State.TLS, livy="https:8998", address=""),
            f"ok name {{}}: not followed: TLS since {SINCE}",
        ),
        (
            replace(RECORD, state=State.CHANGED, why="another port"),
            f"failed name {{}}: changed: deploy since {SINCE}: another port",
        ),
        (
            replace(RECORD, state=State.ABSENT, why="none runs"),
            f"failed name {{}}: no usable cluster since {SINCE}: none runs",
        ),
        (
            replace(RECORD, owner="another"),
            "failed name {}: [record-taken] The name {} has records that this stack did not make",
        ),
    ],
)
def test_a_name_is_shown_with_what_it_says(record: Record | None, said: str) -> None:
    name = f"analytics.{STACK}.internal"
    [found] = lines(record, f"{STACK}.internal", given=False)

    assert found.startswith(said.replace("{}", name))


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("example.com", f"ok hosted zone {ZONE}: example.com"),
        ("", f"failed hosted zone {ZONE}: it is none of vpc-"),
        ("example.org", f"failed hosted zone {ZONE}: it is named example.org"),
    ],
)
def test_a_zone_of_the_settings_is_the_vpcs_own_and_named_so(zone: str, said: str) -> None:
    found = lines(None, zone, given=True)

    assert found[0].startswith(said)


@pytest.mark.parametrize(
    "action", ["route53:ListHostedZonesByVPC", "route53:ListResourceRecordSets"]
)
def test_what_may_not_be_read_is_not_checked(action: str) -> None:
    [found] = lines(RECORD, f"{STACK}.internal", given=False, denied={action})

    assert found.startswith("not checked name ")
    assert found.endswith(f"these credentials may not {action}")


def test_a_zone_that_aws_refuses_to_read_is_no_name_that_a_deploy_makes() -> None:
    found = lines(None, "example.com", given=True, error="NoSuchHostedZone")

    assert [each.partition(" name")[0] for each in found[1:]] == ["not checked"]
    assert "NoSuchHostedZone" in found[1]
