"""Makes the files of a stage's plain templates, and replaces a folder by them."""

import contextlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from emr_notebook.plain_template.assembly import SynthesizedStack, TemplateError
from emr_notebook.plain_template.code_files import agent_name, code_zip, zip_name
from emr_notebook.plain_template.guide import guide
from emr_notebook.plain_template.parameters import stage_rules
from emr_notebook.plain_template.template import CODE_BUCKET, PlainTemplate, plain_template
from emr_notebook.settings.model import Settings

CODE = "code"
# Of no bucket's form: CloudFormation refuses it, in words, until it is replaced.
BUCKET_PLACEHOLDER = "REPLACE-WITH-YOUR-BUCKET"
# Lists the files that were written, which may be replaced.
MARK = ".plain-template"


def stage_files(
    stage: str, settings: Settings, stacks: Sequence[SynthesizedStack]
) -> dict[str, bytes]:
    """Templates, their parameters' values, code, and how to deploy them, by path."""
    files = {"README.md": guide(stage, settings, stacks, BUCKET_PLACEHOLDER).encode()}
    for stack in stacks:
        zips: dict[str, str] = {}
        for key, code in stack.code.items():
            content = code_zip(code.folder)
            zips[key] = zip_name(code.handler, content)
            files[f"{CODE}/{zips[key]}"] = content
        agents: dict[str, str] = {}
        for place, path in stack.agents.items():
            content = path.read_bytes()
            agents[place] = agent_name(content)
            files[f"{CODE}/{agents[place]}"] = content
        made = plain_template(stack.template, stage_rules(settings, stack.name), zips, agents)
        files[f"{stack.name}.template.json"] = made.text().encode()
        files[f"{stack.name}.parameters.json"] = _parameters(made).encode()
    return files


def _parameters(made: PlainTemplate) -> str:
    """The parameters' values as `aws cloudformation deploy --parameter-overrides` reads them."""
    values: Mapping[str, str] = {CODE_BUCKET: BUCKET_PLACEHOLDER, **made.defaults()}
    return json.dumps([f"{key}={value}" for key, value in values.items()], indent=1) + "\n"


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace `folder` by one with these files, given by their paths in it.

    Raises TemplateError when the folder holds something else than an earlier result.
    """
    try:
        strangers = _not_ours(folder)
        if strangers:
            raise TemplateError(
                f"{folder} would be replaced, but {strangers[0]} was not written by this command: "
                "move it, or choose another --output."
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Beside the folder: a rename does not reach into another file system.
        with tempfile.TemporaryDirectory(prefix=".template-", dir=folder.parent) as made:
            new = Path(made, "new")
            _fill(new, {**files, MARK: "\n".join(files).encode()})
            _exchange(folder, new, Path(made, "old"))
    except OSError as error:
        raise TemplateError(f"{folder} cannot be written: {error}") from None


def _not_ours(folder: Path) -> list[str]:
    """The files there that no earlier result holds, sorted; none when there is no folder."""
    if not folder.exists():
        return []
    if not folder.is_dir():
        return [folder.name]
    mark = folder / MARK
    ours = {MARK, *(mark.read_text(encoding="utf-8").splitlines() if mark.exists() else ())}
    files = (each for each in folder.rglob("*") if not each.is_dir())
    return sorted({each.relative_to(folder).as_posix() for each in files} - ours)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _exchange(folder: Path, new: Path, old: Path) -> None:
    try:
        with contextlib.suppress(FileNotFoundError):
            folder.rename(old)
        new.rename(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
