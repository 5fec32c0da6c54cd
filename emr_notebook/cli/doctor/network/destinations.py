"""Lists what the settings have notebooks reach outside their VPC; without AWS."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from emr_notebook.settings.model import Settings
from emr_notebook.settings.notebook import CodeRepository
from emr_notebook.settings.partitions import partition_of

# Known to have public addresses alone; another host may be one of the company's own.
PUBLIC_HOSTS = frozenset({"github.com", "gitlab.com", "bitbucket.org"})
_CODECOMMIT = re.compile(r"git-codecommit\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?")

# Of what notebooks reach, the endpoints of these have a name of another beginning there: the CDK's
# table of them, with which a test compares this.
_OTHERWISE_NAMED = frozenset({"sagemaker.api"})
_BEGINNINGS = {"aws-cn": "cn.com.amazonaws", "aws-iso": "gov.ic.c2s", "aws-iso-b": "gov.sgov.sc2s"}


@dataclass(frozen=True)
class Destination:
    """Something to reach: `service` is the end of its endpoints' names, "" when it has none.

    Without what is not required notebooks are connected to their clusters all the same.
    """

    name: str
    why: str
    service: str = ""
    is_required: bool = True

    @property
    def is_s3(self) -> bool:
        """Whether it has a gateway endpoint and a prefix list."""
        return self.service == S3.service

    def endpoint_service(self, region: str) -> str:
        """The whole name of its endpoints' service in the region."""
        known = _BEGINNINGS if self.service in _OTHERWISE_NAMED else {}
        beginning = known.get(partition_of(region).name, "com.amazonaws")
        return f"{beginning}.{region}.{self.service}"


LOGS = Destination(
    "CloudWatch Logs", "reports of starts go there: verify and status read them", "logs"
)
S3 = Destination("S3", "network.s3_prefix_list_id is given", "s3")
AGENT = Destination(
    "S3",
    "notebooks fetch their agent there; without it they are connected, and no more",
    "s3",
    is_required=False,
)
SAGEMAKER_API = Destination(
    "SageMaker's API", "stop_after_idle_minutes: notebooks ask it to stop them", "sagemaker.api"
)


@dataclass(frozen=True)
class Repository:
    """A SageMaker code repository: where it is, and the ARN of the secret that opens it, or ""."""

    url: str
    secret_arn: str = ""


def destinations_by_subnet(
    settings: Settings, repositories: Mapping[str, Repository]
) -> dict[str, list[Destination]]:
    """What the notebooks in each subnet have to reach through it.

    One with direct internet access reaches everything through SageMaker's own network.
    """
    found: dict[str, dict[Destination, None]] = {}
    for notebook in settings.resolved_notebooks:
        if notebook.opt_outs.direct_internet_access is None:
            destinations = found.setdefault(notebook.subnet_id, {})
            destinations[LOGS] = None
            destinations[AGENT if settings.network.s3_prefix_list_id is None else S3] = None
            if notebook.idle_minutes is not None:
                destinations[SAGEMAKER_API] = None
            for given in notebook.code_repositories:
                destinations |= dict.fromkeys(_of_repository(given, repositories, settings.region))
    return {subnet: list(destinations) for subnet, destinations in found.items()}


def named_repositories(settings: Settings) -> list[str]:
    """The SageMaker code repositories that notebooks name."""
    given = all_code_repositories(settings)
    return list(dict.fromkeys(each.name for each in given if each.name is not None))


def all_code_repositories(settings: Settings) -> list[CodeRepository]:
    """Those of all notebooks."""
    notebooks = settings.resolved_notebooks
    return [each for notebook in notebooks for each in notebook.code_repositories]


def _of_repository(
    given: CodeRepository, repositories: Mapping[str, Repository], region: str
) -> Iterator[Destination]:
    url, why = given.url or "", "a code repository is there"
    if given.name is not None:
        known = repositories.get(given.name, Repository(""))
        url, why = known.url, f"the code repository {given.name} is there"
        if known.secret_arn or given.secret_arn is not None:
            opens = f"the secret of the code repository {given.name} is there"
            yield Destination("Secrets Manager", opens, "secretsmanager")
    host = urlsplit(url).hostname or ""
    if codecommit := _CODECOMMIT.fullmatch(host):
        # No endpoint of this region leads to another one's.
        here = codecommit[1] == region
        yield (
            Destination("CodeCommit", why, "git-codecommit")
            if here
            else Destination(f"CodeCommit of {codecommit[1]}", why)
        )
    elif host in PUBLIC_HOSTS:
        yield Destination(host, why)
