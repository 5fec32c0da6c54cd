"""Words the refusals of a cluster's DNS name: code, what was found, and the next step."""

from collections.abc import Mapping

from refusal import Refusal, listed


def record_taken(name: str, values: Mapping[str, str]) -> Refusal:
    """Somebody else's record stands at the name."""
    found = listed([f"{kind} {value[:80]}" for kind, value in sorted(values.items())], 3)
    return Refusal(
        "record-taken",
        f"The name {name} has records that this stack did not make: {found}.",
        "delete them, or rename the cluster's key in the settings, or set its follow to false.",
    )


def zone_of_another_vpc(zone_id: str, vpc_id: str, vpcs: list[str]) -> Refusal:
    """The zone of the settings is not one that the notebooks' VPC sees."""
    return Refusal(
        "zone-of-another-vpc",
        f"The hosted zone {zone_id} belongs to {listed(vpcs, 5)}, not to the notebooks' {vpc_id}.",
        "associate the zone with that VPC, or leave network.zone_id out to have a zone made.",
    )


def zone_name_differs(zone_id: str, found: str, given: str) -> Refusal:
    """The zone of the settings has another name than they say."""
    return Refusal(
        "zone-name-differs",
        f"The hosted zone {zone_id} is named {found[:80]}; network.zone_name is {given}.",
        f"set network.zone_name to {found[:80]}, or network.zone_id to the zone that is meant.",
    )
