"""Runs `make sandbox`: the world with its deployed notebook, left running until Ctrl-C."""

import json
import shlex
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from emr_notebook.settings.file import load_stage
from sandbox.deployment import STAGE, bootstrap, deploy
from sandbox.errors import SandboxError
from sandbox.replacement import serve_replacements
from sandbox.report import Progress
from sandbox.world import Options, World, replace_cluster, start_world

# What a shell may have of its own, and the sandbox's account does not know.
CALLERS_OWN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")
# A shell's proxy does not lead to loopback. Programs read either of the two, the small one first.
NO_PROXY = """\
export no_proxy="${no_proxy:-${NO_PROXY:-}},127.0.0.1,localhost"
export NO_PROXY="$no_proxy"
"""


def run_up(options: Options, console: Console) -> int:
    """Deploy, say where everything is, and wait. Ctrl-C ends it with status 0."""
    progress = Progress(console)
    endpoints = options.state / "endpoints.json"
    with ExitStack() as running:
        running.callback(endpoints.unlink, missing_ok=True)
        try:
            settings = load_stage(STAGE, options.checkout / "config")
            world = start_world(options, settings, running, progress)
            with progress.step("cdk bootstrap"):
                bootstrap(world)
            with progress.step("cdk deploy"):
                deployment = deploy(world)
            addresses = {
                "jupyter": deployment.jupyter_url(),
                "livy": world.livy_url,
                "aws": world.aws.endpoint,
            }
        except SandboxError as error:
            console.print(
                f"\n[red]The sandbox failed at:[/] {progress.failed}: {escape(str(error))}"
            )
            return 1
        except KeyboardInterrupt:
            return 130
        endpoints.write_text(json.dumps(addresses, indent=2) + "\n")
        console.print()
        for name, address in addresses.items():
            console.print(f"  {name:8} {address}", highlight=False, soft_wrap=True)
        variables = _write_variables(world, running)
        console.print(
            f"\nIn another terminal, in this folder:\n  source {variables}\n"
            f"  emr-notebook status --stage {STAGE}\n  python -m sandbox replace-cluster\n"
            "Ctrl-C tears it down.",
            highlight=False,
            soft_wrap=True,
        )
        try:
            serve_replacements(options.state, _Replacing(world, running, console).replace)
        except KeyboardInterrupt:
            console.print("Tearing it down …")
    return 0


@dataclass
class _Replacing:
    """The world whose cluster is replaced, again and again."""

    world: World
    running: ExitStack
    console: Console

    def replace(self) -> str:
        """Replace the cluster; what there is to say of the new one, or of why there is none."""
        try:
            self.world = replace_cluster(self.world, self.running)
        except SandboxError as error:
            said = f"the cluster was not replaced: {error}"
        else:
            place = f"{self.world.cluster_id} has taken over at {self.world.livy_url}"
            said = f"{place}. A new kernel runs there."
        self.console.print(said, highlight=False, soft_wrap=True)
        return said


def _write_variables(world: World, running: ExitStack) -> Path:
    """A file for a shell to source, there as long as the world is: it has the commands, too."""
    named = {
        name: value
        for name, value in world.aws.env().items()
        if name.startswith("AWS_") or name == "NODE_EXTRA_CA_CERTS"
    }
    folders = (Path(sys.executable).parent, world.options.checkout / "node_modules/.bin")
    commands = shlex.quote(":".join(map(str, folders)))
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in sorted(named.items())]
    path = world.options.state / "aws.sh"
    running.callback(path.unlink, missing_ok=True)
    path.write_text(
        "".join(
            [
                f"unset {' '.join(CALLERS_OWN)}\n",
                *lines,
                f'export PATH={commands}:"$PATH"\n',
                NO_PROXY,
            ]
        )
    )
    return path.relative_to(world.options.checkout)
