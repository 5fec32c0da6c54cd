"""Finds ARNs of another account, region or partition of AWS than the stage's."""

from collections.abc import Iterable, Iterator

from emr_notebook.settings.messages import Location, Mistake
from emr_notebook.settings.model import Settings
from emr_notebook.settings.notebook import CodeRepository
from emr_notebook.settings.partitions import partition_of


def arn_mistakes(settings: Settings) -> Iterator[Mistake]:
    """Each ARN that AWS would not take in this stage, and a key that is none too many."""
    yield from _kms_key(settings)
    yield from _accounts(settings)
    given = [*_of_iam(settings), *_secrets(settings), (("kms_key_arn",), settings.kms_key_arn)]
    given.append((("alarms_topic_arn",), settings.alarms_topic_arn))
    yield from of_other_partitions(settings.region, given)


def _kms_key(settings: Settings) -> Iterator[Mistake]:
    given = settings.kms_key_arn
    if given is None:
        return
    if settings.opt_outs.aws_managed_key is not None:
        yield (
            ("kms_key_arn",),
            given,
            "no key beside opt_outs.aws_managed_key: remove one of the two",
        )
    if given.split(":")[3] != settings.region:
        yield ("kms_key_arn",), given, f"a key in the stage's region, {settings.region}"


def _accounts(settings: Settings) -> Iterator[Mistake]:
    """SageMaker takes a role of its own account only, and IAM such a boundary."""
    for where, arn in _of_iam(settings):
        if arn is not None and arn.split(":")[4] not in (settings.account, "aws"):
            yield where, arn, f"one of the stage's account, {settings.account}"


def of_other_partitions(
    region: str, given: Iterable[tuple[Location, str | None]]
) -> Iterator[Mistake]:
    """The ARNs of another partition than the region's: they name nothing in it."""
    name = partition_of(region).name
    for where, arn in given:
        if arn is not None and arn.split(":")[1] != name:
            yield where, arn, f"one that begins with arn:{name}:, as those of {region} do"


def _of_iam(settings: Settings) -> Iterator[tuple[Location, str | None]]:
    yield ("permissions_boundary_arn",), settings.permissions_boundary_arn
    yield ("defaults", "role_arn"), settings.defaults.role_arn
    for arn in settings.defaults.managed_policy_arns:
        yield ("defaults", "managed_policy_arns"), arn
    for key, each in settings.notebooks.items():
        yield ("notebooks", key, "role_arn"), each.role_arn
        for arn in each.managed_policy_arns or ():
            yield ("notebooks", key, "managed_policy_arns"), arn


def _secrets(settings: Settings) -> Iterator[tuple[Location, str | None]]:
    defaults = settings.defaults
    first, more = defaults.default_code_repository, defaults.additional_code_repositories
    yield from _secrets_of(("defaults",), first, more)
    for key, each in settings.notebooks.items():
        more = each.additional_code_repositories or ()
        yield from _secrets_of(("notebooks", key), each.default_code_repository, more)


def _secrets_of(
    where: Location, first: CodeRepository | None, more: tuple[CodeRepository, ...]
) -> Iterator[tuple[Location, str | None]]:
    if first is not None:
        yield from _secret_of((*where, "default_code_repository"), first)
    for number, each in enumerate(more):
        yield from _secret_of((*where, "additional_code_repositories", number), each)


def _secret_of(
    where: Location, repository: CodeRepository
) -> Iterator[tuple[Location, str | None]]:
    yield (*where, "secret_arn"), repository.secret_arn
    yield (*where, "secret_key_arn"), repository.secret_key_arn
