"""Makes the URL that notebooks use of a cluster whose DNS name is kept true."""

from collections.abc import Mapping
from typing import Any

from cluster_endpoint.livy import LivyPreferences
from cluster_endpoint.output_formats import is_host_name


def notebook_url(livy_url: str, properties: Mapping[str, Any]) -> str:
    """Livy's URL with the name of the record; without one, or where TLS forbids it, as it is.

    `properties` are the custom resource's, unchecked: a rollback may bring an older app's.
    """
    name, alias = properties.get("RecordName"), properties.get("NamesAlias") == "true"
    scheme, _, rest = livy_url.partition("://")
    if not isinstance(name, str) or not is_host_name(name) or (scheme == "https" and not alias):
        return livy_url
    return f"{scheme}://{name}:{rest.rpartition(':')[2]}"


def awaited_url(preferences: LivyPreferences) -> str:
    """The URL of a cluster that is yet to come: it names no host."""
    scheme = "https" if preferences.scheme == "https" else "http"
    return f"{scheme}://0.0.0.0:{preferences.port}"
