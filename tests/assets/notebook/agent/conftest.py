"""The two ends of what SageMaker's image may carry as SparkMagic, each with the agent's changes."""

import hashlib
import importlib
import logging.config
import os
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

# As PyPI has it; BSD's licence. It is unpacked here and never installed.
OLDEST = Path(__file__).parent / "sparkmagic-0.20.0.tar.gz"
OLDEST_SHA256 = "ee75b682b486cd481cfccc9221b439b8565eed3e9f90d522c25b702e3e85e997"

Import = Callable[[str], ModuleType]


def forget_sparkmagic() -> dict[str, ModuleType]:
    """Have it imported anew by whoever asks next. Returns what was there."""
    names = [
        name
        for name in sys.modules
        if name.partition(".")[0] == "sparkmagic" or name == "emr_notebook_agent.sparkmagic_patches"
    ]
    return {name: sys.modules.pop(name) for name in names}


@pytest.fixture(scope="module", params=["oldest", "pinned"])
def sparkmagic(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Import]:
    """Imports the modules of one SparkMagic, which has no configuration of its own."""
    folder = tmp_path_factory.mktemp("sparkmagic")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "SPARKMAGIC_CONF_DIR", str(folder / "conf"))
        patch.setitem(os.environ, "HOME", str(folder))
        # SparkMagic's logger would silence those of all tests that come after.
        patch.setattr(logging.config, "dictConfig", lambda _: None)
        if request.param == "oldest":
            assert hashlib.sha256(OLDEST.read_bytes()).hexdigest() == OLDEST_SHA256
            with tarfile.open(OLDEST) as archive:
                archive.extractall(folder, filter="data")
            patch.syspath_prepend(folder / "sparkmagic-0.20.0")
        before = forget_sparkmagic()
        if request.param == "oldest":
            # It is for a Jupyter Notebook of its days, and for no kernel.
            handlers = ModuleType("sparkmagic.serverextension.handlers")
            handlers.__dict__["load_jupyter_server_extension"] = None
            sys.modules[handlers.__name__] = handlers
        yield importlib.import_module
        forget_sparkmagic()
        sys.modules.update(before)
