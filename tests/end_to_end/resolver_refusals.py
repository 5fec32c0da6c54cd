"""The clusters that the resolver refuses, and the words in which it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.aws.emr.seed import ClusterSpec, InstanceSpec
from tests.end_to_end.resolver_world import PRIMARY_GROUP, running

ROLES = {
    "AuthorizationConfiguration": {"IAMConfiguration": {"EnableApplicationScopedIAMRole": True}}
}
IDENTITY_CENTER = {
    "AuthenticationConfiguration": {"IdentityCenterConfiguration": {"EnableIdentityCenter": True}},
    **ROLES,
}
IN_TRANSIT = {"EncryptionConfiguration": {"EnableInTransitEncryption": True}}
MIDNIGHT = 1_767_225_600.0
IN_FLEETS: Any = {"collection": "INSTANCE_FLEET"}


def livy_conf(**properties: str) -> Any:
    named = {name.replace("_", "."): value for name, value in properties.items()}
    return {"configurations": [{"Classification": "livy-conf", "Properties": named}]}


@dataclass(frozen=True)
class Case:
    """A stage's cluster settings, the clusters there are, and what the deploy says."""

    settings: Mapping[str, Any]
    said: str
    clusters: tuple[ClusterSpec, ...] = ()
    # The action that the resolver's role lacks.
    withheld: str = ""


def by_id(cluster: ClusterSpec, said: str, **settings: Any) -> Case:
    return Case({"id": cluster.cluster_id, **settings}, said, (cluster,))


