"""What `emr-notebook init` writes, and why it says that."""

from datetime import timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from emr_notebook.cli.aws.reader import CommandError, Denied
from emr_notebook.cli.init.command import header, loaded
from emr_notebook.cli.init.draft import DECIDE, FILL_IN, Line, draft, render
from emr_notebook.cli.init.read import read_facts
from emr_notebook.settings.file import SettingsError, parse
from emr_notebook.settings.model import Settings
from emr_notebook.settings.yaml_reader import read
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, CLUSTER_ID, CREATED, REGION
from tests.cli.doctor.account_in_memory import AccountWorld
from tests.cli.doctor.network.network_in_memory import (
    NAT,
    PRIMARY,
    PRIMARY_SUBNET,
    S3_LIST,
    SUBNET,
    VPC,
)
from tests.cli.init.cluster_in_memory import (
    CALLERS,
    CLUSTERS,
    NETWORKS,
    OTHER_ACCOUNT,
    READS,
    Change,
    account,
)
from tests.conftest import ROOT

STACK = "emr-notebooks-dev"


def written(world: AccountWorld) -> tuple[str, list[Line]]:
    facts = read_facts(world.reader(), CLUSTER_ID, CREATED + timedelta(days=1))
    lines = draft(facts, STACK)
    return header(facts) + render(lines), lines


def text_of(*changes: Change, denied: str = "") -> str:
    return written(account(*changes, denied={denied}))[0]


def settings_of(*changes: Change) -> Settings:
    text, lines = written(account(*changes))
    found = loaded(text, lines)
    assert found is not None
    return found


def as_one_line(text: str) -> str:
    return " ".join(text.replace("#", "").split())


@given(
    st.sampled_from(sorted(CLUSTERS)),
    st.sampled_from(sorted(NETWORKS)),
    st.sampled_from(sorted(CALLERS)),
    st.sets(st.sampled_from(sorted({*READS} - {"elasticmapreduce:DescribeCluster"})), max_size=2),
)
@effort(max_examples=60, deadline=None)
def test_the_loader_takes_it_or_misses_what_is_left_to_fill_in_and_nothing_else(
    cluster: str, network: str, caller: str, denied: set[str]
) -> None:
    changes = (CLUSTERS[cluster], NETWORKS[network], CALLERS[caller])
    text, lines = written(account(*changes, denied=denied))
    left = {each.text.strip().partition(":")[0] for each in lines if each.is_open}

    try:
        assert parse(read(text)).clusters
    except SettingsError as error:
        missing = [x for x in str(error).splitlines() if x.strip() and "mistake" not in x]
        assert missing
        assert [x for x in missing if not any(key in x for key in left)] == []
    assert text.count(f"# {FILL_IN}: ") == len(left)
    assert all(each.isprintable() for each in text.splitlines())


def test_of_a_usable_cluster_it_says_all_that_a_stage_needs() -> None:
    found = yaml.safe_load(text_of())

    assert found == {
        "account": ACCOUNT,
        "region": REGION,
        "stack_name": STACK,
        "owner_identity": "user-name",
        "network": {"vpc_id": VPC, "subnet_id": PRIMARY_SUBNET, "vpc_cidr": "10.0.0.0/16"},
        "clusters": {
            "nightly-spark": {
                "id": CLUSTER_ID,
                "security_group_id": PRIMARY,
                "ingress": "create",
            }
        },
        "notebooks": {"dana": {"cluster": "nightly-spark", "owner": "dana"}},
    }


def test_every_setting_says_why_it_is_so() -> None:
    world = account(*(CLUSTERS[x] for x in ("with TLS", "on another port", "nightly")))
    plain = {"clusters:", "notebooks:", "    cluster: nightly-spark"}

    lines = written(world)[1]
    assert {x.text for x in lines if x.text and not x.why} == plain


class TestTheCluster:
    @pytest.mark.parametrize(
        ("kind", "code"),
        [
            ("ended", "[cluster-ended]"),
            ("with Kerberos", "[login-kerberos]"),
            ("without Livy", "[livy-missing]"),
            ("starting", "[cluster-not-ready]"),
        ],
    )
    def test_one_that_cannot_be_used_is_written_all_the_same_with_the_resolvers_words(
        self, kind: str, code: str
    ) -> None:
        text = as_one_line(text_of(CLUSTERS[kind]))

        assert f"It cannot be used now: {code} " in text
        assert " Next: " in text
        assert f"id: {CLUSTER_ID}" in text

    def test_one_that_emr_does_not_know_makes_no_file(self) -> None:
        world = account()
        world.emr.clusters = []

        with pytest.raises(CommandError, match=f"EMR has no cluster {CLUSTER_ID} for account"):
            written(world)

    def test_nor_does_one_that_may_not_be_described(self) -> None:
        with pytest.raises(Denied, match="elasticmapreduce:DescribeCluster"):
            text_of(denied="elasticmapreduce:DescribeCluster")

    def test_a_port_of_its_own_is_written(self) -> None:
        [cluster] = settings_of(CLUSTERS["on another port"]).clusters.values()

        assert cluster.port == 9000

    def test_with_tls_a_person_says_whom_to_trust(self) -> None:
        text = text_of(CLUSTERS["with TLS"])

        assert "    scheme: detect\n" in text
        assert f"# {FILL_IN}: Livy uses TLS" in text

    def test_one_whose_name_recurs_may_be_given_by_it(self) -> None:
        text = text_of(CLUSTERS["nightly"])

        assert '    # name: "nightly-spark"' in text
        assert "2 other clusters have had this name in 31 days" in as_one_line(text)

    def test_one_whose_name_is_its_own_is_given_by_its_id_alone(self) -> None:
        assert "name: " not in text_of().replace("stack_name: ", "")

    def test_another_accounts_group_is_left_to_that_account(self) -> None:
        text = text_of(NETWORKS["with another account's group"])

        assert "    ingress: external" in text
        assert f"account {OTHER_ACCOUNT}'s" in text


