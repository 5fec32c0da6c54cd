"""Runs the sandbox's AWS: ministack with IAM enforced over TLS, and the parts that it lacks."""

from sandbox.aws.launcher import RunningAws, start_aws

__all__ = ["RunningAws", "start_aws"]
