"""Writes certificate authorities in the form that Java reads."""

import re
import ssl
import warnings
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

# Guards nothing: the file holds public certificates, but Java does not trust those of a
# PKCS12 file that is opened without a password.
PASSWORD = "changeit"
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def write_truststore(pem: Path, target: Path) -> Path:
    """Write the certificates of a PEM bundle as a PKCS12 trust store; answer `target`.

    Certificates that cannot be parsed are left out: system bundles carry a few that break
    the rules, and one of them must not cost all the others. ValueError when none is left.
    """
    certificates = []
    for block in _PEM.findall(pem.read_bytes()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                certificates.append(x509.load_pem_x509_certificate(block))
            except ValueError:
                continue
    store = pkcs12.serialize_java_truststore(
        [pkcs12.PKCS12Certificate(certificate, None) for certificate in certificates],
        BestAvailableEncryption(PASSWORD.encode()),
    )
    target.write_bytes(store)
    return target


def java_options(store: Path) -> list[str]:
    """The options that make a Java process trust this store, and nothing else."""
    return [
        f"-Djavax.net.ssl.trustStore={store}",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
        f"-Djavax.net.ssl.trustStorePassword={PASSWORD}",
    ]


def system_bundle(environ: Mapping[str, str]) -> Path | None:
    """The authorities that other programs here trust: SSL_CERT_FILE, else OpenSSL's file.

    None when there is no such file; Java's own authorities then have to do.
    """
    named = environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().openssl_cafile
    return Path(named) if Path(named).is_file() else None
