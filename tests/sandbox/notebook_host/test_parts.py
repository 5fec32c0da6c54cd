"""Who ec2-user is, what its file system shows, and what survives a stop."""

import os
import sys
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.notebook_host.filesystem import is_open_to_others, needed_paths
from sandbox.notebook_host.hooks import HookResult
from sandbox.notebook_host.image import NO_AWS, install, kernel_specs, wipe
from sandbox.notebook_host.lab import environment
from sandbox.notebook_host.mounts import mount_points, outermost
from sandbox.notebook_host.user import Ec2User, ec2_user, with_ec2_group, with_ec2_user

PASSWD = "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/zsh\n"


@pytest.mark.parametrize(
    ("id_map", "uid"),
    [
        ("         0          0 4294967295\n", 1000),
        ("         0     100000      65536\n", 1000),
        ("         0       1000          1\n", 0),
        ("         0       1000          1\n         1     100000      65536\n", 1000),
        ("         0     100000       1000\n", 0),
    ],
)
def test_ec2_user_is_unprivileged_where_its_id_exists(id_map: str, uid: int) -> None:
    assert ec2_user(id_map, id_map) == Ec2User(uid, uid)


def test_ec2_user_shares_roots_id_where_only_its_group_is_missing() -> None:
    assert ec2_user("0 0 4294967295", "0 1000 1") == Ec2User(0, 0)


def test_ec2_user_displaces_the_machines_user_of_the_same_id() -> None:
    entries = with_ec2_user(PASSWD, Ec2User(1000, 1000)).splitlines()

    assert [line.split(":")[0] for line in entries] == ["root", "ec2-user"]
    assert entries[1].split(":")[2:] == [
        "1000",
        "1000",
        "EC2 Default User",
        "/home/ec2-user",
        "/bin/bash",
    ]


def test_the_id_0_still_reads_as_root_when_ec2_user_shares_it() -> None:
    entries = with_ec2_user(PASSWD, Ec2User(0, 0)).splitlines()

    assert [line.split(":")[0] for line in entries] == ["root", "alice", "ec2-user"]


def test_a_machine_with_an_ec2_user_of_its_own_has_one_entry_for_it() -> None:
    groups = with_ec2_group("root:x:0:\nec2-user:x:500:\n", Ec2User(1000, 1000))

    assert groups == "root:x:0:\nec2-user:x:1000:\n"


def test_only_the_outermost_of_what_lies_below_a_covered_folder_is_shown_again() -> None:
    kept = outermost(
        [
            Path("/home/alice/project/.venv"),
            Path("/home/alice/project"),
            Path("/home/alice/project-2"),
            Path("/homestead"),
            Path("/usr"),
        ],
        Path("/home"),
    )

    assert kept == [Path("/home/alice/project"), Path("/home/alice/project-2")]


def test_a_checkout_in_the_very_folder_that_is_covered_is_refused_with_the_next_step() -> None:
    with pytest.raises(SandboxError, match="move it into a folder below /root"):
        outermost([Path("/root")], Path("/root"))


def test_mount_points_with_spaces_are_read_as_they_are() -> None:
    mountinfo = (
        "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
        r"23 22 0:21 / /media/My\040Disk rw - vfat /dev/sdb rw" + "\n"
    )

    assert mount_points(mountinfo) == [Path("/"), Path("/media/My Disk")]


def test_this_checkout_and_its_python_are_among_the_needed_paths(tmp_path: Path) -> None:
    needed = needed_paths(tmp_path)

    assert Path(__file__).parents[3] in needed
    assert Path(sys.prefix) in needed
    assert Path(sys.executable).resolve().parent in needed
    assert tmp_path in needed


def test_a_file_below_a_private_folder_is_not_open_to_others(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    file.chmod(0o644)

    tmp_path.chmod(0o700)

    assert not is_open_to_others([file])


def test_a_file_that_only_its_owner_reads_is_not_open_to_others() -> None:
    assert is_open_to_others([Path("/etc/passwd")])
    assert not is_open_to_others([Path("/etc/passwd"), Path("/etc/shadow")])


def test_a_stopped_instance_keeps_its_volume_and_logs_only(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    root = tmp_path / "instance"
    home = root / "home" / "ec2-user"
    for kept in (home / "SageMaker" / "work.ipynb", root / "logs" / "LifecycleConfigOnStart.log"):
        kept.parent.mkdir(parents=True)
        kept.write_text("x")
    for lost in (home / ".sparkmagic" / "config.json", root / "home" / "bob" / "file"):
        lost.parent.mkdir(parents=True)
        lost.write_text("x")
    (home / "link").symlink_to(outside)

    wipe(root)

    assert sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()) == [
        "home/ec2-user/SageMaker/work.ipynb",
        "logs/LifecycleConfigOnStart.log",
    ]
    assert not (home / "link").is_symlink()
    assert (outside / "precious").exists()


def test_a_link_in_the_place_of_the_volume_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    home = tmp_path / "home"
    home.mkdir()
    (home / "SageMaker").symlink_to(outside)
    user = Ec2User(1000, 1000) if os.getuid() == 0 else Ec2User(os.getuid(), os.getgid())

    install(home, user, NO_AWS)

    assert outside.stat().st_uid == os.getuid()
    assert [path.name for path in outside.iterdir()] == ["precious"]
    assert not (home / "SageMaker").is_symlink()
    assert (home / "SageMaker").stat().st_uid == user.uid


def test_kernels_take_what_is_said_of_aws_from_their_home_alone() -> None:
    of_aws = [name for name in environment(Path("/config")) if name.startswith("AWS_")]

    assert of_aws == ["AWS_EC2_METADATA_DISABLED"]


def test_the_kernels_are_those_of_sagemakers_image() -> None:
    names = {name: spec["display_name"] for name, spec in kernel_specs().items()}

    assert names == {
        "pysparkkernel": "Sparkmagic (PySpark)",
        "sparkkernel": "Sparkmagic (Spark)",
        "sparkrkernel": "Sparkmagic (SparkR)",
        "conda_python3": "conda_python3",
    }


@pytest.mark.parametrize(
    ("status", "timed_out", "reason"),
    [
        (0, False, None),
        (3, False, "OnStart exited with status 3"),
        (137, True, "OnStart took longer than its limit and was killed after 1.5 s"),
    ],
)
def test_a_hook_says_why_it_stops_the_instance(
    status: int, timed_out: bool, reason: str | None
) -> None:
    assert HookResult("OnStart", status, 1.5, timed_out, Path("log")).reason == reason
