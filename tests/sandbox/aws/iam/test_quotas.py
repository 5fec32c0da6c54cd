"""IAM's quotas of policies."""

from sandbox.aws.iam.quotas import managed_policy_problem, policy_size, role_problem


def test_white_space_does_not_count() -> None:
    assert policy_size('{ "Version" :\n "2012-10-17" }') == len('{"Version":"2012-10-17"}')
    assert policy_size({"a": ["b", "c"]}) == len('{"a":["b","c"]}')


def test_a_managed_policy_may_have_6144_characters() -> None:
    assert managed_policy_problem("x" * 6144) is None
    assert managed_policy_problem("x" * 6145) == "Cannot exceed quota for PolicySize: 6144"


def test_a_roles_inline_policies_may_have_10240_characters_together() -> None:
    assert role_problem("r", ["x" * 6000, "x" * 4240], []) is None
    expected = "Maximum policy size of 10240 bytes exceeded for role r"
    assert role_problem("r", ["x" * 6000, "x" * 4241], []) == expected


def test_a_role_may_have_ten_managed_policies() -> None:
    assert role_problem("r", [], map(str, range(10))) is None
    expected = "Cannot exceed quota for PoliciesPerRole: 10"
    assert role_problem("r", [], map(str, range(11))) == expected
