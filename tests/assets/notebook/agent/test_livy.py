"""What a look at Livy finds, and what it tells a person to do."""

import re

from emr_notebook_agent import livy
from tests.conftest import ROOT

PAGE = (ROOT / "docs/troubleshooting.md").read_text()


def test_the_page_explains_every_check() -> None:
    checks = {
        text.replace("{status}", "<status>")
        for name, text in vars(livy).items()
        if name.isupper() and isinstance(text, str) and name != "NO_CLUSTER_YET"
    }
    table = PAGE[PAGE.index("| check |") :]

    explained = set(re.findall(r"^\| `([^`]+)` \|", table, re.M))
    assert explained == checks | {"not checked"}
