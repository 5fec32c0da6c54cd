"""Settings files drawn from the model: right ones, nearly right ones, and anything at all."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel

from emr_notebook.settings import environment, sparkmagic, types
from emr_notebook.settings.cluster import Cluster, Tls
from emr_notebook.settings.keys import Place, fields
from emr_notebook.settings.model import Settings
from emr_notebook.settings.network import ExtraEgress, Network
from emr_notebook.settings.notebook import CodeRepository, NotebookDefaults, Spark
from emr_notebook.settings.schedule import Schedule
from emr_notebook.settings.sparkmagic import SparkMagic
from emr_notebook.settings.start_hook import StartHook
from emr_notebook.settings.suggestions import ANSWERS, OTHER_NAMES
from emr_notebook.settings.types import IntegerRange, TextFormat

ACCOUNT = "111122223333"
CA_FILE = "certs/authority.pem"
HOOK_FILE = "hooks/team.sh"
KMS = "key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEYS = ("alice", "bob", "carol-2", "tags", "spark")

# Texts of each format, where a random one would contradict other parts or tell cfn-lint nothing.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "AccountId": (ACCOUNT,),
    "Region": ("eu-west-1", "us-east-1"),
    "StackName": ("emr-notebooks", "S", "team-risk-1"),
    "VpcId": ("vpc-0a1b2c3d4e5f60718", "vpc-11112222"),
    "SubnetId": ("subnet-0a1b2c3d4e5f60718", "subnet-11112222"),
    "SecurityGroupId": ("sg-0a1b2c3d4e5f60718", "sg-0a1b2c3d4e5f60719", "sg-11112222"),
    "PrefixListId": ("pl-6da54004", "pl-0a1b2c3d"),
    "Cidr": ("10.0.0.0/16", "192.168.0.0/24", "0.0.0.0/0"),
    "ClusterId": ("j-2AXXXXXXGAPLF", "j-ABCD"),
    "ClusterName": ("nightly-spark", "Risk (v2), 100 %", "é", "🚀 ｶﾀｶﾅ", "ＦＵＬＬ"),
    "NotebookName": ("Al", "bobs-notebook", "n" * 63),
    "Key": KEYS,
    "InstanceType": ("ml.t3.medium", "ml.m5.xlarge", "ml.c5.2xlarge"),
    "RoleArn": (f"arn:aws:iam::{ACCOUNT}:role/data-science",),
    "RolePath": ("/data-science/", "/a/b.c/"),
    "PolicyArn": (f"arn:aws:iam::{ACCOUNT}:policy/b", "arn:aws:iam::aws:policy/PowerUserAccess"),
    "SecretArn": (f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:AmazonSageMaker-git-a1b2c3",),
    "LifecycleConfigName": ("start", "connect-to-spark"),
    "RepositoryUrl": (
        "https://github.com/example/notebooks.git",
        "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/notebooks",
    ),
    "RepositoryName": ("science", "Risk-1"),
    "RuleDescription": ("the proxy of the company", "PyPI mirror (HTTPS), 2 hosts!"),
    "SessionName": ("science", "nightly.run_1"),
    "Refresh": ("2026-11-25", "1"),
    "ProxyUser": ("alice", "svc_risk"),
    "DataPath": ("s3://bucket/library.jar", "hdfs:///libs/a.py", "/usr/lib/x.jar"),
    "SparkProperty": ("spark.sql.shuffle.partitions", "spark.a", "spark.executor.extraJavaOptions"),
    "SparkValue": ("64", "", "-Da='b c' $HOME \\ \"", "héé\t{}"),
    "Queue": ("default", "root.science", "a'b"),
    "Memory": ("512m", "4g", "34490M"),
    "Duration": ("90m", "8h", "30min"),
    "Because": ("no NAT gateway yet", "ABC", "first line\nsecond: 'line' with ${Token}"),
    "TagKey": ("team", "cost-center", "Größe x", "a:b/c"),
    "TagKeyToSelect": ("team", "aws:cloudformation:stack-name", "a:b/c"),
    "TagValue": ("42", "", "risk + co", "ü@x"),
    "StackTagValue": ("42", "risk + co", "ü@x"),
    "Owner": ("alice@example.com", "Bob B"),
    "FilePath": (CA_FILE,),
    "TimeOfDay": ("08:00",),
    "Days": ("mon-fri", "mon,wed"),
    "TimeZoneName": ("Europe/Berlin",),
    "HostedZoneId": ("Z0123456789ABCDEFGHIJ",),
    "DomainName": ("data.example.com", "internal"),
    "TopicArn": (f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms",),
}
BY_FORMAT = {get_args(getattr(types, name))[1]: texts for name, texts in EXAMPLES.items()}
BY_FORMAT[get_args(environment.Name)[1]] = ("HTTPS_PROXY", "no_proxy", "DATA")
BY_FORMAT[get_args(environment.Value)[1]] = ("http://proxy.example.com:3128", "", "it's \\ $1 é")
BY_FORMAT[get_args(sparkmagic.HeaderName)[1]] = ("X-Team", "x-requested-by")
BY_FORMAT[get_args(sparkmagic.HeaderValue)[1]] = ("risk", "it's \\ $1", "a b")
BY_FORMAT[get_args(sparkmagic.Hint)[1]] = ("ask data-platform@example.com", "", "it's é")

# What a model wants one of, and what goes together.
ONE_OF: dict[type[BaseModel], tuple[tuple[str, ...], ...]] = {
    Cluster: (("id",), ("name",), ("tags",)),
    ExtraEgress: (("cidr",), ("security_group_id",), ("prefix_list_id",)),
    CodeRepository: (
        ("url",),
        ("name",),
        ("name", "secret_arn"),
        ("name", "secret_arn", "secret_key_arn"),
    ),
}
TRUST = (
    {"ca_file": CA_FILE},
    {"verify": "system", "names_alias": True},
    {"verify": "none", "because": "a test"},
)
SCHEDULES: tuple[Any, ...] = (
    "none",
    {"stop": "19:30", "timezone": "Europe/Berlin"},
    {"start": "22:00", "stop": "02:00", "days": "fri-mon, wed", "timezone": "America/New_York"},
)
HOOKS: tuple[Any, ...] = (
    "none",
    {"file": HOOK_FILE},
    {"file": HOOK_FILE, "as": "root", "because": "mounts the team's file system"},
)
TOGETHER: dict[type[BaseModel], tuple[str, ...]] = {
    Cluster: ("security_group_id", "ingress"),
    Network: ("zone_id", "zone_name"),
}
# How many of the keys that are not needed, at most; elsewhere three.
MOST: dict[type[BaseModel], int] = {Settings: 6, NotebookDefaults: 5, Spark: 8, SparkMagic: 8}
# Without which most files would be refused.
USUAL: dict[type[BaseModel], set[str]] = {Network: {"vpc_cidr"}, Settings: {"notebooks"}}


@dataclass
class Drawn:
    """What one file is being drawn into: parts that others refer to."""

    random: Random
    region: str = "eu-west-1"
    clusters: list[str] = field(default_factory=list)

    def any(self, *values: Any) -> Any:
        return values[self.below(len(values))]

    def below(self, number: int) -> int:
        return self.random.randrange(number)

    def rarely(self) -> bool:
        return bool(self.any(*[False] * 7, True))

    def model(self, model: type[BaseModel], path: tuple[str, ...]) -> Any:
        if model is Tls:
            return dict(self.any(*TRUST))
        if model is Schedule:
            return copy.copy(self.any(*SCHEDULES))
        if model is StartHook:
            return copy.copy(self.any(*HOOKS))
        names = self._names(model)
        # Clusters before the notebooks that use them.
        names.sort(key=lambda name: name == "notebooks")
        root = Place(model)
        found = {}
        for name in names:
            place = root.child(name)
            assert place is not None
            found[name] = self.value(place, (*path, name))
        return found

    def _names(self, model: type[BaseModel]) -> list[str]:
        known = fields(model)
        choices = ONE_OF.get(model, ())
        chosen = self.any(*choices) if choices else ()
        apart = {name for choice in choices for name in choice} | set(TOGETHER.get(model, ()))
        free = [name for name, x in known.items() if not x.is_required() and name not in apart]
        wanted = (
            {self.any(*free) for _ in range(self.below(MOST.get(model, 3) + 1))} if free else set()
        )
        wanted |= {*chosen, *(name for name, x in known.items() if x.is_required())}
        if not self.rarely():
            wanted |= USUAL.get(model, set())
        if model in TOGETHER and self.any(True, False):
            wanted |= set(TOGETHER[model])
        return [name for name in known if name in wanted]

    def value(self, place: Place, path: tuple[str, ...]) -> Any:
        for narrowed in place.narrowed_by:
            if isinstance(narrowed, TextFormat):
                return self._text(narrowed, path)
            if isinstance(narrowed, IntegerRange):
                number = self.random.randint(narrowed.low, narrowed.high)
                return self.any(number, getattr(narrowed, "word", number))
        if place.model is not None:
            return self.model(place.model, path)
        origin, inner = get_origin(place.kind), get_args(place.kind)
        if origin is dict:
            return self._mapping(inner, path)
        if origin is tuple:
            some = range(self.any(1, 1, 2))
            return [self.value(Place.of(inner[0]), path) for _ in some]
        return self.any(True, False) if place.kind is bool else self.any(*inner)

    def _mapping(self, inner: tuple[Any, ...], path: tuple[str, ...]) -> dict[str, Any]:
        keys = BY_FORMAT[Place.of(inner[0]).narrowed_by[0]]
        chosen = list(dict.fromkeys(self.any(*keys) for _ in range(1 + self.below(3))))
        if path == ("clusters",):
            self.clusters = chosen
        return {key: self.value(Place.of(inner[1]), (*path, key)) for key in chosen}

    def _text(self, text_format: TextFormat, path: tuple[str, ...]) -> str:
        if path[-1] == "region":
            self.region = self.any(*BY_FORMAT[text_format])
            return self.region
        if path[-1] in ("kms_key_arn", "secret_key_arn"):
            return f"arn:aws:kms:{self.region}:{ACCOUNT}:{KMS}"
        if path[-1] == "cluster":
            return str(self.any(*self.clusters))
        return str(self.any(*BY_FORMAT[text_format]))


WRONG: tuple[Any, ...] = (None, True, 0, -1, 5.5, 10**30, "", "x", "x" * 5000, [], ["x"], {})
WRONG += ({"x": 1}, "1\n2", "٣", "'", "https://u:hunter2@h/x", [[[]]], {"": {"": None}})


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in the data."""
    keys = list(data) if isinstance(data, dict) else range(len(data)) if _is_list(data) else ()
    for key in keys:
        yield data, key
        yield from places(data[key])


