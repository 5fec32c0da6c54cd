"""`scripts/diff.sh`, run: what it calls, what it keeps, and how it ends."""

from pathlib import Path

import pytest

from tests.scripts.script_checkout import ScriptCheckout


class Checkout(ScriptCheckout):
    """Its commands say where they run, and speak on both outputs."""

    speaks = "echo \"{name} in $PWD\"\ncat <<'SAID'\n{says}\nSAID\necho {name} warns >&2\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path, "diff.sh")


def test_it_shows_the_diff_and_then_the_plan_of_the_stage(checkout: Checkout) -> None:
    ended = checkout.run("dev")

    assert ended.returncode == 0
    assert checkout.called() == [
        "cdk diff -c stage=dev",
        "python3 -m emr_notebook plan --stage dev",
    ]
    assert [line for line in ended.stdout.splitlines() if " in " in line] == [
        f"cdk in {checkout.root}",
        f"python3 in {checkout.root}",
    ]


def test_a_refresh_is_told_to_both(checkout: Checkout) -> None:
    checkout.run("dev", "--refresh=2026 november")

    assert checkout.called() == [
        "cdk diff -c stage=dev -c refresh=2026 november",
        "python3 -m emr_notebook plan --stage dev --refresh=2026 november",
    ]


def test_with_the_look_up_role_no_change_set_is_made(checkout: Checkout) -> None:
    checkout.run("prod", "--lookup-role", "--fail-on=destructive")

    assert checkout.called() == [
        "cdk diff -c stage=prod --method=template --fail-on=destructive",
        "python3 -m emr_notebook plan --stage prod --lookup-role",
    ]


@pytest.mark.parametrize("status", [0, 1, 2, 3])
@pytest.mark.parametrize("keeps", [False, True])
def test_it_ends_as_the_plan_does(checkout: Checkout, status: int, keeps: bool) -> None:
    checkout.stand_in("python3", status)

    assert checkout.run("dev", *(["--into=kept"] if keeps else [])).returncode == status


@pytest.mark.parametrize("status", [0, 2, 3])
def test_a_failed_diff_fails_and_the_plan_is_shown_all_the_same(
    checkout: Checkout, status: int
) -> None:
    checkout.stand_in("cdk", 7)
    checkout.stand_in("python3", status, says="a plan")

    ended = checkout.run("dev", "--into=kept")

    assert ended.returncode == 1
    assert "a plan" in ended.stdout
    assert (checkout.root / "kept/dev/status.txt").read_text() == "1\n"


def test_what_both_print_is_kept_by_stage_where_the_caller_stands(
    checkout: Checkout, tmp_path: Path
) -> None:
    checkout.stand_in("cdk", says="a diff")
    checkout.stand_in("python3", 2, says="a plan")
    checkout.run("dev", "--into=what changes", cwd=tmp_path)

    kept = tmp_path / "what changes/dev"
    assert {path.name: path.read_text() for path in kept.iterdir()} == {
        "diff.txt": f"cdk in {checkout.root}\na diff\ncdk warns\n",
        "plan.txt": f"python3 in {checkout.root}\na plan\npython3 warns\n",
        "status.txt": "2\n",
    }


def test_the_summary_is_written_by_the_plan_where_the_caller_stands(
    checkout: Checkout, tmp_path: Path
) -> None:
    checkout.run("dev", "--summary=in one line.txt", cwd=tmp_path)

    assert checkout.called()[-1] == (
        f"python3 -m emr_notebook plan --stage dev --summary={tmp_path}/in one line.txt"
    )


@pytest.mark.parametrize("folder", ["node_modules/.bin", ".venv/bin"])
def test_what_make_install_made_comes_before_what_is_on_path(
    checkout: Checkout, folder: str
) -> None:
    name = "cdk" if "node" in folder else "python3"
    checkout.stand_in(name, says="the installed one", folder=checkout.root / folder)

    assert checkout.run("dev").stdout.count("the installed one") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [""],
        ["--lookup-role"],
        ["../dev"],
        ["dev; true"],
        ["dev", "prod"],
        ["dev", "--into="],
        ["dev", "--yes"],
    ],
)
def test_a_mistaken_call_runs_nothing_and_is_told_how_it_is_called(
    checkout: Checkout, arguments: list[str]
) -> None:
    ended = checkout.run(*arguments)

    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert "Usage: scripts/diff.sh STAGE" in ended.stderr
    assert checkout.called() == []
