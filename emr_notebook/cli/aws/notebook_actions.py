"""Makes the two calls of the commands that do more than read: `emr-notebook open` makes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emr_notebook.cli.aws.reader import Call, Reader, call_in_words

START, OPEN = "start_notebook_instance", "create_presigned_notebook_instance_url"


@dataclass(frozen=True)
class NotebookActions:
    """Opens and starts notebooks with the caller's own credentials; it can do nothing else."""

    region: str
    call: Call

    @classmethod
    def of(cls, reader: Reader) -> "NotebookActions":
        """With the reader's credentials."""
        return cls(reader.region, reader.call)

    def presigned_url(self, name: str) -> str:
        """An address that opens the notebook for whoever has it, within 5 minutes.

        Raises as Reader.ask does; Refused unless the notebook is InService.
        """
        return str(self._ask(OPEN, name)["AuthorizedUrl"])

    def start(self, name: str) -> None:
        """Start the notebook, which takes minutes. Raises as Reader.ask does.

        Refused unless the notebook is Stopped or Failed.
        """
        self._ask(START, name)

    def _ask(self, method: str, name: str) -> Mapping[str, Any]:
        arguments = {"NotebookInstanceName": name}
        return call_in_words(self.region, self.call, "sagemaker", method, arguments)
