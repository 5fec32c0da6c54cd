"""Fetches and checks the jars that let Spark read and write s3:// paths.

Hadoop's S3A and the few parts of AWS's SDK that it calls: 7 MB, where the bundle that
Hadoop asks for is 280 MB. What Spark carries itself (Jackson, the Apache HTTP client, Joda)
is left out, because these jars come first on the class path.
"""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pyspark

from sandbox.errors import SandboxError
from sandbox.spark.java import NO_FILES_IN_TMP, Java
from sandbox.spark.maven import central_mirror, proxy_options
from sandbox.spark.truststore import java_options, system_bundle, write_truststore

FETCH_SECONDS = 300
LOG_TAIL_LINES = 15


@dataclass(frozen=True)
class Jar:
    """One artifact of Maven Central and the SHA-256 of its jar."""

    group: str
    name: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        """The jar's file name."""
        return f"{self.name}-{self.version}.jar"


def _pinned(lines: list[str]) -> tuple[Jar, ...]:
    jars = []
    for line in lines:
        if not line.startswith("#"):
            sha256, coordinates = line.split()
            group, name, version = coordinates.split(":")
            jars.append(Jar(group, name, version, sha256))
    return tuple(jars)


JARS = _pinned(Path(__file__).with_suffix(".txt").read_text().splitlines())


def ensure_jars(cache: Path, java: Java, environ: Mapping[str, str] | None = None) -> list[Path]:
    """The jars in `cache`, in class path order; fetched when one is missing or altered.

    Needs no network when they are all there. A fetch goes to Maven Central, or to the mirror
    that ~/.m2/settings.xml names for it, through the proxy in `environ` (this process's by
    default) and trusting the authorities of SSL_CERT_FILE. SandboxError when it fails, or
    when what arrives is not what is pinned here.
    """
    paths = [cache / jar.file for jar in JARS]
    if not any(_mismatch(jar, cache) for jar in JARS):
        return paths
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache) as scratch:
        _fetch(Path(scratch), java, os.environ if environ is None else environ)
        wrong = [problem for jar in JARS if (problem := _mismatch(jar, Path(scratch)))]
        if wrong:
            raise SandboxError(
                "Refused jars for Spark that are not the pinned ones: "
                + "; ".join(wrong)
                + ". Ask whoever runs the mirror, or fetch without it."
            )
        for path in paths:
            # Replaced in one step: another run may be reading the old one.
            (Path(scratch) / path.name).replace(path)
    return paths


def _mismatch(jar: Jar, folder: Path) -> str:
    """What is wrong with this jar in this folder; empty when nothing is."""
    path = folder / jar.file
    if not path.is_file():
        return f"{jar.file} is missing"
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    return "" if found == jar.sha256 else f"{jar.file} has SHA-256 {found}, not {jar.sha256}"


def _fetch(scratch: Path, java: Java, environ: Mapping[str, str]) -> None:
    """Run Ivy, which pyspark carries, over the list; jars land in `scratch`."""
    home = Path(environ.get("HOME") or Path.home())
    mirror = central_mirror(home / ".m2" / "settings.xml")
    (scratch / "settings.xml").write_text(_settings(scratch / "ivy-cache", mirror))
    (scratch / "ivy.xml").write_text(_module())
    try:
        done = subprocess.run(
            _command(scratch, java, environ),
            capture_output=True,
            text=True,
            timeout=FETCH_SECONDS,
            check=False,
        )
        log, failed = done.stdout + done.stderr, done.returncode != 0
    except subprocess.TimeoutExpired as slow:
        log, failed = f"no end after {slow.timeout:.0f} s", True
    if failed:
        raise SandboxError(
            f"Could not fetch Spark's jars for s3:// from {mirror or 'Maven Central'}. Honoured "
            "when set: a mirror in ~/.m2/settings.xml, https_proxy, and SSL_CERT_FILE for a "
            f"proxy that inspects TLS. The end of Ivy's log:\n{_tail(log)}"
        )


def _command(scratch: Path, java: Java, environ: Mapping[str, str]) -> list[str | Path]:
    ivy = next((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))
    bundle = system_bundle(environ)
    trust = java_options(write_truststore(bundle, scratch / "trust.p12")) if bundle else []
    command: list[str | Path] = [java.executable, NO_FILES_IN_TMP, *trust, *proxy_options(environ)]
    command += ["-cp", ivy, "org.apache.ivy.Main"]
    command += ["-settings", scratch / "settings.xml", "-ivy", scratch / "ivy.xml"]
    return [*command, "-retrieve", f"{scratch}/[artifact]-[revision].[ext]"]


def _settings(cache: Path, mirror: str | None) -> str:
    """Ivy's settings: one Maven repository and a cache of its own.

    The local Maven repository is not asked, because a pom there without its jar makes Ivy
    fail; nor are poms read, because the list of jars is complete.
    """
    root = f" root={quoteattr(mirror)}" if mirror else ""
    return (
        '<ivysettings><settings defaultResolver="central"/>'
        f"<caches defaultCacheDir={quoteattr(str(cache))}/>"
        f'<resolvers><ibiblio name="central" m2compatible="true" usepoms="false"{root}/>'
        "</resolvers></ivysettings>"
    )


def _module() -> str:
    wanted = "".join(
        f'<dependency org="{jar.group}" name="{jar.name}" rev="{jar.version}" transitive="false"/>'
        for jar in JARS
    )
    return (
        '<ivy-module version="2.0"><info organisation="sandbox" module="spark-jars"/>'
        f"<dependencies>{wanted}</dependencies></ivy-module>"
    )


def _tail(log: str) -> str:
    return "\n".join(log.splitlines()[-LOG_TAIL_LINES:])
