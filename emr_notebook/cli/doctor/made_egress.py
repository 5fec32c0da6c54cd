"""What the security group that a stack makes lets notebooks reach, off the settings alone."""

from emr_notebook.cli.doctor.ec2_commands import HTTPS
from emr_notebook.cli.doctor.ec2_rules import Rule, tcp
from emr_notebook.settings import Settings


def made_egress(settings: Settings, stack: str) -> tuple[Rule, ...]:
    """The rules of a stack's group as `access.py` makes them; the template is held against it."""
    network = settings.network
    used = [c for key, c in settings.clusters.items() if stack in settings.stacks_of_cluster(key)]
    rules = [tcp(each.port, each.security_group_id or network.vpc_cidr or "") for each in used]
    https = [network.vpc_cidr, network.s3_prefix_list_id]
    rules += [tcp(HTTPS, each) for each in https if each is not None]
    rules += [
        Rule(
            each.protocol,
            each.port,
            each.port,
            each.security_group_id or each.prefix_list_id or each.cidr or "",
        )
        for each in network.extra_egress
    ]
    return tuple(dict.fromkeys(rules))
