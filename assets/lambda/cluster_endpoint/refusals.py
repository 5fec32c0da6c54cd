"""Words every refusal of a cluster: its code, what was found, and the next step."""

from collections.abc import Mapping

from refusal import MOST_NAMES, Refusal, listed

MOST_CANDIDATES = 20


def unknown_cluster(cluster_id: str, region: str) -> Refusal:
    """EMR does not know the id."""
    return Refusal(
        "cluster-unknown",
        f"EMR knows no cluster {cluster_id} in {region} in this account.",
        "check the id, region and account with `aws emr list-clusters --active`; EMR forgets a "
        "cluster two months after its end.",
    )


def no_cluster(selector: str, names: list[str]) -> Refusal:
    """No active cluster has the name or the tags."""
    return Refusal(
        "cluster-none",
        f"No active cluster has the {selector}; active clusters are named: "
        f"{listed(names, MOST_NAMES)}.",
        "start such a cluster, or correct the settings, and deploy again.",
    )


def several_clusters(selector: str, candidates: list[str]) -> Refusal:
    """More than one active cluster has the name or the tags."""
    return Refusal(
        "cluster-several",
        f"{len(candidates)} active clusters have the {selector}: "
        f"{listed(candidates, MOST_CANDIDATES)}.",
        "terminate those that are not meant, or select one by its id or by tags of its own.",
    )


def cluster_ended(cluster_id: str, state: str, reason: str, selected_by: str) -> Refusal:
    """The cluster is terminating or has terminated; `selected_by` is empty for its id."""
    return Refusal(
        "cluster-ended",
        f"Cluster {cluster_id} is {state}: {reason}.",
        f"start a cluster with the {selected_by}, and deploy again."
        if selected_by
        else "start a cluster and put its id into the settings.",
    )


def cluster_not_ready(cluster_id: str, state: str, waited_seconds: float) -> Refusal:
    """The cluster was still starting when the wait ended."""
    return Refusal(
        "cluster-not-ready",
        f"Cluster {cluster_id} was still {state} after {waited_seconds:.0f} s.",
        "deploy again when it is WAITING or RUNNING, or raise the cluster's wait_minutes (at "
        "most 13).",
    )


def unknown_state(cluster_id: str, state: str) -> Refusal:
    """EMR answers with a state that the API does not list."""
    return Refusal(
        "cluster-state-unknown",
        f"Cluster {cluster_id} is in a state that EMR's API does not list: {state!r}.",
        "deploy again; if it stays, look at the cluster in the EMR console.",
    )


def application_missing(cluster_id: str, missing: str, found: str, selected_by: str) -> Refusal:
    """Livy or Spark is not installed; `selected_by` is empty for the cluster's id."""
    again = (
        f"with the {selected_by}, and terminate this one"
        if selected_by
        else "put its id into the settings"
    )
    return Refusal(
        f"{missing.lower()}-missing",
        f"Cluster {cluster_id} has no {missing}; its applications are {found}.",
        f"applications cannot be added to a cluster: make one with `--applications Name=Spark "
        f"Name=Livy` (or tick {missing} in the console) and {again}.",
    )


def session_fields_unknown(
    cluster_id: str, livy_version: str, needed: Mapping[str, str]
) -> Refusal:
    """Livy is too old for fields of the settings; `needed` has the version that each needs."""
    unknown = " and ".join(f"{name} (known from Livy {first} on)" for name, first in needed.items())
    return Refusal(
        "session-fields-unknown",
        f"Livy {livy_version} of cluster {cluster_id} takes no session with {unknown}, which the "
        "notebooks' spark asks for.",
        f"leave {' and '.join(needed)} out of spark, or use a cluster whose Livy is new enough.",
    )


def kerberos(cluster_id: str) -> Refusal:
    """Livy asks for a Kerberos ticket."""
    return Refusal(
        "login-kerberos",
        f"Cluster {cluster_id} uses Kerberos: Livy would ask each notebook for a ticket, which a "
        "notebook instance cannot get by itself.",
        "use a cluster without Kerberos for these notebooks, in subnets that only they reach.",
    )


def ldap(cluster_id: str) -> Refusal:
    """Livy asks for an LDAP user and password."""
    return Refusal(
        "login-ldap",
        f"Cluster {cluster_id} uses LDAP: Livy would ask for a user's password, which must not "
        "stand in a start script.",
        "use a cluster whose Livy asks for no login, or connect from EMR Studio.",
    )


def identity_center(cluster_id: str) -> Refusal:
    """Livy asks for the token of somebody who has signed in at IAM Identity Center."""
    return Refusal(
        "login-identity-center",
        f"Cluster {cluster_id} uses IAM Identity Center: Livy would ask for the identity of a "
        "person who has signed in there, which a notebook instance does not know.",
        "use a cluster without IAM Identity Center, or connect from EMR Studio.",
    )


def runtime_roles(cluster_id: str) -> Refusal:
    """Livy asks for temporary credentials of a runtime role."""
    return Refusal(
        "login-runtime-roles",
        f"Cluster {cluster_id} uses runtime roles: Livy would ask for credentials that "
        "GetClusterSessionCredentials issues for a few hours, and SparkMagic's configuration is "
        "fixed.",
        "use a cluster without runtime roles, or connect from SageMaker Studio.",
    )


def other_login(cluster_id: str, kind: str) -> Refusal:
    """Livy has an authentication type that is not known here."""
    return Refusal(
        "login-unknown",
        f"Cluster {cluster_id} sets livy.server.auth.type to {repr(kind)[:80]}.",
        "use a cluster whose Livy asks for no login.",
    )


