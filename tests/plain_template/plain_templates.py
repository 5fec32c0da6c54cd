"""What the tests of plain templates share: stages, and templates as CloudFormation reads them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emr_notebook.plain_template.assembly import SynthesizedStack, read_assembly
from emr_notebook.settings.file import parse
from emr_notebook.settings.model import Settings
from emr_notebook.synthesis import synthesize_stage
from tests.conftest import ROOT

PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Region": "eu-west-1",
    "AWS::Partition": "aws",
}
KMS_KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:AmazonSageMaker-git-a1b2c3"
SECRET_KEY = "arn:aws:kms:eu-west-1:111122223333:key/5678abcd-12ab-34cd-56ef-1234567890ab"
# Each setting that names something of an account.
FULL: dict[str, Any] = {
    "account": "111122223333",
    "region": "eu-west-1",
    "stack_name": "emr-notebooks-full",
    "termination_protection": True,
    "tags": {"cost-center": "42", "place": "eu-west-1", "vpc": "vpc-0a1b2c3d4e5f60718"},
    "kms_key_arn": KMS_KEY,
    "permissions_boundary_arn": "arn:aws:iam::111122223333:policy/boundary",
    "network": {
        "vpc_id": "vpc-0a1b2c3d4e5f60718",
        "subnet_id": "subnet-0a1b2c3d4e5f60718",
        "vpc_cidr": "10.0.0.0/16",
        "s3_prefix_list_id": "pl-6da54004",
        "extra_egress": [
            {"port": 8080, "cidr": "10.9.0.0/16", "because": "the proxy of vpc-0a1b2c3d4e5f60718"},
            {"port": 5432, "security_group_id": "sg-0a1b2c3d4e5f60999", "because": "the database"},
            {"port": 443, "prefix_list_id": "pl-0123456789abcdef0", "because": "a private catalog"},
        ],
    },
    "clusters": {
        # A key and a name that are a region's by chance.
        "eu-west-1": {
            "id": "j-2AXXXXXXGAPLF",
            "security_group_id": "sg-0a1b2c3d4e5f60718",
            "ingress": "external",
        },
        "nightly": {"name": "eu-west-1"},
    },
    "notebooks": {
        "alice": {
            "cluster": "eu-west-1",
            "owner": "alice@example.com",
            "stop_after_idle_minutes": 60,
        },
        "bob": {
            "cluster": "nightly",
            "name": "bobs-notebook",
            "stop_after_idle_minutes": 60,
            "role_arn": "arn:aws:iam::111122223333:role/data-science",
            "lifecycle_config_name": "bobs-start",
        },
        "carol": {
            "owner": "carol@example.com",
            "cluster": "eu-west-1",
            "subnet_id": "subnet-0a1b2c3d4e5f60999",
            "default_code_repository": {
                "name": "Git",
                "secret_arn": SECRET,
                "secret_key_arn": SECRET_KEY,
            },
            "additional_code_repositories": [
                {"url": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/eu-west-1"},
            ],
        },
        "dave": {"cluster": "eu-west-1", "stack": "more"},
    },
}
OTHERS = {
    "111122223333": "444455556666",
    "vpc-0a1b2c3d4e5f60718": "vpc-0fffffffffffff718",
    "subnet-0a1b2c3d4e5f60718": "subnet-0ffffffffffff718",
    "subnet-0a1b2c3d4e5f60999": "subnet-0ffffffffffff999",
    "sg-0a1b2c3d4e5f60718": "sg-0ffffffffffff718",
    "sg-0a1b2c3d4e5f60999": "sg-0ffffffffffff999",
    "pl-6da54004": "pl-6da5ffff",
    "pl-0123456789abcdef0": "pl-0123456789abcdfff",
    "10.0.0.0/16": "172.16.0.0/16",
    "10.9.0.0/16": "172.17.0.0/16",
    "j-2AXXXXXXGAPLF": "j-2BXXXXXXGAPLF",
    "bobs-notebook": "roberts-notebook",
    "role/data-science": "role/science",
    "policy/boundary": "policy/fence",
    "emr-notebooks-full": "spark-notebooks",
    "1234abcd-12ab": "1234abcd-12ff",
    "5678abcd-12ab": "5678abcd-12ff",
    "git-a1b2c3": "git-a1b2ff",
    '"region": "eu-west-1"': '"region": "eu-central-1"',
    "kms:eu-west-1": "kms:eu-central-1",
    "secretsmanager:eu-west-1": "secretsmanager:eu-central-1",
    "git-codecommit.eu-west-1": "git-codecommit.eu-central-1",
}


def synthesized(
    stage: Mapping[str, Any], directory: Path
) -> tuple[Settings, list[SynthesizedStack]]:
    """The stage's settings, and its stacks as the CDK writes them."""
    settings = parse(stage)
    synthesize_stage(settings, directory, directory=ROOT)
    return settings, read_assembly(directory)


def elsewhere(stage: Mapping[str, Any]) -> dict[str, Any]:
    """The same stage in another account, region and network, under another name."""
    text = json.dumps(stage)
    for here, there in OTHERS.items():
        assert here in text, here
        text = text.replace(here, there)
    found: dict[str, Any] = json.loads(text)
    return found


def read(node: Any, values: Mapping[str, str]) -> Any:
    """A template's part as CloudFormation reads it: references, joins, substitutions."""
    if isinstance(node, list):
        return [read(each, values) for each in node]
    if not isinstance(node, dict):
        return node
    if len(node) == 1 and node.get("Ref") in values:
        return values[node["Ref"]]
    if set(node) == {"Fn::Sub"} and isinstance(node["Fn::Sub"], str):
        return {"Fn::Sub": re.sub(r"\$\{([\w:]+)\}", lambda m: _value(m, values), node["Fn::Sub"])}
    found = {key: read(value, values) for key, value in node.items()}
    return _joined(*found["Fn::Join"]) if set(found) == {"Fn::Join"} else found


def _value(match: re.Match[str], values: Mapping[str, str]) -> str:
    return values.get(match[1], match[0])


def _joined(delimiter: str, parts: Any) -> Any:
    if delimiter or not isinstance(parts, list):
        return {"Fn::Join": [delimiter, parts]}
    pieces: list[Any] = []
    for part in parts:
        if isinstance(part, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += part
        else:
            pieces.append(part)
    return pieces[0] if len(pieces) == 1 else {"Fn::Join": ["", pieces]}
