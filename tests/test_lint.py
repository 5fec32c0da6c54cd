"""What `make lint` refuses, and what it looks at."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TOOLS = Path(sys.executable).parent
# What runs elsewhere, as packages: in the Lambdas, and on the notebook.
ELSEWHERE = sorted(
    f"{each.relative_to(ROOT)}"
    for folder in ("assets/lambda", "assets/notebook/agent")
    for each in (ROOT / folder).iterdir()
    if (each / "__init__.py").is_file()
)


@pytest.mark.slow
@pytest.mark.minutes(0.7)
def test_the_project_itself_is_refused_nothing() -> None:
    ended = subprocess.run(
        ["make", "-o", "install", "lint"],
        cwd=ROOT,
        # As a person calls it, also where the tests themselves were called by make.
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The project's modules, in a folder of their own."""
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("emr_notebook", "assets", "sandbox", "bench"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def lint(checkout: Path, *command: str) -> tuple[int, str]:
    roots = [checkout, checkout / "assets/lambda", checkout / "assets/notebook/agent"]
    ended = subprocess.run(
        [TOOLS / command[0], *command[1:]],
        cwd=checkout,
        env={"PYTHONPATH": ":".join(map(str, roots)), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout


@pytest.mark.parametrize(
    ("importer", "statement", "refused"),
    [
        (
            "emr_notebook/constructs/notebook.py",
            "import emr_notebook.cli.output",
            "In the app, imports run downwards, and none between what stands side by side BROKEN",
        ),
        (
            "emr_notebook/build.py",
            "import sandbox.errors",
            "The app and the Lambdas never import the sandbox or the measurements BROKEN",
        ),
        *(
            (
                f"{package}/__init__.py",
                "import emr_notebook.names",
                "The Lambdas and the agent import nothing of the app BROKEN",
            )
            for package in ELSEWHERE
        ),
        (
            "emr_notebook/settings/types.py",
            "import emr_notebook.settings.model",
            "No imports run in a circle BROKEN",
        ),
    ],
)
def test_an_import_that_breaks_a_rule_fails_with_the_rule(
    checkout: Path, importer: str, statement: str, refused: str
) -> None:
    module = checkout / importer
    module.write_text(f"{module.read_text()}\n\n{statement}\n")

    status, said = lint(checkout, "lint-imports", "--no-logo", "--no-cache")

    assert status == 1
    assert refused in said


def test_the_rules_hold_for_every_package_of_the_assets() -> None:
    packages = {each.parent.name for each in (ROOT / "assets").rglob("__init__.py")}

    assert packages != set()
    assert packages <= set(PROJECT["tool"]["importlinter"]["root_packages"])


@pytest.mark.slow
def test_the_agent_may_use_nothing_that_came_after_python_3_9(checkout: Path) -> None:
    [command] = re.findall(r"mypy --python-version [^&]+", (ROOT / "Makefile").read_text())
    module = checkout / "assets/notebook/agent/emr_notebook_agent/idle.py"
    module.write_text(f"{module.read_text()}\nfrom datetime import UTC\n")

    status, said = lint(checkout, *command.split())

    assert status == 1
    assert 'Module "datetime" has no attribute "UTC"' in said


def test_every_package_that_the_commands_decide_with_is_in_the_wheel() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    lambdas = [each for each in ELSEWHERE if each.startswith("assets/lambda/")]

    assert sorted(wheel) == [*lambdas, "emr_notebook"]


@pytest.mark.parametrize("module", ["app.py", "assets/lambda/refusal.py"])
def test_a_module_of_no_package_may_not_import_the_sandbox_either(
    checkout: Path, module: str
) -> None:
    (checkout / module).write_text("import sandbox.errors\n")

    status, said = lint(checkout, "ruff", "check", "--no-cache", module)

    assert status == 1
    assert "the app and the Lambdas never import the sandbox or the measurements" in said


def test_what_both_lambdas_share_imports_the_standard_library_alone() -> None:
    tree = ast.parse((ROOT / "assets/lambda/refusal.py").read_text())
    imports = [each for each in ast.walk(tree) if isinstance(each, ast.Import | ast.ImportFrom)]
    modules = {name for each in imports for name in imported_by(each)}

    assert modules != set()
    assert {name for name in modules if name.split(".")[0] not in sys.stdlib_module_names} == set()


def imported_by(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [str(node.module)]
    return [each.name for each in node.names]


def test_mypy_reads_every_module_of_the_cdk_that_is_imported() -> None:
    overrides = PROJECT["tool"]["mypy"]["overrides"]
    skipped, read = (each for each in overrides if "aws_cdk" in str(each["module"]))

    assert (skipped["module"], skipped["follow_imports"]) == ("aws_cdk.*", "skip")
    assert read["follow_imports"] == "normal"
    assert set(read["module"]) == imported_of_the_cdk()


def imported_of_the_cdk() -> set[str]:
    """The modules of aws_cdk that the project imports anywhere."""
    modules = {"aws_cdk"}
    names = subprocess.run(
        [
            "git",
            "-c",
            "safe.directory=*",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "*.py",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in names:
        text = (ROOT / name).read_text() if (ROOT / name).is_file() else ""
        if "aws_cdk" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module == "aws_cdk":
                found = {each.name for each in node.names}
                modules |= {f"aws_cdk.{each}" for each in found if re.fullmatch("[a-z_0-9]+", each)}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aws_cdk."):
                modules.add(str(node.module))
    return modules
