"""Dataset of a run on this machine: a file, be it one of the folder in the place of S3."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from perennial.pipeline import ManifestTrouble
from perennial_contract.resource.file_uri import file_path, is_file
from perennial_contract.resource.training import Dataset

_FORMAT: Final = re.compile(r".+\.(csv|csv\.gz|parquet)")


def with_dataset(spec: dict[str, Any], file: Path) -> None:
    """Puts a file in the place of what the spec names.

    Raises:
        ManifestTrouble: The spec has no dataset, or the file's name tells no format.
    """
    if not isinstance(spec.get("dataset"), dict):
        raise ManifestTrouble(
            "the ModelPipeline has no dataset: --dataset needs dataset.label, the label's column"
        )
    if not _FORMAT.fullmatch(file.name):
        raise ManifestTrouble(f"{file}: a dataset is a file .csv, .csv.gz or .parquet")
    spec["dataset"]["uri"] = file.as_uri()


def with_dataset_of(spec: dict[str, Any], before: dict[str, Any]) -> None:
    """Keeps the file that an earlier run was given in the place of what the spec names on S3."""
    uri, earlier = (each.get("dataset", {}).get("uri", "") for each in (spec, before))
    if is_file(earlier) and uri and not is_file(uri):
        spec["dataset"]["uri"] = earlier


def file_of(dataset: Dataset, store: Path | None) -> Path | None:
    """Where it lies; None on a real S3. `store` is the folder in the place of S3."""
    if is_file(dataset.uri):
        return Path(file_path(dataset.uri))
    return store and store / dataset.uri.removeprefix("s3://")


def missing(dataset: Dataset, file: Path) -> ManifestTrouble:
    """What is said where there is no such file."""
    if is_file(dataset.uri):
        return ManifestTrouble(f"there is no dataset {file}")
    return ManifestTrouble(
        f"there is no dataset {dataset.uri} in the folder that takes the place of S3: name a file"
        f" with --dataset FILE, or put it at {file}"
    )
