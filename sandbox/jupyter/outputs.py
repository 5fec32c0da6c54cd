"""Reads what a notebook's cells printed."""

from typing import Any

from nbformat import NotebookNode


def output_of(cell: NotebookNode) -> str:
    """All text that a cell printed or displayed."""
    texts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            texts.append(output.text)
        elif "text/plain" in output.get("data", {}):
            texts.append(output.data["text/plain"])
    return "".join(texts)


def spark_table(text: str) -> list[dict[str, Any]]:
    """The rows of the first table that DataFrame.show() printed, values as numbers where they are.

    Empty when there is no table.
    """
    lines = [line[1:-1].split("|") for line in text.splitlines() if line.startswith("|")]
    if not lines:
        return []
    names = [name.strip() for name in lines[0]]
    return [
        dict(zip(names, (_value(cell.strip()) for cell in line), strict=True)) for line in lines[1:]
    ]


def _value(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
