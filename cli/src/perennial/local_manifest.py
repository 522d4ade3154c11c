"""Manifest of a pipeline as it runs on this machine: the same but for its servers."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

Manifest = dict[str, Any]
NAMESPACE: Final = "default"
_OF_A_SERVER: Final = {
    "kafka": ("secretRef", "caSecretRef", "securityProtocol"),
    "storage": ("secretRef", "region", "pathStyle"),
}
"""By section: what belongs to the servers that the manifest names."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Servers on this machine; what is empty stays the manifest's."""

    bootstrap: str = ""
    """Of Kafka."""
    storage: str = ""
    """Of S3: an address, or `file://` and a folder."""
    tracking: str = ""
    """Of MLflow."""


def localized(manifest: Manifest, servers: Servers) -> Manifest:
    """The manifest with these servers in the place of its own.

    What is no mapping is left for the admission to refuse.
    """
    local = deepcopy(manifest)
    if isinstance(local.get("metadata"), dict):
        local["metadata"].setdefault("namespace", NAMESPACE)
    spec = local.get("spec")
    if not isinstance(spec, dict):
        return local
    _replace(spec, "kafka", "bootstrapServers", servers.bootstrap)
    _replace(spec, "storage", "endpoint", servers.storage)
    _replace(spec, "tracking", "uri", servers.tracking)
    return local


def _replace(spec: Manifest, section: str, field: str, address: str) -> None:
    found = spec.get(section)
    if not address or not isinstance(found, dict):
        return
    for each in _OF_A_SERVER.get(section, ()):
        found.pop(each, None)
    found[field] = address
