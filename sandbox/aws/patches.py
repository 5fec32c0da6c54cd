"""Installs everything that the sandbox adds to ministack."""

from collections.abc import Callable

from sandbox.aws import lambda_logs, service_quotas, sweeps
from sandbox.aws import tagging as tagging_pages
from sandbox.aws.cloudformation import (
    conditions,
    dead_letters,
    generated_names,
    group_rules,
    hosted_zone,
    iam,
    operations,
    parameters,
    resource_policies,
    schedules,
    types,
)
from sandbox.aws.ec2 import endpoints, rules, subnets
from sandbox.aws.ec2.seed import Ec2Seed
from sandbox.aws.emr import events as emr_events
from sandbox.aws.emr import service as emr_service
from sandbox.aws.emr.store import EmrStore
from sandbox.aws.emulator import ministack
from sandbox.aws.eventbridge import lambda_target
from sandbox.aws.iam import names, propagation, simulation, tags
from sandbox.aws.options import Options
from sandbox.aws.request_log import Application, Message, Receive, RequestLog, Send
from sandbox.aws.route53 import conditions as route53_conditions
from sandbox.aws.route53.resolver import VpcResolver
from sandbox.aws.sagemaker import service as sagemaker_service
from sandbox.aws.sagemaker.api import SageMakerApi
from sandbox.aws.sagemaker.instance_aws import InstanceAws
from sandbox.aws.sagemaker.notebook_files import NotebookFiles
from sandbox.aws.sagemaker.notebooks import Notebooks
from sandbox.aws.sagemaker.store import SageMakerStore
from sandbox.aws.scheduler.service import SchedulerService, is_control


def install(options: Options) -> tuple[Application, Callable[[], None]]:
    """The whole application, and what ends the notebooks it started."""
    app, tagging = ministack("app"), ministack("services.tagging")
    ec2 = Ec2Seed(options.state)
    emr = EmrStore(options.state / "emr", emr_events.send)
    resolver = VpcResolver(options.state / "emr")
    service = emr_service.EmrService(emr, options.instances_per_page)
    emr_service.install(service)

    store = SageMakerStore()
    files = NotebookFiles(
        options.state,
        options.notebook_host,
        options.hook_seconds,
        resolver,
        InstanceAws(options),
    )
    notebooks = Notebooks(store, files)
    api = SageMakerApi(store, notebooks)
    sagemaker_service.install(api, store)
    types.install(api, notebooks)
    group_rules.install()
    generated_names.install()
    operations.install()
    parameters.install()
    schedules.install()
    dead_letters.install()
    resource_policies.install()
    hosted_zone.install(hosted_zone.HostedZoneType(resolver.publish))
    route53_conditions.install()
    resolver.install()
    lambda_target.install()
    conditions.install()
    iam.install()
    endpoints.install()
    rules.install()
    subnets.install()
    names.install()
    simulation.install()
    tags.install(store.tags_of)
    propagation.install(options.policy_seconds)
    tagging_pages.install()
    sweeps.install()
    lambda_logs.install()
    service_quotas.install(service_quotas.ServiceQuotas())
    scheduler = SchedulerService(options)
    scheduler.install()
    for collectors in (tagging._COLLECTORS, tagging._RESOURCE_TAG_COLLECTORS):
        collectors["elasticmapreduce"] = service.all_tags
        collectors["sagemaker"] = store.all_tags

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if is_control(scope):
            await scheduler.control(receive, send)
            return
        # Before every call: a test that wrote a cluster sees it in the next answer.
        ec2.refresh()
        emr.refresh()
        await app.app(scope, receive, send)

    return RequestLog(answer, options.state / "requests.jsonl"), notebooks.stop_all
