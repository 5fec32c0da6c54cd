"""Finds the browser of whoever runs a command, if there is one that shows JupyterLab."""

import os
import webbrowser


def graphical_browser() -> webbrowser.BaseBrowser | None:
    """The browser that BROWSER names, or the desktop's; None where there is only a terminal's."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    # Without a desktop, Python finds lynx or w3m, which would take the terminal over and show
    # nothing.
    is_text = type(found) is webbrowser.GenericBrowser
    return found if os.environ.get("BROWSER") or not is_text else None
