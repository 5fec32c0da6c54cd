"""What SparkMagic's configuration says, and which of a user's own settings it cannot say."""

import re

import pytest

from cluster_endpoint import output_formats
from emr_notebook_agent import connection, start
from tests.assets.cluster_endpoint.test_output_formats import PAIRS


@pytest.mark.parametrize(("name", "value"), [*PAIRS, ("ReleaseLabel", output_formats.UNKNOWN)])
def test_whatever_the_resolver_answers_is_accepted(name: str, value: str) -> None:
    form = connection.ADDRESS if name == "LivyUrl" else start.VALUE
    assert re.fullmatch(form, value)
