"""Synthesizes CDK apps with none of this project in them: what no synthesis can cost less than.

Each is checked by the same rules of cdk-nag as the project's app.
"""

import aws_cdk as cdk
import cdk_nag


def empty() -> None:
    """One stack, nothing in it."""
    app = cdk.App()
    cdk.Stack(app, "Empty")
    finish(app)


def loop(notebooks: int) -> None:
    """The stacks that a stage of so many notebooks makes, without Lambdas."""
    # Not for the empty app, which needs none of what this imports.
    from bench import bare_loop

    app = cdk.App()
    bare_loop.add_stacks(app, notebooks)
    finish(app)


def same() -> None:
    """The stack of a stage of one notebook, each of its resources and files made by hand."""
    from bench import bare_lambdas, bare_loop

    app = cdk.App()
    bare_loop.add_stacks(app, 1)
    (stack,) = (each for each in app.node.children if isinstance(each, cdk.Stack))
    bare_lambdas.add_lambdas(stack)
    finish(app)


def finish(app: cdk.App) -> None:
    """Synthesize and check."""
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks())
    app.synth()
