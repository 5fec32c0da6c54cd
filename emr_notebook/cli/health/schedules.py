"""Decides what is wrong with the times at which a notebook is started and stopped."""

from emr_notebook.cli.aws.schedules import DeployedSchedule
from emr_notebook.cli.health.findings import Finding, Verdict
from emr_notebook.cli.next_commands import Commands
from emr_notebook.names import schedule_group_name, schedule_name
from emr_notebook.settings.notebook import ResolvedNotebook
from emr_notebook.settings.schedule import Action, WeeklyTime


def schedule_findings(
    notebook: ResolvedNotebook, deployed: DeployedSchedule | None, commands: Commands
) -> list[Finding]:
    """What in EventBridge Scheduler is not as the settings say; nothing where it is not known."""
    if deployed is None or deployed.denied:
        return []
    found = [
        _finding(notebook, action, time, deployed, commands)
        for action, time in notebook.scheduled.items()
    ]
    return [each for each in found if each is not None]


def _finding(
    notebook: ResolvedNotebook,
    action: Action,
    time: WeeklyTime,
    deployed: DeployedSchedule,
    commands: Commands,
) -> Finding | None:
    if deployed.times.get(action) == time:
        return None
    what = f"it is not going to {action} at {time}"
    if action in deployed.disabled:
        group, name = schedule_group_name(notebook.stack), schedule_name(notebook.key, action)
        advice = f"enable {name} in EventBridge Scheduler's group {group}, or deploy another time"
        return Finding(Verdict.WARNING, f"{what}: its schedule is disabled", advice=advice)
    instead = deployed.times.get(action) or deployed.others.get(action)
    why = f"the deployed schedule says {instead}" if instead else "that is not deployed"
    return Finding(Verdict.WARNING, f"{what}: {why}", (commands.deploy(),))
