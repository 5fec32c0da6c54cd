"""Decides what a new stage's settings file says, line by line, and writes why into each."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from cluster_endpoint.livy import DEFAULT_PORT
from cluster_endpoint.resolve import state_of
from emr_notebook.cli.aws.printable import printable
from emr_notebook.cli.doctor.network.ec2 import Group, Vpc
from emr_notebook.cli.doctor.network.primary_node import Primary
from emr_notebook.cli.doctor.report import Unknown
from emr_notebook.cli.init.owner import as_key, caller_of
from emr_notebook.cli.init.read import NAMESAKES_DAYS, Facts, Network
from emr_notebook.cli.init.subnet_choice import Choice, choose_subnet, has_logs_endpoint

WIDTH, COMMENT_COLUMN = 112, 42
# How lines begin that somebody has to fill in, and those that nobody is led into unasked.
FILL_IN, DECIDE = "FILL IN", "DECIDE"


@dataclass(frozen=True)
class Line:
    """A line of the file, and why it says that. One that `is_off` is commented out.

    One that `is_open` is off, and somebody has to fill it in.
    """

    text: str
    why: str = ""
    is_off: bool = False
    is_open: bool = False


def draft(facts: Facts, stack_name: str) -> list[Line]:
    """The lines of a settings file for a first notebook on the cluster."""
    choice = choose_subnet(facts)
    return [
        *_stage(facts, stack_name),
        Line(""),
        Line(
            "network:", "of all this, nothing but extra_egress can be changed in a notebook later"
        ),
        *_network(facts, choice),
        Line(""),
        Line("clusters:"),
        *_cluster(facts),
        Line(""),
        Line("notebooks:"),
        *_notebook(facts),
    ]


def render(lines: list[Line]) -> str:
    """The text of a file; a reason stands behind its line, or above it where it is long."""
    return "".join(f"{row}\n" for line in lines for row in _rows(line))


def _rows(line: Line) -> Iterator[str]:
    indent = " " * (len(line.text) - len(line.text.lstrip()))
    text = f"{indent}# {line.text.lstrip()}" if line.is_off or line.is_open else line.text
    why = f"{FILL_IN}: {line.why}" if line.is_open else line.why
    behind = f"{text.ljust(COMMENT_COLUMN)}  # {why}"
    if not why:
        yield text
    elif text.strip() and len(behind) <= WIDTH:
        yield behind
    else:
        lead = f"{indent}# "
        # No word is broken: one may be a part of a command.
        yield from textwrap.wrap(
            why,
            WIDTH,
            initial_indent=lead,
            subsequent_indent=lead,
            break_on_hyphens=False,
            break_long_words=False,
        )
        yield from [text] if text.strip() else []


def _stage(facts: Facts, stack_name: str) -> Iterator[Line]:
    yield Line(f'account: "{facts.account}"', f"of the credentials, {printable(facts.caller)}")
    yield Line(f"region: {facts.region}", "where the cluster is")
    yield Line(f"stack_name: {stack_name}", "the stage's name; fixed once it is deployed")
    if caller_of(facts.caller).is_user:
        yield Line(
            "owner_identity: user-name",
            "you are an IAM user: owners are known by their users' names",
        )


def _network(facts: Facts, choice: Choice) -> Iterator[Line]:
    network = facts.network
    if isinstance(network, Unknown):
        named = f" --subnet-ids {choice.subnet_id}" if choice.subnet_id else ""
        how = f"aws ec2 describe-subnets{named} --region {facts.region}"
        why = f"the VpcId of the cluster's subnet, of {how}; {network.why}"
        yield Line("  vpc_id: vpc-…", why, is_open=True)
    else:
        yield Line(f"  vpc_id: {network.vpc_id}", f"where EMR's {facts.cluster_id} is")
    if choice.subnet_id:
        yield Line(f"  subnet_id: {choice.subnet_id}", choice.why)
    else:
        yield Line("  subnet_id: subnet-…", f"a private subnet; {choice.why}", is_open=True)
    yield from _vpc_range(network)
    yield from _s3(facts, choice)
    if not isinstance(network, Unknown) and choice.table is not None and choice.table.is_open:
        yield from _way_out(network, choice.table.default)


def _vpc_range(network: Network | Unknown) -> Iterator[Line]:
    if isinstance(network, Unknown):
        yield _no_range(network)
        return
    if isinstance(network.vpc, Unknown):
        yield _no_range(network.vpc)
        return
    cidr, others = _range_of_endpoints(network.vpc, network)
    why = "the VPC's range: HTTPS to its endpoints is allowed there"
    if others:
        why = (
            f"the one of the VPC's ranges in which most of its endpoints are; it also has "
            f"{', '.join(others)}: endpoints there need extra_egress"
        )
    yield Line(f"  vpc_cidr: {cidr}", why)


def _no_range(unknown: Unknown) -> Line:
    why = f"the VPC's range, for HTTPS to its endpoints; {unknown.why}"
    return Line("  vpc_cidr: 10.0.0.0/16", why, is_open=True)


def _range_of_endpoints(vpc: Vpc, network: Network) -> tuple[str, list[str]]:
    """The range with the most of the endpoints' subnets, by default the first; and the others."""
    subnets = {} if isinstance(network.subnets, Unknown) else network.subnets
    ends = [] if isinstance(network.endpoints, Unknown) else network.endpoints
    used = [subnets[x].cidr for end in ends for x in end.subnets if x in subnets]

    def count(cidr: str) -> int:
        return sum(ip_network(x).subnet_of(ip_network(cidr)) for x in used)  # type: ignore[arg-type]

    best = max(vpc.cidrs, key=count)
    return best, [each for each in vpc.cidrs if each != best]


