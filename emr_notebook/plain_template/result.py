"""The files of a stage's plain templates. Reads the code of the Lambdas, and writes nothing."""

import json
from collections.abc import Mapping, Sequence

from emr_notebook.plain_template.assembly import SynthesizedStack
from emr_notebook.plain_template.code_zip import code_zip, zip_name
from emr_notebook.plain_template.guide import guide
from emr_notebook.plain_template.parameters import stage_rules
from emr_notebook.plain_template.plain import CODE_BUCKET, PlainTemplate, plain
from emr_notebook.settings import Settings

CODE = "code"
# Of no bucket's form: CloudFormation refuses it, in words, until it is replaced.
YOUR_BUCKET = "REPLACE-WITH-YOUR-BUCKET"


def result(stage: str, settings: Settings, stacks: Sequence[SynthesizedStack]) -> dict[str, bytes]:
    """Templates, their parameters' values, zips, and how to deploy them, by path."""
    files = {"README.md": guide(stage, settings, stacks).encode()}
    for stack in stacks:
        zips: dict[str, str] = {}
        for key, code in stack.code.items():
            content = code_zip(code.folder)
            zips[key] = zip_name(code.handler, content)
            files[f"{CODE}/{zips[key]}"] = content
        made = plain(stack.template, stage_rules(settings, stack.name), zips)
        files[f"{stack.name}.template.json"] = made.text().encode()
        files[f"{stack.name}.parameters.json"] = _parameters(made).encode()
    return files


def _parameters(made: PlainTemplate) -> str:
    """The parameters' values as the AWS CLI reads them."""
    values: Mapping[str, str] = {CODE_BUCKET: YOUR_BUCKET, **made.defaults()}
    listed = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
    return json.dumps(listed, indent=1) + "\n"
