"""Calls what a schedule is for, in the name of the schedule's role, as any other client does."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import boto3
import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.aws.emulator import ministack
from sandbox.aws.iam import service_roles
from sandbox.aws.options import HOST, Options

PRINCIPAL = "scheduler.amazonaws.com"
UNIVERSAL = "arn:aws:scheduler:::aws-sdk:"
# User guide, "Using universal targets": what begins so cannot be scheduled.
READING = (
    *("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read"),
    *("lookup", "discover", "validate", "batchGet", "batchDescribe", "batchRead", "transactGet"),
    *("adminGet", "adminList", "testMigration", "retrieve", "testConnection", "translateDocument"),
    *("isAuthorized", "invokeModel"),
)
SESSION_SECONDS = 900

Schedule = Mapping[str, Any]


class RunFailed(Exception):
    """The target was not called, or refused."""


def target_problem(target: Mapping[str, Any]) -> str | None:
    """What Scheduler, or this one, refuses a schedule's target for; None when it takes it."""
    arn, given = target["Arn"], target.get("Input", "{}")
    if "<aws.scheduler." in given:
        return "The sandbox's Scheduler fills no context attributes into an Input."
    if not arn.startswith(UNIVERSAL):
        known = ":lambda:" in arn
        return None if known else f"The sandbox's Scheduler has no such target: {arn}."
    if _operation(arn) is None:
        return f"Invalid universal target {arn}."
    try:
        holds = isinstance(json.loads(given), dict)
    except ValueError:
        holds = False
    return None if holds else "Invalid RequestJson provided. Reason: the Input is no JSON object."


def may_assume(schedule: Schedule) -> bool:
    """Whether the role's trust policy admits Scheduler, on behalf of the schedule's group."""
    _, _, _, region, account, _ = schedule["Arn"].split(":", 5)
    # User guide, "Confused deputy prevention": aws:SourceArn is the group's ARN.
    group = f"arn:aws:scheduler:{region}:{account}:schedule-group/{schedule['GroupName']}"
    context = {"aws:sourcearn": group, "aws:sourceaccount": account}
    role_arn = schedule["Target"]["RoleArn"]
    return service_roles.may_assume(role_arn, PRINCIPAL, region=region, context=context)


class Targets:
    """Calls targets through the emulator's own front door, where IAM decides."""

    def __init__(self, options: Options) -> None:
        self._endpoint = f"https://{HOST}:{options.port}"
        self._ca = str(options.ca)

    def call(self, schedule: Schedule, due: datetime) -> None:
        """Call the schedule's target once; RunFailed says why it did not work."""
        if not may_assume(schedule):
            raise RunFailed("AccessDenied: the role does not let Scheduler assume it")
        target = schedule["Target"]
        try:
            if target["Arn"].startswith(UNIVERSAL):
                service, operation = _operation(target["Arn"]) or ("", "")
                client = self._client(schedule, service)
                getattr(client, xform_name(operation))(**json.loads(target.get("Input", "{}")))
            else:
                payload = target.get("Input") or json.dumps(_event(schedule, due))
                self._client(schedule, "lambda").invoke(
                    FunctionName=target["Arn"], InvocationType="Event", Payload=payload
                )
        except (ClientError, BotoCoreError) as error:
            raise RunFailed(str(error)) from error

    def _client(self, schedule: Schedule, service: str) -> Any:
        role_arn = schedule["Target"]["RoleArn"]
        keys = service_roles.session_keys(role_arn, "scheduler", seconds=SESSION_SECONDS)
        region = schedule["Arn"].split(":")[3]
        return boto3.Session(*keys, region).client(
            service,  # type: ignore[call-overload]  # whatever the schedule names
            endpoint_url=self._endpoint,
            verify=self._ca,
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )


def _operation(arn: str) -> tuple[str, str] | None:
    """The service and operation of a universal target, if there is one that can be scheduled."""
    service, _, action = arn.removeprefix(UNIVERSAL).partition(":")
    session = botocore.session.get_session()
    if service not in session.get_available_services() or action.startswith(READING):
        return None
    names = session.get_service_model(service).operation_names
    operation = action[:1].upper() + action[1:]
    return (service, operation) if action[:1].islower() and operation in names else None


def _event(schedule: Schedule, due: datetime) -> dict[str, Any]:
    """What a function gets from a schedule without an Input."""
    _, _, _, region, account, _ = schedule["Arn"].split(":", 5)
    return {
        "version": "0",
        "id": ministack("core.responses").new_uuid(),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": account,
        "time": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [schedule["Arn"]],
        "detail": "{}",
    }
