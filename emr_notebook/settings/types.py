"""Defines the formats of AWS's names, ids and numbers in settings, each with its words."""

import difflib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from ipaddress import ip_network
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from emr_notebook.settings.partitions import PARTITIONS


def refused(accepted: str) -> PydanticCustomError:
    """The mistake of a value that is not of a format, as what is accepted."""
    return PydanticCustomError("format", "{accepted}", {"accepted": accepted})


@dataclass(frozen=True)
class TextFormat:
    """A type of text with a pattern; `accepted` is what an error message says of it."""

    pattern: str
    accepted: str
    longest: int = 256

    def check(self, value: object) -> str:
        """The value itself, when it is a text of this format."""
        # The length first: on a text of a megabyte some of the patterns take minutes.
        if not isinstance(value, str) or len(value) > self.longest:
            raise refused(self.accepted)
        if not re.fullmatch(self.pattern, value):
            raise refused(self.accepted)
        return value

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _: Any, __: GetJsonSchemaHandler) -> dict[str, Any]:
        pattern = f"^(?:{self.pattern})$"
        schema = {"type": "string", "pattern": pattern, "maxLength": self.longest}
        return {**schema, "description": self.accepted}


@dataclass(frozen=True)
class Ipv4Range(TextFormat):
    """A range as its first address and the length of its prefix: 10.0.3.7/16 is none."""

    def check(self, value: object) -> str:
        """The value itself, when it is a range."""
        text = super().check(value)
        try:
            ip_network(text)
        except ValueError:
            raise refused(self.accepted) from None
        return text


@dataclass(frozen=True)
class TimeZone(TextFormat):
    """A time zone by its name in IANA's database, of the release that `tzdata` carries.

    Not what this machine has: the same settings are accepted everywhere.
    """

    def check(self, value: object) -> str:
        """The value itself, when there is such a zone; one that was probably meant is named."""
        text = super().check(value)
        if text in _zones():
            return text
        by_small_letters = {each.lower(): each for each in _zones()}
        places = {each.rpartition("/")[2]: name for each, name in by_small_letters.items()}
        known = {**places, **by_small_letters}
        close = difflib.get_close_matches(text.lower(), known, n=1, cutoff=0.7)
        hint = f"; did you mean {known[close[0]]}?" if close else ""
        raise refused(f"{self.accepted}{hint}")


@cache
def _zones() -> frozenset[str]:
    """The zones of places and of UTC. Others, such as EST, not all of AWS knows."""
    names = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset({"UTC", *(each for each in names if "/" in each)})


@dataclass(frozen=True)
class IntegerRange:
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
            raise refused(self.accepted)
        if not self.low <= value <= self.high:
            raise refused(self.accepted)
        return value

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _: Any, __: GetJsonSchemaHandler) -> dict[str, Any]:
        bounds = {"minimum": self.low, "maximum": self.high}
        return {"type": "integer", **bounds, "description": self.accepted}