def _is_list(data: Any) -> bool:
    return isinstance(data, list)


def mutate(drawn: Drawn, data: dict[str, Any]) -> None:
    """Make one thing wrong, or at least another: a value, a key, or how two parts fit."""
    how = drawn.any("value", "value", "remove", "misspell", "add", *["contradict"] * 5)
    if how == "contradict":
        drawn.any(*CONTRADICTIONS)(data)
        return
    container, key = drawn.any(*places(data)) if data else (data, None)
    if how == "add" or key is None:
        into = container if isinstance(container, dict) else data
        into[drawn.any(*OTHER_NAMES, *ANSWERS, "x", "", "because", "tags", "a\nb")] = "x"
    elif how == "value":
        container[key] = copy.deepcopy(drawn.any(*WRONG))
    else:
        value = container.pop(key)
        if how == "misspell" and isinstance(container, dict):
            container[drawn.any(key.upper(), key + "s", key[:-1], key[1:], f" {key}")] = value


def _notebooks(data: dict[str, Any]) -> list[dict[str, Any]]:
    """At least two notebooks, of the first cluster."""
    clusters = list(data.setdefault("clusters", {"a": {"id": "j-ABCD"}}))
    notebooks = data.setdefault("notebooks", {})
    for key in ("dora", "emil"):
        notebooks[key] = {"cluster": clusters[0]}
    return [notebooks["dora"], notebooks["emil"]]


