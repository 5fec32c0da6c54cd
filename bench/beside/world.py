"""The sandbox in which both are deployed, in a folder that goes with it."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench.beside.contenders import Article, Notebooks, Ours
from emr_notebook.settings.file import load_stage
from sandbox.cdk import run_cdk
from sandbox.environment import ACCOUNT, CHECKOUT, REGION
from sandbox.report import Progress
from sandbox.world import Options, World, replace_cluster, start_world

LINKED = ("app.py", "cdk.json", "node_modules")
# What a first run downloads.
DOWNLOADED = ("jars", "aws-cli")


@dataclass
class Both:
    """The world, the two in it, and what is stopped with it."""

    world: World
    running: contextlib.ExitStack
    ours: Ours
    article: Article
    notebooks: Notebooks

    def replace_cluster(self) -> None:
        """A new cluster of the same name takes over, and the old one ends."""
        world = replace_cluster(self.world, self.running)
        self.world = self.ours.world = self.article.world = self.notebooks.world = world


@contextlib.contextmanager
def both(quiet: Console) -> Iterator[Both]:
    """An AWS with a cluster, bootstrapped. Raises SandboxError."""
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as running:
        folder = Path(place, "checkout")
        (folder / "config").mkdir(parents=True)
        (folder / ".sandbox").mkdir()
        for name in LINKED:
            (folder / name).symlink_to(CHECKOUT / name)
        for name in DOWNLOADED:
            (CHECKOUT / ".sandbox" / name).mkdir(parents=True, exist_ok=True)
            (folder / ".sandbox" / name).symlink_to(CHECKOUT / ".sandbox" / name)
        settings = load_stage("sandbox", CHECKOUT / "config")
        world = start_world(Options(folder), settings, running, Progress(quiet))
        run_cdk(
            "bootstrap",
            f"aws://{ACCOUNT}/{REGION}",
            env=world.aws.env(),
            checkout=folder,
            output=folder / "cdk.out",
            log=folder / "bootstrap.log",
            folder=folder / ".sandbox",
        )
        yield Both(world, running, Ours(world, folder), Article(world), Notebooks(world))
