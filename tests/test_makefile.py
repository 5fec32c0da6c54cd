"""What the Makefile's targets call and say, without an installation."""

import os
import subprocess
from pathlib import Path

from tests.conftest import ROOT


def make(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["make", "-f", str(ROOT / "Makefile"), "-o", "install", *arguments],
        cwd=folder,
        # As a person calls it, also where the tests themselves were called by make.
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


def test_synth_says_what_it_wrote_and_nothing_of_earlier_stages(tmp_path: Path) -> None:
    (tmp_path / "cdk.out").mkdir()
    (tmp_path / "cdk.out/earlier.template.json").touch()
    cdk = tmp_path / "node_modules/.bin/cdk"
    cdk.parent.mkdir(parents=True)
    cdk.write_text(
        "#!/bin/sh\nmkdir -p cdk.out/assembly-b\n"
        "touch cdk.out/a.template.json cdk.out/manifest.json cdk.out/assembly-b/b.template.json\n"
    )
    cdk.chmod(0o755)

    assert make(tmp_path, "synth").splitlines() == [
        "cdk.out/a.template.json",
        "cdk.out/assembly-b/b.template.json",
    ]


def test_deploy_is_of_the_stage_and_with_the_refresh_that_are_given(tmp_path: Path) -> None:
    assert make(tmp_path, "-n", "deploy", "STAGE=prod", "REFRESH=7").strip() == (
        "scripts/deploy.sh prod --refresh=7"
    )


def test_every_line_of_the_help_fits_a_terminal_in_two_columns(tmp_path: Path) -> None:
    lines = make(tmp_path, "help").splitlines()
    column = len("  make livy-contract ")

    assert any(line.startswith("  make livy-contract ") for line in lines)
    for line in lines:
        assert len(line) <= 80, line
        assert line[column - 1] == " ", line
        assert line[column] != " ", line
