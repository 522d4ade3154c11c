"""Bundle of a published model: four files under models/<version>/, the manifest written last.

Length and digest are checked before anything else sees a file: LightGBM ends
the process on a truncated text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from pydantic import Field, ValidationError

from perennial_contract.resource.schema import BinaryLabel, Task
from perennial_contract.status import Document, Score
from perennial_contract.watermark import Watermark

MODEL: Final = "model.txt"
ENCODER: Final = "encoder.json"
GOLDEN: Final = "golden.jsonl"
MANIFEST: Final = "manifest.json"
FILES: Final = (MODEL, ENCODER, GOLDEN)
GOLDEN_TOLERANCE: Final = 1e-9
_VERSION: Final = re.compile(r"v([1-9]\d*)-[0-9a-f]{8}")


class BundleBroken(Exception):  # noqa: N818  a state of the bundle, as in its status
    """The bundle is not what its manifest says; the message names the file."""


class BundleAltered(BundleBroken):
    """A file is missing or is another one: whatever program reads the bundle finds it so."""


class File(Document):
    length: int
    sha256: str


class Manifest(Document):
    """Manifest of a bundle: the model's origin, and the digest of each of its files."""

    format: int = 1
    uid: str
    number: int
    """The attempt's number."""
    created: datetime
    """The attempt's start, so that a repeated run gives the same bytes."""
    task: Task = Task.BINARY
    label: BinaryLabel
    parent: str = ""
    """The champion it was judged against."""
    candidate: str
    """Which of the candidates it is, as in `Score.candidate`."""
    window: int | None = None
    """Newest rows it was fitted on; None for all."""
    files: dict[str, File]
    schema_digest: str
    """SHA-256 of the schema section it was trained for."""
    watermark: Watermark = Field(default_factory=dict)
    """Observations below it were seen."""
    dataset: dict[str, str] = Field(default_factory=dict)
    """Uri and SHA-256 of the base dataset."""
    rows: int
    """Rows it was fitted on."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    seed: int = 0
    libraries: dict[str, str] = Field(default_factory=dict)
    scores: list[Score] = Field(default_factory=list)
    score: float
    """The judged, out-of-sample loss."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose files have been checked against its manifest."""

    version: str
    digest: str
    manifest: Manifest
    files: Mapping[str, bytes]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def describe(files: Mapping[str, bytes]) -> dict[str, File]:
    """Length and digest of each file, as the manifest lists them."""
    return {name: File(length=len(data), sha256=sha256(data)) for name, data in files.items()}


def seal(manifest: Manifest, files: Mapping[str, bytes]) -> tuple[Bundle, bytes]:
    """The bundle and the bytes of its manifest, whose digest names the version."""
    data = manifest.model_dump_json(exclude_defaults=True, indent=1).encode()
    digest = sha256(data)
    return Bundle(f"v{manifest.number}-{digest[:8]}", digest, manifest, files), data


def key(version: str, file: str) -> str:
    """The key of a version's file, below the pipeline's prefix."""
    return f"models/{version}/{file}"


def version_number(version: str) -> int:
    """The number of the attempt that made a version; 0 where the text names no version."""
    match = _VERSION.fullmatch(version)
    return int(match[1]) if match else 0


def open_manifest(version: str, data: bytes) -> Manifest:
    """The manifest of a version, from its bytes.

    Raises:
        BundleBroken: The bytes have another digest, cannot be read, or are of an unknown format.
    """
    if not version.endswith(sha256(data)[:8]):
        raise BundleAltered(f"{MANIFEST} of {version} has another digest than its version names")
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        raise BundleBroken(f"{MANIFEST} of {version} cannot be read: {error}") from error
    if manifest.format != 1 or set(manifest.files) != set(FILES):
        raise BundleBroken(f"{MANIFEST} of {version} is of a format this program does not know")
    return manifest


def check_file(manifest: Manifest, name: str, data: bytes) -> bytes:
    """The file's bytes, as they were given.

    Raises:
        BundleAltered: Length or digest is not the manifest's.
    """
    said = manifest.files[name]
    if len(data) != said.length:
        raise BundleAltered(f"{name} has {len(data)} bytes instead of {said.length}")
    if sha256(data) != said.sha256:
        raise BundleAltered(f"{name} has another SHA-256 than its manifest says")
    return data


class Golden(msgspec.Struct, frozen=True):
    """A golden row: a raw record, and the raw scores that the model must give for it."""

    record: dict[str, Any]
    scores: list[float]


def to_golden(rows: list[Golden]) -> bytes:
    return msgspec.json.Encoder().encode_lines(rows)


def from_golden(data: bytes) -> list[Golden]:
    """The golden rows of a bundle.

    Raises:
        BundleBroken: The bytes cannot be read.
    """
    try:
        return msgspec.json.Decoder(Golden).decode_lines(data)
    except msgspec.MsgspecError as error:
        raise BundleBroken(f"{GOLDEN} cannot be read: {error}") from error
