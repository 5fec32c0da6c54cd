"""What the tests of the notebook's scripts run them on."""

from collections.abc import Iterator

import pytest

from tests.assets.notebook.scratch_instance import Instance, Server, server


@pytest.fixture
def instance() -> Iterator[Instance]:
    with Instance.scratch() as made:
        yield made


@pytest.fixture
def livy() -> Iterator[Server]:
    with server() as made:
        yield made
