"""Everything the sandbox adds to ministack, installed in one place."""

from collections.abc import Callable

from sandbox.aws import (
    cfn_conditions,
    cfn_group_rules,
    cfn_iam,
    cfn_types,
    ec2_endpoints,
    ec2_rules,
    ec2_subnets,
    emr_service,
    iam_names,
    iam_simulation,
    iam_tags,
    lambda_logs,
    sagemaker_service,
    service_quotas,
)
from sandbox.aws.ec2_seed import Ec2Seed
from sandbox.aws.emr_store import EmrStore
from sandbox.aws.emulator import module
from sandbox.aws.notebook_files import NotebookFiles
from sandbox.aws.notebooks import Notebooks
from sandbox.aws.request_log import Application, Message, Receive, RequestLog, Send
from sandbox.aws.sagemaker_api import SageMakerApi
from sandbox.aws.sagemaker_store import SageMakerStore
from sandbox.aws.server import Options


def install(options: Options) -> tuple[Application, Callable[[], None]]:
    """The whole application, and what ends the notebooks it started."""
    app, tagging = module("app"), module("services.tagging")
    ec2 = Ec2Seed(options.state)
    emr = EmrStore(options.state / "emr")
    service = emr_service.EmrService(emr, options.instances_per_page)
    app.SERVICE_HANDLERS["elasticmapreduce"] = emr_service.request_handler(service)

    store = SageMakerStore()
    files = NotebookFiles(options.state, options.notebook_host, options.hook_seconds)
    notebooks = Notebooks(store, files)
    api = SageMakerApi(store, notebooks)
    sagemaker_service.install(api)
    cfn_types.install(api, notebooks)
    cfn_group_rules.install()
    cfn_conditions.install()
    cfn_iam.install()
    ec2_endpoints.install()
    ec2_rules.install()
    ec2_subnets.install()
    iam_names.install()
    iam_simulation.install()
    iam_tags.install(store.tags_of)
    lambda_logs.install()
    service_quotas.install(service_quotas.ServiceQuotas())
    for collectors in (tagging._COLLECTORS, tagging._RESOURCE_TAG_COLLECTORS):
        collectors["elasticmapreduce"] = service.all_tags
        collectors["sagemaker"] = store.all_tags

    async def seeded(scope: Message, receive: Receive, send: Send) -> None:
        # Before every call: a test that wrote a cluster sees it in the next answer.
        ec2.refresh()
        emr.refresh()
        await app.app(scope, receive, send)

    return RequestLog(seeded, options.state / "requests.jsonl"), notebooks.stop_all
