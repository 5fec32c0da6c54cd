"""Worlds drawn at random, and what the resolver must answer in them, told without EMR's answers.

The oracle reads what a world was drawn from: which clusters there are and what becomes of them. It
shares no code with the resolver.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.assets.cluster_endpoint.emr_records import event, livy_conf, status
from tests.assets.cluster_endpoint.emr_world import World

POLL = 15
USABLE, ENDED = ("RUNNING", "WAITING"), ("TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS")
STARTING = ("STARTING", "BOOTSTRAPPING")
NAMES, TEAMS = ("nightly-spark", "Nightly-Spark", "other"), ("risk", "ops", "")


@dataclass(frozen=True)
class Node:
    """A node, its role and its state; names follow from its address and its subnet."""

    last_octet: int
    role: str
    state: str
    public: bool
    domains: str = "eu-west-1.compute.internal"
    instance_type: str = "m5.xlarge"

    @property
    def ip(self) -> str:
        return f"10.0.0.{self.last_octet}"

    @property
    def private_dns(self) -> str:
        return f"ip-10-0-0-{self.last_octet}" + (f".{self.domains}" if self.domains else "")

    @property
    def https_name(self) -> str:
        """Its name in a URL; empty when a URL cannot hold it."""
        if DOMAINS[self.domains] is None:
            return ""
        return f"ip-10-0-0-{self.last_octet}{DOMAINS[self.domains]}"

    @property
    def public_dns(self) -> str:
        return f"ec2-52-0-0-{self.last_octet}.eu-west-1.compute.amazonaws.com"

    def record(self, *, fleet: bool) -> dict[str, Any]:
        return {
            "Ec2InstanceId": f"i-{self.last_octet:017d}",
            "PrivateIpAddress": self.ip,
            "PrivateDnsName": self.private_dns,
            "PublicDnsName": self.public_dns if self.public else "",
            "InstanceType": self.instance_type,
            "InstanceFleetId" if fleet else "InstanceGroupId": self.role,
            "Status": {"State": self.state},
        }


@dataclass(frozen=True)
class Cluster:
    """A cluster and its fate: `state` now, and `becomes` after so many seconds."""

    number: int
    name: str
    team: str
    state: str
    becomes: tuple[float, str] | None
    # From when on the tag index knows it.
    indexed: float
    fleet: bool
    nodes: tuple[Node, ...]
    named: int | None
    applications: tuple[str, ...]
    livy: str
    port: int | None
    group_port: int | None
    # Asked for in a reconfiguration that failed.
    failed_port: int | None
    keystore: bool
    security: str | None
    release: str

    @property
    def cluster_id(self) -> str:
        return f"j-CLUSTER{self.number}"

    def state_at(self, moment: float) -> str:
        """Its state so many seconds after the beginning."""
        return self.becomes[1] if self.becomes and self.becomes[0] <= moment else self.state

    def state_at_the_end(self, found: float, wait: float) -> str:
        """Its state at the first poll at which it has settled, or at the last one.

        `found` is when it was selected, a multiple of POLL, as `wait` is.
        """
        if self.state_at(found) not in STARTING or self.becomes is None:
            return self.state_at(found)
        settled = math.ceil(self.becomes[0] / POLL) * POLL
        return self.state_at(settled if settled <= wait else found)

    @property
    def running(self) -> list[Node]:
        """Its running primaries, the named one first, then by address."""
        found = [n for n in self.nodes if n.role == "MASTER" and n.state == "RUNNING"]
        found.sort(key=lambda node: node.ip)
        named = [n for n in found if n.last_octet == self.named]
        return named + [n for n in found if n not in named]

    def record(self) -> dict[str, Any]:
        shown = [node for node in self.nodes if node.last_octet == self.named]
        conf = {} if self.port is None else {"livy_server_port": str(self.port)}
        conf |= {"livy_keystore": "/etc/livy.jks"} if self.keystore else {}
        found: dict[str, Any] = {
            "Id": self.cluster_id,
            "Name": self.name,
            "Tags": [{"Key": "team", "Value": self.team}],
            "Status": status(self.state),
            "InstanceCollectionType": "INSTANCE_FLEET" if self.fleet else "INSTANCE_GROUP",
            "ReleaseLabel": self.release,
            "Applications": [
                {"Name": name, "Version": self.livy if name in ("Livy", "LIVY") else "1.2.3"}
                for name in self.applications
            ],
            "Configurations": livy_conf(**conf) if conf else [],
        }
        if shown:
            node = shown[0]
            found["MasterPublicDnsName"] = node.public_dns if node.public else node.private_dns
        if self.security:
            found["SecurityConfiguration"] = self.security
        return found

    def groups(self) -> list[dict[str, Any]]:
        own = [] if self.group_port is None else livy_conf(livy_server_port=str(self.group_port))
        other = livy_conf(livy_server_port="1")
        if self.fleet:
            types = {role: dict.fromkeys(TYPES, other) for role in ("CORE", "MASTER")}
            # The port is set for the type that the primary is; others have other ports.
            types["MASTER"] |= {node.instance_type: own for node in self.running[:1]}
            return [
                {
                    "InstanceFleetType": role,
                    "InstanceTypeSpecifications": [
                        {"InstanceType": each, "Configurations": c} for each, c in of.items()
                    ],
                }
                for role, of in types.items()
            ]
        primary: dict[str, Any] = {"InstanceGroupType": "MASTER", "Configurations": own}
        if self.failed_port is not None:
            primary |= {
                "Configurations": livy_conf(livy_server_port=str(self.failed_port)),
                "ConfigurationsVersion": 2,
                "LastSuccessfullyAppliedConfigurations": own,
                "LastSuccessfullyAppliedConfigurationsVersion": 1,
            }
        return [primary, {"InstanceGroupType": "CORE", "Configurations": other}]


@dataclass(frozen=True)
class Truth:
    """The clusters that there are, and what the settings ask for."""

    clusters: tuple[Cluster, ...]
    selector: str
    wanted: int
    minutes: int
    scheme: str
    trust: bool
    asked_port: int
    opened: int | None
    session_fields: tuple[str, ...]
    read_groups: bool
    page_size: int

    def world(self) -> World:
        """AWS as this makes it."""
        return World(
            clusters=[each.record() for each in self.clusters],
            instances={
                each.cluster_id: [node.record(fleet=each.fleet) for node in each.nodes]
                for each in self.clusters
            },
            groups={each.cluster_id: each.groups() for each in self.clusters},
            security=SECURITY,
            later=[
                (each.becomes[0], each.cluster_id, {"Status": status(each.becomes[1])})
                for each in self.clusters
                if each.becomes
            ],
            indexed={each.cluster_id: each.indexed for each in self.clusters},
            page_size=self.page_size,
        )

    def event(self) -> dict[str, Any]:
        """CloudFormation's request for it."""
        selectors: dict[str, dict[str, Any]] = {
            "id": {"ClusterId": f"j-CLUSTER{self.wanted}"},
            "name": {"ClusterId": None, "ClusterName": NAMES[self.wanted % len(NAMES)]},
            "tags": {
                "ClusterId": None,
                "ClusterTags": json.dumps({"team": TEAMS[self.wanted % len(TEAMS)]}),
            },
        }
        return event(
            **selectors[self.selector],
            WaitMinutes=str(self.minutes),
            Scheme=self.scheme,
            TrustIsGiven="true" if self.trust else None,
            Port=None if self.asked_port == 8998 else str(self.asked_port),
            OpenedPort=None if self.opened is None else str(self.opened),
            ReadGroupConfigurations=None if self.read_groups else "false",
            SessionFields=",".join(self.session_fields) or None,
        )

    def selected(self) -> tuple[list[Cluster], float]:
        """The clusters that fit, and when that is seen: tags are looked for during a minute."""
        if self.selector == "id":
            return [each for each in self.clusters if each.number == self.wanted], 0
        if self.selector == "name":
            name = NAMES[self.wanted % len(NAMES)]
            return [each for each in self.clusters if each.name == name and self._active(each)], 0
        team = TEAMS[self.wanted % len(TEAMS)]
        tagged = [each for each in self.clusters if each.team == team]
        for moment in range(0, 60 + POLL, POLL):
            seen = [each for each in tagged if each.indexed <= moment]
            if fitting := [each for each in seen if self._active(each, moment)]:
                return fitting, moment
        return [], 60

    def _active(self, cluster: Cluster, moment: float = 0) -> bool:
        return cluster.state_at(moment) not in ENDED

    def expected(self) -> str | dict[str, str]:
        """The code of the refusal, or the endpoint's attributes."""
        selected, found = self.selected()
        if not selected:
            return "cluster-unknown" if self.selector == "id" else "cluster-none"
        if len(selected) > 1:
            return "cluster-several"
        return self._unusable(selected[0], found) or self._endpoint(selected[0])

    def _unusable(self, cluster: Cluster, found: float) -> str:
        state = cluster.state_at_the_end(found, 60 * self.minutes)
        if state not in USABLE:
            return "cluster-ended" if state in ENDED else "cluster-not-ready"
        for application in ("livy", "spark"):
            if application not in [each.lower() for each in cluster.applications]:
                return f"{application}-missing"
        if any(each not in TAKEN_BY_LIVY[cluster.livy] for each in self.session_fields):
            return "session-fields-unknown"
        return self._unreachable(cluster)

    def _unreachable(self, cluster: Cluster) -> str:
        if not cluster.running:
            return "primary-not-running"
        if cluster.security and self.scheme == "":
            return "security-configuration-unread"
        if self.scheme == "detect" and cluster.security in LOGINS:
            return f"login-{LOGINS[cluster.security]}"
        if self._tls(cluster) and not self.trust:
            return "tls-trust-missing"
        if self.opened not in (None, self._port(cluster)):
            return "port-closed"
        unnamed = self._tls(cluster) and not cluster.running[0].https_name
        return "primary-name-unfit" if unnamed else ""

    def _tls(self, cluster: Cluster) -> bool:
        if self.scheme in ("http", "https"):
            return self.scheme == "https"
        by_security = cluster.security == "encrypted" and cluster.release not in PLAIN_LIVY
        return cluster.keystore or (self.scheme == "detect" and by_security)

    def _port(self, cluster: Cluster) -> int:
        own = cluster.group_port if self.read_groups else None
        return own or cluster.port or self.asked_port

    def _endpoint(self, cluster: Cluster) -> dict[str, str]:
        tls, port = self._tls(cluster), self._port(cluster)
        node = cluster.running[0]
        return {
            "LivyUrl": f"https://{node.https_name}:{port}" if tls else f"http://{node.ip}:{port}",
            "ClusterId": cluster.cluster_id,
            "ReleaseLabel": RELEASES[cluster.release],
            "SparkVersion": "1.2.3",
            "LivyVersion": "unknown" if cluster.livy == "9 (preview)" else cluster.livy,
        }


