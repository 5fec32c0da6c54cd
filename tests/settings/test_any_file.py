"""Whatever a settings file holds: it can be built, or it is refused in words."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, get_args, get_origin

import aws_cdk as cdk
import jsonschema
import pytest
import yaml
from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]
from cfnlint.decode import decode  # type: ignore[import-untyped]
from cfnlint.runner import Runner  # type: ignore[import-untyped]

from emr_notebook.build import build
from emr_notebook.settings.file import SettingsError, load_file
from emr_notebook.settings.keys import ANY_ITEM, ANY_KEY, Place, dotted_path, fields, keys
from emr_notebook.settings.model import Settings
from emr_notebook.settings.schema import schema_text
from emr_notebook.settings.yaml_reader import read
from sandbox.tls import make_authority
from tests.conftest import ROOT, cdk_context
from tests.settings.drawn_files import CA_FILE, HOOK_FILE, file_text

# Thousands of files, and a synthesis of some of them, take half of a minute.
pytestmark = [pytest.mark.slow, pytest.mark.minutes(0.6)]

EXAMPLES = 8_000
BUILT = 20


def places(place: Place) -> Iterator[Place]:
    """A place and all within it; keys of one's own are places, too."""
    yield place
    inner = [Place.of(each) for each in get_args(place.kind) if each is not Ellipsis]
    if get_origin(place.kind) in (dict, tuple):
        for each in inner:
            yield from places(each)
    for name in fields(place.model) if place.model else ():
        child = place.child(name)
        assert child is not None
        yield from places(child)


FORMATS = "|".join(sorted({re.escape(each.accepted) for each in places(Place(Settings))}))
# What a line may say after its place.
KINDS = {
    "missing": r"is missing; accepted: .+",
    "unknown key": r"there is no such key; (did you mean .+\? |[a-zA-Z].+; )?accepted: .+",
    "value": rf".+ was given; accepted: ({FORMATS})(; did you mean .+\?|; \w+ [a-z].+)?",
    **{
        name: rf".+ was given; accepted: {accepted}"
        for name, accepted in {
            "unknown cluster": "one of the clusters: .+",
            "unreachable Livy": "the primary's security group, unless network.vpc_cidr or .+",
            "rule made and external": "(create|external), as clusters.+ says of the same group.+",
            "rule of two stacks": "external: .+ would each make the same rule",
            "long name": "at most 63 characters; this is [0-9]+ long: give a shorter one",
            "name twice": "a name of its own: .+ has this one",
            "lifecycle name": "one name for one script: .+ has another than .+",
            "long stack name": "at most 128 characters with the stack_name before it; this .+",
            "session name": "a name for each notebook of .+: .+ has this one",
            "owner tag": "no tag Owner here: it is a notebook's owner",
            "own tag": "another tag: this one is the app's own",
            "tag twice": "a tag of its own: to IAM this is .+",
            "many tags": "at most 47 tags, the stage's among them; here are [0-9]+",
            "key and none": "no key beside opt_outs.aws_managed_key: remove one of the two",
            "region": "a key in the stage's region, .+",
            "account": "one of the stage's account, [0-9]{12}",
            "partition": "one that begins with arn:[a-z-]+:, as those of [a-z0-9-]+ do",
            "policy twice": "each policy once",
            "policies of a given role": "none beside a role_arn: .+ is not modified",
            "group twice": "each group once",
            "rules beside groups": "none beside network.security_group_ids: groups of your .+",
            "rule twice": "each rule once: .+ has this one",
            "name of a zone": "at most 63 characters, a letter or digit last, where .+",
            "alias": "false for a cluster that is not followed: notebooks use no name of its own",
            "absent": "refuse for a cluster that is not followed: nobody would notice its start",
            "topic": "a topic in the stage's region, .+",
        }.items()
    },
    "selectors": r"(none|.+ and .+) of id, name and tags is given: give one of them",
    "together": r"\w+ is given without .+: give both or none",
    "trust": r"give either ca_file or verify \(system or none\)",
    "because": r"verify: none goes with because, and because with it",
    "destinations": r"(none|.+) of cidr, security_group_id, prefix_list_id is given: give one .+",
    "repository": r"give either url or name \(a SageMaker code repository's\)",
    "another's key": r"\w+ is no key here: .+",
    "property twice": r".+ and conf's spark\..+ are one property: give one of the two",
    "no time": r"neither start nor stop is given: give one of them, or both",
    "time twice": r"start and stop are both [0-9:]+: give two times, or one",
    "hook of root": r"as: root goes with because, and because with it",
    "secret": r"secret_arn goes with name: a public address needs no secret",
    "key of a secret": r"secret_key_arn goes with secret_arn: it is that secret's key",
}
BEFORE_THE_SETTINGS = re.compile(
    r"not YAML: .+|line [0-9]+: .+|the file holds .+; a mapping of settings is accepted"
)


@dataclass
class Seen:
    """What became of all files: the keys of each that was accepted, and the kinds of mistakes."""

    accepted: dict[str, set[str]] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)


