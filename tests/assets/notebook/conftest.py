"""What the tests of the notebook's scripts run them on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.tls import Authority, make_authority
from tests.assets.notebook.scratch_instance import Instance, Server, secure, server


@pytest.fixture
def instance() -> Iterator[Instance]:
    with Instance.scratch() as made:
        yield made


@pytest.fixture
def livy() -> Iterator[Server]:
    with server() as made:
        yield made


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path / "authority")


@pytest.fixture
def tls_livy(authority: Authority, livy: Server) -> Server:
    """The same Livy, behind a certificate of that authority's."""
    return secure(livy, *authority.issue("livy"))
