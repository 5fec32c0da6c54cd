"""Plays one SageMaker notebook instance: its file system, its hooks, its JupyterLab."""
