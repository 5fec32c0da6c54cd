"""The condition keys that a simulation is asked with."""

from sandbox.aws.iam.simulation import context_entries


def test_keys_are_known_in_lower_case_with_one_value_or_several() -> None:
    request = {
        "ActionNames.member.1": ["iam:PassRole"],
        "ContextEntries.member.1.ContextKeyName": ["iam:PassedToService"],
        "ContextEntries.member.1.ContextKeyValues.member.1": ["sagemaker.amazonaws.com"],
        "ContextEntries.member.2.ContextKeyName": ["aws:TagKeys"],
        "ContextEntries.member.2.ContextKeyValues.member.1": ["Owner"],
        "ContextEntries.member.2.ContextKeyValues.member.2": ["team"],
    }

    assert context_entries(request) == {
        "iam:passedtoservice": "sagemaker.amazonaws.com",
        "aws:tagkeys": ["Owner", "team"],
    }
    assert context_entries({}) == {}
