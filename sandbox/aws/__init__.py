"""The AWS of the sandbox: ministack with IAM enforced over TLS, and the parts it lacks."""

from sandbox.aws.launcher import RunningAws, start_aws

__all__ = ["RunningAws", "start_aws"]
