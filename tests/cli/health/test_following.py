"""What `verify`, `status` and `plan` say of a cluster that is followed."""

from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cluster_record.record import Record, State, record_sets
from emr_notebook.cli.aws.followed_records import followed_records
from emr_notebook.cli.aws.live_endpoint import LiveEndpoint
from emr_notebook.cli.health.findings import Verdict
from emr_notebook.cli.health.stage_check import NotebookCheck, check_notebooks, wait_until_settled
from emr_notebook.cli.health.stage_status import stage_status
from emr_notebook.cli.health.table import print_status, status_json
from emr_notebook.cli.plan.endpoint import EndpointVerdict, plan_endpoint
from emr_notebook.cli.plan.template_diff import ChangeType, ResourceChange
from emr_notebook.cli.plan.wording import endpoint_words
from emr_notebook.settings.file import parse
from emr_notebook.settings.model import Settings
from tests.assets.cluster_endpoint.emr_records import CLUSTER_ID, cluster, refused, status
from tests.cli.aws.stage_in_memory import (
    ALICE,
    COMMANDS,
    LIVE,
    NOW,
    STACK,
    NotebookWorld,
    report,
    script,
    world,
)
from tests.conftest import stage

NAME = f"analytics.{STACK}.internal"
ZONE = "Z0123456789ABCDEFGHIJ"
URL = f"http://{NAME}:8998"
RECORD = Record(
    f"{STACK}/eu-west-1",
    State.FOLLOWED,
    "2026-11-25T03:00:00Z",
    "http:8998",
    CLUSTER_ID,
    "10.0.0.5",
)
SECOND = cluster(Id="j-SECOND0001")
PROPERTIES = {"ClusterKey": "analytics", "ClusterName": "nightly-spark", "WaitMinutes": "10"}


def settings() -> Settings:
    by_name = {"name": "nightly-spark"}
    return parse(stage(lambda data: data["clusters"].update(analytics=by_name)))


def following(record: Record | None = RECORD, zone: str = f"{STACK}.internal.") -> NotebookWorld:
    """A region in which alice uses the name, and Route 53 holds this record."""
    made = world()
    made.scripts["start"] = script(URL)
    made.put(ALICE, "InService", *report(livy_url=URL))
    owner = {"OwningAccount": "111122223333"}
    summary = {"HostedZoneId": ZONE, "Name": zone, "Owner": owner}
    zones = {"HostedZoneSummaries": [summary], "MaxItems": "100"}
    sets = {"ResourceRecordSets": record_sets(NAME, record), "IsTruncated": False, "MaxItems": "20"}
    made.answers |= {
        ("route53", "list_hosted_zones_by_vpc"): lambda _: zones,
        ("route53", "list_resource_record_sets"): lambda _: sets,
    }
    return made


def verified(made: NotebookWorld) -> NotebookCheck:
    found = wait_until_settled(made.reader(), settings(), minutes=0, say=str)
    [check] = check_notebooks(made.reader(), settings(), found, COMMANDS, say=str)
    return check


def said(check: NotebookCheck) -> str:
    return "; ".join(map(str, check.findings))


def commands(check: NotebookCheck) -> list[str]:
    return [command for finding in check.findings for command in finding.commands]


class TestVerify:
    def test_a_notebook_whose_name_leads_to_its_cluster_is_ok_and_says_since_when(self) -> None:
        check = verified(following())

        assert check.verdict is Verdict.OK
        leads = f"leads to {CLUSTER_ID} at 10.0.0.5"
        assert f"{NAME}: followed since 2026-11-25T03:00:00Z, {leads}" in said(check)

    def test_one_whose_cluster_tls_keeps_from_being_followed_is_ok_and_says_so(self) -> None:
        made = following(replace(RECORD, state=State.TLS, livy="https:8998", address=""))
        made.scripts["start"] = script(LIVE)
        made.put(ALICE, "InService", *report(livy_url=LIVE))

        check = verified(made)

        assert check.verdict is Verdict.OK
        assert f"{NAME}: not followed: TLS since 2026-11-25T03:00:00Z" in said(check)

    def test_a_second_cluster_of_the_name_is_no_failure(self) -> None:
        made = following()
        made.emr.clusters.append(SECOND)

        assert verified(made).verdict is Verdict.OK

    def test_one_without_a_usable_cluster_fails_with_since_when_and_why(self) -> None:
        absent = replace(RECORD, state=State.ABSENT, why="no cluster with the name 'nightly-spark'")
        made = following(absent)
        made.emr.clusters = []

        check = verified(made)

        assert check.verdict is Verdict.FAILED
        assert f"{NAME}: no usable cluster since 2026-11-25T03:00:00Z: no cluster" in said(check)
        assert commands(check) == []

    def test_one_whose_cluster_changed_is_to_be_deployed_and_restarted(self) -> None:
        check = verified(following(replace(RECORD, state=State.CHANGED, why="another port")))

        assert f"{NAME}: changed: deploy since 2026-11-25T03:00:00Z: another port" in said(check)
        assert commands(check) == [COMMANDS.refresh(), COMMANDS.restart(ALICE)]

    @pytest.mark.parametrize("record", [None, replace(RECORD, owner="another-stage")])
    def test_one_whose_record_is_not_there_fails(self, record: Record | None) -> None:
        assert verified(following(record)).verdict is Verdict.FAILED

    def test_one_whose_record_aws_will_not_show_is_not_known(self) -> None:
        def refuses(_: Any) -> Any:
            raise refused("InvalidInput")

        made = following()
        made.answers["route53", "list_resource_record_sets"] = refuses

        check = verified(made)

        assert check.verdict is Verdict.UNKNOWN
        assert commands(check) == []

    def test_one_without_a_zone_fails(self) -> None:
        check = verified(following(zone="another.internal."))

        assert f"has no hosted zone {STACK}.internal" in said(check)

    def test_a_name_that_lags_behind_fails(self) -> None:
        check = verified(following(replace(RECORD, address="10.0.0.9")))

        assert f"the cluster is {CLUSTER_ID} at {LIVE} now" in said(check)
        assert "it is looked at every 5 minutes" in said(check)

    def test_a_cluster_that_ended_just_now_fails(self) -> None:
        made = following()
        made.emr.clusters = [cluster(Status=status("TERMINATED"))]

        assert "[cluster-none]" in said(verified(made))

    @pytest.mark.parametrize(
        "action", ["route53:ListHostedZonesByVPC", "route53:ListResourceRecordSets"]
    )
    def test_what_may_not_be_read_is_not_known(self, action: str) -> None:
        made = following()
        made.denied = {action}

        check = verified(made)

        assert check.verdict is Verdict.UNKNOWN
        assert f"{NAME}: not known: these credentials may not {action}" in said(check)

    def test_a_notebook_that_uses_the_deployed_address_meanwhile_is_ok(self) -> None:
        made = following()
        made.scripts["start"] = script(URL, fallback=LIVE)
        lines = report("problem: it does not resolve", state="warning", livy_url=LIVE)
        made.put(ALICE, "InService", *lines)

        assert verified(made).verdict is Verdict.OK


