"""cfn-lint has nothing to say about any template of the stages that come with the project."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.shipped_stages import STAGES, templates

__all__ = ["templates"]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("stage", STAGES)
def test_every_template_passes_cfn_lint(stage: str, templates: dict[str, list[Path]]) -> None:
    ended = subprocess.run(
        # Its settings, .cfnlintrc, are found from here.
        [Path(sys.executable).with_name("cfn-lint"), *templates[stage]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
