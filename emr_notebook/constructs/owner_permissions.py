"""Lists what IAM asks of a notebook's owner. Without CDK, which starts node."""

OPEN = "sagemaker:CreatePresignedNotebookInstanceUrl"
# On the notebook.
USE = (
    OPEN,
    "sagemaker:DescribeNotebookInstance",
    "sagemaker:StartNotebookInstance",
    "sagemaker:StopNotebookInstance",
)
LIST = "sagemaker:ListNotebookInstances"

# StartNotebookInstance asks its caller for the rest, too: SageMaker's developer guide, "API
# permissions: actions, permissions, and resources reference".
PASS_ROLE = "iam:PassRole"  # noqa: S105 - an action
SAGEMAKER = "sagemaker.amazonaws.com"
# Of a notebook in a VPC.
DESCRIBE_NETWORK = (
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)
CREATE_INTERFACE = "ec2:CreateNetworkInterface"
# Not in that reference: the registry's schema of AWS::SageMaker::NotebookInstance names it.
PERMIT_INTERFACE = "ec2:CreateNetworkInterfacePermission"
# Of one with a key.
DESCRIBE_KEY, CREATE_GRANT = "kms:DescribeKey", "kms:CreateGrant"
# Of one with a Git repository whose secret is in Secrets Manager.
READ_SECRET = "secretsmanager:GetSecretValue"  # noqa: S105 - an action
# Of one whose secret a key of the customer's encrypts: Secrets Manager decrypts in the name of who
# reads. Its API reference, GetSecretValue, and its user guide, "Permissions for the KMS key".
DECRYPT = "kms:Decrypt"