# Security configurations, and the login that Livy asks for with some of them. A block of a login
# that is switched off is what the console leaves in the JSON.
SECURITY = {
    "plain": "{}",
    "encrypted": json.dumps({"EncryptionConfiguration": {"EnableInTransitEncryption": True}}),
    "ldap": json.dumps(
        {
            "AuthenticationConfiguration": {
                "LDAPConfiguration": {
                    "EnableLDAPAuthentication": True,
                    "LDAPServerURL": "ldaps://corp.example",
                    "EnableSSHLogin": False,
                }
            }
        }
    ),
    "ldap off": json.dumps(
        {
            "AuthenticationConfiguration": {
                "LDAPConfiguration": {
                    "EnableLDAPAuthentication": False,
                    "LDAPServerURL": "ldaps://a",
                    "EnableSSHLogin": True,
                }
            }
        }
    ),
    "kerberos": json.dumps(
        {"AuthenticationConfiguration": {"KerberosConfiguration": {"Provider": "ExternalKdc"}}}
    ),
    "identity center": json.dumps(
        {
            "AuthenticationConfiguration": {
                "IdentityCenterConfiguration": {
                    "EnableIdentityCenter": True,
                    "IdentityCenterApplicationAssigmentRequired": False,
                }
            },
            "AuthorizationConfiguration": {
                "IAMConfiguration": {"EnableApplicationScopedIAMRole": True}
            },
        }
    ),
    "roles": json.dumps(
        {"AuthorizationConfiguration": {"IAMConfiguration": {"EnableApplicationScopedIAMRole": 1}}}
    ),
}
LOGINS = {
    "ldap": "ldap",
    "kerberos": "kerberos",
    "identity center": "identity-center",
    "roles": "runtime-roles",
}
# Of a session's newer fields, those that each version of Livy takes, by its REST API's
# documentation.
TAKEN_BY_LIVY: dict[str, tuple[str, ...]] = {
    "0.7.1-incubating": (),
    "0.8.0-incubating": ("ttl",),
    "0.9.0": ("ttl", "idleTimeout"),
    "0.10.0-amzn-0": ("ttl", "idleTimeout"),
    "9 (preview)": ("ttl", "idleTimeout"),
}
TYPES = ("m5.large", "m5.xlarge", "r5.xlarge")
# A DHCP option set's domain-name, and what it adds to a name in a URL.
DOMAINS = {
    "eu-west-1.compute.internal": ".eu-west-1.compute.internal",
    "corp.example other.example": ".corp.example",
    "Corp.Example.": ".corp.example",
    "": "",
    "my_company.example": None,
}
# Each release label, and how it is shown. Encryption in transit leaves the first three's Livy as it
# is.
PLAIN_LIVY = ("emr-6.15.0", "emr-7.3.0", "emr-5.36.2")
RELEASES = {each: each for each in PLAIN_LIVY} | {
    "emr-7.4.0": "emr-7.4.0",
    "emr-7.10.0": "emr-7.10.0",
    "emr-spark-8.0.0": "emr-spark-8.0.0",
    "emr-spark-8.1.0-latest": "emr-spark-8.1.0-latest",
    "nimbus": "nimbus",
    "emr-9.0.0 (preview)": "unknown",
    "": "unknown",
}


