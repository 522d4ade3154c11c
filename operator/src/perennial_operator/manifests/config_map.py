"""ConfigMap of a program's settings: immutable, and named by the digest of what it holds.

Other settings are another ConfigMap, and so another pod template: that is what rolls the pods, and
what lets an old ReplicaSet come back with the settings that it was made with.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from perennial_contract.settings import SETTINGS, Settings
from perennial_operator.api.digests import digest_of
from perennial_operator.api.names import Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.manifests.pod import Mount, metadata

KIND: Final = "ConfigMap"
_FILE: Final = PurePosixPath(SETTINGS)


def config_map(pipeline: Pipeline, component: str, settings: Settings) -> Manifest:
    text = settings.to_json()
    name = f"{pipeline.name}-{component}-{digest_of(text)}"
    return {
        "apiVersion": "v1",
        "kind": KIND,
        "metadata": metadata(pipeline, component, name),
        "immutable": True,
        "data": {_FILE.name: text},
    }


def mounted(settings: Manifest) -> Mount:
    """The ConfigMap as a program sees it."""
    source = {"configMap": {"name": settings["metadata"]["name"]}}
    return Mount("settings", str(_FILE.parent), source)


def named(child: Manifest) -> set[str]:
    """The ConfigMaps that a pod mounts, or the pods of its template, wherever that stands."""
    spec = child.get("spec") or child.get("data", {}).get("spec", {})
    pod = spec.get("template", {}).get("spec", spec)
    volumes = pod.get("volumes") or []
    return {v["configMap"]["name"] for v in volumes if v.get("configMap", {}).get("name")}