def _s3(facts: Facts, choice: Choice) -> Iterator[Line]:
    lists, network = facts.s3_lists, facts.network
    if isinstance(lists, Unknown) or not lists:
        why = lists.why if isinstance(lists, Unknown) else "EC2 shows none"
        end = f"S3's prefix list, where a gateway endpoint leads to S3; not read: {why}"
        yield Line("  s3_prefix_list_id: pl-…", end, is_off=True)
        return
    text = f"  s3_prefix_list_id: {next(iter(lists))}"
    found = network if isinstance(network, Unknown) else network.endpoints
    if isinstance(found, Unknown):
        yield Line(
            text, f"S3's prefix list; not known whether an endpoint: {found.why}", is_off=True
        )
        return
    table = choice.table.table_id if choice.table else ""
    gateways = [
        x.endpoint_id
        for x in found
        if x.is_gateway and x.service.endswith(".s3") and table in x.tables
    ]
    if gateways:
        yield Line(text, f"S3's prefix list: {gateways[0]} leads there from the subnet")
    else:
        yield Line(
            text, "S3's prefix list: no gateway endpoint leads there from the subnet", is_off=True
        )


def _way_out(network: Network, gateway: str) -> Iterator[Line]:
    """To the internet nobody is led unasked: a person decides."""
    if has_logs_endpoint(network):
        return
    known = "" if not isinstance(network.endpoints, Unknown) else f" ({network.endpoints.why})"
    because = f'because: "CloudWatch Logs, by {gateway}"'
    yield Line(
        f"  extra_egress: [{{port: 443, cidr: 0.0.0.0/0, {because}}}]",
        f"{DECIDE}: CloudWatch Logs has no endpoint in the VPC{known}, and starts are reported "
        "there, for verify and status. Make one, or let notebooks reach everything on HTTPS by "
        f"{gateway}: take the # away",
        is_off=True,
    )


