"""Reads the authorities' certificates that a cluster's `tls.ca_file` names, or refuses the file."""

import base64
import re
import ssl
from collections.abc import Mapping
from pathlib import Path

from emr_notebook.settings.cluster import Cluster
from emr_notebook.settings.file import SettingsError
from emr_notebook.settings.messages import listed
from emr_notebook.settings.project_file import UnusableFileError, content

# Far beyond what a start script can hold: a file of this size is not what was meant.
LARGEST_BYTES = 1 << 20
ACCEPTED = (
    "a PEM file with at least one certificate and no private key; its path starts from the folder "
    "of cdk.json"
)
# RFC 7468; what stands outside the lines is explanatory text.
_BEGIN = re.compile(r"^-----BEGIN ([A-Z0-9 ]+)-----", re.MULTILINE)
_CERTIFICATE = re.compile(r"^-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----", re.M)
_BINARY = (
    "it is binary: convert a DER file with `openssl x509 -inform der`, or export the certificate "
    "from a keystore with `keytool -exportcert -rfc`"
)


def read_ca_files(clusters: Mapping[str, Cluster], directory: Path) -> dict[str, str]:
    """The certificates of each cluster that has a ca_file, by the cluster's key, as `pem`.

    Paths start from `directory`. Raises SettingsError, which lists every file that is refused.
    Whether a certificate has expired, or is an authority's at all, is not looked at: the first
    depends on the day, and a self-signed server certificate is its own authority.
    """
    found: dict[str, str] = {}
    mistakes: list[str] = []
    for key, cluster in clusters.items():
        if cluster.tls is None or cluster.tls.ca_file is None:
            continue
        try:
            found[key] = pem(content(directory / cluster.tls.ca_file, LARGEST_BYTES))
        except UnusableFileError as error:
            place = f"clusters.{key}.tls.ca_file: {cluster.tls.ca_file!r} was given"
            mistakes.append(f"{place}; {error}; accepted: {ACCEPTED}")
    if mistakes:
        raise SettingsError(listed(mistakes))
    return found


def pem(content: bytes) -> str:
    """The certificates in a PEM file's content, one after the other and nothing else.

    In the order of the file, with lines of 64 characters that end in LF, the last without one.
    Raises UnusableFileError when there is none, when one cannot be read, or beside a private key.
    """
    # Explanatory text may be in any encoding; this one reads every byte as something.
    text = content.decode("latin-1").lstrip("\xef\xbb\xbf").replace("\r\n", "\n")
    kinds = _BEGIN.findall(text)
    if any(kind.endswith("PRIVATE KEY") for kind in kinds):
        raise UnusableFileError("it holds a private key, which would reach every notebook")
    certificates = _CERTIFICATE.findall(text)
    if len(certificates) < kinds.count("CERTIFICATE"):
        raise UnusableFileError("a certificate in it has no end, or more than base64 inside")
    if not certificates:
        raise UnusableFileError(_instead_of_certificates(content, kinds))
    checked = [_checked(number, body) for number, body in enumerate(certificates, start=1)]
    return "".join(checked).rstrip("\n")


def _instead_of_certificates(content: bytes, kinds: list[str]) -> str:
    if kinds:
        return f"it holds no certificate but {', '.join(dict.fromkeys(kinds))}"
    if not content.strip():
        return "it is empty"
    return _BINARY if re.search(rb"[\x00-\x08]", content) else "it holds no certificate in PEM"


def _checked(number: int, body: str) -> str:
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
        # OpenSSL's own reading, which is the notebook's, too.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
    except (ValueError, ssl.SSLError) as error:
        raise UnusableFileError(f"its certificate number {number} is broken ({error})") from None
    return ssl.DER_cert_to_PEM_cert(der)
