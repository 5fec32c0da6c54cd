"""Makes an executed notebook readable without a kernel or a network: its widgets become outputs."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from nbformat import NotebookNode

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def with_static_outputs(notebook: NotebookNode) -> NotebookNode:
    """The notebook with what its widgets show, such as the table of `%%sql`, in their places.

    Left out are the widgets themselves and the scripts among what they show: plotly.js alone is
    5 MB, and neither draws anything without a kernel.
    """
    static = copy.deepcopy(notebook)
    widgets = static.metadata.pop("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for cell in static.cells:
        if cell.cell_type == "code":
            cell.outputs = [each for output in cell.outputs for each in _static(output, widgets)]
    return static


def _static(output: NotebookNode, widgets: Mapping[str, Any]) -> Iterator[NotebookNode]:
    view = output.get("data", {}).get(WIDGET_VIEW)
    if view is None:
        yield output
        return
    for each in _shown_in(view["model_id"], widgets):
        if "<script" not in each.get("data", {}).get("text/html", ""):
            yield each


def _shown_in(model_id: str, widgets: Mapping[str, Any]) -> Iterator[NotebookNode]:
    state = widgets.get(model_id, {}).get("state", {})
    yield from map(NotebookNode, state.get("outputs", []))
    for child in state.get("children", []):
        yield from _shown_in(child.removeprefix("IPY_MODEL_"), widgets)
