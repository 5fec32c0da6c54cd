"""The file of a cluster's `tls.ca_file`: what of it reaches a notebook, and what is refused."""

import base64
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template
from hypothesis import given
from hypothesis import strategies as st

from emr_notebook.build import build
from emr_notebook.settings.ca_file import (
    ACCEPTED,
    LARGEST_BYTES,
    pem,
    read_ca_files,
)
from emr_notebook.settings.file import SettingsError, parse
from emr_notebook.settings.model import Settings
from emr_notebook.settings.project_file import UnusableFileError
from sandbox.tls import Authority, make_authority
from tests.conftest import ROOT, cdk_context, stage


def in_certificate_lines(content: bytes, *, plain: bool = False) -> bytes:
    """The content as a PEM certificate, in base64 unless it is to stay plain."""
    body = content if plain else base64.b64encode(content)
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> str:
    return authority.ca_pem.read_text()


def settings(**ca_files: str) -> Settings:
    """A stage whose clusters have these files."""

    def with_files(data: dict[str, Any]) -> None:
        data["clusters"] = {
            key: {"id": f"j-{number}AAAA", "tls": {"ca_file": file}}
            for number, (key, file) in enumerate(ca_files.items())
        }
        data["notebooks"]["alice"]["cluster"] = next(iter(ca_files))

    return parse(stage(with_files))


def refusal(directory: Path, **ca_files: str) -> str:
    with pytest.raises(SettingsError) as refused:
        read_ca_files(settings(**ca_files).clusters, directory)
    return str(refused.value)


class TestPem:
    def test_what_stands_around_a_certificate_is_left_out(self, certificate: str) -> None:
        text = f"# Our root\nsubject=CN = root\n{certificate}# end\n"

        assert pem(text.encode()) == certificate.rstrip("\n")

    def test_each_certificate_is_kept_in_order(self, authority: Authority) -> None:
        issued, _ = authority.issue("two")
        first, second = authority.ca_pem.read_text(), issued.read_text()

        assert pem(f"{first}\ntext\n{second}".encode()) == f"{first}{second}".rstrip("\n")

    @pytest.mark.parametrize(
        "rewritten",
        [
            pytest.param(lambda text: text.replace("\n", "\r\n"), id="Windows line ends"),
            pytest.param(lambda text: "\ufeff" + text, id="a byte order mark"),
            pytest.param(lambda text: f"Mäc\n{text}", id="umlauts around it"),
            pytest.param(lambda text: text.replace("\n", " \n"), id="spaces at the lines' ends"),
        ],
    )
    def test_how_an_editor_saved_it_makes_no_difference(
        self, certificate: str, rewritten: Any
    ) -> None:
        assert pem(rewritten(certificate).encode()) == certificate.rstrip("\n")

    def test_lines_of_any_length_become_lines_that_every_reader_takes(
        self, certificate: str
    ) -> None:
        begin, *body, end = certificate.splitlines()

        made = pem("\n".join([begin, "".join(body), end]).encode())

        assert max(map(len, made.splitlines())) == 64

    @given(
        st.binary(max_size=300)
        | st.text(max_size=300).map(str.encode)
        | st.binary(max_size=300).map(in_certificate_lines)
        | st.text(max_size=300).map(lambda text: in_certificate_lines(text.encode(), plain=True))
    )
    def test_other_content_is_refused_and_never_crashes(self, content: bytes) -> None:
        with pytest.raises(UnusableFileError):
            pem(content)

    @pytest.mark.parametrize(
        ("content", "found"),
        [
            (b"", "it is empty"),
            (b" \n\n", "it is empty"),
            (b"see the wiki\n", "holds no certificate in PEM"),
            (b"\xfe\xed\xfe\xed\x00\x00\x00\x02", "keytool -exportcert -rfc"),
            (b"-----BEGIN X509 CRL-----\nAA==\n-----END X509 CRL-----\n", "but X509 CRL"),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "has no end"),
            (b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "number 1 is broken"),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "number 1 is broken"),
            (b"-----BEGIN CERTIFICATE-----\nA!\n-----END CERTIFICATE-----", "number 1 is broken"),
        ],
    )
    def test_a_refusal_says_what_was_found(self, content: bytes, found: str) -> None:
        with pytest.raises(UnusableFileError, match=found):
            pem(content)

    def test_a_der_file_is_told_apart_with_the_command_that_converts_it(
        self, certificate: str
    ) -> None:
        with pytest.raises(UnusableFileError, match="openssl x509 -inform der"):
            pem(ssl.PEM_cert_to_DER_cert(certificate))

    @pytest.mark.parametrize("cut", [0, 1, 40])
    def test_the_second_certificate_is_named_when_it_is_the_broken_one(
        self, certificate: str, cut: int
    ) -> None:
        der = ssl.PEM_cert_to_DER_cert(certificate)[: cut or -1]

        with pytest.raises(UnusableFileError, match="number 2 is broken"):
            pem(certificate.encode() + in_certificate_lines(der))

    @pytest.mark.parametrize(
        "kind", ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]
    )
    @pytest.mark.parametrize("ends", [True, False])
    def test_a_private_key_beside_it_is_refused_and_not_shown(
        self, certificate: str, kind: str, ends: bool
    ) -> None:
        end = f"-----END {kind}-----\n" if ends else ""
        content = f"{certificate}-----BEGIN {kind}-----\nc2VjcmV0\n{end}".encode()

        with pytest.raises(UnusableFileError) as refused:
            pem(content)

        assert "private key" in str(refused.value)
        assert "c2VjcmV0" not in str(refused.value)


