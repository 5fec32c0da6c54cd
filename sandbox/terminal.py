"""Writes to standard output, and says once when that can no longer be written to."""

from typing import IO, Any

from sandbox.errors import SandboxError


class Terminal:
    """A text file that raises SandboxError at its first failed write, and drops what follows.

    A full disk or a reader that has gone (`| head`) ends the work in order, and its clean-up, which
    reports too, is not interrupted.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.failure: SandboxError | None = None

    def write(self, text: str) -> int:
        """Write the text at once."""
        if self.failure is None:
            try:
                self._stream.write(text)
                self._stream.flush()
            except OSError as error:
                self.failure = SandboxError(
                    f"standard output cannot be written to: {error.strerror}"
                )
                raise self.failure from error
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
