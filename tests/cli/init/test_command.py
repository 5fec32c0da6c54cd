"""`emr-notebook init`: the file that it makes, what it shows, and when it makes none."""

import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from emr_notebook.cli import main
from emr_notebook.cli.aws.reader import CommandError, Reader
from emr_notebook.cli.init.command import write_new
from emr_notebook.settings.file import load_file
from tests.assets.cluster_endpoint.emr_records import CLUSTER_ID, REGION
from tests.cli.doctor.account_in_memory import AccountWorld
from tests.cli.init.cluster_in_memory import CLUSTERS, NETWORKS, account

Init = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with the CDK's CLI and no stage, in which commands run."""
    (tmp_path / "config").mkdir()
    package = tmp_path / "node_modules/aws-cdk/package.json"
    package.parent.mkdir(parents=True)
    package.write_text('{"version": "2.1148.1"}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def init(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Init:
    """Runs the command in a world, with a region in the environment."""
    monkeypatch.setenv("AWS_REGION", REGION)

    def run(world: AccountWorld, *more: str, cluster: str = CLUSTER_ID) -> Result:
        def reader(region: str) -> Reader:
            assert region == REGION
            return world.reader()

        monkeypatch.setattr("emr_notebook.cli.init.command.aws_reader", reader)
        done = CliRunner().invoke(main.app, ["init", "--cluster", cluster, *more])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done

    return run


def test_it_writes_the_file_shows_it_and_is_content(init: Init, folder: Path) -> None:
    done = init(account())

    path = folder / "config/dev.yaml"
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(path.read_text())
    assert "config/dev.yaml is written." in done.stdout
    assert "Next: emr-notebook plan --stage dev" in done.stdout
    assert load_file(path).clusters["nightly-spark"].id == CLUSTER_ID


def test_the_stage_is_the_files_and_the_stacks_name(init: Init, folder: Path) -> None:
    init(account(), "--stage", "team_a")

    assert load_file(folder / "config/team_a.yaml").stack_name == "emr-notebooks-team-a"


def test_what_doctor_misses_is_shown_and_ends_with_its_status(init: Init, folder: Path) -> None:
    done = init(account(CLUSTERS["ended"]))

    assert done.exit_code == 1
    assert f"failed      cluster nightly-spark: [cluster-ended] Cluster {CLUSTER_ID}" in done.stdout
    assert (folder / "config/dev.yaml").exists()


def test_what_is_left_to_fill_in_is_named_and_ends_with_3(init: Init, folder: Path) -> None:
    done = init(account(NETWORKS["public"]))

    assert done.exit_code == 3
    assert done.stdout.endswith("Next: fill in subnet_id, then emr-notebook doctor --stage dev\n")
    assert (folder / "config/dev.yaml").exists()


def test_what_is_there_is_not_touched_and_nothing_is_asked(init: Init, folder: Path) -> None:
    path, world = folder / "config/dev.yaml", account()
    path.write_text("mine")

    done = init(world)

    assert (done.exit_code, done.stdout, path.read_text(), world.calls) == (1, "", "mine", [])
    assert "config/dev.yaml is there already, and is not overwritten. Next: " in done.stderr


def test_no_link_is_followed(init: Init, folder: Path) -> None:
    (folder / "config/dev.yaml").symlink_to(folder / "elsewhere")

    assert "is there already" in init(account()).stderr
    assert not (folder / "elsewhere").exists()


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path, limits = tmp_path / "dev.yaml", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(CommandError, match="cannot be written: File too large"):
            write_new(path, "x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stage", "../dev"], "'../dev' cannot be a new stage's name"),
        (["--stage", "pipeline"], "'pipeline' cannot be a new stage's name"),
        (["--stage", "x" * 33], "at most 32"),
        (["--region", "mars"], "the region 'mars' is not a region's name"),
    ],
)
def test_a_mistaken_call_is_refused_before_aws_is_asked(
    init: Init, folder: Path, arguments: list[str], said: str
) -> None:
    world = account()
    done = init(world, *arguments)

    assert (done.exit_code, world.calls, list((folder / "config").iterdir())) == (1, [], [])
    assert said in done.stderr


def test_a_mistaken_cluster_is_answered_with_what_an_id_is_like(init: Init) -> None:
    done = init(account(), cluster="analytics")

    assert done.stderr == (
        "error: --cluster 'analytics' is not an EMR cluster id, such as j-2AXXXXXXGAPLF\n"
    )


def test_without_a_region_it_is_asked_for(
    init: Init, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    assert "Next: give --region, or set AWS_REGION" in init(account()).stderr


def test_outside_of_the_project_it_says_so(
    init: Init, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    assert "there is no folder config here" in init(account()).stderr
