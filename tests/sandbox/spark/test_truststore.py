"""A PEM bundle becomes a trust store that Java opens."""

import os
import subprocess
from pathlib import Path

import pytest

from sandbox.spark.java import choose_java
from sandbox.spark.truststore import PASSWORD, system_bundle, write_truststore
from sandbox.tls import make_authority


def entries(store: Path) -> int:
    """How many authorities Java's own keytool finds in a store."""
    keytool = choose_java(os.environ).home / "bin" / "keytool"
    listed = subprocess.run(
        [keytool, "-list", "-keystore", store, "-storepass", PASSWORD],
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout.count("trustedCertEntry")


def test_java_finds_every_certificate_of_the_bundle_but_one_that_cannot_be_read(
    tmp_path: Path,
) -> None:
    bundle = tmp_path / "bundle.pem"
    broken = b"-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"
    one, two = (make_authority(tmp_path / each).ca_pem.read_bytes() for each in ("one", "two"))
    bundle.write_bytes(one + broken + two)

    assert entries(write_truststore(bundle, tmp_path / "trust store.p12")) == 2


def test_a_bundle_without_certificates_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()

    with pytest.raises(ValueError, match="cert"):
        write_truststore(empty, tmp_path / "trust.p12")


def test_the_system_bundle_is_the_one_that_ssl_cert_file_names(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.touch()

    assert system_bundle({"SSL_CERT_FILE": str(bundle)}) == bundle
    assert system_bundle({"SSL_CERT_FILE": str(tmp_path / "absent.pem")}) is None
