"""Makes the environment of the sandbox's processes: one that cannot reach AWS by accident."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

# Where `python -m sandbox.…` finds its modules, whatever folder the caller is in.
CHECKOUT = Path(__file__).resolve().parent.parent

ACCOUNT = "111122223333"
REGION = "eu-west-1"
# An endpoint that nothing listens on.
NOWHERE = "http://127.0.0.1:9"

# A registry's or proxy's certificate settings. Inherited, they would stand in the way of the
# sandbox's own authority: ministack hands its certificate to Lambdas only where these are unset.
TLS_VARIABLES = frozenset(
    {
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "AWS_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
    }
)


def clean_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of this process without AWS settings, TLS settings or proxies.

    PATH begins with the folder of the running Python, so that node, jupyter and the rest are
    the pinned ones. The AWS variables name an endpoint that nothing listens on and files that
    do not exist, so that a client made before the emulator is up fails instead of reaching AWS.
    """
    source = os.environ if base is None else base
    env = {
        name: value
        for name, value in source.items()
        if not name.startswith(("AWS_", "CDK_"))
        and name not in TLS_VARIABLES
        and not name.lower().endswith("_proxy")
    }
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    env.update(
        AWS_ENDPOINT_URL=NOWHERE,
        AWS_ACCESS_KEY_ID=ACCOUNT,
        AWS_SECRET_ACCESS_KEY="sandbox",
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
    return env
