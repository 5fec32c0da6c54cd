"""`emr-notebook init`: writes the settings of a new stage, shows them, and checks them."""

import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from emr_notebook.cli.aws.reader import CommandError, Reader, caching_reader
from emr_notebook.cli.aws.session import aws_reader, configured_region
from emr_notebook.cli.command import OK, UNKNOWN, Stage, report_errors
from emr_notebook.cli.doctor.command import STATUS, examine, print_lines, summary
from emr_notebook.cli.doctor.report import worst_state
from emr_notebook.cli.init.draft import DECIDE, FILL_IN, Line, draft, render
from emr_notebook.cli.init.read import Facts, read_facts
from emr_notebook.cli.next_commands import Commands
from emr_notebook.cli.output import output, progress_output
from emr_notebook.settings.file import PIPELINE, SettingsError, parse
from emr_notebook.settings.model import Settings
from emr_notebook.settings.types import ClusterId, Region
from emr_notebook.settings.yaml_reader import read

CONFIG = Path("config")
# With it and a notebook's key, an instance's name has at most SageMaker's 63 characters.
LONGEST_STAGE = 32
STACK_PREFIX = "emr-notebooks-"

Cluster = Annotated[
    str, typer.Option("--cluster", help="the EMR cluster that notebooks use", metavar="ID")
]
RegionOption = Annotated[
    str | None,
    typer.Option("--region", help="where it is, if not where the profile says", metavar="REGION"),
]


@report_errors
def init(cluster: Cluster, stage: Stage = "dev", region: RegionOption = None) -> int:
    """Write the settings of a new stage for a cluster.

    Reads the cluster and its network from AWS and writes config/<stage>.yaml,
    with a reason in each line; shows it; and does what doctor does. A file that
    is there is never changed. What could not be read is a line to fill in.

    Exit status: 0 it is written and doctor finds nothing missing; 1 not
    written, or doctor finds something; 3 a line is left to fill in, or a
    permission is missing.

    Example: emr-notebook init --cluster j-2AXXXXXXGAPLF --stage dev
    """
    path = new_file(stage)
    _require(cluster, ClusterId, "--cluster")
    found_region = region or configured_region()
    if found_region is None:
        raise CommandError("no region is given. Next: give --region, or set AWS_REGION")
    _require(found_region, Region, "the region")
    with progress_output().status(f"Reading {cluster} and its network"):
        reader = caching_reader(aws_reader(found_region))
        facts = read_facts(reader, cluster, datetime.now(UTC))
    lines = draft(facts, f"{STACK_PREFIX}{stage.replace('_', '-')}")
    text = header(facts) + render(lines)
    settings = loaded(text, lines)
    write_new(path, text)
    typer.echo(text)
    typer.echo(f"{path} is written.")
    return _report(reader, settings, stage, [each for each in lines if each.is_open])


def new_file(stage: str, directory: Path = CONFIG) -> Path:
    """Where the stage's settings will be. Raises CommandError when something is there already."""
    if stage == PIPELINE or not re.fullmatch(
        rf"[A-Za-z0-9][\w-]{{,{LONGEST_STAGE - 1}}}", stage, re.A
    ):
        raise CommandError(
            f"{stage!r} cannot be a new stage's name. Accepted: letters, digits, - and _, at most "
            f"{LONGEST_STAGE}, and not {PIPELINE}. Next: give --stage another name"
        )
    if not directory.is_dir():
        raise CommandError(
            f"there is no folder {directory} here. Next: change into the project's own folder"
        )
    path = directory / f"{stage}.yaml"
    if path.exists():
        raise _exists(path)
    return path


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there, whole or not at all. Raises CommandError when it is there."""
    try:
        with path.open("x", encoding="utf-8") as file:
            try:
                file.write(text)
                file.flush()
            except OSError:
                path.unlink()
                raise
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from None


def header(facts: Facts) -> str:
    """The comment at the top of a new file."""
    return (
        "# yaml-language-server: $schema=schema.json\n"
        f"# Written by emr-notebook init from what AWS says of {facts.cluster_id}. Every key is\n"
        "# in config/example.yaml. What is commented out is not needed, unless above it stands\n"
        f"# {FILL_IN} or {DECIDE}.\n\n"
    )


def loaded(text: str, lines: Sequence[Line]) -> Settings | None:
    """The settings in the text; None where lines that are left to fill in are missing.

    Raises CommandError for any other text that is refused.
    """
    try:
        return parse(read(text))
    except SettingsError as error:
        if any(each.is_open for each in lines):
            return None
        raise CommandError(f"what AWS says makes no settings: {error}") from None


def _report(reader: Reader, settings: Settings | None, stage: str, left: Sequence[Line]) -> int:
    """Doctor's lines of settings that can be read, and what is left to fill in."""
    status = OK
    again = f"emr-notebook doctor --stage {shlex.quote(stage)}"
    if settings is not None:
        commands = Commands.of(stage, settings)
        with progress_output().status("Checking what a deploy needs") as progress:
            found = examine(reader, settings, commands, say=progress.update)
        print_lines(output(), found)
        typer.echo(summary(found, again, "" if left else commands.plan()))
        status = STATUS[worst_state(found)]
    if left:
        keys = ", ".join(each.text.strip().partition(":")[0] for each in left)
        typer.echo(f"Next: fill in {keys}, then {again}")
    return status or (UNKNOWN if left else OK)


def _exists(path: Path) -> CommandError:
    stage = path.stem
    return CommandError(
        f"{path} is there already, and is not overwritten. Next: give --stage another name, or "
        f"look at what it lacks: emr-notebook doctor --stage {shlex.quote(stage)}"
    )


def _require(given: str, kind: Any, what: str) -> None:
    """Raise CommandError unless the settings take the value."""
    try:
        TypeAdapter(kind).validate_python(given)
    except ValidationError as error:
        accepted = error.errors()[0]["msg"]
        raise CommandError(f"{what} {given!r} is not {accepted}") from None
