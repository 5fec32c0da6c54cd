"""Makes the policies of the roles of a stack's notebooks."""

import hashlib
import json
from functools import cached_property
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from emr_notebook.checks.nag import acknowledge, wildcard_rule
from emr_notebook.constructs.agent import Agent
from emr_notebook.constructs.iam import allow
from emr_notebook.constructs.retention import retain_with_notebook
from emr_notebook.names import LOG_GROUP, NAME_TAG
from emr_notebook.settings.model import StageOptOuts
from emr_notebook.settings.notebook import CODECOMMIT_URL, CodeRepository, ResolvedNotebook


class NotebookRoles(Construct):
    """A notebook's role may write that notebook's log, and read its agent and repositories.

    One that stops itself when idle may do that. Nothing else: the access to data belongs to the
    cluster. One policy serves all roles, each of which carries its notebook's name as a tag; a
    policy for each would double a template's size. `agent` is that of notebooks without a hook.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, agent: Agent, stage_opt_outs: StageOptOuts
    ):
        super().__init__(scope, construct_id)
        self._stack = cdk.Stack.of(self)
        self.trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "sagemaker.amazonaws.com"},
                }
            ],
        }
        self._stage_opt_outs = stage_opt_outs
        self._made: dict[str, iam.CfnManagedPolicy] = {}
        policy = self._policy(
            # Another description would replace it, and leave the old one behind.
            "Log",
            "A SageMaker notebook writes its own log",
            self._log_document(agent),
        )
        self._policy_arns = [policy.ref]
        acknowledge(
            policy,
            {
                wildcard_rule(self._stack, self._own_streams): "SageMaker names a notebook's "
                "log streams <notebook>/<hook>: the prefix is the role's own notebook.",
                **agent.acknowledgements(),
            },
        )

    def policy_arns_for(self, notebook: ResolvedNotebook, agent: Agent) -> list[str]:
        """The policies of a notebook's role; roles that may do the same share them."""
        stop = [] if notebook.idle_minutes is None else [self._stop_policy_arn]
        return [*self._policy_arns, *stop, *self._read_policy_arns(notebook, agent)]

    @cached_property
    def _stop_policy_arn(self) -> str:
        """By a tag of both: an ARN has the name in small letters, which no policy can write so."""
        instances = self._arn("sagemaker", "notebook-instance/*")
        tag = {f"sagemaker:ResourceTag/{NAME_TAG}": f"${{aws:PrincipalTag/{NAME_TAG}}}"}
        statement = allow(["sagemaker:StopNotebookInstance"], [instances], {"StringEquals": tag})
        document = {"Version": "2012-10-17", "Statement": [statement]}
        policy = self._policy("Stop", "A SageMaker notebook stops itself when idle", document)
        reason = "The condition names the one notebook that has the role's own tag."
        acknowledge(policy, {wildcard_rule(self._stack, instances): reason})
        return policy.ref

    def _read_policy_arns(self, notebook: ResolvedNotebook, agent: Agent) -> list[str]:
        """One for all that is its own to read: a role takes ten policies, eight are a team's."""
        read = notebook.code_repositories
        statements = [statement for each in read for statement in self._read_statements(each)]
        text, name = json.dumps([_identity(each) for each in read]), "code repositories"
        if notebook.hook is not None:
            statements += agent.read_statements()
            # Not what the hook says: an edit of it changes the policy in place.
            text, name = f"{text} {notebook.hook.file}", f"start hook and {name}"
        if not statements:
            return []
        if text not in self._made:
            digest = hashlib.sha256(text.encode()).hexdigest()[:8]
            self._made[text] = self._policy(
                f"{'Repositories' if notebook.hook is None else 'Reads'}-{digest}",
                f"A SageMaker notebook reads its {name}",
                {"Version": "2012-10-17", "Statement": statements},
            )
            acknowledge(self._made[text], agent.acknowledgements() if notebook.hook else {})
        return [self._made[text].ref]

    def _policy(
        self, construct_id: str, description: str, document: dict[str, Any]
    ) -> iam.CfnManagedPolicy:
        policy = iam.CfnManagedPolicy(
            self, construct_id, description=description, policy_document=document
        )
        retain_with_notebook(policy, self._stage_opt_outs)
        return policy

    @property
    def _own_streams(self) -> str:
        return f"{self._group}:log-stream:${{aws:PrincipalTag/{NAME_TAG}}}/*"

    @property
    def _group(self) -> str:
        return self._arn("logs", f"log-group:{LOG_GROUP}")

    def _log_document(self, agent: Agent) -> dict[str, Any]:
        group = self._group
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": self._own_streams,
                },
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogGroup", "logs:DescribeLogStreams"],
                    # IAM is asked about the group under either of these names.
                    "Resource": [group, f"{group}:log-stream:"],
                },
                *agent.read_statements(),
            ],
        }

    def _read_statements(self, repository: CodeRepository) -> list[dict[str, Any]]:
        if repository.name is not None:
            found = [
                self._allow_code_repository(
                    "sagemaker:DescribeCodeRepository", "sagemaker", repository.name
                )
            ]
            return found + _secret_statements(repository)
        in_codecommit = CODECOMMIT_URL.fullmatch(repository.url or "")
        if in_codecommit is None:
            return []
        region, name = in_codecommit.groups()
        arn = f"arn:{self._stack.partition}:codecommit:{region}:{self._stack.account}:{name}"
        actions = ["codecommit:GitPull", "codecommit:GitPush"]
        return [{"Effect": "Allow", "Action": actions, "Resource": arn}]

    def _allow_code_repository(self, action: str, service: str, repository: str) -> dict[str, Any]:
        arn = self._arn(service, f"code-repository/{repository.lower()}")
        return {"Effect": "Allow", "Action": action, "Resource": arn}

    def _arn(self, service: str, resource: str) -> str:
        stack = self._stack
        return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{resource}"


def _secret_statements(repository: CodeRepository) -> list[dict[str, Any]]:
    secret, key = repository.secret_arn, repository.secret_key_arn
    if secret is None:
        return []
    read = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}
    if key is None:
        return [read]
    decrypt = {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": key,
        # Secrets Manager encrypts in this context: the key opens this secret and nothing else.
        "Condition": {"StringEquals": {"kms:EncryptionContext:SecretARN": secret}},
    }
    return [read, decrypt]


def _identity(repository: CodeRepository) -> dict[str, str | None]:
    """What a policy's logical id is made of: a field that came later counts only where it is."""
    later = {"secret_key_arn"} if repository.secret_key_arn is None else set()
    return repository.model_dump(exclude=later)
