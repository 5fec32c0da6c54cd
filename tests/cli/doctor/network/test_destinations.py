"""What notebooks reach outside their VPC, by the names that AWS has for it."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2

from emr_notebook.cli.doctor.network.destinations import LOGS, SAGEMAKER_API, Destination


@pytest.mark.parametrize(
    "destination",
    [LOGS, SAGEMAKER_API, *(Destination("", "", x) for x in ("git-codecommit", "secretsmanager"))],
    ids=lambda each: each.service,
)
@pytest.mark.parametrize(
    "region",
    [
        *("eu-west-1", "us-gov-west-1", "eusc-de-east-1", "cn-north-1", "cn-northwest-1"),
        *("us-iso-east-1", "us-isob-east-1"),
    ],
)
def test_an_endpoints_service_has_the_name_that_the_cdk_knows_in_the_region(
    destination: Destination, region: str
) -> None:
    stack = cdk.Stack(cdk.App(), "Stack", env=cdk.Environment(region=region))
    known = ec2.InterfaceVpcEndpointAwsService(destination.service)

    assert destination.endpoint_service(region) == stack.resolve(known.name)
