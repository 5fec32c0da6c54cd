"""Knows the notebook instance that it runs on, and stops it through SageMaker's API."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from emr_notebook_agent import files
from emr_notebook_agent.wording import printable

# SageMaker Developer Guide, "Get Notebook Instance Metadata".
METADATA = Path("/opt/ml/metadata/resource-metadata.json")
ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:(?P<region>[a-z0-9-]+):\d{12}:notebook-instance/[A-Za-z0-9-]{1,63}"
)
NAME = re.compile(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}")
ACTION = "sagemaker:StopNotebookInstance"
SECONDS = 60.0
# What the AWS CLI, and AWS, say of the files in ~/.aws, which are the user's.
NO_CREDENTIALS = re.compile(
    r"[Uu]nable to (locate credentials|parse config)|[Pp]artial credentials|retrieving credentials"
    r"|ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch"
)


@dataclass(frozen=True)
class Instance:
    """A notebook instance."""

    name: str
    arn: str
    region: str


def own(metadata: Path = METADATA) -> Instance:
    """The instance that this is. Raises ValueError and OSError when its metadata do not say."""
    known = json.loads(files.read(metadata) or "{}")
    name, arn = str(known.get("ResourceName", "")), str(known.get("ResourceArn", ""))
    found = ARN.fullmatch(arn)
    if found is None or not NAME.fullmatch(name):
        raise ValueError(f"{metadata} holds no name and ARN of a notebook instance")
    return Instance(name, arn, found["region"])


def stop(instance: Instance, aws: str = "aws") -> str:
    """Ask SageMaker to stop the instance, within SECONDS; "" once it does, or why it does not."""
    command = [aws, "sagemaker", "stop-notebook-instance", "--region", instance.region]
    command += ["--notebook-instance-name", instance.name]
    command += ["--cli-connect-timeout", "10", "--cli-read-timeout", "20"]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "PATH": _path(), "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "2"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return no_way(instance)
    except OSError as error:
        return f"the AWS CLI does not run ({error.strerror}): install it where PATH finds it"
    said = done.stderr.decode("utf-8", "replace")
    return refusal(instance, said, done.returncode) if done.returncode else ""


def _path() -> str:
    """Where programs are; the image of AWS has one of conda's, too."""
    return f"{os.environ.get('PATH', '')}:{os.environ.get('HOME', '')}/anaconda3/bin"


def refusal(instance: Instance, said: str, status: int) -> str:
    """What the AWS CLI's error is, and the next step; "" where the instance stops already."""
    if "AccessDenied" in said or "not authorized to perform" in said:
        asked = re.search(r"arn:aws[a-z-]*:(?:sts|iam)::\d{12}:[\w+=,.@/-]+", said)
        # ~/.aws is the user's, and may name another.
        whom = f" as {asked[0]} (if that is another's role: look at ~/.aws)" if asked else ""
        let = f"let this notebook's role do {ACTION} on {instance.arn}"
        return f"not allowed{whom}: {let}"
    if re.search(r"\(ValidationException\).*Status \(Stopp(ing|ed)\)", said, re.DOTALL):
        return ""
    if NO_CREDENTIALS.search(said):
        return "the AWS CLI has no credentials of this notebook's role: look at ~/.aws"
    if re.search(r"[Cc]onnect timeout|[Cc]ould not connect|[Rr]ead timeout|NameResolution", said):
        return no_way(instance)
    return f"the AWS CLI ended with status {status}: {printable(said.strip() or 'no words', 300)}"


def no_way(instance: Instance) -> str:
    """What to do when SageMaker's API does not answer."""
    # So the endpoint is named in China.
    beginning = "cn.com.amazonaws" if instance.region.startswith("cn-") else "com.amazonaws"
    return (
        f"no way to SageMaker's API: give the subnet a NAT gateway or an interface endpoint of "
        f"{beginning}.{instance.region}.sagemaker.api, with private DNS, that admits this "
        "notebook's security group on TCP port 443"
    )
