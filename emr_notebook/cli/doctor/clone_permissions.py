"""Says what cloning a code repository asks of a notebook's role; without AWS."""

from collections.abc import Iterator
from dataclasses import dataclass

from emr_notebook.constructs.owner_permissions import DECRYPT, READ_SECRET
from emr_notebook.settings.model import Settings
from emr_notebook.settings.notebook import CODECOMMIT_URL, CodeRepository

# "Associating CodeCommit repositories", SageMaker Developer Guide.
CODECOMMIT_ACTIONS = ("codecommit:GitPull", "codecommit:GitPush")


@dataclass(frozen=True)
class Clone:
    """What a clone is about: the repository's address, its secret's ARN and that one's own key's.

    Each is "" where there is none; the key is the customer's, or it needs no permission.
    """

    given: CodeRepository
    url: str = ""
    secret_arn: str = ""
    key_arn: str = ""


@dataclass(frozen=True)
class Access:
    """Actions on a resource, with the condition keys that the call will have."""

    actions: tuple[str, ...]
    resource: str
    conditions: tuple[tuple[str, str], ...] = ()

    @property
    def context(self) -> dict[str, str]:
        """The condition keys and their values."""
        return dict(self.conditions)


def accesses(clone: Clone, settings: Settings) -> Iterator[Access]:
    """What cloning asks of the notebook's role; a secret stands in for CodeCommit's own login."""
    partition, region, account = settings.partition.name, settings.region, settings.account
    if clone.given.name is not None:
        arn = f"arn:{partition}:sagemaker:{region}:{account}:code-repository/"
        yield Access(("sagemaker:DescribeCodeRepository",), arn + clone.given.name.lower())
    if clone.secret_arn:
        yield from secret_accesses(clone.secret_arn, clone.key_arn, settings)
    elif in_codecommit := CODECOMMIT_URL.fullmatch(clone.url):
        place, name = in_codecommit.groups()
        yield Access(CODECOMMIT_ACTIONS, f"arn:{partition}:codecommit:{place}:{account}:{name}")


def secret_accesses(secret_arn: str, key_arn: str, settings: Settings) -> Iterator[Access]:
    """What reading a secret asks of who reads; `key_arn` is the customer's key of it, or ""."""
    yield Access((READ_SECRET,), secret_arn)
    if key_arn:
        service = f"secretsmanager.{settings.region}.{settings.partition.dns_suffix}"
        brought = {"kms:ViaService": service, "kms:EncryptionContext:SecretARN": secret_arn}
        yield Access((DECRYPT,), key_arn, tuple(brought.items()))
