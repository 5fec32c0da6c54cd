"""Hands pip's settings over to uv, which does not read them: a company's mirror serves both."""

import ast
from collections.abc import Mapping

# What uv reads a setting of pip's from: its documentation's page on environment variables. A list
# has here what stands between its values there.
NAMES = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "extra-index-url": ("UV_EXTRA_INDEX_URL",),
    "find-links": ("UV_FIND_LINKS",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "no-index": ("UV_NO_INDEX",),
    "no-cache-dir": ("UV_NO_CACHE",),
    "keyring-provider": ("UV_KEYRING_PROVIDER",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "retries": ("UV_HTTP_RETRIES",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("HTTP_PROXY", "HTTPS_PROXY"),
}
LISTS = {"extra-index-url": " ", "find-links": ",", "trusted-host": " "}
# From the weakest to the strongest, in pip's own words.
SECTIONS = ("global", "install", ":env:")


def parse_settings(listed: str) -> dict[str, str]:
    """What `pip install` goes by, out of what `pip config list` prints."""
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in found:
            found[section][name] = str(ast.literal_eval(value))
    return {name: value for section in SECTIONS for name, value in found[section].items()}


def uv_environment(pip: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables by which uv goes by pip's settings; none that `environ` has of uv's own."""
    told = {
        variable: LISTS[name].join(pip[name].split()) if name in LISTS else pip[name]
        for name, variables in NAMES.items()
        if name in pip
        for variable in variables
    }
    # Among several indexes pip takes the best version, uv the first index that knows the name.
    told["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if "SSL_CERT_FILE" not in told:
        bundle = environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE")
        told |= {"SSL_CERT_FILE": bundle} if bundle else {"UV_SYSTEM_CERTS": "true"}
    return {
        name: value
        for name, value in told.items()
        if not (name.startswith("UV_") and name in environ)
    }
