"""Manifest of one ModelPipeline, out of a file that may hold other objects beside it."""

from __future__ import annotations

from pathlib import Path

import yaml

from perennial.pipeline import ManifestTrouble
from perennial.validation.documents import documents
from perennial_operator.api.names import GROUP, KIND, VERSION, Manifest

_API_VERSION = f"{GROUP}/{VERSION}"


def read(path: Path) -> Manifest:
    """The file's only ModelPipeline.

    Raises:
        ManifestTrouble: There is no such file, it is no YAML, or it holds none or several.
    """
    try:
        held = [each.content for each in documents(path.read_text(encoding="utf-8"))]
    except OSError as error:
        raise ManifestTrouble(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ManifestTrouble(f"{path} is no YAML: {error}") from error
    found = [each for each in held if isinstance(each, dict) and each.get("kind") == KIND]
    if len(found) != 1:
        how_many = "several ModelPipelines" if found else "no ModelPipeline"
        raise ManifestTrouble(f"{path} holds {how_many}: it must be one")
    if (known := found[0].get("apiVersion")) != _API_VERSION:
        raise ManifestTrouble(f"{path}: apiVersion: {known} is not {_API_VERSION}")
    if not (isinstance(meta := found[0].get("metadata"), dict) and meta.get("name")):
        raise ManifestTrouble(f"{path}: metadata.name is missing")
    return found[0]
