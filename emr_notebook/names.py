"""Names tags and the log group that others rely on. Without CDK, which starts node."""

# SageMaker's own, for the lifecycle scripts of all notebooks.
LOG_GROUP = "/aws/sagemaker/NotebookInstances"
# On a made role, the name of the one notebook that it is for.
NAME_TAG = "EmrNotebookName"
# On a notebook, who may open it; on it and its lifecycle configuration, their CloudFormation stack.
OWNER_TAG = "Owner"
STACK_TAG = "EmrNotebookStack"
