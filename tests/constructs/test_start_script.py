"""The start script as text: what reaches bash, what the review sees, and the size limit."""

import base64
import importlib
import json
import re
import subprocess
from datetime import UTC, datetime
from functools import cache
from typing import Any

import aws_cdk as cdk
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from cluster_endpoint import output_formats
from emr_notebook.constructs import start_script
from emr_notebook.settings.ca_file import pem
from tests.assets.notebook.scratch_instance import BODY, values

TOKEN = "${Token[Cluster.LivyUrl.42]}"
LIMIT = 16_384
LONGEST_NAME = ".".join(["a" * 63, "a" * 63, "a" * 63, "a" * 61])


def run(lines: list[str]) -> str:
    """What bash prints when it runs the script."""
    done = subprocess.run(
        ["/bin/bash", "-c", "\n".join(lines)], capture_output=True, text=True, check=True, env={}
    )
    return done.stdout


class TestScriptLines:
    @given(
        st.lists(
            st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]))
            | st.sampled_from(["'", "'$(touch x)'", '"`id`"', "a\nb", "\\", "!!", "$HOME"]),
            min_size=1,
            max_size=40,
        )
    )
    def test_bash_reads_each_value_exactly_as_given(self, texts: list[str]) -> None:
        header = {f"V_{number}": text for number, text in enumerate(texts)}
        body = "".join(f'printf "%s\\0" "${name}"\n' for name in header)

        assert run(start_script.script_lines(header, body)) == "".join(f"{t}\0" for t in texts)

    @given(
        st.lists(
            st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]))
            | st.sampled_from(["'", "a\nV_0='b'\n", "\\'", "\n'"]),
            max_size=10,
        )
    )
    def test_the_header_is_read_back_exactly_as_given(self, texts: list[str]) -> None:
        header = {f"V_{number}": text for number, text in enumerate(texts)}
        lines = start_script.script_lines(header, "V_0='of the program'\n")
        found = start_script.header_in(start_script.content(lines))

        assert found == {"V_0": "of the program", **header}

    def test_the_body_follows_verbatim_without_its_shebang(self) -> None:
        lines = start_script.script_lines({"A": "1"}, "#!/bin/bash\n# why\n\n  echo \"$A\" '$A'\n")

        assert lines[0] == "#!/bin/bash"
        assert lines[-5:] == ["A='1'", "# why", "", "  echo \"$A\" '$A'", ""]

    def test_windows_line_ends_become_unix_ones(self) -> None:
        lines = start_script.script_lines({}, "#!/bin/bash\r\necho a\r\n")

        assert not [line for line in lines if "\r" in line]
        assert run(lines) == "a\n"

    def test_a_changed_value_changes_one_line(self) -> None:
        before = start_script.script_lines(values(), BODY)
        after = start_script.script_lines(values(LIVY_URL="http://10.0.0.9:8998"), BODY)

        assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
            ("LIVY_URL='http://127.0.0.1:9'", "LIVY_URL='http://10.0.0.9:8998'")
        ]

    def test_no_line_holds_a_line_end(self) -> None:
        assert start_script.script_lines({"A": "1\n2"}, "")[2:] == ["A='1", "2'", ""]

    def test_a_deploy_time_value_reaches_the_template_as_a_reference(self) -> None:
        stack = cdk.Stack(cdk.App(analytics_reporting=False), "Stack")
        endpoint = cdk.CfnResource(stack, "Endpoint", type="AWS::CloudFormation::CustomResource")
        header = {"LIVY_URL": endpoint.get_att("LivyUrl").to_string()}

        lines = stack.resolve(start_script.script_lines(header, "true\n"))

        assert lines[2:] == [
            {"Fn::Join": ["", ["LIVY_URL='", {"Fn::GetAtt": ["Endpoint", "LivyUrl"]}, "'"]]},
            "true",
            "",
        ]

    @pytest.mark.parametrize("name", ["", "a", "1A", "A B", "A=1;B", "A\n"])
    def test_a_name_that_is_no_shell_variable_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match="not a shell variable's name"):
            start_script.script_lines({name: "1"}, "")

    def test_a_nul_character_is_refused(self) -> None:
        with pytest.raises(ValueError, match="A holds a NUL"):
            start_script.script_lines({"A": "\0"}, "")


