"""Looks a cluster's endpoint up: decides which calls are made, in which order, for how long."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster_endpoint import impersonation, livy, refusals, resolve, session_fields
from cluster_endpoint.answers import list_at, mapping_at
from cluster_endpoint.aws import Aws, AwsGateway
from cluster_endpoint.request import Request, Selector

# How long AWS is retried beyond the wait for the cluster. With the longest wait, 13 minutes, this
# ends before Lambda's limit of 15, which CloudFormation would report as a bare timeout.
RETRY_SECONDS = 60
POLL_SECONDS = 15
# For how long the deploy waits for IAM and the tag index, which are eventually consistent, to know
# what it, or whoever made the cluster, has just changed.
PROPAGATION_SECONDS = 60

log = logging.getLogger("cluster_endpoint")


@dataclass(frozen=True)
class ArnScope:
    """What the ARNs of the clusters begin with."""

    partition: str
    region: str
    account: str

    def arn(self, cluster_id: str) -> str:
        """A cluster's ARN."""
        where = f"{self.region}:{self.account}"
        return f"arn:{self.partition}:elasticmapreduce:{where}:cluster/{cluster_id}"


def find_endpoint(
    request: Request,
    gateway: AwsGateway,
    scope: ArnScope,
    started: float,
    *,
    propagation_seconds: float = PROPAGATION_SECONDS,
    warn: Callable[[str], object] = log.warning,
) -> dict[str, str]:
    """The outputs of the one cluster's endpoint that the request selects. Raises Refusal.

    The time for it is counted from `started` on the gateway's clock.
    For a cluster given by its id that is usable, DescribeCluster, ListInstances and the list of its
    groups or fleets, unless the request declines that; more calls only for a name, for tags, to
    wait, or where the request asks to look further.
    A permission that is missing, and tags that no cluster has, are final after
    `propagation_seconds`. `warn` is told what the cluster does not do as the settings say.
    """
    seconds = request.wait_seconds + RETRY_SECONDS
    aws = Aws(gateway, started, seconds, propagation_seconds)
    found = find(request, aws, scope, warn=warn).outputs()
    log.info("%s: Livy of %s is at %s", request.key, found["ClusterId"], found["LivyUrl"])
    return found


def find(
    request: Request, aws: Aws, scope: ArnScope, *, warn: Callable[[str], object] = log.warning
) -> resolve.Endpoint:
    """The endpoint of the one cluster that the request selects. Raises Refusal."""
    lookup = Lookup(request, aws, scope)
    cluster = lookup.started_cluster(lookup.cluster_id(request.selector))
    # Refusals that this answer decides come before the next call.
    resolve.require_applications(cluster, lookup.selected_by)
    version = resolve.application_versions(cluster)["livy"]
    session_fields.refuse_unknown(str(cluster.get("Id")), version, request.session_fields)
    livy.refuse_login(cluster, livy.livy_conf(cluster.get("Configurations")))
    node = lookup.primary(cluster)
    configurations = lookup.configurations(cluster, node)
    conf = livy.livy_conf(configurations)
    livy.refuse_login(cluster, conf)
    security = lookup.security_configuration(cluster)
    tls = resolve.uses_https(cluster, conf, security, request.preferences)
    port = livy.port(conf, str(cluster.get("Id")), request.preferences)
    found = resolve.endpoint(cluster, node, port=port, tls=tls)
    core_site = livy.classified("core-site", configurations)
    unfit = impersonation.problem(found.cluster_id, conf, core_site)
    if request.has_proxy_user and unfit:
        warn(unfit)
    return found


