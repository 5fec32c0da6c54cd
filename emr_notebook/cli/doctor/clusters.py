"""doctor: whether each cluster can be used, as the resolver finds it at a deploy."""

from dataclasses import replace

from emr_notebook.cli.aws.live_endpoint import LiveEndpoint, live_endpoint
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.report import Line, Unknown, failed, not_checked, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

STARTING = "[cluster-not-ready]"
# Refusals that say nothing of the cluster.
UNREAD = ("[aws-unavailable]", "[aws-call-failed]")


def check(reader: Reader, settings: Settings, _to: Commands) -> list[Line]:
    """A line for each cluster; two calls for one by its id, more for others (see find_endpoint)."""

    def look(key: str) -> LiveEndpoint:
        # A record of its own: the look-up reads there which of its calls was denied.
        return live_endpoint(replace(reader, asked=[]), settings, key)

    keys = list(settings.clusters)
    found = reader.together(look, keys, lambda: None)
    return [cluster_line(settings, key, live) for key, live in zip(keys, found, strict=True)]


def cluster_line(settings: Settings, key: str, live: LiveEndpoint) -> Line:
    """Whether a deploy could use the cluster now.

    One that is still starting is no failure: a deploy waits for it, as long as the settings say.
    """
    about, refusal = f"cluster {key}", live.refusal
    if live.denied:
        return not_checked(about, Unknown(f"these credentials may not {live.denied}"))
    if not refusal:
        return ok(about, _found(live))
    minutes = settings.clusters[key].wait_minutes
    if refusal.startswith(STARTING) and minutes:
        return ok(
            about,
            f"it is still starting: a deploy waits for it, at most {minutes} minutes, and looks "
            "then whether it can be used",
        )
    if refusal.startswith(UNREAD):
        return not_checked(about, Unknown(refusal))
    cause, _, step = refusal.partition(" Next: ")
    return failed(about, cause.removesuffix("."), advice=step.removesuffix("."))


def _found(live: LiveEndpoint) -> str:
    values = live.values
    runs = f"Spark {values['SparkVersion']} and Livy {values['LivyVersion']}"
    return f"{values['ClusterId']} ({values['ReleaseLabel']}) has {runs} at {values['LivyUrl']}"
