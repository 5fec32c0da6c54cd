"""One SageMaker notebook instance, as a program: its file system, its hooks, its JupyterLab."""