def security_unread(cluster_id: str, name: str) -> Refusal:
    """A security configuration decides about TLS, and the settings do not let it be read."""
    return Refusal(
        "security-configuration-unread",
        f"Cluster {cluster_id} has the security configuration {repr(name)[:80]}, which decides "
        "whether Livy uses TLS or asks for a login.",
        "set the cluster's scheme to detect, which lets the resolver read it, or to http or https, "
        "which skip the check for logins.",
    )


def trust_missing(cluster_id: str) -> Refusal:
    """Livy uses TLS and the settings do not say which authority to trust."""
    return Refusal(
        "tls-trust-missing",
        f"Livy of cluster {cluster_id} uses TLS, and the settings do not say whose certificates to "
        "trust.",
        "give the cluster tls: {ca_file: …} with the authority's certificate, or tls: {verify: "
        "system} when a public authority issued it.",
    )


def unfit_port(cluster_id: str, said: str) -> Refusal:
    """livy-conf sets a port that there is not."""
    return Refusal(
        "livy-port-unfit",
        f"Cluster {cluster_id} sets livy.server.port to {repr(said)[:80]}, which is no TCP port.",
        "use a cluster whose livy-conf sets a port from 1 to 65535, or none.",
    )


def port_closed(cluster_id: str, port: int, opened: int) -> Refusal:
    """Livy listens on another port than the security group rules open."""
    return Refusal(
        "port-closed",
        f"Livy of cluster {cluster_id} listens on port {port} (livy.server.port); this stack's "
        f"security group rules open {opened}.",
        f"set the cluster's port to {port}.",
    )


def no_primary(cluster_id: str, seen: str) -> Refusal:
    """No primary node is running."""
    return Refusal(
        "primary-not-running",
        f"Cluster {cluster_id} has no running primary node; EMR lists {seen}.",
        "look at the cluster's hardware in the EMR console; deploy again when the primary is "
        "RUNNING.",
    )


def unfit_primary_address(cluster_id: str, given: object) -> Refusal:
    """The primary node has no address that a URL can hold."""
    return Refusal(
        "primary-address-unfit",
        f"EMR gives {repr(given)[:80]} as the private address of cluster {cluster_id}'s primary "
        "node, which is no IPv4 address.",
        "look at the node in the EC2 console; deploy again when EMR lists its private address.",
    )


def unfit_primary_name(cluster_id: str, given: object) -> Refusal:
    """Livy uses TLS and the primary node has no name that a URL can hold."""
    return Refusal(
        "primary-name-unfit",
        f"Livy of cluster {cluster_id} uses TLS, and its primary's private name, which notebooks "
        f"would call, is {repr(given)[:80]}: no URL can hold that.",
        "set domain-name in the DHCP option set of the cluster's VPC to domains of letters, digits "
        "and hyphens, and make a new cluster: a node gets its name when it starts.",
    )


def access_denied(action: str, resource: str) -> Refusal:
    """The Lambda's role may not make a call."""
    return Refusal(
        "access-denied",
        f"The resolver's role is not allowed {action} on {resource}.",
        "look for a service control policy, a permissions boundary or an edited role that denies "
        "it; the role that this stack makes allows it.",
    )


def unavailable(operation: str, failure: str, seconds: float) -> Refusal:
    """AWS went on refusing or failing in passing until the deadline."""
    return Refusal(
        "aws-unavailable",
        f"AWS did not answer {operation} in time: {failure}; the look-up took {seconds:.0f} s.",
        "deploy again later; other callers in the account share the request rate.",
    )


def call_failed(operation: str, resource: str, said: str) -> Refusal:
    """AWS refused a call for a reason of its own."""
    return Refusal(
        "aws-call-failed",
        f"AWS refused {operation} on {resource}: {said}.",
        "read AWS's words; if they do not help, deploy again.",
    )


def incomplete_answer(operation: str, part: str) -> Refusal:
    """An answer lacked what it must have, again and again."""
    return Refusal(
        "answer-incomplete",
        f"AWS answered {operation} without its {part}, when asked again, too.",
        "deploy again later; if it stays so, report this to AWS.",
    )


def endless_answer(operation: str, pages: int) -> Refusal:
    """The pages of an answer do not end."""
    return Refusal(
        "answer-endless",
        f"AWS's answer to {operation} has more than {pages} pages.",
        "deploy again; if it stays so, select the cluster by its id, which needs no list.",
    )


def unfit_security(cluster_id: str, document: object) -> Refusal:
    """A security configuration cannot be read."""
    return Refusal(
        "security-configuration-unfit",
        f"The security configuration of cluster {cluster_id} is no JSON object but "
        f"{repr(document)[:80]}.",
        "look at it with `aws emr describe-security-configuration`, and report it; scheme http or "
        "https leaves it unread.",
    )


def unfit_answer(operation: str, field: str, value: object, expected: str) -> Refusal:
    """An answer is about something else than what was asked for."""
    return Refusal(
        "answer-unfit",
        f"AWS answered {operation} with {repr(value)[:80]} for {field}, which is not {expected}.",
        "deploy again; if it stays so, look at the cluster in the EMR console, and report this.",
    )


def unfit_value(name: str, value: object) -> Refusal:
    """A value that was made of EMR's answers must not reach a script."""
    return Refusal(
        "value-unfit",
        f"EMR's answers make {repr(value)[:80]} of {name}, which is not of the form that a start "
        "script may hold.",
        "look at the cluster in the EMR console, and report this value.",
    )
