"""Dataset of a run on this machine: a file, be it one of the folder in the place of S3."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from perennial.pipeline import ManifestTrouble
from perennial.table.csv_lines import TableRefused, open_csv
from perennial_contract.messages.paths import place
from perennial_contract.resource.file_uri import file_path, is_file
from perennial_contract.resource.schema import FeatureType
from perennial_contract.resource.training import Dataset
from perennial_operator.api.spec import Spec

_FORMAT: Final = re.compile(r".+\.(csv|csv\.gz|parquet)")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")
_SHOWN: Final = 24  # columns


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


def first_record(file: Path, spec: Spec) -> dict[str, Any]:
    """The first row of a csv or csv.gz file as an event's record, for a person to see.

    It is empty where the file cannot be read as such, which the trainer says.
    """
    if not spec.dataset or file.suffix == ".parquet":
        return {}
    try:
        with open_csv(file) as found:
            row = dict(zip(found.names, next(found, []), strict=False))
    except TableRefused:
        return {}
    features = {feature.name: feature for feature in spec.label_schema.features}
    left_out = {spec.dataset.label, *spec.label_schema.exclude}
    left_out |= {spec.dataset.time_column} - features.keys()
    shown = [name for name, text in row.items() if text and name not in left_out]
    record: dict[str, Any] = {}
    for name in shown[:_SHOWN]:
        feature = features.get(name)
        path = (feature and feature.path) or name
        is_text = feature and feature.type is FeatureType.CATEGORY
        place(record, path, row[name] if is_text else _value(row[name]))
    return record


def _value(text: str) -> object:
    return json.loads(text) if _NUMBER.fullmatch(text) else text


def missing(dataset: Dataset, file: Path) -> ManifestTrouble:
    """What is said where there is no such file."""
    if is_file(dataset.uri):
        return ManifestTrouble(f"there is no dataset {file}")
    return ManifestTrouble(
        f"there is no dataset {dataset.uri} in the folder that takes the place of S3: name a file"
        f" with --dataset FILE, or put it at {file}"
    )