class TestTheNetwork:
    @pytest.mark.parametrize(
        ("kind", "chosen"),
        [
            ("with endpoints", PRIMARY_SUBNET),
            ("with a NAT gateway", PRIMARY_SUBNET),
            ("public where the cluster is", SUBNET),
            ("full where the cluster is", SUBNET),
            ("shared", PRIMARY_SUBNET),
        ],
    )
    def test_the_subnet_is_the_clusters_or_another_that_is_private(
        self, kind: str, chosen: str
    ) -> None:
        assert settings_of(NETWORKS[kind]).network.subnet_id == chosen

    def test_where_none_is_private_a_person_chooses(self) -> None:
        text, lines = written(account(NETWORKS["public"]))

        assert loaded(text, lines) is None
        assert [x.text for x in lines if x.is_open] == ["  subnet_id: subnet-…"]

    def test_nobody_is_led_to_the_internet_unasked(self) -> None:
        text = text_of(NETWORKS["with a NAT gateway"])

        assert settings_of(NETWORKS["with a NAT gateway"]).network.extra_egress == ()
        assert f"  # {DECIDE}: CloudWatch Logs has no endpoint" in text
        asked = text.replace("# extra_egress:", "extra_egress:")
        [rule] = parse(read(asked)).network.extra_egress
        assert (rule.port, rule.cidr, NAT in rule.because) == (443, "0.0.0.0/0", True)

    def test_of_several_ranges_it_takes_the_one_with_the_endpoints_and_names_the_others(
        self,
    ) -> None:
        assert settings_of(NETWORKS["with two ranges"]).network.vpc_cidr == "10.7.0.0/16"
        assert "it also has 10.0.0.0/16" in text_of(NETWORKS["with two ranges"])

    def test_s3s_list_is_given_where_a_gateway_leads_there_from_the_subnet(self) -> None:
        assert settings_of(NETWORKS["with a gateway to S3"]).network.s3_prefix_list_id == S3_LIST
        elsewhere = settings_of(NETWORKS["with a gateway elsewhere"]).network
        assert elsewhere.s3_prefix_list_id is None
        assert f"# s3_prefix_list_id: {S3_LIST}" in text_of()

    @pytest.mark.parametrize(
        ("denied", "left"),
        [
            ("ec2:DescribeVpcs", "  # vpc_cidr: "),
            ("ec2:DescribePrefixLists", "  # s3_prefix_list_id: "),
        ],
    )
    def test_what_may_not_be_read_is_commented_out_and_never_invented(
        self, denied: str, left: str
    ) -> None:
        text = text_of(denied=denied)

        assert left in text
        assert f"these credentials may not {denied}" in as_one_line(text)

    def test_a_subnet_that_may_not_be_looked_at_is_said_not_to_be(self) -> None:
        text = as_one_line(text_of(denied="ec2:DescribeRouteTables"))

        assert "not known whether it is private: these credentials may not" in text


class TestTheOwner:
    @pytest.mark.parametrize(
        ("caller", "owner"),
        [
            ("a user", "dana"),
            ("a user named as a number", "42"),
            ("a person's session", "alice.o@example.com"),
        ],
    )
    def test_is_who_calls(self, caller: str, owner: str) -> None:
        [notebook] = settings_of(CALLERS[caller]).notebooks.values()

        assert notebook.owner == owner

    @pytest.mark.parametrize("caller", ["a machine's session", "root", "a user with a comma"])
    def test_is_left_out_where_the_credentials_name_no_person(self, caller: str) -> None:
        [notebook] = settings_of(CALLERS[caller]).notebooks.values()

        assert notebook.owner is None

    def test_is_known_by_the_name_of_a_user_and_else_by_a_tag(self) -> None:
        assert settings_of().owner_identity == "user-name"
        session = settings_of(CALLERS["a person's session"])
        assert (session.owner_identity, [*session.notebooks]) == ("principal-tag", ["alice-o"])


def test_the_page_lists_every_permission_that_it_needs() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    section = page.partition("## Begin a stage\n")[2].partition("\n## ")[0]

    assert {x for x in READS if x.partition(":")[2] not in section} == set()