class TestReadCaFiles:
    def test_a_path_starts_from_the_given_folder(
        self, tmp_path: Path, certificate: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "certs").mkdir()
        (tmp_path / "certs/ca.pem").write_text(certificate)
        monkeypatch.chdir("/")

        found = read_ca_files(settings(analytics="certs/ca.pem").clusters, tmp_path)

        assert found == {"analytics": certificate.rstrip("\n")}

    def test_a_cluster_without_a_file_has_none(self, tmp_path: Path) -> None:
        assert read_ca_files(parse(stage()).clusters, tmp_path) == {}

    def test_every_mistake_is_told_at_once_with_its_place_and_what_is_accepted(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "empty.pem").touch()

        said = refusal(tmp_path, one="missing.pem", two="empty.pem", three=".")

        assert said.splitlines()[0] == "3 mistakes"
        assert (
            f"clusters.one.tls.ca_file: 'missing.pem' was given; there is no file {tmp_path}"
            in (said)
        )
        assert "clusters.two.tls.ca_file: 'empty.pem' was given; it is empty" in said
        assert "is not a file" in said
        assert said.count(ACCEPTED) == 3

    @pytest.mark.skipif(os.getuid() == 0, reason="root reads every file")
    def test_a_file_that_may_not_be_read_is_refused_in_words(self, tmp_path: Path) -> None:
        (tmp_path / "ca.pem").touch(mode=0)

        assert "Permission denied" in refusal(tmp_path, one="ca.pem")

    @pytest.mark.parametrize("path", ["a\0b", "x" * 300, "ca.pem/inside"])
    def test_a_path_that_no_file_can_have_is_refused_in_words(
        self, tmp_path: Path, path: str
    ) -> None:
        (tmp_path / "ca.pem").touch()

        assert "clusters.one.tls.ca_file" in refusal(tmp_path, one=path)

    def test_a_file_that_never_ends_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")

        assert "is not a file" in refusal(tmp_path, one="pipe")
        assert "is not a file" in refusal(tmp_path, one="/dev/zero")

    def test_a_huge_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "ca.pem").write_bytes(b"x" * (LARGEST_BYTES + 1))

        assert "larger than" in refusal(tmp_path, one="ca.pem")