def _many_stacks(data: dict[str, Any]) -> None:
    _unnamed, other = _notebooks(data)
    other["stack"] = "science"
    data["network"]["security_group_ids"] = ["sg-11112222"]
    for cluster in data["clusters"].values():
        cluster.update(security_group_id="sg-11112222", ingress="create")


def _unreachable(data: dict[str, Any]) -> None:
    data["network"].pop("vpc_cidr", None)
    data["network"].pop("security_group_ids", None)
    for cluster in data["clusters"].values():
        cluster.pop("security_group_id", None)
        cluster.pop("ingress", None)


def _mixed_ingress(data: dict[str, Any]) -> None:
    group = "sg-11112222"
    for key, ingress in (("one", "create"), ("two", "external")):
        data["clusters"][key] = {"id": "j-ABCD", "security_group_id": group, "ingress": ingress}


def _both(data: dict[str, Any], stack_name: str | None = None, **values: tuple[Any, Any]) -> None:
    """Two notebooks with each their own value of each key."""
    for number, notebook in enumerate(_notebooks(data)):
        notebook.update({name: both[number] for name, both in values.items()})
    if stack_name is not None:
        data["stack_name"] = stack_name


def _egress(data: dict[str, Any], *rules: dict[str, Any], **network: Any) -> None:
    listed = [{"port": 443, "because": "the proxy", **rule} for rule in rules]
    data["network"].update(extra_egress=listed, **network)