def often(value: Any, *others: Any) -> st.SearchStrategy[Any]:
    """The value in most draws, so that a world with several oddities is not all there is."""
    return st.sampled_from([value] * 2 * len(others) + list(others))


@st.composite
def nodes(draw: st.DrawFn) -> tuple[Node, ...]:
    """One primary or three, dead predecessors of theirs, and core nodes; in any order."""
    public = draw(st.booleans())
    # Four run while one of three is being replaced.
    roles = ["MASTER"] * draw(st.sampled_from([1, 3, 4])) + ["CORE"] * draw(st.integers(0, 3))
    states = [draw(often("RUNNING", "BOOTSTRAPPING", "TERMINATED", "RUNNING")) for _ in roles]
    dead = draw(st.integers(0, 3))
    roles, states = roles + ["MASTER"] * dead, states + ["TERMINATED"] * dead
    octets = draw(st.permutations(range(4, 4 + len(roles))))
    domains = draw(often(*DOMAINS))
    found = [
        Node(octet, role, state, public, domains, draw(st.sampled_from(TYPES)))
        for octet, role, state in zip(octets, roles, states, strict=True)
    ]
    # EMR may list one twice.
    found += found[: draw(often(0, 2))]
    return tuple(draw(st.permutations(found)))


@st.composite
def clusters(draw: st.DrawFn, number: int) -> Cluster:
    own = draw(nodes())
    primaries = [node.last_octet for node in own if node.role == "MASTER"]
    moment = st.floats(0.5, 900, allow_nan=False)
    state = draw(st.sampled_from([*USABLE * 5, *STARTING * 2, *ENDED]))
    becomes = draw(st.none() | st.tuples(moment, st.sampled_from([*USABLE, *ENDED])))
    return Cluster(
        number=number,
        name=draw(often(NAMES[number % len(NAMES)], *NAMES)),
        team=draw(often(TEAMS[number % len(TEAMS)], *TEAMS)),
        state=state,
        becomes=None if state in ENDED else becomes,
        indexed=draw(often(0, 1, 29, 46, 300)),
        fleet=draw(st.booleans()),
        nodes=own,
        named=draw(st.none() | st.sampled_from(primaries)),
        applications=draw(
            often(("Spark", "Livy"), ("LIVY", "Hadoop", "spark"), ("Livy",), ("Spark", "Hue"), ())
        ),
        livy=draw(st.sampled_from(sorted(TAKEN_BY_LIVY))),
        port=draw(often(None, 9000)),
        group_port=draw(often(None, 9001)),
        failed_port=draw(often(None, 9100)),
        keystore=draw(often(False, True)),
        security=draw(often(None, *SECURITY)),
        release=draw(st.sampled_from(sorted(RELEASES))),
    )


@st.composite
def truths(draw: st.DrawFn) -> Truth:
    numbers = draw(st.permutations(range(draw(often(1, 2, 3, 4, 0)))))
    return Truth(
        clusters=tuple(draw(clusters(number)) for number in numbers),
        selector=draw(st.sampled_from(["id", "name", "tags"])),
        wanted=draw(often(0, 1, 2, 4)),
        minutes=draw(st.sampled_from([0, 1, 10, 13])),
        scheme=draw(st.sampled_from(["", "detect", "http", "https"])),
        trust=draw(often(True, False)),
        # A bootstrap action may move Livy, which EMR's answers do not show.
        asked_port=draw(often(8998, 9000, 9443)),
        opened=draw(often(None, 8998, 9000)),
        session_fields=draw(often((), ("ttl",), ("idleTimeout",), ("idleTimeout", "ttl"))),
        read_groups=draw(st.booleans()),
        page_size=draw(st.sampled_from([1, 2, 3, 50])),
    )