class TestSize:
    def test_a_script_of_exactly_the_limit_is_accepted(self) -> None:
        lines = ["x" * 12_286, ""]

        assert start_script.check_size(lines) == LIMIT
        assert len(start_script.content(lines)) == LIMIT

    def test_one_byte_more_is_refused_with_size_limit_and_what_to_shorten(self) -> None:
        with pytest.raises(start_script.ScriptTooLarge) as refused:
            start_script.check_size(["x" * 12_288, ""])

        message = str(refused.value)
        assert "16,388" in message
        assert "16,384" in message
        assert "spark.conf" in message
        assert "ca_file" in message

    def test_bytes_are_counted_rather_than_characters(self) -> None:
        assert start_script.check_size(["é" * 3]) == 8

    def test_a_deploy_time_value_counts_at_its_longest(self) -> None:
        counted = start_script.check_size([f"LIVY_URL='{TOKEN}'"])

        assert counted == start_script.check_size([f"LIVY_URL='https://{'a' * 253}:65535'"])

    def test_where_the_agent_is_counts_as_long_as_a_plain_template_may_make_it(self) -> None:
        longest = f"s3://{'b' * 63}/{'p' * 127}/agent-0123456789abcdef.pyz"

        assert start_script.check_size(["AGENT_URI='s3://b/a.pyz'"]) >= start_script.check_size(
            [f"A='{longest}'"]
        )

    def test_a_deploy_time_value_of_unknown_length_is_refused(self) -> None:
        for line in (f"OTHER='{TOKEN}'", f"echo {TOKEN}"):
            with pytest.raises(ValueError, match="no longest value is known"):
                start_script.check_size([line])

    @pytest.mark.parametrize(
        ("variable", "output", "longest"),
        [
            ("LIVY_URL", "LivyUrl", f"https://{LONGEST_NAME}:65535"),
            ("CLUSTER_ID", "ClusterId", f"j-{'A' * 20}"),
            ("RELEASE_LABEL", "ReleaseLabel", f"emr-7{'0' * 59}"),
            ("SPARK_VERSION", "SparkVersion", "3" * 64),
            ("LIVY_VERSION", "LivyVersion", "0" * 64),
        ],
    )
    def test_the_longest_value_is_the_one_that_the_resolver_lets_through(
        self, variable: str, output: str, longest: str
    ) -> None:
        form = output_formats.FORMATS[output]
        grown = [longest[:at] + longest[at - 1] + longest[at:] for at in range(1, len(longest) + 1)]

        assert re.fullmatch(form, longest)
        assert not [each for each in grown if re.fullmatch(form, each)]
        assert start_script.LONGEST_VALUE[variable] == len(longest)

    @pytest.mark.parametrize(
        ("key_bits", "room"),
        [
            pytest.param(None, 2_000, id="no authority"),
            pytest.param(2_048, 700, id="an authority with an RSA key of 2,048 bits"),
            pytest.param(4_096, 150, id="an authority with an RSA key of 4,096 bits"),
        ],
    )
    def test_the_real_script_leaves_room_for_a_users_spark_settings(
        self, key_bits: int | None, room: int
    ) -> None:
        session = {"executorMemory": "16g", "conf": {"x" * 30: "y" * 30}}
        header = start_script.header(
            cluster="c" * 32,
            livy_url=TOKEN,
            cluster_id=TOKEN,
            release_label=TOKEN,
            spark_version=TOKEN,
            livy_version=TOKEN,
            authorities=rsa_authority(key_bits) if key_bits else "",
            agent_uri="s3://bucket/agent.pyz",
            agent_sha256="0" * 64,
            idle_minutes=120,
            start_hook="user",
            sparkmagic_config=start_script.sparkmagic_config(session),
        )

        header = start_script.with_version(header, BODY)
        size = start_script.check_size(start_script.script_lines(header, BODY))

        assert size <= LIMIT - 4 * room // 3

    def test_its_version_changes_with_the_script_and_its_settings_but_not_with_the_address(
        self,
    ) -> None:
        def version(header: dict[str, str], body: str = "body") -> str:
            return start_script.with_version(header, body)["SCRIPT_VERSION"]

        one = version({"LIVY_URL": TOKEN, "CLUSTER": "a"})

        assert version({"LIVY_URL": "${Token[TOKEN.7]}", "CLUSTER": "a"}) == one
        assert version({"LIVY_URL": TOKEN, "CLUSTER": "b"}) != one
        assert version({"LIVY_URL": TOKEN, "CLUSTER": "a"}, "other") != one
        assert re.fullmatch("[0-9a-f]{8}", one)

    def test_content_is_what_sagemaker_runs(self) -> None:
        lines = start_script.script_lines({"A": "é"}, "echo\n")

        assert base64.b64decode(start_script.content(lines)).decode() == "\n".join(lines)