@dataclass(frozen=True)
class Lookup:
    """The parts of a look-up: each asks AWS for one thing, and raises Refusal."""

    request: Request
    aws: Aws
    scope: ArnScope

    @property
    def selected_by(self) -> str:
        """The name or the tags that select the cluster; empty for an id."""
        selector = self.request.selector
        return "" if selector.cluster_id else str(selector)

    def cluster_id(self, selector: Selector) -> str:
        """The id of the one cluster that the selector fits."""
        if selector.cluster_id:
            return selector.cluster_id
        found, active = self._candidates(selector)
        # The tag index may not know a new cluster yet.
        while selector.tags and not found and self._may_propagate():
            self.aws.gateway.sleep(POLL_SECONDS)
            found, active = self._candidates(selector)
        chosen = resolve.choose_cluster(str(selector), found, active)
        log.info("%s: the cluster with the %s is %s", self.request.key, selector, chosen)
        return chosen

    def selected(self) -> list[Mapping[str, Any]]:
        """The active clusters that the request's name or tags select."""
        return self._candidates(self.request.selector)[0]

    def _may_propagate(self) -> bool:
        return self.aws.spent + POLL_SECONDS <= self.aws.propagation_seconds

    def _candidates(
        self, selector: Selector
    ) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """The active clusters that the selector fits, and all that there are."""
        states = sorted(resolve.ACTIVE_STATES)
        # IAM knows no narrower resource for the two lists.
        active = list(self.aws.pages("ListClusters", "*", items="Clusters", ClusterStates=states))
        if selector.name:
            return [each for each in active if each.get("Name") == selector.name], active
        tagged = self._tagged(selector.tags)
        return [each for each in active if str(each.get("Id")) in tagged], active

    def _tagged(self, tags: tuple[tuple[str, str], ...]) -> set[str]:
        """Ids of clusters with these tags, ended ones among them: tags outlive a cluster."""
        listed = self.aws.pages(
            "GetResources",
            "*",
            items="ResourceTagMappingList",
            marker="PaginationToken",
            # As many as a page can have; without it, half of them.
            ResourcesPerPage=100,
            ResourceTypeFilters=["elasticmapreduce:cluster"],
            TagFilters=[{"Key": key, "Values": [value]} for key, value in tags],
        )
        return {str(each.get("ResourceARN", "")).rpartition("/")[2] for each in listed}

    def started_cluster(self, cluster_id: str) -> Mapping[str, Any]:
        """The cluster, after a wait while it starts; the time before the wait counts, too."""
        while True:
            cluster = self.describe(cluster_id)
            if not resolve.is_starting(cluster, self.selected_by):
                return cluster
            waited = self.aws.spent
            state = resolve.state_of(cluster)
            left = self.request.wait_seconds - waited
            if left <= 0:
                raise refusals.cluster_not_ready(cluster_id, state, waited)
            log.info(
                "%s: waiting for %s, which is %s; %.0f of at most %d s",
                self.request.key,
                cluster_id,
                state,
                waited,
                self.request.wait_seconds,
            )
            # The last poll is at the end of the wait.
            self.aws.gateway.sleep(min(POLL_SECONDS, left))

    def describe(self, cluster_id: str) -> Mapping[str, Any]:
        """The cluster as EMR describes it."""
        arn = self.scope.arn(cluster_id)
        answer = self.aws.ask("DescribeCluster", arn, ClusterId=cluster_id)
        cluster = mapping_at(answer, "Cluster")
        if cluster.get("Id") != cluster_id:
            raise refusals.unfit_answer("DescribeCluster", "Id", cluster.get("Id"), cluster_id)
        return cluster

    def configurations(self, cluster: Mapping[str, Any], node: Mapping[str, Any]) -> list[Any]:
        """The cluster's configurations as they hold on the primary node."""
        found = list_at(cluster, "Configurations")
        if self.request.read_group_configurations:
            # What is set for the primary's own group or fleet overrides the cluster's.
            return [*found, *livy.configurations_of_primary(self._groups(cluster), node)]
        return found

    def _groups(self, cluster: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        kind = "InstanceFleets" if resolve.is_fleet(cluster) else "InstanceGroups"
        arn = self.scope.arn(str(cluster["Id"]))
        return list(self.aws.pages(f"List{kind}", arn, items=kind, ClusterId=cluster["Id"]))

    def security_configuration(self, cluster: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The cluster's security configuration, if it has one; read where the request allows it."""
        name = cluster.get("SecurityConfiguration")
        scheme = self.request.preferences.scheme
        if not name or scheme in ("http", "https"):
            return None
        cluster_id = str(cluster["Id"])
        if scheme is None:
            raise refusals.security_unread(cluster_id, str(name))
        answer = self.aws.ask("DescribeSecurityConfiguration", "*", Name=name)
        document = livy.security_configuration(cluster_id, answer)
        livy.refuse_security_configuration(cluster_id, document)
        return document

    def primary(self, cluster: Mapping[str, Any]) -> Mapping[str, Any]:
        """The running primary node that the cluster names."""
        arn = self.scope.arn(str(cluster["Id"]))
        filters = resolve.primary_filter(cluster)
        instances = self.aws.pages(
            "ListInstances", arn, items="Instances", ClusterId=cluster["Id"], **filters
        )
        return resolve.primary(cluster, instances)
