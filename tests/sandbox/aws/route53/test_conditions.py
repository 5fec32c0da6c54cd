"""Tests sandbox/aws/route53/conditions.py: what IAM may decide a change of records by."""

from typing import Any

from botocore.session import get_session

from sandbox.aws.route53.conditions import condition_keys

KEY = "route53:changeresourcerecordsets"


def body(*changes: tuple[str, str, str]) -> bytes:
    """The request that boto3 sends for changes of an action, a name and a type each."""
    client: Any = get_session().create_client(
        "route53", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    model = client.meta.service_model.operation_model("ChangeResourceRecordSets")
    batch = [
        {
            "Action": action,
            "ResourceRecordSet": {
                "Name": name,
                "Type": kind,
                "TTL": 1,
                "ResourceRecords": [{"Value": "10.0.0.1"}],
            },
        }
        for action, name, kind in changes
    ]
    sent = client._serializer.serialize_to_request(
        {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": batch}}, model
    )
    return bytes(sent["body"])


def test_every_change_counts_with_its_name_as_the_guide_normalizes_it() -> None:
    found = condition_keys(
        body(("DELETE", "Analytics.Example.internal.", "A"), ("CREATE", "b.internal", "TXT"))
    )

    assert found == {
        f"{KEY}normalizedrecordnames": ["analytics.example.internal", "b.internal"],
        f"{KEY}recordtypes": ["A", "TXT"],
        f"{KEY}actions": ["DELETE", "CREATE"],
    }


def test_a_request_that_is_no_xml_has_none() -> None:
    assert condition_keys(b"{}") == {}
