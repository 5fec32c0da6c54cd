"""`.sandbox/report.json`: what a demo did, for whoever reads it with a program."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Report:
    """What is known so far; a failed demo's report has `ok` false and `error`."""

    livy: str | None = None
    cluster: str | None = None
    notebook: str | None = None
    spark_result: list[dict[str, Any]] | None = None
    first_result_seconds: float | None = None
    error: str | None = None

    def write(self, path: Path, steps: Sequence[tuple[str, float]]) -> None:
        """Write it as a whole: a reader never sees half of one."""
        content = {
            "ok": self.error is None,
            "livy": self.livy,
            "cluster": self.cluster,
            "notebook": self.notebook,
            "spark_result": self.spark_result,
            "first_result_seconds": self.first_result_seconds,
            "steps": [{"name": name, "seconds": round(seconds, 2)} for name, seconds in steps],
            **({"error": self.error} if self.error is not None else {}),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        partial.replace(path)
