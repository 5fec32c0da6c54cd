"""Checks that each cluster can be used, as the resolver finds it at a deploy."""

from cluster_endpoint.handler import CLUSTER_ABSENT_CODES
from emr_notebook.cli.aws.live_endpoint import ASKED_BY, NOT_ASKED, LiveEndpoint, live_endpoint
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.report import Line, Unknown, failed, not_checked, ok, unseen
from emr_notebook.cli.next_commands import Commands
from emr_notebook.constructs.resolver_request import session_fields
from emr_notebook.settings.model import Settings

# Refusals that say nothing of the cluster.
AWS_FAILED = frozenset({"aws-unavailable", "aws-call-failed", "answer-incomplete"})


def check(reader: Reader, settings: Settings, _commands: Commands) -> list[Line]:
    """Each cluster's lines; three calls for one by its id, more for others (`find_endpoint`)."""
    keys = list(settings.clusters)
    found = reader.map_concurrently(lambda key: live_endpoint(reader, settings, key), keys)
    asked = [session_fields(settings.resolved_notebooks, key) for key in keys]
    live = {
        key: each.for_sessions(fields) for key, each, fields in zip(keys, found, asked, strict=True)
    }
    lines = [cluster_line(settings, key, each) for key, each in live.items()]
    usable = [key for key, each in live.items() if each.values]
    return lines + [unseen(f"Livy of {key}", NOT_ASKED, advice=ASKED_BY) for key in usable]


def cluster_line(settings: Settings, key: str, live: LiveEndpoint) -> Line:
    """Whether a deploy could use the cluster now.

    One that is still starting is no failure: a deploy waits for it, as long as the settings say.
    """
    subject, refusal = f"cluster {key}", live.refusal
    if live.denied:
        return not_checked(subject, Unknown(f"these credentials may not {live.denied}"))
    if not refusal:
        return ok(subject, _found(live))
    minutes = settings.clusters[key].wait_minutes
    if live.code == "cluster-not-ready" and minutes:
        return unseen(
            subject,
            f"it is still starting: a deploy waits for it, at most {minutes} minutes, and looks "
            "then whether it can be used",
        )
    if live.code in CLUSTER_ABSENT_CODES and settings.clusters[key].when_absent == "deploy":
        return ok(subject, "there is none yet: its notebooks are deployed and wait for it")
    if live.code in AWS_FAILED:
        return not_checked(subject, Unknown(refusal))
    cause, _, step = refusal.partition(" Next: ")
    return failed(subject, cause.removesuffix("."), advice=step.removesuffix("."))


def _found(live: LiveEndpoint) -> str:
    values = live.values
    runs = f"Spark {values['SparkVersion']} and Livy {values['LivyVersion']}"
    return f"{values['ClusterId']} ({values['ReleaseLabel']}) has {runs} at {values['LivyUrl']}"
