"""Defines the settings of one EMR cluster: which one, and how its Livy is reached and trusted."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from emr_notebook.settings import types
from emr_notebook.settings.types import Strict


class Tls(Strict):
    """Whom a notebook trusts when Livy uses TLS: one file's authorities, or the system's."""

    ca_file: types.FilePath | None = Field(
        default=None, description="a PEM file with the authorities' certificates"
    )
    verify: Literal["system", "none"] | None = Field(
        default=None, description="system: public authorities; none: any certificate, with because"
    )
    because: types.Because | None = Field(default=None, description="why any certificate is taken")
    names_alias: bool = Field(
        default=False,
        description="Livy's certificate holds the cluster's followed DNS name, too: notebooks use "
        "it; without it, a cluster whose Livy uses TLS is not followed",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.ca_file is None) == (self.verify is None):
            raise ValueError("give either ca_file or verify (system or none)")
        if (self.verify == "none") != (self.because is not None):
            raise ValueError("verify: none goes with because, and because with it")
        return self


class Cluster(Strict):
    """An EMR cluster that notebooks use."""

    id: types.ClusterId | None = Field(default=None, description="this cluster alone")
    name: types.ClusterName | None = Field(
        default=None, description="the one active cluster with this name"
    )
    tags: Annotated[dict[types.TagKeyToSelect, types.TagValue], Field(min_length=1)] | None = Field(
        default=None,
        description="the one active cluster with all these tags; those that AWS sets (aws:…), too",
    )
    security_group_id: types.SecurityGroupId | None = Field(
        default=None, description="the primary node's security group"
    )
    ingress: Literal["create", "external"] | None = Field(
        default=None,
        description="create: this stack adds the rule that admits the notebooks to Livy; "
        "external: the rule exists already",
    )
    wait_minutes: types.WaitMinutes = Field(
        default=10, description="how long a deploy waits for a cluster that is still starting"
    )
    port: types.Port = Field(
        default=8998,
        description="the port that Livy listens on when the cluster's configuration says none, and "
        "the one that this stack's rules open",
    )
    scheme: Literal["http", "https", "detect"] | None = Field(
        default=None,
        description="http and https force, and leave the cluster's security configuration unread: "
        "whether it encrypts in transit, or asks for a login (Kerberos, LDAP, IAM Identity Center, "
        "runtime roles), is not checked; detect lets the resolver read it; without scheme, a "
        "cluster that has one is refused",
    )
    tls: Tls | None = Field(default=None, description="whom to trust when Livy uses TLS")
    follow: bool | None = Field(
        default=None,
        description="notebooks use a private DNS name that leads to whatever cluster fits now, "
        "without a deploy; true without it for a cluster by name or tags, false for one by id "
        "(where it helps when a primary node is replaced)",
    )
    when_absent: Literal["refuse", "deploy"] = Field(
        default="refuse",
        description="deploy: notebooks are deployed before there is a cluster, and wait for the "
        "one to follow; refuse: a new cluster that is not there fails the deploy",
    )
    group_configurations: bool = Field(
        default=True,
        description="look for livy-conf in the primary's own instance group or fleet, too: one "
        "call more; false leaves it, and two permissions of the resolver's, out",
    )

    @property
    def is_followed(self) -> bool:
        """Whether the cluster's DNS name is kept true."""
        return self.id is None if self.follow is None else self.follow

    @model_validator(mode="after")
    def _one_selector(self) -> Self:
        given = [name for name in ("id", "name", "tags") if getattr(self, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) if given else "none"
            raise ValueError(f"{said} of id, name and tags is given: give one of them")
        return self

    @model_validator(mode="after")
    def _ingress_goes_with_the_group(self) -> Self:
        if (self.security_group_id is None) != (self.ingress is None):
            given, missing = (
                ("security_group_id", "ingress (create or external)")
                if self.ingress is None
                else ("ingress", "security_group_id (the primary node's)")
            )
            raise ValueError(f"{given} is given without {missing}: give both or none")
        return self
