"""Every reason for which a cluster is refused: code, what was found, and the next step."""


class Refusal(Exception):
    """A cluster that notebooks cannot use, said to whoever deploys.

    The text is what CloudFormation shows: the code, what was found and the next step.
    """

    def __init__(self, code: str, found: str, next_step: str) -> None:
        # One line: CloudFormation's events and the CLI's table show one.
        super().__init__(" ".join(f"[{code}] {found} Next: {next_step}".split()))
        self.code = code


def unknown_cluster(cluster_id: str, region: str) -> Refusal:
    """EMR does not know the id."""
    return Refusal(
        "cluster-unknown",
        f"EMR knows no cluster {cluster_id} in {region} in this account.",
        "check the id, region and account with `aws emr list-clusters --active`; EMR forgets a "
        "cluster two months after its end.",
    )


def cluster_ended(cluster_id: str, state: str, reason: str) -> Refusal:
    """The cluster is terminating or has terminated."""
    return Refusal(
        "cluster-ended",
        f"Cluster {cluster_id} is {state}: {reason}.",
        "start a cluster and put its id into the settings.",
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


def application_missing(cluster_id: str, missing: str, found: str) -> Refusal:
    """Livy or Spark is not installed."""
    return Refusal(
        f"{missing.lower()}-missing",
        f"Cluster {cluster_id} has no {missing}; its applications are {found}.",
        f"applications cannot be added to a cluster: make one with `--applications Name=Spark "
        f"Name=Livy` (or tick {missing} in the console) and put its id into the settings.",
    )


def no_primary(cluster_id: str, seen: str) -> Refusal:
    """No primary node is running."""
    return Refusal(
        "primary-not-running",
        f"Cluster {cluster_id} has no running primary node; EMR lists {seen}.",
        "look at the cluster's hardware in the EMR console; deploy again when the primary is "
        "RUNNING.",
    )


def access_denied(action: str, resource: str) -> Refusal:
    """The Lambda's role may not make a call."""
    return Refusal(
        "access-denied",
        f"The resolver's role is not allowed {action} on {resource}.",
        "look for a service control policy, a permissions boundary or an edited role that denies "
        "it; the role that this stack makes allows it.",
    )


def throttled(operation: str, seconds: float) -> Refusal:
    """EMR went on refusing or failing until the deadline."""
    return Refusal(
        "emr-unavailable",
        f"EMR did not answer {operation} within {seconds:.0f} s: throttled, or not reachable.",
        "deploy again later; other callers in the account share EMR's request rate.",
    )


def call_failed(operation: str, resource: str, said: str) -> Refusal:
    """EMR refused a call for a reason of its own."""
    return Refusal(
        "emr-call-failed",
        f"EMR refused {operation} on {resource}: {said}.",
        "read EMR's words; if they do not help, deploy again.",
    )


def unfit_answer(field: str, value: object) -> Refusal:
    """EMR's answer holds a value that must not reach a script."""
    shown = repr(value)[:80]
    return Refusal(
        "answer-unfit",
        f"EMR answered {shown} for {field}, which is not of the form that a start script may hold.",
        "look at the cluster in the EMR console, and report this answer.",
    )


def bad_request(name: str, value: object) -> Refusal:
    """The template asked for something that this Lambda does not accept."""
    return Refusal(
        "request-unfit",
        f"The custom resource's property {name} is {repr(value)[:80]}.",
        "deploy with the app that made this Lambda, unedited.",
    )
