"""The forms of AWS names, ids and numbers that settings may hold, each with its words."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


def _refused(accepted: str) -> PydanticCustomError:
    return PydanticCustomError("form", "{accepted}", {"accepted": accepted})


@dataclass(frozen=True)
class Form:
    """A text with a pattern; `accepted` is what an error message says of it."""

    pattern: str
    accepted: str
    longest: int | None = None

    def check(self, value: object) -> str:
        """The value itself, when it is a text of this form."""
        fits = isinstance(value, str) and re.fullmatch(self.pattern, value)
        if not fits or (self.longest is not None and len(str(value)) > self.longest):
            raise _refused(self.accepted)
        return str(value)

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _: Any, __: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = {"type": "string", "pattern": f"^(?:{self.pattern})$"}
        longest = {} if self.longest is None else {"maxLength": self.longest}
        return {**schema, **longest, "description": self.accepted}


@dataclass(frozen=True)
class Whole:
    """A whole number between two bounds, both allowed; `noun` is what it counts or names."""

    low: int
    high: int
    noun: str

    @property
    def accepted(self) -> str:
        """What an error message says of it."""
        return f"{self.noun}, {self.low} to {self.high}"

    def check(self, value: object) -> int:
        """The value itself, when it is such a number; True and 5.0 are not."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise _refused(self.accepted)
        if not self.low <= value <= self.high:
            raise _refused(self.accepted)
        return value

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _: Any, __: GetJsonSchemaHandler) -> dict[str, Any]:
        bounds = {"minimum": self.low, "maximum": self.high}
        return {"type": "integer", **bounds, "description": self.accepted}


AccountId = Annotated[
    str, Form(r"\d{12}", 'an AWS account id: 12 digits, in quotes, such as "111122223333"')
]
Region = Annotated[str, Form(r"[a-z]{2}(-[a-z]+)+-\d", "a region's name, such as eu-west-1")]
StackName = Annotated[
    str,
    Form(
        r"[A-Za-z][A-Za-z0-9-]*",
        "a stack name: letters, digits and hyphens, a letter first, at most 128 characters",
        longest=128,
    ),
]
VpcId = Annotated[str, Form(r"vpc-[0-9a-f]{8,17}", "a VPC id, such as vpc-0a1b2c3d4e5f60718")]
SubnetId = Annotated[
    str, Form(r"subnet-[0-9a-f]{8,17}", "a subnet id, such as subnet-0a1b2c3d4e5f60718")
]
SecurityGroupId = Annotated[
    str, Form(r"sg-[0-9a-f]{8,17}", "a security group id, such as sg-0a1b2c3d4e5f60718")
]
PrefixListId = Annotated[str, Form(r"pl-[0-9a-f]{8,17}", "a prefix list id, such as pl-6da54004")]
Cidr = Annotated[str, Form(r"(\d{1,3}\.){3}\d{1,3}/\d{1,2}", "an IPv4 range, such as 10.0.0.0/16")]
ClusterId = Annotated[str, Form(r"j-[A-Z0-9]{4,20}", "an EMR cluster id, such as j-2AXXXXXXGAPLF")]
# EMR API, XmlStringMaxLen256.
ClusterName = Annotated[
    str, Form(r"[ -~\u00a0-\ud7ff]+", "an EMR cluster's name: at most 256 characters", longest=256)
]
# SageMaker API, NotebookInstanceName. CloudFormation's schema says 64; the service refuses 64.
NotebookName = Annotated[
    str,
    Form(
        r"[a-zA-Z0-9](-*[a-zA-Z0-9])*",
        "a notebook name: letters, digits and hyphens inside, at most 63 characters",
        longest=63,
    ),
]
Key = Annotated[
    str,
    Form(
        r"[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "a key: small letters, digits and single hyphens, a letter first, at most 32 characters",
        longest=32,
    ),
]
InstanceType = Annotated[
    str, Form(r"ml\.[a-z0-9-]+\.[a-z0-9]+", "a SageMaker instance type, such as ml.t3.medium")
]
RoleArn = Annotated[
    str,
    Form(
        r"arn:aws[a-z-]*:iam::\d{12}:role/[a-zA-Z0-9+=,.@_/-]+",
        "an IAM role's ARN, such as arn:aws:iam::111122223333:role/data-science",
        longest=2048,
    ),
]
KmsKeyArn = Annotated[
    str,
    Form(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/([0-9a-f-]{36}|mrk-[0-9a-f]{32})",
        "a KMS key's ARN, such as "
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
]
TagKey = Annotated[
    str, Form(r"(?!aws:)[\w .:/=+@-]+", "a tag key: 1 to 128 characters, not aws:…", longest=128)
]
TagValue = Annotated[
    str, Form(r"[\w .:/=+@-]*", "a tag value, in quotes: at most 256 characters", longest=256)
]
Memory = Annotated[str, Form(r"\d+[mg]", "a size in megabytes or gigabytes, such as 512m or 4g")]
Because = Annotated[str, Form(r"[\s\S]*\S{3}[\s\S]*", "the reason, in a sentence", longest=500)]

# SageMaker API, NotebookInstanceVolumeSizeInGB.
VolumeSize = Annotated[int, Whole(5, 16_384, "a whole number of gigabytes")]
Cores = Annotated[int, Whole(1, 96, "a whole number of cores")]
Executors = Annotated[int, Whole(1, 10_000, "a whole number of executors")]
Port = Annotated[int, Whole(1, 65_535, "a TCP port")]
# Both the resolver and the framework in front of it end at 15 minutes, Lambda's own limit.
WaitMinutes = Annotated[int, Whole(0, 13, "a whole number of minutes")]
