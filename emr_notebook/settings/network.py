"""Defines the settings of the network that notebooks live in."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from emr_notebook.settings import types
from emr_notebook.settings.types import Strict

_DESTINATIONS = ("cidr", "security_group_id", "prefix_list_id")


class ExtraEgress(Strict):
    """One more place that notebooks may reach, with the reason for it."""

    port: types.Port
    protocol: Literal["tcp", "udp"] = "tcp"
    cidr: types.Cidr | None = None
    security_group_id: types.SecurityGroupId | None = None
    prefix_list_id: types.PrefixListId | None = None
    because: types.RuleDescription = Field(description="becomes the rule's description")

    @model_validator(mode="after")
    def _one_destination(self) -> Self:
        given = [name for name in _DESTINATIONS if getattr(self, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) if given else "none"
            raise ValueError(f"{said} of {', '.join(_DESTINATIONS)} is given: give one of them")
        return self


class Network(Strict):
    """Where the notebooks live. All but extra_egress and the zone is fixed at birth."""

    vpc_id: types.VpcId
    subnet_id: types.SubnetId
    vpc_cidr: types.Cidr | None = Field(
        default=None, description="the VPC's range: HTTPS to its endpoints is allowed there"
    )
    s3_prefix_list_id: types.PrefixListId | None = Field(
        default=None, description="S3's prefix list in this region, for a gateway endpoint"
    )
    security_group_ids: (
        Annotated[
            tuple[types.SecurityGroupId, ...], Field(min_length=1, max_length=5, strict=False)
        ]
        | None
    ) = Field(default=None, description="groups that exist already; without it, one is made")
    zone_id: types.HostedZoneId | None = Field(
        default=None,
        description="a private hosted zone of the VPC, for the names of followed clusters; without "
        "it, <stack_name>.internal is made when a cluster is followed; with zone_name",
    )
    zone_name: types.DomainName | None = Field(
        default=None, description="the name of the zone with zone_id"
    )
    extra_egress: Annotated[tuple[ExtraEgress, ...], Field(strict=False)] = Field(
        default=(), description="what else the made security group lets notebooks reach"
    )

    @model_validator(mode="after")
    def _zone_has_both(self) -> Self:
        if (self.zone_id is None) != (self.zone_name is None):
            given, missing = ("zone_id", "zone_name") if self.zone_id else ("zone_name", "zone_id")
            raise ValueError(f"{given} is given without {missing}: give both or none")
        return self