CONTRADICTIONS: tuple[Callable[[dict[str, Any]], object], ...] = (
    lambda data: _both(data, cluster=("nowhere", "elsewhere")),
    _many_stacks,
    _unreachable,
    _mixed_ingress,
    lambda data: _both(data, name=("Twin", "twin")),
    lambda data: _both(data, stack_name="s" * 60, name=(None, None)),
    lambda data: _both(
        data,
        lifecycle_config_name=("one", "one"),
        spark=({"driverCores": 1}, {"driverCores": 2}),
    ),
    lambda data: _both(
        data, stack_name="s" * 128, name=("dora", "emil"), stack=("science", "risk")
    ),
    lambda data: _both(data, spark=({"name": "one"}, {"name": "one"})),
    lambda data: data.update(tags={"Owner": "x"}),
    lambda data: data.update(tags={"EmrNotebookName": "x"}),
    lambda data: data.update(tags={"Team": "x", "team": "x"}),
    lambda data: data.update(tags={f"t{number}": "x" for number in range(60)}),
    lambda data: data.update(
        kms_key_arn=f"arn:aws:kms:eu-west-1:{ACCOUNT}:{KMS}",
        opt_outs={"aws_managed_key": {"because": "none yet"}},
    ),
    lambda data: data.update(kms_key_arn=f"arn:aws:kms:ap-south-1:{ACCOUNT}:{KMS}"),
    lambda data: _both(data, role_arn=("arn:aws:iam::999988887777:role/x",) * 2),
    lambda data: data.update(
        region="cn-north-1", defaults={"role_arn": f"arn:aws:iam::{ACCOUNT}:role/x"}
    ),
    lambda data: data.update(
        defaults={"spark": {"executorMemory": "4g", "conf": {"spark.executor.memory": "4g"}}}
    ),
    lambda data: data.update(
        defaults={
            "role_arn": f"arn:aws:iam::{ACCOUNT}:role/x",
            "managed_policy_arns": [EXAMPLES["PolicyArn"][0]],
        }
    ),
    lambda data: data["network"].update(security_group_ids=["sg-11112222"] * 2),
    lambda data: _egress(data, {"cidr": "1.0.0.0/8"}, security_group_ids=["sg-11112222"]),
    lambda data: _egress(data, {"cidr": "1.0.0.0/8"}, {"cidr": "1.0.0.0/8"}),
    lambda data: _egress(data, {"cidr": "1.0.0.0/8", "prefix_list_id": "pl-6da54004"}),
    lambda data: data.update(clusters={"a": {"id": "j-ABCD", "name": "x"}}),
    lambda data: data.update(clusters={"a": {"id": "j-ABCD", "ingress": "create"}}),
    lambda data: data.update(clusters={"a": {"id": "j-ABCD", "tls": {}}}),
    lambda data: data.update(clusters={"a": {"id": "j-ABCD", "tls": {"verify": "none"}}}),
    lambda data: data.update(defaults={"default_code_repository": {}}),
    lambda data: data.update(defaults={"schedule": {"timezone": "UTC"}}),
    lambda data: data.update(defaults={"sparkmagic": {"session_configs": {}}}),
    lambda data: data.update(defaults={"start_hook": {"file": HOOK_FILE, "as": "root"}}),
    lambda data: data.update(defaults={"environment": {"LD_PRELOAD": "x"}}),
    lambda data: data.update(defaults={"sparkmagic": {"session_configs": {}}}),
    lambda data: data.update(
        defaults={"schedule": {"start": "08:00", "stop": "08:00", "timezone": "UTC"}}
    ),
    lambda data: data.update(
        defaults={
            "default_code_repository": {
                "url": "https://h/x",
                "secret_arn": EXAMPLES["SecretArn"][0],
            }
        }
    ),
    lambda data: data.update(
        defaults={
            "default_code_repository": {
                "name": "x",
                "secret_key_arn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:{KMS}",
            }
        }
    ),
)


def file_text(random: Random) -> str:
    """The text of a file: six of ten as the model wants it, three with mistakes, one anything."""
    drawn = Drawn(random)
    data = dict(drawn.model(Settings, ()))
    kind = drawn.any(*["right"] * 6, "near", "near", "near", "wild")
    if kind != "right":
        for _ in range(drawn.any(1, 1, 1, 2, 3)):
            _try(mutate, drawn, data)
    text = _written(drawn, data)
    return _damaged(drawn, text) if kind == "wild" else text


def _try(change: Callable[[Drawn, dict[str, Any]], None], drawn: Drawn, data: Any) -> None:
    """A change to data that an earlier change has left without what this one would change."""
    try:
        change(drawn, data)
    except (AttributeError, IndexError, KeyError, TypeError):
        data["broken"] = True


def _written(drawn: Drawn, data: Any) -> str:
    if drawn.any("json", "yaml", "yaml") == "json":
        return json.dumps(data, indent=drawn.any(None, 2), ensure_ascii=False)
    flow = drawn.any(None, False)
    return str(yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False, default_flow_style=flow))


def _damaged(drawn: Drawn, text: str) -> str:
    at = drawn.below(len(text) + 1)
    end = at + drawn.any(0, 0, 1, 2, 20)
    put: str = drawn.any(
        "", "\t", ":", "- ", "&a ", "*a", "!x ", "{", "]", '"', "#", "\0", "<<: ", "\n"
    )
    return text[:at] + put + text[end:]
