"""Puts what lifecycle scripts print where AWS does: into the emulator's CloudWatch Logs."""

import time
from pathlib import Path

from sandbox.aws.emulator import ministack

GROUP = "/aws/sagemaker/NotebookInstances"


def publish(notebook: str, hook: str, log: Path) -> None:
    """Append the lines of `log` to the stream `<notebook>/LifecycleConfigOnStart` or OnCreate."""
    logs = ministack("services.cloudwatch_logs")
    stream = f"{notebook}/LifecycleConfig{hook}"
    # Both refuse a name that exists, which is as good as made.
    logs._create_log_group({"logGroupName": GROUP})
    logs._create_log_stream({"logGroupName": GROUP, "logStreamName": stream})
    now = int(time.time() * 1000)
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    events = [{"timestamp": now, "message": line} for line in lines]
    logs._put_log_events({"logGroupName": GROUP, "logStreamName": stream, "logEvents": events})
