"""Mounts other directories in the place of the machine's own, in this mount namespace only."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.isolation.system_calls import MS_BIND, MS_NODEV, MS_NOSUID, MS_REC, mount


def cover(
    target: Path, keep: Iterable[Path], *, source: Path | None = None, mode: int = 0o755
) -> None:
    """Replace `target` by an empty directory in memory, or by `source`.

    What `keep` names below `target` stays reachable at the same paths.
    """
    target = target.resolve()
    with _keep_reachable(outermost(keep, target)):
        if source is None:
            mount("tmpfs", str(target), "tmpfs", MS_NOSUID | MS_NODEV, f"mode={mode:o}")
        else:
            bind(source, target)


def make_throwaway(target: Path, keep: Iterable[Path], layers: Path) -> None:
    """Let writes below `target` succeed without reaching the machine: they go to `layers`."""
    upper, work = layers / target.name / "upper", layers / target.name / "work"
    upper.mkdir(parents=True)
    work.mkdir()
    below = mount_points(Path("/proc/self/mountinfo").read_text())
    with _keep_reachable(outermost([*keep, *below], target)):
        try:
            options = f"lowerdir={target},upperdir={upper},workdir={work}"
            mount("overlay", str(target), "overlay", 0, options)
        except OSError as error:
            raise SandboxError(
                f"A notebook's start script runs as root and may write to {target}, and this "
                f"machine cannot keep that in memory ({error}). Next step: run the sandbox as an "
                "ordinary user, who cannot write there."
            ) from error


def show_above(target: Path, files: Path) -> None:
    """Show the files of a folder among those of `target`, which nobody may write to then."""
    try:
        mount("overlay", str(target), "overlay", MS_NODEV, f"lowerdir={files}:{target}")
    except OSError as error:
        raise SandboxError(
            f"A notebook needs the AWS CLI in {target}, and this machine cannot show it there "
            f"({error}). Next step: run the sandbox on Linux 5.11 or later, or as root."
        ) from error


def bind(source: Path, target: Path) -> None:
    """Show `source`, a directory or a file, at `target`, which exists."""
    mount(str(source), str(target), flags=MS_BIND | MS_REC)


def outermost(paths: Iterable[Path], target: Path) -> list[Path]:
    """Those of the paths that lie below `target` and below no other of them.

    Raises SandboxError when `target` itself is one: it cannot be both hidden and kept.
    """
    found: list[Path] = []
    for path in sorted(set(paths)):
        if path == target:
            raise SandboxError(
                f"The notebook needs a {target} of its own, and that is where this checkout or "
                f"its Python lives. Next step: move it into a folder below {target}."
            )
        if target in path.parents and not any(kept in path.parents for kept in found):
            found.append(path)
    return found


def mount_points(mountinfo: str) -> list[Path]:
    """The mount points in the text of /proc/self/mountinfo."""
    # The kernel writes a space, tab, newline or backslash in a path as an octal escape.
    fields = (line.split(" ")[4] for line in mountinfo.splitlines())
    return [Path(field.encode().decode("unicode_escape")) for field in fields]


@contextlib.contextmanager
def _keep_reachable(paths: list[Path]) -> Iterator[None]:
    """Hold the paths while something is mounted over them, and show them there again after."""
    with contextlib.ExitStack() as held:
        descriptors = []
        for path in paths:
            descriptors.append(os.open(path, os.O_PATH))
            held.callback(os.close, descriptors[-1])
        yield
        for path, descriptor in zip(paths, descriptors, strict=True):
            if not path.exists():
                path.mkdir(parents=True)
            bind(Path(f"/proc/self/fd/{descriptor}"), path)
