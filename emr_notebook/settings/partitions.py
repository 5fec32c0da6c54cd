"""Knows the partitions of AWS: their regions, the end of their addresses, their consoles.

A table, because synthesis reads neither AWS nor its SDK; a test compares it with botocore's.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Partition:
    """A part of AWS with accounts, regions and addresses of its own.

    `name` is what its ARNs begin with; `console` is "" where it has none that is public.
    """

    name: str
    regions: str
    dns_suffix: str
    console: str = ""


PARTITIONS = (
    Partition(
        "aws",
        r"(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-[0-9]+",
        "amazonaws.com",
        "console.aws.amazon.com",
    ),
    Partition("aws-cn", r"cn-[a-z]+-[0-9]+", "amazonaws.com.cn", "console.amazonaws.cn"),
    Partition(
        "aws-us-gov", r"us-gov-[a-z]+-[0-9]+", "amazonaws.com", "console.amazonaws-us-gov.com"
    ),
    Partition("aws-eusc", r"eusc-(de)-[a-z]+-[0-9]+", "amazonaws.eu", "console.amazonaws-eusc.eu"),
    Partition("aws-iso", r"us-iso-[a-z]+-[0-9]+", "c2s.ic.gov"),
    Partition("aws-iso-b", r"us-isob-[a-z]+-[0-9]+", "sc2s.sgov.gov"),
    Partition("aws-iso-e", r"eu-isoe-[a-z]+-[0-9]+", "cloud.adc-e.uk"),
    Partition("aws-iso-f", r"us-isof-[a-z]+-[0-9]+", "csp.hci.ic.gov"),
)


def partition_of(region: str) -> Partition:
    """The partition that has regions of such a name. Raises ValueError when none is known."""
    for each in PARTITIONS:
        if re.fullmatch(each.regions, region):
            return each
    raise ValueError(f"no partition of AWS that is known has a region named {region}")