@dataclass(frozen=True)
class IntegerRangeOrWord(IntegerRange):
    """The same, or one word in its place."""

    word: str

    @property
    def accepted(self) -> str:
        """What an error message says of it."""
        return f"{super().accepted}, or {self.word}"

    def check(self, value: object) -> Any:
        """The value itself, when it is the word or such a number."""
        return value if value == self.word else super().check(value)

    def __get_pydantic_json_schema__(
        self, core: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        number = super().__get_pydantic_json_schema__(core, handler)
        described = {"description": number.pop("description")}
        return {"anyOf": [{"const": self.word}, number], **described}


# Neither control characters nor halves of characters, which no template can carry.
PRINTED = r"[^\x00-\x1f\x7f\ud800-\udfff]"

AccountId = Annotated[
    str, TextFormat(r"[0-9]{12}", 'an AWS account id: 12 digits, in quotes, such as "111122223333"')
]
Region = Annotated[
    str,
    TextFormat(
        "|".join(each.regions for each in PARTITIONS),
        "a region's name as the partitions of AWS have them, such as eu-west-1, cn-north-1 or "
        "us-gov-west-1",
    ),
]
# CloudFormation API, StackName.
LONGEST_STACK_NAME = 128
StackName = Annotated[
    str,
    TextFormat(
        r"[A-Za-z][A-Za-z0-9-]*",
        "a stack name: letters, digits and hyphens, a letter first, at most "
        f"{LONGEST_STACK_NAME} characters",
        longest=LONGEST_STACK_NAME,
    ),
]
VpcId = Annotated[str, TextFormat(r"vpc-[0-9a-f]{8,17}", "a VPC id, such as vpc-0a1b2c3d4e5f60718")]
SubnetId = Annotated[
    str, TextFormat(r"subnet-[0-9a-f]{8,17}", "a subnet id, such as subnet-0a1b2c3d4e5f60718")
]
SecurityGroupId = Annotated[
    str, TextFormat(r"sg-[0-9a-f]{8,17}", "a security group id, such as sg-0a1b2c3d4e5f60718")
]
# Route 53 API, ResourceId: at most 32 characters.
HostedZoneId = Annotated[
    str,
    TextFormat(
        r"Z[A-Z0-9]+",
        "the id of a hosted zone, such as Z0123456789ABCDEFGHIJ: a Z and capitals and digits",
        longest=32,
    ),
]
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
DomainName = Annotated[
    str,
    TextFormat(
        rf"({_LABEL}\.)*[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?",
        "a domain name in small letters, such as data.example.com, without a final dot, at most "
        "128 characters",
        longest=128,
    ),
]
TopicArn = Annotated[
    str,
    TextFormat(
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+",
        "an SNS topic's ARN, such as arn:aws:sns:eu-west-1:111122223333:alarms",
        longest=512,
    ),
]
PrefixListId = Annotated[
    str, TextFormat(r"pl-[0-9a-f]{8,17}", "a prefix list id, such as pl-6da54004")
]
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
Cidr = Annotated[
    str,
    Ipv4Range(
        rf"({_OCTET}\.){{3}}{_OCTET}/(3[0-2]|[12]?[0-9])",
        "an IPv4 range, such as 10.0.0.0/16: its first address and the length of its prefix",
    ),
]
ClusterId = Annotated[
    str, TextFormat(r"j-[A-Z0-9]{4,20}", "an EMR cluster id, such as j-2AXXXXXXGAPLF")
]
# EMR API, XmlStringMaxLen256: no character that XML forbids.
ClusterName = Annotated[
    str,
    TextFormat(
        r"[^\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]+",
        "an EMR cluster's name: at most 256 characters",
    ),
]
# SageMaker API, NotebookInstanceName and others. CloudFormation's schema says 64 of a notebook; the
# service refuses 64.
LONGEST_SAGEMAKER_NAME = 63


def _sagemaker_name(what: str) -> TextFormat:
    return TextFormat(
        r"[a-zA-Z0-9](-*[a-zA-Z0-9])*",
        f"{what}: letters, digits and hyphens inside, at most {LONGEST_SAGEMAKER_NAME} characters",
        longest=LONGEST_SAGEMAKER_NAME,
    )


NotebookName = Annotated[str, _sagemaker_name("a notebook name")]
Key = Annotated[
    str,
    TextFormat(
        r"[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "a key: small letters, digits and single hyphens, a letter first, at most 32 characters",
        longest=32,
    ),
]
# SageMaker's guide on notebook-al2023-v1, the one platform on which a notebook can still be made.
InstanceType = Annotated[
    str,
    TextFormat(
        r"ml\.(?!(p2|p3|p3dn|inf1|g3)\.)[a-z0-9-]+\.[a-z0-9]+",
        "a SageMaker instance type, such as ml.t3.medium; not ml.p2, ml.p3, ml.p3dn, ml.inf1 or "
        "ml.g3, which notebooks on Amazon Linux 2023 (notebook-al2023-v1) cannot have",
    ),
]
RoleArn = Annotated[
    str,
    TextFormat(
        r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9+=,.@_/-]+",
        "an IAM role's ARN, such as arn:aws:iam::111122223333:role/data-science",
        longest=2048,
    ),
]
# IAM API, pathType: with what a role's name may hold between the slashes.
RolePath = Annotated[
    str,
    TextFormat(
        r"/([a-zA-Z0-9+=,.@_-]+/)+",
        "a path of IAM, such as /data-science/: letters, digits and +=,.@_- between slashes, at "
        "most 512 characters",
        longest=512,
    ),
]
KmsKeyArn = Annotated[
    str,
    TextFormat(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/([0-9a-f-]{36}|mrk-[0-9a-f]{32})",
        "a KMS key's ARN, such as "
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
]
TagKey = Annotated[
    str,
    TextFormat(
        r"(?![aA][wW][sS]:)[\w .:/=+@-]+",
        "a tag key: letters, digits, spaces and . _ : / = + - @, 1 to 128 characters, not aws:…",
        longest=128,
    ),
]
# AWS sets tags of its own, by which a cluster may be told from others.
TagKeyToSelect = Annotated[
    str,
    TextFormat(
        r"[\w .:/=+@-]+",
        "a tag key: letters, digits, spaces and . _ : / = + - @, 1 to 128 characters",
        longest=128,
    ),
]
TagValue = Annotated[
    str,
    TextFormat(
        r"[\w .:/=+@-]*",
        "a tag value, in quotes: letters, digits, spaces and . _ : / = + - @, at most 256 "
        "characters",
    ),
]
# CloudFormation API, Tag, Value: a stack's own tag is not empty.
StackTagValue = Annotated[
    str,
    TextFormat(
        r"[\w .:/=+@-]+",
        "a tag value, in quotes: letters, digits, spaces and . _ : / = + - @, 1 to 256 characters",
    ),
]
# A blank at an end would never equal the tag of a principal.
Owner = Annotated[
    str,
    TextFormat(
        r"[\w.:/=+@-]([\w .:/=+@-]*[\w.:/=+@-])?",
        "an owner, such as alice@example.com: letters, digits, spaces inside and . _ : / = + - @, "
        "at most 256 characters",
    ),
]
PolicyArn = Annotated[
    str,
    TextFormat(
        r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[a-zA-Z0-9+=,.@_/-]+",
        "an IAM policy's ARN, such as arn:aws:iam::111122223333:policy/boundary",
        longest=2048,
    ),
]
SecretArn = Annotated[
    str,
    TextFormat(
        r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[a-zA-Z0-9/_+=.@-]+",
        "a secret's ARN, such as "
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:AmazonSageMaker-git-a1b2c3",
    ),
]
LifecycleConfigName = Annotated[str, _sagemaker_name("a lifecycle configuration's name")]
# SageMaker API, CodeRepositoryNameOrUrl. A user's password would stand in the template.
RepositoryUrl = Annotated[
    str,
    TextFormat(
        r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[!-\"$->A-~]+",
        "a Git repository's HTTPS address, without a user or password in it, such as "
        "https://github.com/example/notebooks.git",
        longest=1024,
    ),
]
RepositoryName = Annotated[str, _sagemaker_name("the name of a SageMaker code repository")]
# EC2 API, a security group rule's description.
RuleDescription = Annotated[
    str,
    TextFormat(
        r"[a-zA-Z0-9. _:/()#,@\[\]+=&;{}!$*-]*[a-zA-Z0-9]{3}[a-zA-Z0-9. _:/()#,@\[\]+=&;{}!$*-]*",
        "the reason in a sentence of letters, digits and . _-:/()#,@[]+=&;{}!$*, at most 255 "
        "characters",
        longest=255,
    ),
]
SessionName = Annotated[
    str,
    TextFormat(
        # Livy takes a number for a session's id.
        r"(?![0-9]+$)[a-zA-Z0-9][a-zA-Z0-9._-]*",
        "a Livy session's name: letters, digits, dots, hyphens and underscores, not digits alone, "
        "at most 128 characters",
        longest=128,
    ),
]
Refresh = Annotated[
    str,
    TextFormat(
        r"[a-zA-Z0-9][a-zA-Z0-9._-]*",
        "a text of letters, digits, dots, hyphens and underscores, such as the day, in quotes: at "
        "most 64 characters",
        longest=64,
    ),
]
ProxyUser = Annotated[
    str,
    TextFormat(
        r"[a-zA-Z_][a-zA-Z0-9._-]*",
        "a user of the cluster, such as alice: at most 32 characters",
        longest=32,
    ),
]
DataPath = Annotated[
    str,
    TextFormat(
        r"(s3|s3a|hdfs|https)://[!-~]+|/[!-~]+",
        "a path that the cluster reads, such as s3://bucket/library.jar",
        longest=1024,
    ),
]
# Livy's own list and its spark-blacklist.conf: a session that asks for one of these is refused, or
# does not get it.
LIVY_DECIDES = (
    "spark.master",
    "spark.submit.deployMode",
    "spark.submit.proxyUser.allowCustomClasspathInClusterMode",
    "spark.yarn.jar",
    "spark.yarn.jars",
    "spark.yarn.archive",
)
SparkProperty = Annotated[
    str,
    TextFormat(
        rf"(?!({'|'.join(map(re.escape, LIVY_DECIDES))})$)spark\.[!-~]+",
        "a Spark property's name, such as spark.sql.shuffle.partitions; none of those that Livy "
        f"decides and refuses sessions for: {', '.join(LIVY_DECIDES)}",
    ),
]
SparkValue = Annotated[
    str,
    TextFormat(
        rf"(\t|{PRINTED})*",
        'a Spark property\'s value in quotes, such as "64": at most 4096 characters',
        longest=4096,
    ),
]
Queue = Annotated[str, TextFormat(rf"{PRINTED}+", "a YARN queue's name: at most 256 characters")]
FilePath = Annotated[str, TextFormat(rf"{PRINTED}+", "a file's path", longest=4096)]
Memory = Annotated[
    str,
    TextFormat(
        r"[1-9][0-9]{0,6}[mMgG]",
        "a size in megabytes or gigabytes, such as 512m, 34490M or 4g",
    ),
]
# Livy's ClientConf, which takes a number without a unit for milliseconds. As nanoseconds, the most
# days of five digits still fit into Java's long.
Duration = Annotated[
    str,
    TextFormat(
        r"[1-9][0-9]{0,4}(s|m|min|h|d)",
        "a time with its unit (s, m or min, h, d), such as 90m or 8h",
    ),
]
Because = Annotated[
    str,
    TextFormat(
        rf"(?=[\s\S]*\S{{3}})([\t\n]|{PRINTED})*",
        "the reason, in a sentence of at most 500 characters",
        longest=500,
    ),
]

TimeOfDay = Annotated[
    str,
    TextFormat(r"([01][0-9]|2[0-3]):[0-5][0-9]", 'a time of the day, "00:00" to "23:59"'),
]
_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
Days = Annotated[
    str,
    TextFormat(
        rf"daily|{_DAY}(-{_DAY})?(, ?{_DAY}(-{_DAY})?)*",
        "daily, or days of mon, tue, wed, thu, fri, sat and sun, such as mon-fri or mon,wed,fri",
    ),
]
# EventBridge Scheduler API, ScheduleExpressionTimezone.
TimeZoneName = Annotated[
    str,
    TimeZone(
        r"[A-Za-z0-9_+/-]+",
        "a time zone by its name in IANA's database, such as Europe/Berlin, or UTC",
        longest=50,
    ),
]

# SageMaker API, NotebookInstanceVolumeSizeInGB.
VolumeSize = Annotated[int, IntegerRange(5, 16_384, "a whole number of gigabytes")]
Cores = Annotated[int, IntegerRange(1, 96, "a whole number of cores")]
Executors = Annotated[int, IntegerRange(1, 10_000, "a whole number of executors")]
Port = Annotated[int, IntegerRange(1, 65_535, "a TCP port")]
# Both the resolver and the framework in front of it end at 15 minutes, Lambda's own limit.
WaitMinutes = Annotated[int, IntegerRange(0, 13, "a whole number of minutes")]

NEVER = "never"
# A look a minute tells nothing shorter from a pause; after a week nobody waits for it any more.
# A number or that word: what reads the settings' types knows no unions.
IdleMinutes = Annotated[
    Any, IntegerRangeOrWord(10, 7 * 24 * 60, "a whole number of minutes", NEVER)
]


class Strict(BaseModel):
    """A part of the settings: frozen, and no key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    # What is accepted in the place of a mapping: a word, and what joins it to the mapping's words.
    instead: ClassVar[str] = ""


class OptOut(Strict):
    """A secure default given up, with the reason that an auditor will read."""

    because: Because


# In the place of a mapping: what it describes is not wanted, whatever the defaults say.
NONE = "none"


class StrictOrNone(Strict):
    """A part of the settings in whose place NONE is accepted, which its validator reads."""

    instead: ClassVar[str] = f"{NONE}, or "

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        made = handler.resolve_ref_schema(handler(core))
        mapping = dict(made)
        made.clear()
        made |= {"anyOf": [{"const": NONE}, mapping], "description": mapping.pop("description")}
        return made
