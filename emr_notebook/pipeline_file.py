"""Reads config/pipeline.yaml and the stages that it names; refuses all their mistakes at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from emr_notebook.pipeline_settings import PipelineSettings, PullRequests
from emr_notebook.settings import Settings
from emr_notebook.settings_file import (
    PIPELINE,
    SettingsError,
    listed,
    load_stage,
    read_file,
    validated,
)
from emr_notebook.settings_network_mistakes import Mistake
from emr_notebook.settings_words import refusal


def parse_pipeline(data: Any) -> PipelineSettings:
    """Settings from what a YAML file holds; SettingsError lists every mistake."""
    settings = validated(PipelineSettings, data)
    found = [refusal(*mistake) for mistake in _mistakes(settings)]
    if found:
        raise SettingsError(listed(found))
    return settings


def load_pipeline(
    directory: Path = Path("config"),
) -> tuple[PipelineSettings, dict[str, Settings]]:
    """The pipeline's settings and those of its stages, by name, in their order.

    SettingsError lists the mistakes of all the files.
    """
    path = directory / f"{PIPELINE}.yaml"
    if not path.is_file():
        raise SettingsError(f"there is no {path}: docs/continuous-deployment.md says how to begin")
    pipeline = read_file(path, parse_pipeline)
    stages, found = {}, []
    for each in pipeline.stages:
        try:
            stages[each.stage] = load_stage(each.stage, directory)
        except SettingsError as error:
            found.append(str(error))
    found += [f"{path}: {each}" for each in _stacks_of_two(pipeline, stages)]
    if found:
        raise SettingsError("\n".join(found))
    return pipeline, stages


def _mistakes(settings: PipelineSettings) -> Iterator[Mistake]:
    """Every contradiction between the parts: its place, what was given and what is accepted."""
    yield from _stages(settings)
    for number, address in enumerate(settings.notify):
        if address in settings.notify[:number]:
            yield ("notify", number), address, "an address that is not in the list already"
    if settings.pull_requests is not None:
        yield from _pull_requests(settings, settings.pull_requests)


def _stages(settings: PipelineSettings) -> Iterator[Mistake]:
    names = [each.stage for each in settings.stages]
    for number, name in enumerate(names):
        place = ("stages", number, "stage")
        if name in names[:number]:
            yield place, name, "a stage that is not in the list already"
        if name == settings.stack_name:
            yield place, name, "a stage that is not called as the pipeline's stack is"


def _pull_requests(settings: PipelineSettings, asked: PullRequests) -> Iterator[Mistake]:
    names = [each.stage for each in settings.stages]
    repository = settings.source.repository
    if repository.count("/") != 1:
        accepted = "OWNER/NAME on github.com, the only one that pull_requests is for"
        yield ("source", "repository"), repository, accepted
    for number, name in enumerate(asked.stages):
        if name not in names:
            accepted = f"one of the pipeline's stages: {', '.join(names)}"
            yield ("pull_requests", "stages", number), name, accepted


def _stacks_of_two(pipeline: PipelineSettings, stages: Mapping[str, Settings]) -> Iterator[str]:
    """What would be deployed by one stage, or the pipeline, and then made another by the next."""
    own = f"the pipeline's own stack of {PIPELINE}.yaml"
    taken = {(pipeline.account, pipeline.region, pipeline.stack_name): own}
    for region in {each.region for each in stages.values()}:
        # The CDK's, for a bucket in each other region.
        support = f"{pipeline.stack_name}-support-{region}"
        taken[pipeline.account, region, support] = own
    for name, settings in stages.items():
        for stack in settings.stack_names():
            first = taken.setdefault((settings.account, settings.region, stack), f"stage {name}")
            if first != f"stage {name}":
                yield (
                    f"stage {name} and {first} both have the stack {stack} in "
                    f"{settings.account} {settings.region}: give one of them another stack_name"
                )
