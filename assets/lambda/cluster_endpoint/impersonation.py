"""Decides whether a cluster's Livy runs a session as the user that proxyUser names."""

from collections.abc import Mapping

ENABLED = "livy.impersonation.enabled"
HOSTS, GROUPS, USERS = (f"hadoop.proxyuser.livy.{each}" for each in ("hosts", "groups", "users"))


def problem(cluster_id: str, livy_conf: Mapping[str, str], core_site: Mapping[str, str]) -> str:
    """Why proxyUser does not do what it says, with the next step; empty when nothing speaks for it.

    Only what EMR's configurations say: a file that a step or an image changed is not seen, so
    this warns and refuses nothing.
    """
    if livy_conf.get(ENABLED, "").strip().lower() != "true":
        found = f"no livy-conf of {cluster_id} sets {ENABLED} to true: sessions run as Livy's user"
    elif HOSTS not in core_site or not {GROUPS, USERS} & core_site.keys():
        found = (
            f"no core-site of {cluster_id} sets {HOSTS} and {GROUPS}: Hadoop may refuse Livy "
            "sessions of another user"
        )
    else:
        return ""
    return f"spark.proxyUser: {found}. Next: set it when the cluster is made, or remove proxyUser"
