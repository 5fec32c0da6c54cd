"""Reads EMR's release labels, such as emr-7.9.0, and knows what follows from them."""

import re

# "Beginning with release 7.4.0, HTTPS is enabled with Apache Livy by default" on clusters whose
# security configuration encrypts in transit: EMR Release Guide, Livy, enabling HTTPS.
_FIRST_WITH_LIVY_HTTPS = (7, 4)


def encrypts_livy_in_transit(label: object) -> bool:
    """Whether encryption in transit includes Livy; True for a label that cannot be read.

    Such a label is of a release or a line (emr-spark-8.0.0) that came later.
    """
    numbers = re.match(r"emr-([0-9]{1,3})\.([0-9]{1,3})", str(label).strip().lower())
    return numbers is None or (int(numbers[1]), int(numbers[2])) >= _FIRST_WITH_LIVY_HTTPS
