"""Manifest of a pipeline as it runs on this machine: the same but for its servers."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from perennial.pipeline import NAMESPACE

Manifest = dict[str, Any]
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
    """Of MLflow; it is told of the attempts even where the manifest names none."""

    def addresses(self) -> dict[str, tuple[str, str]]:
        """By section: the field that names the server, and its address."""
        return {
            "kafka": ("bootstrapServers", self.bootstrap),
            "storage": ("endpoint", self.storage),
            "tracking": ("uri", self.tracking),
        }


_NONE: Final = Servers()


def localized(manifest: Manifest, own: Servers, named: Servers = _NONE) -> Manifest:
    """The manifest with these servers in the place of its own.

    `own` ask for no credentials; `named` ask for those that the manifest names. What is no mapping
    is left for the admission to refuse.
    """
    local = deepcopy(manifest)
    if isinstance(local.get("metadata"), dict):
        local["metadata"].setdefault("namespace", NAMESPACE)
    spec = local.get("spec")
    if not isinstance(spec, dict):
        return local
    if own.tracking or named.tracking:
        spec.setdefault("tracking", {})
    for servers in (own, named):
        for section, (field, address) in servers.addresses().items():
            found = spec.get(section)
            if address and isinstance(found, dict):
                for each in _OF_A_SERVER.get(section, ()) if servers is own else ():
                    found.pop(each, None)
                found[field] = address
    return local
