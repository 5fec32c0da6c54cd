"""`make sandbox`: the world with its deployed notebook, left running until Ctrl-C."""

import json
import signal
from contextlib import ExitStack

from rich.console import Console
from rich.markup import escape

from emr_notebook.settings_file import load_stage
from sandbox.deployment import STAGE, bootstrap, deploy
from sandbox.errors import SandboxError
from sandbox.progress import Progress
from sandbox.world import Options, start_world


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
        console.print("\nCtrl-C tears it down.")
        try:
            signal.pause()
        except KeyboardInterrupt:
            console.print("Tearing it down …")
    return 0
