"""A CDK app: the real stacks of several stages, so that one CDK process deploys all of them.

`-c stages=` is a JSON object: by stage, the `refresh` it is deployed with, the one action that is
`withheld` from its resolver's role, and the `outputs` that each cluster has beside today's.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from unittest.mock import patch

import aws_cdk as cdk

from emr_notebook.constructs import cluster_endpoint, resolver_request
from emr_notebook.settings.cluster import Cluster
from emr_notebook.settings.file import load_stage
from emr_notebook.stack import EmrNotebookStack

Grants = Callable[[Iterable[Cluster]], list[resolver_request.Grant]]


def grants_without(action: str) -> Grants:
    """The product's own grants, this action taken out."""

    def grants(clusters: Iterable[Cluster]) -> list[resolver_request.Grant]:
        kept = [
            replace(each, actions=tuple(name for name in each.actions if name != action))
            for each in resolver_request.grants(clusters)
        ]
        return [each for each in kept if each.actions]

    return grants


def main() -> None:
    """Synthesize them; each stack is named in its stage's settings."""
    app = cdk.App()
    for stage, asked in json.loads(app.node.get_context("stages")).items():
        with patch.object(cluster_endpoint, "grants", grants_without(asked["withheld"])):
            settings = load_stage(stage)
            stack = EmrNotebookStack(
                app,
                settings,
                name=settings.stack_name,
                # All are looked up, whether a notebook uses them or not.
                idle_clusters=frozenset(settings.clusters),
                follows=True,
                authorities={},
                hooks={},
                refresh=asked["refresh"],
            )
            for endpoint in stack.endpoints.values():
                found = {"ClusterId": endpoint.cluster_id, "ReleaseLabel": endpoint.release_label}
                for name in asked["outputs"]:
                    cdk.CfnOutput(endpoint, name, value=found[name])
    app.synth()


if __name__ == "__main__":
    main()
