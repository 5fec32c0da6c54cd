"""A machine that grants no namespaces is told what to change."""

import pytest

from sandbox.errors import SandboxError
from sandbox.isolation.linux import refusal, require_linux


def test_on_macos_the_sandbox_says_what_is_missing_there() -> None:
    with pytest.raises(SandboxError, match=r"runs on Linux; this is darwin.*namespaces"):
        require_linux("darwin")


def test_on_linux_nothing_is_refused_in_advance() -> None:
    require_linux("linux")


@pytest.mark.parametrize(
    ("sysctl", "value", "advice"),
    [
        ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
    ],
)
def test_a_refusal_names_the_setting_that_refuses(sysctl: str, value: str, advice: str) -> None:
    words = refusal("Operation not permitted", {sysctl: value})

    assert "Operation not permitted" in words
    assert advice in words
    assert "run it as root" in words


def test_a_refusal_leaves_out_settings_that_allow() -> None:
    words = refusal(
        "unshare: Operation not permitted",
        {"kernel/unprivileged_userns_clone": "1", "user/max_user_namespaces": "15000"},
    )

    assert "sysctl" not in words
    assert "--privileged" in words
