"""Secrets that a ModelPipeline names: on this machine each is a folder with a file for each key."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from perennial.pipeline import ManifestTrouble
from perennial_contract.runtime.s3_secret import ID, KEY

_KEYS: Final = {
    "kafka.secretRef": "a client's properties such as sasl.username, or certificates",
    "kafka.caSecretRef": "ca.crt",
    "storage.secretRef": f"{ID} and {KEY}; the environment may hold both instead",
}


def named(spec: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Fields of kafka and storage, and the Secrets that they name."""
    for field in _KEYS:
        section, name = field.split(".")
        if reference := spec.get(section, {}).get(name):
            yield field, reference["name"]


def with_environment(
    spec: dict[str, Any], environment: Mapping[str, str], there: Container[str]
) -> None:
    """Leaves S3's Secret out where it is not `there`, and the environment holds its keys."""
    name = spec["storage"].get("secretRef", {}).get("name", "")
    if name not in there and all(environment.get(key) for key in (ID, KEY)):
        spec["storage"].pop("secretRef", None)


def require(spec: dict[str, Any], there: Container[str], folder: Path) -> None:
    """Raises ManifestTrouble: one of them is not among those that are `there`, below `folder`."""
    for field, name in named(spec):
        if name not in there:
            raise ManifestTrouble(
                f"there is no Secret {name}, which {field} names: write each of its keys to a file"
                f" {folder / name / 'KEY'} ({_KEYS[field]})"
            )
