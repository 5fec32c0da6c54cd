"""Lists the properties of a notebook instance that CloudFormation cannot change in place.

A change of one replaces the instance, and the new one starts without the old one's files.
"""

NAME = "NotebookInstanceName"
# Their order is part of the names of notebooks with `replace: true`; see Settings.
FROM_SETTINGS = ("SubnetId", "SecurityGroupIds", "KmsKeyId", "DirectInternetAccess")
# createOnlyProperties of AWS::SageMaker::NotebookInstance in CloudFormation's registry.
IMMUTABLE_PROPERTIES = frozenset({NAME, *FROM_SETTINGS, "PlatformIdentifier"})
