"""The article's method, as it is described: what it looks up, and what it renders from that."""

import base64
import json
from typing import Any

from bench.article.__main__ import find_primary, parse, render, start_script

GIVEN = ["--emr-cluster-id=j-1", "--stack-name=s", "--nb-instance-name=n", "--role-arn=arn:aws:r"]
GIVEN += ["--lifecycle-config-name=l", "--subnet-id=subnet-1", "--security-group-ids=sg-1"]


class Emr:
    def list_instances(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        return {"Instances": [{"PrivateIpAddress": "10.0.0.5"}, {"PrivateIpAddress": "10.0.0.6"}]}


def test_it_takes_the_first_running_master() -> None:
    emr = Emr()

    assert find_primary(emr, "j-1") == "10.0.0.5"
    assert emr.asked == {
        "ClusterId": "j-1",
        "InstanceGroupTypes": ["MASTER"],
        "InstanceStates": ["RUNNING"],
    }


def test_its_script_writes_the_address_for_all_kernels_and_asks_livy() -> None:
    script = base64.b64decode(start_script("10.0.0.5")).decode()
    config = json.loads(script.partition("<<'JSON'\n")[2].partition("\nJSON\n")[0])

    kernels = [config[f"kernel_{each}_credentials"] for each in ("python", "scala", "r")]
    assert {each["url"] for each in kernels} == {"http://10.0.0.5:8998"}
    assert script.endswith('curl "10.0.0.5:8998/sessions"\n')


def test_its_template_has_the_notebook_alone_with_every_parameter() -> None:
    words = {f"@{name}@": value for name, value in parse(GIVEN).items()}
    [notebook] = json.loads(render("notebook.template.json", **words))["Resources"].values()

    assert notebook["Type"] == "AWS::SageMaker::NotebookInstance"
    assert "@" not in json.dumps(notebook)
    assert notebook["Properties"]["DirectInternetAccess"] == "Enabled"
    assert notebook["Properties"]["RootAccess"] == "Enabled"