def kinds_of(refused: str) -> list[str]:
    """What kinds of mistakes a refusal tells; AssertionError when a line is of none."""
    first, *lines = refused.split("\n")
    if not lines and BEFORE_THE_SETTINGS.fullmatch(first):
        return ["no settings"]
    assert first == ("1 mistake" if len(lines) == 1 else f"{len(lines)} mistakes")
    return [kind_of(line) for line in lines]


def kind_of(line: str) -> str:
    assert line.isprintable()
    assert len(line) < 1000
    for kind, words in KINDS.items():
        if re.fullmatch(rf"  \S.*?: {words}", line):
            return kind
    raise AssertionError(f"of no kind: {line}")


def keys_in(place: Place, data: Any, below: tuple[str, ...] = ()) -> Iterator[str]:
    """The keys of the model in a file's data."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data or ()):
        child = place.child(key)
        assert child is not None
        path = (
            *below,
            str(key) if place.model else ANY_KEY if isinstance(data, dict) else ANY_ITEM,
        )
        if place.model:
            yield dotted_path(path)
        if isinstance(value, dict | list):
            yield from keys_in(child, value, path)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """All files, each accepted or refused in words: the same ones in every run.

    Hypothesis would take four times as long, and draw others when other tests' modules are loaded.
    """
    found = Seen()
    file = tmp_path_factory.mktemp("config") / "dev.yaml"
    for number in range(EXAMPLES):
        text = file_text(Random(number))  # noqa: S311 - the same in every run
        try:
            see(text, file, found)
        except Exception as error:
            error.add_note(f"file_text(Random({number})):\n{text}")
            raise
    return found


def see(text: str, file: Path, found: Seen) -> None:
    file.write_text(text, encoding="utf-8")
    try:
        load_file(file)
    except SettingsError as error:
        refused = str(error)
        assert "hunter2" not in refused
        found.kinds.update(kinds_of(refused.removeprefix(f"{file}: ")))
    else:
        found.accepted[text] = set(keys_in(Place(Settings), read(text)))


def test_both_outcomes_are_common(seen: Seen) -> None:
    accepted = len(seen.accepted)

    assert 0.3 * EXAMPLES < accepted < 0.8 * EXAMPLES


def test_every_kind_of_mistake_occurs(seen: Seen) -> None:
    assert set(seen.kinds) == {*KINDS, "no settings"}


def test_every_key_occurs_in_a_file_that_is_accepted(seen: Seen) -> None:
    assert set().union(*seen.accepted.values()) == {dotted_path(path) for path, _ in keys()}


def test_an_editor_raises_no_alarm_on_what_is_accepted(seen: Seen) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema_text()))

    alarms = [
        each.message
        for text in list(seen.accepted)[::20]
        for each in validator.iter_errors(read(text))
    ]

    assert alarms == []


@pytest.fixture(scope="module")
def linter() -> Runner:
    """cfn-lint with the project's own settings; reading its rules takes longer than a template."""
    ignored = yaml.safe_load((ROOT / ".cfnlintrc").read_text())["ignore_checks"]
    return Runner(ConfigMixIn(regions=["eu-west-1", "us-east-1"], ignore_checks=ignored))


def test_what_is_accepted_can_be_built_and_leaves_no_check_a_word(
    seen: Seen, linter: Runner, tmp_path: Path
) -> None:
    authority = make_authority(tmp_path / "authority")
    (tmp_path / CA_FILE).parent.mkdir()
    (tmp_path / CA_FILE).write_bytes(authority.ca_pem.read_bytes())
    (tmp_path / HOOK_FILE).parent.mkdir()
    (tmp_path / HOOK_FILE).write_text("#!/bin/bash\ntrue\n")
    chosen = sample(seen.accepted)
    found = []
    for number, text in enumerate(chosen):
        templates = synthesized(text, tmp_path, tmp_path / str(number))
        for template in templates:
            data, unreadable = decode(str(template))
            found += [*unreadable, *linter.validate_template(data)]

    assert len(chosen) >= BUILT
    assert [f"{'/'.join(map(str, each.path))}: {each}" for each in found] == []


def sample(accepted: Mapping[str, set[str]]) -> list[str]:
    """Some files, and as many more as it takes for every key to occur."""
    chosen = list(accepted)[:: len(accepted) // BUILT][:BUILT]
    missing = set().union(*accepted.values()).difference(*(accepted[each] for each in chosen))
    while missing:
        chosen.append(max(accepted, key=lambda text: len(accepted[text] & missing)))
        missing -= accepted[chosen[-1]]
    return chosen


def synthesized(text: str, directory: Path, outdir: Path) -> list[Path]:
    """The templates of a settings file, one for each stack; cdk-nag fails on what it finds."""
    file = directory / "dev.yaml"
    file.write_text(text, encoding="utf-8")
    app = cdk.App(context=cdk_context(), outdir=str(outdir))
    stacks = build(app, load_file(file), directory=directory)
    app.synth()
    templates = sorted(outdir.glob("*.template.json"))
    assert len(templates) == len(stacks)
    return templates
