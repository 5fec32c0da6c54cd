"""Refuses to simulate a role or user that does not exist, which ministack takes for one."""

from typing import Any

from sandbox.aws.emulator import ministack

ACTION = "SimulatePrincipalPolicy"
Parameters = dict[str, Any]


def install() -> None:
    """Refuse it, as IAM does, in the words that it has for the read of one."""
    iam = ministack("services.iam")
    handlers = iam._IAM_HANDLERS
    simulate = handlers[ACTION]

    def known(parameters: Parameters) -> Any:
        kind, _, rest = iam._p(parameters, "PolicySourceArn").rpartition(":")[2].partition("/")
        name = rest.rpartition("/")[2]
        reads = {"role": ("GetRole", "RoleName"), "user": ("GetUser", "UserName")}
        if kind in reads:
            read, parameter = reads[kind]
            answer = handlers[read]({**parameters, parameter: [name]})
            if answer[0] != 200:
                return answer
        return simulate(parameters)

    handlers[ACTION] = known
