"""Tests impersonation.py: whose sessions a cluster's Livy runs, by EMR's configurations."""

import pytest

from cluster_endpoint.impersonation import problem

# EMR Release Guide, "User impersonation", step 1.
LIVY = {"livy.impersonation.enabled": "true"}
HADOOP = {"hadoop.proxyuser.livy.groups": "*", "hadoop.proxyuser.livy.hosts": "*"}
BY_NAME = {"hadoop.proxyuser.livy.hosts": "*", "hadoop.proxyuser.livy.users": "alice,bob"}


@pytest.mark.parametrize("core_site", [HADOOP, BY_NAME])
def test_as_emrs_guide_and_hadoops_have_it_nothing_is_wrong(core_site: dict[str, str]) -> None:
    assert problem("j-1", LIVY, core_site) == ""


@pytest.mark.parametrize("livy", [{}, {"livy.impersonation.enabled": "false"}])
def test_a_livy_that_is_not_told_to_runs_every_session_as_itself(livy: dict[str, str]) -> None:
    assert problem("j-1", livy, HADOOP) == (
        "spark.proxyUser: no livy-conf of j-1 sets livy.impersonation.enabled to true: sessions "
        "run as Livy's user. Next: set it when the cluster is made, or remove proxyUser"
    )


@pytest.mark.parametrize(
    "core_site",
    [
        {},
        {"hadoop.proxyuser.livy.groups": "*"},
        {"hadoop.proxyuser.livy.hosts": "*"},
        {"hadoop.proxyuser.hue.groups": "*", "hadoop.proxyuser.hue.hosts": "*"},
    ],
)
def test_hadoop_has_to_let_livy(core_site: dict[str, str]) -> None:
    assert problem("j-1", LIVY, core_site) == (
        "spark.proxyUser: no core-site of j-1 sets hadoop.proxyuser.livy.hosts and "
        "hadoop.proxyuser.livy.groups: Hadoop may refuse Livy sessions of another user. Next: set "
        "it when the cluster is made, or remove proxyUser"
    )
