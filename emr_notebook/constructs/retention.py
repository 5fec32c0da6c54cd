"""Decides what CloudFormation keeps: notebooks' files, and all that it takes to read them."""

import aws_cdk as cdk

from emr_notebook.settings.model import StageOptOuts


def retain_with_notebook(resource: cdk.CfnResource, opt_outs: StageOptOuts) -> None:
    """Let CloudFormation keep a resource, unless the stage opts out of that.

    A kept notebook cannot be started without its role, the role's policy, security group,
    lifecycle configuration and key, and not opened without its owners' policy; so they are kept
    with it.
    """
    # Not plain RETAIN: a failed first deploy would leave instances behind whose names the next
    # deploy finds taken.
    kept = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    resource.apply_removal_policy(
        kept if opt_outs.delete_volumes is None else cdk.RemovalPolicy.DESTROY
    )