class TestTemplate:
    def test_the_start_script_holds_the_certificate_line_by_line(
        self, tmp_path: Path, certificate: str
    ) -> None:
        (tmp_path / "ca.pem").write_text(f"comment\n{certificate}")

        lines = start_lines(synthesized(settings(analytics="ca.pem"), tmp_path))

        first, *middle, last = certificate.rstrip("\n").splitlines()
        at = lines.index(f"LIVY_CA='{first}")
        assert lines[at + 1 : at + len(middle) + 2] == [*middle, f"{last}'"]
        assert "comment" not in lines

    def test_two_clusters_have_each_their_own(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            (tmp_path / f"{name}.pem").write_text(make_authority(tmp_path).ca_pem.read_text())

        def with_two(data: dict[str, Any]) -> None:
            for number, name in enumerate(("one", "two")):
                tls = {"ca_file": f"{name}.pem"}
                data["clusters"][name] = {"id": f"j-{number}AAAA", "tls": tls}
                data["notebooks"][name] = {"cluster": name}

        template = synthesized(parse(stage(with_two)), tmp_path)

        scripts = template.find_resources("AWS::SageMaker::NotebookInstanceLifecycleConfig")
        assert len(scripts) == 3
        for name in ("one", "two"):
            line = (tmp_path / f"{name}.pem").read_text().splitlines()[1]
            assert sum(line in str(each) for each in scripts.values()) == 1

    def test_checks_are_turned_off_only_where_the_settings_say_why(self, tmp_path: Path) -> None:
        def unverified(data: dict[str, Any]) -> None:
            data["clusters"]["analytics"]["tls"] = {"verify": "none", "because": "a test cluster"}

        template = synthesized(parse(stage(unverified)), tmp_path)
        (script,) = template.find_resources(
            "AWS::SageMaker::NotebookInstanceLifecycleConfig"
        ).values()

        assert any('"ignore_ssl_errors":true' in str(line) for line in start_lines(template))
        assert script["Metadata"]["OptOuts"] == {"tls": "a test cluster"}

    @pytest.mark.parametrize("tls", [None, {"verify": "system"}])
    def test_public_authorities_need_no_line(self, tmp_path: Path, tls: Any) -> None:
        def with_tls(data: dict[str, Any]) -> None:
            if tls:
                data["clusters"]["analytics"]["tls"] = tls

        lines = start_lines(synthesized(parse(stage(with_tls)), tmp_path))

        assert not [line for line in lines if str(line).startswith("LIVY_CA=")]
        assert "ignore_ssl_errors" not in next(
            line for line in lines if str(line).startswith("SPARKMAGIC_CONFIG=")
        )


@pytest.mark.slow
def test_the_app_says_a_refusal_in_words(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    text = (ROOT / "config/sandbox.yaml").read_text()
    tls = "    tls: {ca_file: certs/ca.pem}\n"
    (config / "dev.yaml").write_text(
        text.replace("    wait_minutes: 1\n", f"    wait_minutes: 1\n{tls}")
    )

    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CDK_OUTDIR": str(tmp_path / "out")},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert "clusters.analytics.tls.ca_file: 'certs/ca.pem' was given" in done.stderr
    assert "Traceback" not in done.stderr


def synthesized(given_settings: Settings, directory: Path) -> Template:
    app = cdk.App(context=cdk_context(), outdir=str(directory / "cdk.out"))
    (stack,) = build(app, given_settings, directory=directory)
    return Template.from_stack(stack)


def start_lines(template: Template) -> list[Any]:
    """The lines of the start script of the one lifecycle configuration."""
    (found,) = template.find_resources("AWS::SageMaker::NotebookInstanceLifecycleConfig").values()
    (hook,) = found["Properties"]["OnStart"]
    lines: list[Any] = hook["Content"]["Fn::Base64"]["Fn::Join"][1]
    return lines