class TestSparkMagicConfig:
    def test_each_key_is_one_that_sparkmagic_reads(self) -> None:
        known = importlib.import_module("sparkmagic.utils.configuration")

        made = start_script.sparkmagic_config({"executorMemory": "4g"}, ignore_ssl_errors=True)
        assert made != {}
        for key in made:
            assert callable(getattr(known, key))

    def test_a_session_may_take_three_minutes_to_start(self) -> None:
        assert config()["livy_session_startup_timeout_seconds"] == 180

    def test_two_heartbeats_fit_into_the_time_after_which_livy_ends_a_silent_session(self) -> None:
        sparkmagic = importlib.import_module("sparkmagic.utils.configuration")
        refresh = sparkmagic.heartbeat_refresh_seconds()

        assert refresh > 0
        assert config()["livy_server_heartbeat_timeout_seconds"] >= 2 * refresh

    def test_sessions_end_with_their_kernel(self) -> None:
        assert config()["cleanup_all_sessions_on_exit"] is True

    def test_what_the_settings_ask_of_spark_becomes_the_sessions_defaults(self) -> None:
        asked: dict[str, object] = {
            "executorMemory": "4g",
            "numExecutors": None,
            "conf": {},
            "driverCores": 2,
        }

        assert config(asked)["session_configs_defaults"] == {
            "executorMemory": "4g",
            "driverCores": 2,
        }

    def test_a_failing_cell_is_one_for_jupyter_too(self) -> None:
        assert config()["all_errors_are_fatal"] is True

    def test_text_is_not_taken_for_numbers_or_dates(self) -> None:
        assert config()["coerce_dataframe"] is False

    def test_a_livy_with_csrf_protection_is_asked_as_it_demands(self) -> None:
        assert "X-Requested-By" in config()["custom_headers"]

    def test_a_teams_own_settings_are_over_the_apps(self) -> None:
        team = {"coerce_dataframe": True, "custom_headers": {"X-Team": "risk"}}

        made = start_script.sparkmagic_config(team=team)

        assert made["coerce_dataframe"] is True
        assert made["custom_headers"] == {"X-Requested-By": "emr-notebook", "X-Team": "risk"}

    def test_certificates_are_checked_unless_the_settings_say_otherwise(self) -> None:
        assert "ignore_ssl_errors" not in config()

    def test_a_fatal_error_is_shown_with_the_way_to_the_status(self) -> None:
        shown = config()["fatal_error_suggestion"].format("connection refused")

        assert "connection refused" in shown
        assert "START HERE" in shown


class TestHeader:
    def test_json_reaches_the_script_on_one_line(self) -> None:
        header = values()

        assert json.loads(header["SPARKMAGIC_CONFIG"])["cleanup_all_sessions_on_exit"] is True
        assert not [name for name, value in header.items() if "\n" in value]

    def test_the_script_reads_each_of_its_variables(self) -> None:
        shown = re.search(r'^shown="([A-Z_ ]+)"', BODY, re.M)
        others = re.search(r'^more="([A-Z_0-9 ]+)"', BODY, re.M)

        assert shown
        assert others
        assert {*shown[1].split(), *others[1].split()} == {
            *values(),
            "ENVIRONMENT",
            "IDLE_MINUTES",
            "LIVY_CA",
            "LIVY_FALLBACK",
            "START_HOOK",
        }

    def test_without_an_authority_no_line_speaks_of_one(self) -> None:
        assert "LIVY_CA" not in values()


def config(session: dict[str, object] | None = None) -> dict[str, Any]:
    return start_script.sparkmagic_config(session)


@cache
def rsa_authority(key_bits: int) -> str:
    """A company's authority, as the deploy hands it to the script; a key takes seconds."""
    key = rsa.generate_private_key(65_537, key_bits)
    names = {
        NameOID.COUNTRY_NAME: "DE",
        NameOID.ORGANIZATION_NAME: "Example Corporation",
        NameOID.ORGANIZATIONAL_UNIT_NAME: "Data Platform",
        NameOID.COMMON_NAME: "Example Corporation Internal Root CA G2",
    }
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in names.items()])
    own_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuers_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2046, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(own_key, critical=False)
        .add_extension(issuers_key, critical=False)
        .sign(key, hashes.SHA256())
    )
    return pem(certificate.public_bytes(Encoding.PEM))
