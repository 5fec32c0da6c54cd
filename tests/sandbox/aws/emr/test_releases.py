"""The Livy that EMR's releases carry, after the histories in EMR's release guide."""

import pytest

from sandbox.aws.emr.releases import livy_version


@pytest.mark.parametrize(
    ("label", "version"),
    [
        ("emr-6.15.0", "0.7.1"),
        ("emr-7.8.0", "0.8.0"),
        ("emr-7.13.0", "0.8.0"),
        ("emr-spark-8.0.0", "0.8.0"),
        ("emr-spark-8.1.0", "0.9.0"),
        ("emr-spark-10.0.0", "0.9.0"),
        ("emr-next", "0.9.0"),
    ],
)
def test_a_release_has_its_livy(label: str, version: str) -> None:
    assert livy_version(label) == version
