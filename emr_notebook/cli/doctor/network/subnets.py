"""Checks the VPC and the subnets that the settings name."""

from collections.abc import Collection, Mapping
from ipaddress import IPv4Network

from emr_notebook.cli.aws.notebooks import list_notebooks
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.network.ec2 import Subnet, Vpc, subnets, vpcs
from emr_notebook.cli.doctor.network.ec2_commands import Ec2Commands
from emr_notebook.cli.doctor.network.ec2_routes import AVAILABLE
from emr_notebook.cli.doctor.report import Line, Unknown, attempt, failed, not_checked, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

# EC2's names of a VPC's two attributes, and the AWS CLI's options for them.
DNS = {"enableDnsSupport": "enable-dns-support", "enableDnsHostnames": "enable-dns-hostnames"}


def check(reader: Reader, settings: Settings, commands: Commands) -> list[Line]:
    """The lines of the VPC, its DNS, and each subnet.

    Two calls for the VPC's attributes, one for it, one for 200 subnets; where a subnet has fewer
    free addresses than the settings have notebooks there, one more for 100 notebooks.
    """
    vpc_id = settings.network.vpc_id
    at = attempt(lambda: vpcs(reader, [vpc_id]))
    lines = vpc_lines(settings, at)
    if isinstance(at, Unknown) or vpc_id in at:
        lines.append(dns_line(vpc_id, _attributes(reader, vpc_id), Ec2Commands(commands.region)))
    wanted = notebooks_by_subnet(settings)
    found = attempt(lambda: subnets(reader, wanted))
    if isinstance(found, Unknown):
        return lines + [not_checked(f"subnet {each}", found) for each in wanted]
    lines += [subnet_line(vpc_id, each, found.get(each)) for each in wanted]
    tight = {key for key, names in wanted.items() if key in found and found[key].free < len(names)}
    existing = attempt(lambda: _existing(reader, wanted, tight))
    return lines + [room_line(found[key], wanted[key], existing) for key in wanted if key in found]


def notebooks_by_subnet(settings: Settings) -> dict[str, list[str]]:
    """The names of the notebooks in each subnet; the network's own has an entry in any case."""
    found: dict[str, list[str]] = {settings.network.subnet_id: []}
    for notebook in settings.resolved_notebooks:
        found.setdefault(notebook.subnet_id, []).append(notebook.name)
    return found


def vpc_lines(settings: Settings, found: Mapping[str, Vpc] | Unknown) -> list[Line]:
    """Whether the VPC exists, and has the range that the settings say."""
    network = settings.network
    subject, ranged = f"VPC {network.vpc_id}", "network.vpc_cidr"
    if isinstance(found, Unknown):
        lines = [not_checked(subject, found)]
        return lines + ([not_checked(ranged, found)] if network.vpc_cidr else [])
    vpc = found.get(network.vpc_id)
    if vpc is None:
        advice = "correct network.vpc_id in the settings, or the account and region"
        return [failed(subject, "this account has no such VPC in the region", advice=advice)]
    lines = [
        ok(subject, ", ".join(vpc.cidrs))
        if vpc.state == AVAILABLE
        else failed(subject, f"it is {vpc.state}")
    ]
    return lines + ([_range_line(ranged, network.vpc_cidr, vpc)] if network.vpc_cidr else [])


def dns_line(vpc_id: str, attributes: Mapping[str, bool] | Unknown, commands: Ec2Commands) -> Line:
    """Whether names are resolved: those of primaries, and those that endpoints take over."""
    subject = f"DNS of {vpc_id}"
    if isinstance(attributes, Unknown):
        return not_checked(subject, attributes)
    off = [name for name in DNS if not attributes[name]]
    if not off:
        return ok(subject)
    cause = f"{' and '.join(off)} is off: private names of primaries and of endpoints fail"
    return failed(subject, cause, *(commands.vpc_attribute(vpc_id, DNS[name]) for name in off))


def subnet_line(vpc_id: str, subnet_id: str, subnet: Subnet | None) -> Line:
    """Whether the subnet exists, in the VPC, and can be used."""
    subject = f"subnet {subnet_id}"
    if subnet is None:
        advice = "correct the subnet_id in the settings, or the account and region"
        return failed(subject, "this account has no such subnet in the region", advice=advice)
    if subnet.vpc_id != vpc_id:
        advice = "name a subnet of network.vpc_id, or the VPC of this one"
        return failed(subject, f"it is in {subnet.vpc_id}, not in {vpc_id}", advice=advice)
    if subnet.state != AVAILABLE:
        return failed(subject, f"it is {subnet.state}", advice="wait, then look again")
    return ok(subject, subnet.cidr)


def room_line(subnet: Subnet, names: Collection[str], existing: Collection[str] | Unknown) -> Line:
    """Whether every notebook that is still to be made finds an address."""
    subject = f"free addresses in {subnet.subnet_id}"
    if subnet.free >= len(names):
        return ok(subject, f"{subnet.free} for {_count(names)}")
    if isinstance(existing, Unknown):
        return not_checked(subject, existing)
    new = [name for name in names if name not in existing]
    if subnet.free >= len(new):
        return ok(subject, f"{subnet.free} for {_count(new)} to be made")
    cause = f"{subnet.free} are left for {_count(new)} to be made"
    advice = "name another subnet for some (notebooks.<key>.subnet_id), or free addresses"
    return failed(subject, cause, advice=advice)


def _range_line(subject: str, cidr: str, vpc: Vpc) -> Line:
    given, blocks = IPv4Network(cidr), [IPv4Network(each) for each in vpc.cidrs]
    if given in blocks:
        return ok(subject, cidr)
    if any(block.subnet_of(given) for block in blocks):
        return ok(subject, f"{cidr} is wider than the VPC's {', '.join(vpc.cidrs)}")
    cause = f"{cidr} is none of the VPC's ranges ({', '.join(vpc.cidrs)})"
    return failed(subject, cause, advice=f"set network.vpc_cidr: {vpc.cidrs[0]}")


def _count(names: Collection[str]) -> str:
    return f"{len(names)} notebook{'' if len(names) == 1 else 's'}"


def _attributes(reader: Reader, vpc_id: str) -> Mapping[str, bool] | Unknown:
    def read() -> dict[str, bool]:
        return {name: _is_on(reader, vpc_id, name) for name in DNS}

    return attempt(read)


def _is_on(reader: Reader, vpc_id: str, name: str) -> bool:
    answer = reader.ask("ec2", "describe_vpc_attribute", VpcId=vpc_id, Attribute=name)
    # In the answer, the name begins with a capital.
    return bool(answer[name[0].upper() + name[1:]]["Value"])


def _existing(
    reader: Reader, wanted: Mapping[str, list[str]], tight: Collection[str]
) -> Collection[str]:
    return list_notebooks(reader, [name for key in tight for name in wanted[key]])
