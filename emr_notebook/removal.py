"""What outlives its entry in the settings: a notebook's files and all that reads them."""

import aws_cdk as cdk
from constructs import IConstruct

from emr_notebook.settings import StageOptOuts


def keep_with_the_files(scope: IConstruct, opt_outs: StageOptOuts) -> None:
    """Let CloudFormation keep every resource below `scope`, unless the stage opts out of that.

    A kept notebook cannot be started without its role, security group, lifecycle configuration
    and key; so they are kept with it. Call it when `scope` has all its resources.
    """
    # Not plain RETAIN: a failed first deploy would leave instances behind whose names the next
    # deploy finds taken.
    kept = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    policy = kept if opt_outs.delete_volumes is None else cdk.RemovalPolicy.DESTROY
    for construct in scope.node.find_all():
        if isinstance(construct, cdk.CfnResource):
            construct.apply_removal_policy(policy)
