"""An executed notebook without a kernel: what its widgets showed is read in their places."""

from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from sandbox.jupyter.static_outputs import WIDGET_STATE, WIDGET_VIEW, with_static_outputs

TABLE = "<table><tr><td>old town</td></tr></table>"


def shown(html: str) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {"text/html": html}, "metadata": {}}


def executed(**widgets: dict[str, Any]) -> NotebookNode:
    """A notebook with a cell that printed, then showed the widget `box`."""
    view = {WIDGET_VIEW: {"model_id": "box"}, "text/plain": "VBox(…)"}
    outputs = [
        new_output("stream", name="stdout", text="printed"),  # type: ignore[no-untyped-call]
        new_output("display_data", data=view),  # type: ignore[no-untyped-call]
    ]
    state = {name: {"state": value} for name, value in widgets.items()}
    notebook: NotebookNode = new_notebook(  # type: ignore[no-untyped-call]
        cells=[new_code_cell("%%sql", outputs=outputs)],  # type: ignore[no-untyped-call]
        metadata={"widgets": {WIDGET_STATE: {"state": state}}},
    )
    return notebook


def test_the_table_in_a_widget_stands_in_its_place_and_scripts_are_left_out() -> None:
    notebook = executed(
        box={"children": ["IPY_MODEL_progress", "IPY_MODEL_output"]},
        progress={"value": 1.0},
        output={"outputs": [shown("<script>plotly</script>"), shown(TABLE)]},
    )

    static = with_static_outputs(notebook)

    printed, table = static.cells[0].outputs
    assert printed.text == "printed"
    assert table.data == {"text/html": TABLE}
    assert "widgets" not in static.metadata
    nbformat.validate(static)


def test_a_widget_whose_state_was_lost_leaves_nothing() -> None:
    static = with_static_outputs(executed())

    assert [each.output_type for each in static.cells[0].outputs] == ["stream"]


def test_the_notebook_that_is_given_stays_as_it_is() -> None:
    notebook = executed(box={"outputs": [shown(TABLE)]})

    with_static_outputs(notebook)

    assert "widgets" in notebook.metadata
    assert WIDGET_VIEW in notebook.cells[0].outputs[1].data
