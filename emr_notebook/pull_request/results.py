"""Reads what `scripts/diff.sh STAGE --into=FOLDER` wrote.

Nothing in the folder is trusted: the code of the pull request wrote it, and whoever reads it may
hold a token that writes.
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

STATES = {
    "0": "nothing changes",
    "1": "the deploy would fail",
    "2": "something changes",
    "3": "it could not all be found out",
}
MISSING = "no result: see the log"
READ_AT_MOST_BYTES = 2_000_000
STAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


@dataclass(frozen=True)
class Result:
    """What is known of a stage. Texts that were not written are empty."""

    stage: str
    state: str
    plan: str
    diff: str


def results(folder: Path, expected: str = "") -> list[Result]:
    """What the folder holds of each stage, and that there is nothing of one that is expected.

    `expected` names stages in any form, such as `dev prod` or `["dev", "prod"]`.
    """
    present = [each.name for each in folder.iterdir() if each.is_dir()] if folder.is_dir() else []
    found = sorted(name for name in present if STAGE.fullmatch(name))
    return [_result(folder, stage) for stage in dict.fromkeys([*STAGE.findall(expected), *found])]


def _result(folder: Path, stage: str) -> Result:
    status, plan, diff = (_text(folder / stage, name) for name in ("status", "plan", "diff"))
    return Result(stage, STATES.get(status, MISSING), plan, diff)


def _text(folder: Path, name: str) -> str:
    path = folder / f"{name}.txt"
    # A link could name any file of this machine.
    if folder.is_symlink() or path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        return plain(file.read(READ_AT_MOST_BYTES).decode("utf-8", errors="replace"))


def plain(text: str) -> str:
    """The text without colours; characters that hide, or turn the text around, by their number."""
    text = ANSI.sub("", text).replace("\r\n", "\n").expandtabs(8)
    return "".join(
        f"\\u{ord(each):04x}" if each != "\n" and unicodedata.category(each)[0] == "C" else each
        for each in text
    ).strip("\n")
