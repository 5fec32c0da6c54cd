"""Putting parameters into any template changes nothing but where its values stand."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emr_notebook.plain_template.parameters import stage_rules
from emr_notebook.plain_template.rewrite import rewrite
from emr_notebook.settings.file import parse
from tests.plain_template.plain_templates import FULL, KMS_KEY, PSEUDO, SECRET, SECRET_KEY, read

RULES = stage_rules(parse(FULL), FULL["stack_name"])
VALUES = {
    **PSEUDO,
    "AWS::StackName": FULL["stack_name"],
    **{each.parameter.name: each.text for each in RULES if each.parameter},
}
ARN = "arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster/j-2AXXXXXXGAPLF"
WORDS = st.sampled_from(
    [
        *(rule.text for rule in RULES),
        *(
            ARN,
            KMS_KEY,
            SECRET,
            SECRET_KEY,
            "arn:",
            ":",
            "/",
            "-",
            "x",
            "https://",
            "?region=",
            "#",
            ".console.",
        ),
        *("${aws:PrincipalTag/Owner}", "${AWS::Region}", "${!Literal}", "cluster"),
    ]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=6).map("".join)
KEYS = st.sampled_from(
    [
        *("SubnetId", "CidrIp", "Description", "ClusterKey", "ClusterName", "Content", "Resource"),
        *("NotebookInstanceName", "sagemaker:ResourceTag/Owner", "aws:ResourceTag/team", "Tags"),
    ]
)
REFERENCES = st.sampled_from(
    [{"Ref": "AWS::Partition"}, {"Ref": "Other"}, {"Fn::GetAtt": ["vpc-0a1b2c3d4e5f60718", "Arn"]}]
)


def joins(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    delimiters = st.sampled_from(["", "\n", ","])
    listed = st.tuples(delimiters, st.lists(parts, min_size=1, max_size=4)).map(list)
    return listed.map(lambda given: {"Fn::Join": given})


NODES = st.recursive(
    TEXTS | REFERENCES | joins(TEXTS | REFERENCES) | TEXTS.map(lambda text: {"Fn::Sub": text}),
    lambda nodes: (
        st.lists(nodes, max_size=4)
        | st.dictionaries(KEYS, nodes, max_size=4)
        | st.fixed_dictionaries({"Key": st.sampled_from(["vpc", "Owner"]), "Value": nodes})
        | joins(nodes)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(NODES)
def test_the_stages_own_values_give_back_the_template(node: Any) -> None:
    assert read(rewrite(node, RULES), VALUES) == read(node, VALUES)


@settings(deadline=None)
@given(NODES)
def test_a_second_time_changes_nothing_more(node: Any) -> None:
    once = rewrite(node, RULES)

    assert rewrite(once, RULES) == once


@settings(deadline=None)
@given(TEXTS)
def test_a_script_stays_as_it_is_to_the_letter(text: str) -> None:
    hook = {"OnStart": [{"Content": {"Fn::Base64": {"Fn::Join": ["\n", [text]]}}}]}

    assert rewrite(hook, RULES) == hook


@pytest.mark.parametrize(
    "key", ["ClusterKey", "Description", "Replace", "sagemaker:ResourceTag/Owner"]
)
def test_a_text_that_people_chose_is_no_id_even_if_it_reads_like_one(key: str) -> None:
    texts = {key: ["vpc-0a1b2c3d4e5f60718", ARN], "Tags": [{"Key": "Owner", "Value": ARN}]}

    assert rewrite(texts, RULES) == texts


def test_the_word_aws_or_a_regions_name_alone_is_not_replaced() -> None:
    assert rewrite(["aws", "eu-west-1"], RULES) == ["aws", "eu-west-1"]


def test_a_substitution_keeps_being_one() -> None:
    text = {"Fn::Sub": f"{ARN}/${{aws:PrincipalTag/Owner}}"}

    assert rewrite(text, RULES) == {
        "Fn::Sub": "arn:${AWS::Partition}:elasticmapreduce:${AWS::Region}:${AWS::AccountId}"
        ":cluster/${ClusterIdEuWest1}/${aws:PrincipalTag/Owner}"
    }


def test_an_id_that_is_longer_than_the_stages_own_is_another() -> None:
    longer = ["vpc-0a1b2c3d4e5f60718a", "arn:aws:ec2:us-east-1:1111222233334:vpc/x-111122223333-y"]

    assert rewrite(longer, RULES) == [
        longer[0],
        {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, longer[1][len("arn:aws") :]]]},
    ]
