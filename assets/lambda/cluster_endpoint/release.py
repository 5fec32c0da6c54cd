"""Reads EMR's release labels, such as emr-7.9.0, and knows what follows from them."""

import re

# What a notebook's start script may hold of one.
FORMAT = r"emr-[0-9][0-9a-z.-]{0,30}"
# "Beginning with release 7.4.0, HTTPS is enabled with Apache Livy by default" on clusters whose
# security configuration encrypts in transit: EMR Release Guide, Livy, enabling HTTPS.
_FIRST_WITH_LIVY_HTTPS = (7, 4)


def encrypts_livy_in_transit(label: object) -> bool:
    """Whether encryption in transit includes Livy; False for a label that cannot be read."""
    numbers = re.match(r"emr-(\d{1,3})\.(\d{1,3})", str(label))
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= _FIRST_WITH_LIVY_HTTPS
