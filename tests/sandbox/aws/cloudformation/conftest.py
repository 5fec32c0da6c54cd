"""Gives each test a stack of its own, in the AWS of its module."""

import pytest

from sandbox.aws import RunningAws
from tests.sandbox.aws.running_aws import Stack


@pytest.fixture
def stack(aws: RunningAws, request: pytest.FixtureRequest) -> Stack:
    """A stack named after the test."""
    return Stack(aws, request.node.name.replace("_", "-")[-60:].strip("-"))