def _cluster(facts: Facts) -> Iterator[Line]:
    cluster, live = facts.cluster, facts.live
    name, release = str(cluster.get("Name", "")), printable(str(cluster.get("ReleaseLabel", "?")))
    yield Line(f"  {as_key(name, 'cluster')}:", "notebooks name it so; any key will do")
    if live.denied:
        yield Line(
            "    ", f"Not known whether it can be used: these credentials may not {live.denied}"
        )
    elif live.refusal:
        yield Line("    ", f"It cannot be used now: {printable(live.refusal, 1000)}")
    said = f"{printable(name)}: {state_of(cluster)}, {release}"
    found = f", Livy at {live.values['LivyUrl']}" if live.values else ""
    yield Line(f"    id: {facts.cluster_id}", f"{said}{found}")
    yield from _name(facts, name)
    yield from _group(facts)
    yield from _livy(facts)


def _name(facts: Facts, name: str) -> Iterator[Line]:
    """What to write instead of the id, for a cluster that is made anew again and again."""
    if not name or name != printable(name, 256):
        return
    many = facts.namesakes
    if isinstance(many, Unknown):
        why = f"not known whether it is made anew: {many.why}"
    elif many:
        what = "another cluster has" if many == 1 else f"{many} other clusters have"
        why = f"{what} had this name in {NAMESAKES_DAYS} days"
    else:
        return
    yield Line(
        f"    name: {json.dumps(name, ensure_ascii=False)}",
        f"in place of id: {why}; notebooks then follow it to each new one, without a deploy",
        is_off=True,
    )


def _group(facts: Facts) -> Iterator[Line]:
    attributes = facts.cluster.get("Ec2InstanceAttributes", {})
    group_id, group = str(attributes.get("EmrManagedMasterSecurityGroup", "")), facts.group
    if not group_id:
        yield Line(
            "    security_group_id: sg-…", "the primary node's group; EMR names none", is_open=True
        )
        yield Line("    ingress: create", "with security_group_id", is_open=True)
        return
    yield Line(f"    security_group_id: {group_id}", "EMR's own group of the primary node")
    if isinstance(group, Group) and group.owner not in ("", facts.account):
        why = f"the group is account {group.owner}'s: there, admit the notebooks' group to Livy"
        yield Line("    ingress: external", why)
        return
    why = "this stack adds the rule to it that admits the notebooks to Livy"
    if not isinstance(group, Group):
        unread = group.why if isinstance(group, Unknown) else "EC2 shows no such group"
        why = f"{why}; external, if the group is another account's: {unread}"
    yield Line("    ingress: create", why)


def _livy(facts: Facts) -> Iterator[Line]:
    primary, security = facts.primary, facts.cluster.get("SecurityConfiguration")
    if isinstance(primary, Unknown):
        why = f"where Livy listens, if not there; livy-conf was not read: {primary.why}"
        yield Line(f"    port: {DEFAULT_PORT}", why, is_off=True)
    elif isinstance(primary, Primary) and primary.port != DEFAULT_PORT:
        yield Line(f"    port: {primary.port}", "the cluster's livy-conf says so")
    if security:
        yield Line(
            "    scheme: detect",
            f"its security configuration {printable(str(security))} decides about TLS and logins: "
            "the resolver may read it",
        )
    if facts.live.values.get("LivyUrl", "").startswith("https:"):
        yield Line(
            "    tls: {ca_file: config/livy-ca.pem}",
            "Livy uses TLS, and nobody but you knows whom to trust: a file with the authority's "
            "certificate; or {verify: system}, of a public one",
            is_open=True,
        )


def _notebook(facts: Facts) -> Iterator[Line]:
    caller = caller_of(facts.caller)
    yield Line(f"  {caller.key}:", "one for each person; its instance is called <stack_name>-<key>")
    yield Line(f"    cluster: {as_key(str(facts.cluster.get('Name', '')), 'cluster')}")
    if caller.owner:
        yield Line(
            f"    owner: {json.dumps(caller.owner)}",
            "you; the owners' policy lets its owner open it",
        )
    else:
        yield Line(
            "    owner: alice@example.com",
            "who may open it by the owners' policy: the credentials name no person",
            is_off=True,
        )
    yield Line("    instance_type: ml.t3.medium", "the default", is_off=True)
