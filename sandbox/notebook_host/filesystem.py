"""Shows a notebook instance's programs SageMaker's paths, with this machine's tools.

Nothing that they write outside the instance's own directory reaches the machine: their homes,
/tmp, /run and /opt are their own, and what root could change is a layer in memory.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sandbox.environment import CHECKOUT
from sandbox.notebook_host.aws_cli import aws_script
from sandbox.notebook_host.image import python_script
from sandbox.notebook_host.mounts import bind, cover, make_throwaway, show_above
from sandbox.notebook_host.user import Ec2User, with_ec2_group, with_ec2_user

HOME = Path("/home/ec2-user")
VOLUME = HOME / "SageMaker"
METADATA = Path("/opt/ml/metadata/resource-metadata.json")
PRIVATE = Path("/run/notebook-host")
# Whom the AWS CLI trusts: where no user of the instance writes.
AWS_CA = PRIVATE / "aws-ca.pem"
PROGRAMS = Path("/usr/bin")


def set_up(root: Path, user: Ec2User, metadata: str, hosts: Path | None, aws_cli: Path) -> None:
    """Show the instance's file system to this process and those it starts.

    `root` is the instance's directory on this machine; its home/ec2-user exists. `hosts` is shown
    as /etc/hosts, and what is written into it later, too: what the VPC's name server would answer.
    `aws_cli` is where the AWS CLI was unpacked.
    """
    keep = _unique([*needed_paths(root), aws_cli, aws_cli.resolve()])
    # Held open: what is mounted below may cover its path.
    names = os.open(hosts or Path("/etc/hosts"), os.O_PATH)
    # /run: a hook run by the machine's real root must not reach its systemd, dbus or docker.
    cover(Path("/run"), [*keep, Path("/etc/resolv.conf").resolve().parent])
    cover(Path("/home"), keep)
    HOME.mkdir(exist_ok=True)
    cover(HOME, keep, source=root / "home" / "ec2-user")
    # A mount point, as on an instance: its user can neither move nor replace it.
    bind(VOLUME, VOLUME)
    # 0711: ec2-user may pass through to a Python that lives below it, and list nothing.
    cover(Path("/root"), keep, mode=0o711)
    cover(Path("/tmp"), keep, mode=0o1777)  # noqa: S108 - made private here
    cover(Path("/opt"), [*keep, *_others_in_opt()])
    METADATA.parent.mkdir(parents=True)
    METADATA.write_text(metadata)
    PRIVATE.mkdir()
    for folder in (Path("/etc"), Path("/usr"), Path("/var")):
        if os.access(folder, os.W_OK):  # never as an ordinary user's root
            # Of Python's own folders a copy will do: kept, they would be the machine's.
            make_throwaway(folder, [root.resolve(), CHECKOUT], PRIVATE)
    _show_programs({"aws": aws_script(aws_cli)})
    if not user.is_unprivileged:
        _show_own_runuser()
    _show("passwd", lambda text: with_ec2_user(text, user))
    _show("group", lambda text: with_ec2_group(text, user))
    bind(Path(f"/proc/self/fd/{names}"), Path("/etc/hosts"))
    os.close(names)


def needed_paths(root: Path) -> list[Path]:
    """What must stay reachable wherever it lies: the instance, this checkout and its Python."""
    executable = Path(sys.executable)
    needed = [
        root,
        CHECKOUT,
        executable.parent,
        executable.resolve().parent,
        *map(Path, (sys.prefix, sys.base_prefix, *sys.path)),
    ]
    directories = [path.absolute() for path in needed if path.is_dir()]
    return _unique([*directories, *(path.resolve() for path in directories)])


def is_open_to_others(paths: Sequence[Path]) -> bool:
    """Whether any user may reach and read the files."""
    for path in _unique([*paths, *(path.resolve() for path in paths)]):
        if not path.stat().st_mode & 0o004:
            return False
        if not all(folder.stat().st_mode & 0o001 for folder in path.parents):
            return False
    return True


def _unique(paths: Iterable[Path]) -> list[Path]:
    return sorted(set(paths))


def _others_in_opt() -> list[Path]:
    return [path for path in Path("/opt").iterdir() if path.is_dir() and path.name != "ml"]


def _show_programs(programs: dict[str, str]) -> None:
    """Put what SageMaker's image has, and this machine may not, where hooks find it."""
    if shutil.which("python3", path="/usr/bin:/bin") is None:
        programs = {**programs, "python3": python_script()}
    writable = os.access(PROGRAMS, os.W_OK)
    folder = PROGRAMS if writable else PRIVATE / "bin"
    folder.mkdir(exist_ok=True)
    for name, text in programs.items():
        program = folder / name
        program.unlink(missing_ok=True)  # a link would be followed
        program.write_text(text)
        program.chmod(0o755)
    if not writable:
        show_above(PROGRAMS, folder)


def _show(name: str, edit: Callable[[str], str]) -> None:
    """Show an edited copy of a file in /etc in its place."""
    own = PRIVATE / name
    own.write_text(edit(Path("/etc", name).read_text()))
    bind(own, Path("/etc", name))


def _show_own_runuser() -> None:
    # The real one fails where only one user id exists: it may not set the groups.
    real = shutil.which("runuser", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if real is not None:
        own = PRIVATE / "runuser"
        shutil.copyfile(Path(__file__).with_name("runuser.sh"), own)
        own.chmod(0o755)
        bind(own, Path(real).resolve())
