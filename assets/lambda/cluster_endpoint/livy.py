"""Decides how a cluster's Livy is reached, by its configuration alone: port, TLS and login."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster_endpoint import refusals, release
from cluster_endpoint.answers import list_at, mapping_at, mappings_at

DEFAULT_PORT = 8998


@dataclass(frozen=True)
class LivyPreferences:
    """What the settings say of a cluster's Livy."""

    # "http" and "https" force; "detect" reads the security configuration; None does not.
    scheme: str | None = None
    # Where Livy listens when the cluster's configuration does not say.
    port: int = DEFAULT_PORT
    # The port that the stack's security group rules open, when it makes any.
    opened_port: int | None = None
    # Whether the notebooks are told which authorities to trust.
    trust_is_given: bool = False


def livy_conf(configurations: object) -> dict[str, str]:
    """livy-conf's properties in a list of EMR configurations."""
    return classified("livy-conf", configurations)


def classified(classification: str, configurations: object) -> dict[str, str]:
    """A classification's properties in EMR configurations; a later entry wins, as in EMR."""
    found: dict[str, str] = {}
    if not isinstance(configurations, list):
        return found
    for each in configurations:
        if isinstance(each, Mapping) and each.get("Classification") == classification:
            own = each.get("Properties")
            if isinstance(own, Mapping):
                found.update({str(name): str(value) for name, value in own.items()})
    return found


def port(conf: Mapping[str, str], cluster_id: str, preferences: LivyPreferences) -> int:
    """The port that Livy listens on: livy-conf's, or else the settings'.

    Raises Refusal when livy-conf sets none that there is, or not the one opened.
    """
    said = conf.get("livy.server.port", str(preferences.port)).strip()
    if not is_port(said):
        raise refusals.unfit_port(cluster_id, said)
    opened = preferences.opened_port
    if opened is not None and int(said) != opened:
        raise refusals.port_closed(cluster_id, int(said), opened)
    return int(said)


def is_port(text: str) -> bool:
    """Whether a text is the number of a TCP port."""
    return re.fullmatch(r"[0-9]{1,5}", text) is not None and 0 < int(text) < 65_536


def refuse_login(cluster: Mapping[str, Any], conf: Mapping[str, str]) -> None:
    """Raise Refusal when Livy asks for a login that a fixed configuration cannot give."""
    cluster_id = str(cluster.get("Id"))
    if cluster.get("KerberosAttributes"):
        raise refusals.kerberos(cluster_id)
    kind = conf.get("livy.server.auth.type", "").strip()
    if kind.lower() == "kerberos":
        raise refusals.kerberos(cluster_id)
    if kind.lower() == "ldap":
        raise refusals.ldap(cluster_id)
    if kind:
        raise refusals.other_login(cluster_id, kind)


def refuse_security_configuration(cluster_id: str, document: Mapping[str, Any]) -> None:
    """Raise Refusal for a security configuration whose clusters ask for a login."""
    authentication = mapping_at(document, "AuthenticationConfiguration")
    if _is_on(authentication.get("KerberosConfiguration")):
        raise refusals.kerberos(cluster_id)
    if _is_on(authentication.get("LDAPConfiguration"), "EnableLDAPAuthentication"):
        raise refusals.ldap(cluster_id)
    if _is_on(authentication.get("IdentityCenterConfiguration"), "EnableIdentityCenter"):
        raise refusals.identity_center(cluster_id)
    iam = mapping_at(mapping_at(document, "AuthorizationConfiguration"), "IAMConfiguration")
    if _is_true(iam.get("EnableApplicationScopedIAMRole")):
        raise refusals.runtime_roles(cluster_id)


def _is_on(block: object, switch: str = "") -> bool:
    """Whether a login's block turns it on: one with this switch may stand there off.

    Others may stand beside it: LDAP's has EnableSSHLogin, which says nothing of Livy.
    """
    if isinstance(block, Mapping) and switch in block:
        return _is_true(block[switch])
    return bool(block)


def _is_true(value: object) -> bool:
    return value == 1 or str(value).lower() == "true"


def uses_tls(
    cluster: Mapping[str, Any], conf: Mapping[str, str], security: Mapping[str, Any] | None
) -> bool:
    """Whether Livy speaks HTTPS: by its keystore, or by encryption in transit from EMR 7.4 on."""
    if conf.get("livy.keystore", "").strip():
        return True
    encryption = mapping_at(security or {}, "EncryptionConfiguration")
    in_transit = _is_true(encryption.get("EnableInTransitEncryption"))
    return in_transit and release.encrypts_livy_in_transit(cluster.get("ReleaseLabel"))


def security_configuration(cluster_id: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The document in DescribeSecurityConfiguration's answer. Raises Refusal if it is none."""
    text = answer.get("SecurityConfiguration")
    try:
        document = json.loads(str(text))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise refusals.unfit_security(cluster_id, text)
    return document


def configurations_of_primary(
    groups: Iterable[Mapping[str, Any]], node: Mapping[str, Any]
) -> list[Any]:
    """Configurations of the primary node's own instance group or fleet, from either list's answer.

    Of a fleet, those of the instance type that the node is.
    """
    found: list[Any] = []
    for group in groups:
        if "MASTER" not in (group.get("InstanceGroupType"), group.get("InstanceFleetType")):
            continue
        found.extend(_applied(group))
        for specification in mappings_at(group, "InstanceTypeSpecifications"):
            if specification.get("InstanceType") == node.get("InstanceType"):
                found.extend(list_at(specification, "Configurations"))
    return found


def _applied(group: Mapping[str, Any]) -> list[Any]:
    """What a group runs with: what was asked for, unless its last reconfiguration failed."""
    applied = group.get("LastSuccessfullyAppliedConfigurationsVersion")
    if applied is None or applied == group.get("ConfigurationsVersion"):
        return list_at(group, "Configurations")
    return list_at(group, "LastSuccessfullyAppliedConfigurations")
