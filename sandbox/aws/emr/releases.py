"""Knows which Livy EMR's releases carry."""

import re

# The release guide's histories of Livy. EMR 8 has labels of its own: emr-spark-8.1.0.
_LIVY_OF_7, _LIVY_BEFORE, _NEWEST_LIVY = "0.8.0", "0.7.1", "0.9.0"
_FIRST_WITH_NEWEST_LIVY = (8, 1)


def livy_version(release_label: str) -> str:
    """The version of Livy in a release; the newest known where the label says nothing of it."""
    numbers = re.search(r"-([0-9]+)\.([0-9]+)", release_label)
    release = (int(numbers[1]), int(numbers[2])) if numbers else _FIRST_WITH_NEWEST_LIVY
    if release >= _FIRST_WITH_NEWEST_LIVY:
        return _NEWEST_LIVY
    return _LIVY_OF_7 if release >= (7, 0) else _LIVY_BEFORE