def test_status_shows_the_name_its_state_and_its_cluster() -> None:
    found = stage_status(following().reader(), settings(), COMMANDS, lambda: None)
    shown = StringIO()
    print_status(Console(file=shown, width=300), found, NOW)

    line = f"{NAME}: followed since 2026-11-25T03:00:00Z, leads to {CLUSTER_ID} at 10.0.0.5"
    assert line in shown.getvalue()
    assert status_json("test", found, NOW)["clusters"] == [
        {
            "key": "analytics",
            "name": NAME,
            "state": "followed",
            "since": "2026-11-25T03:00:00Z",
            "cluster_id": CLUSTER_ID,
            "address": "10.0.0.5",
            "why": None,
        }
    ]


def test_a_stage_that_follows_nothing_asks_route_53_nothing() -> None:
    made = world()

    assert followed_records(made.reader(), parse(stage())) == {}
    assert made.calls == []


class TestPlan:
    def planned(self, record: Record, refusal: str = "") -> Any:
        properties = dict(PROPERTIES)
        change = ResourceChange(
            "Endpoint", "Custom::ClusterEndpoint", ChangeType.SAME, properties, properties
        )
        found = followed_records(following(record).reader(), settings())["analytics"]
        before = {"LivyUrl": "http://10.0.0.9:8998", "ClusterId": "j-BEFORE"}
        values = {"LivyUrl": LIVE, "ClusterId": CLUSTER_ID, "LivyVersion": "0.8.0"}
        live = LiveEndpoint(values)
        live = LiveEndpoint(refusal=refusal) if refusal else live
        return plan_endpoint(change, STACK, before, live, found)

    def test_a_new_cluster_that_the_name_leads_to_needs_no_deploy(self) -> None:
        plan = self.planned(RECORD)

        assert plan.verdict is EndpointVerdict.FOLLOWED
        assert endpoint_words(plan).startswith(
            f"stays as deployed: the name leads to the live one; {NAME}: followed since "
        )

    def test_one_that_it_does_not_lead_to_is_to_be_taken(self) -> None:
        plan = self.planned(replace(RECORD, state=State.CHANGED, cluster_id="j-BEFORE"))

        assert plan.verdict is EndpointVerdict.NOT_TAKEN
        assert f"{NAME}: changed: deploy since" in endpoint_words(plan)

    def test_one_that_tls_keeps_from_being_followed_says_so(self) -> None:
        plan = self.planned(replace(RECORD, state=State.TLS, livy="https:8998", address=""))

        assert f"{NAME}: not followed: TLS since 2026-11-25T03:00:00Z" in endpoint_words(plan)

    def test_two_clusters_of_the_name_need_no_deploy_while_it_leads_to_one(self) -> None:
        assert self.planned(RECORD, "[cluster-several] …").verdict is EndpointVerdict.FOLLOWED

    @pytest.mark.parametrize(
        ("when_absent", "verdict"),
        [("deploy", EndpointVerdict.AWAITED), ("", EndpointVerdict.REFUSED)],
    )
    def test_a_new_cluster_that_is_not_there_is_awaited_where_that_is_asked_for(
        self, when_absent: str, verdict: EndpointVerdict
    ) -> None:
        properties = {**PROPERTIES, "WhenAbsent": when_absent}
        change = ResourceChange(
            "Endpoint", "Custom::ClusterEndpoint", ChangeType.CREATED, {}, properties
        )

        plan = plan_endpoint(change, STACK, {}, LiveEndpoint(refusal="[cluster-none] …"))

        assert plan.verdict is verdict
