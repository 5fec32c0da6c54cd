"""Which parameters' values an update may reuse, without the emulator."""

import pytest

from sandbox.aws.cloudformation.parameters import check_reuse

REUSED = {"Key": "Refresh", "Value": "", "UsePreviousValue": True}


def test_a_value_that_the_stack_has_is_reused() -> None:
    check_reuse([REUSED], {"Refresh": {"Value": "1"}})


def test_the_value_of_a_parameter_that_the_stack_never_had_is_not() -> None:
    with pytest.raises(ValueError, match=r"key Refresh\. Cannot specify usePreviousValue"):
        check_reuse([REUSED], {"SubnetId": {"Value": "subnet-1"}})


def test_one_that_is_given_may_be_new() -> None:
    check_reuse([{"Key": "Refresh", "Value": "1", "UsePreviousValue": False}], {})
