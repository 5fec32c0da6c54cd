"""Talks to a JupyterLab as a browser would."""