REFUSED: Mapping[str, Case] = {
    "unknown-id": Case(
        {"id": "j-UNKNOWN1"},
        "[cluster-unknown] EMR knows no cluster j-UNKNOWN1 in eu-west-1 in this account. Next:",
    ),
    "ended": by_id(
        running(
            "j-ENDED001",
            state="TERMINATED_WITH_ERRORS",
            state_change_code="VALIDATION_ERROR",
            state_change_message="The subnet has no free address",
        ),
        "[cluster-ended] Cluster j-ENDED001 is TERMINATED_WITH_ERRORS: VALIDATION_ERROR: "
        "The subnet has no free address. Next:",
    ),
    "no-livy": by_id(
        running("j-NOLIVY01", applications={"Hadoop": "3.4.1", "Spark": "3.5.4"}),
        "[livy-missing] Cluster j-NOLIVY01 has no Livy; its applications are Hadoop, Spark. Next:",
    ),
    "no-spark": by_id(
        running("j-NOSPARK1", applications={"LIVY": "0.8.0"}),
        "[spark-missing] Cluster j-NOSPARK1 has no Spark; its applications are LIVY. Next:",
    ),
    "none-by-name": Case(
        {"name": "absent"},
        "[cluster-none] No active cluster has the name 'absent'; active clusters are named:",
        (running("j-ABSENT01", name="absent", state="TERMINATED"),),
    ),
    "none-by-tags": Case(
        {"tags": {"team": "absent"}},
        "[cluster-none] No active cluster has the tags team=absent; active clusters are named:",
    ),
    "several-by-name": Case(
        {"name": "twice"},
        "[cluster-several] 2 active clusters have the name 'twice': j-TWICE001 (WAITING, created "
        "2026-01-01 00:00 UTC), j-TWICE002 (STARTING, created 2026-01-01 01:00 UTC). Next:",
        (
            running("j-TWICE001", name="twice", created=MIDNIGHT),
            running("j-TWICE002", name="twice", created=MIDNIGHT + 3600, state="STARTING"),
        ),
    ),
    "several-by-tags": Case(
        {"tags": {"team": "twice"}},
        "[cluster-several] 2 active clusters have the tags team=twice: j-TAGGED01 (WAITING, "
        "created 2026-01-01 00:00 UTC), j-TAGGED02 (RUNNING,",
        (
            running("j-TAGGED01", tags={"team": "twice"}, created=MIDNIGHT),
            running("j-TAGGED02", tags={"team": "twice"}, state="RUNNING"),
        ),
    ),
    "kerberos": by_id(
        running("j-KERBEROS", kerberos={"Realm": "EC2.INTERNAL", "KdcAdminPassword": "secret"}),
        "[login-kerberos] Cluster j-KERBEROS uses Kerberos:",
    ),
    "ldap": by_id(
        running("j-LDAP0001", **livy_conf(livy_server_auth_type="ldap")),
        "[login-ldap] Cluster j-LDAP0001 uses LDAP:",
    ),
    "runtime-roles": by_id(
        running("j-ROLES001", security_configuration="runtime-roles"),
        "[login-runtime-roles] Cluster j-ROLES001 uses runtime roles:",
        scheme="detect",
    ),
    "identity-center": by_id(
        running("j-IDENTITY", security_configuration="identity-center"),
        "[login-identity-center] Cluster j-IDENTITY uses IAM Identity Center:",
        scheme="detect",
    ),
    "security-unread": by_id(
        running("j-UNREAD01", security_configuration="runtime-roles"),
        "[security-configuration-unread] Cluster j-UNREAD01 has the security configuration "
        "'runtime-roles',",
    ),
    "trust-missing": by_id(
        running("j-TLS00001", security_configuration="in-transit", release_label="emr-spark-8.1.0"),
        "[tls-trust-missing] Livy of cluster j-TLS00001 uses TLS,",
        scheme="detect",
    ),
    "port-closed": by_id(
        running("j-PORT0001", **livy_conf(livy_server_port="8999")),
        "[port-closed] Livy of cluster j-PORT0001 listens on port 8999 (livy.server.port); this "
        "stack's security group rules open 8998. Next: set the cluster's port to 8999.",
        security_group_id=PRIMARY_GROUP,
        ingress="create",
    ),
    "not-ready": by_id(
        running("j-SLOW0001", state="BOOTSTRAPPING"),
        "[cluster-not-ready] Cluster j-SLOW0001 was still BOOTSTRAPPING after",
        wait_minutes=0,
    ),
    "no-primary": by_id(
        ClusterSpec("j-NOPRIM01", instances=(InstanceSpec("10.0.1.1", state="TERMINATED"),)),
        "[primary-not-running] Cluster j-NOPRIM01 has no running primary node; EMR lists none.",
    ),
    "hostile-name": by_id(
        ClusterSpec("j-HOSTILE1", instances=(InstanceSpec("10.0.1.1", private_dns="ip$(id).a"),)),
        "[primary-name-unfit] Livy of cluster j-HOSTILE1 uses TLS, and its primary's private name, "
        "which notebooks would call, is 'ip$(id).a':",
        scheme="https",
        tls={"verify": "system"},
    ),
}
EMR = "elasticmapreduce"
ONE = "arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster/"


def denied(action: str, resource: str, settings: Mapping[str, Any], **cluster: Any) -> Case:
    """What a stage is told whose resolver lacks this one action that its settings need."""
    said = f"[access-denied] The resolver's role is not allowed {action} on {resource}. Next:"
    spec = (running(settings["id"], **cluster),) if "id" in settings else ()
    return Case(settings, said, spec, withheld=action)


DENIED: Mapping[str, Case] = {
    "no-describe": denied(f"{EMR}:DescribeCluster", f"{ONE}j-DENIED01", {"id": "j-DENIED01"}),
    "no-instances": denied(f"{EMR}:ListInstances", f"{ONE}j-DENIED02", {"id": "j-DENIED02"}),
    "no-clusters": denied(f"{EMR}:ListClusters", "*", {"name": "denied"}),
    "no-tags": denied("tag:GetResources", "*", {"tags": {"team": "denied"}}),
    "no-security": denied(
        f"{EMR}:DescribeSecurityConfiguration",
        "*",
        {"id": "j-DENIED03", "scheme": "detect"},
        security_configuration="in-transit",
    ),
    "no-groups": denied(
        f"{EMR}:ListInstanceGroups",
        f"{ONE}j-DENIED04",
        {"id": "j-DENIED04"},
    ),
    "no-fleets": denied(
        f"{EMR}:ListInstanceFleets",
        f"{ONE}j-DENIED05",
        {"id": "j-DENIED05"},
        **IN_FLEETS,
    ),
}
