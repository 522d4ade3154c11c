"""Base dataset of a pipeline, read as the trainer reads it."""

from __future__ import annotations

import io
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from perennial.diagnosis.defect import Defect, Path, Trouble, of_trouble, unseen, warning
from perennial.diagnosis.facts import DatasetFacts
from perennial.diagnosis.subject import Subject
from perennial_contract.resource.schema import BinaryLabel, Feature, Schema
from perennial_contract.resource.training import Dataset
from perennial_model.features.infer import infer
from perennial_model.refusals import DataRefused
from perennial_operator.api.quantities import parse_bytes
from perennial_trainer.data.classes import OneClass
from perennial_trainer.data.dataset import Base, read
from perennial_trainer.data.rows import assemble
from perennial_trainer.data.split import split

_URI: Final = ("spec", "dataset", "uri")
_LABEL: Final = ("spec", "dataset", "label")
_SCHEMA: Final = ("spec", "schema")
_COLUMN: Final = re.compile(r"column '(.*?)'")
_UNPACKED: Final = 4 * 1024**2  # bytes: some of a packed file, however small it is
_CELLS: Final = 2_000_000
_REMEDY: Final = "Correct the dataset, or the field."


@dataclass(slots=True)
class Diagnosis:
    """What is wrong with a dataset, and the features that a first model would have."""

    findings: list[Defect] = field(default_factory=list)
    features: Sequence[Feature] = ()
    """Those that are declared, where the dataset tells no more."""
    label: BinaryLabel | None = None
    """The two classes, likewise."""


def dataset(subject: Subject, facts: DatasetFacts | Trouble | None) -> Diagnosis:
    """`facts` is None where there is no dataset, or where nobody looked."""
    wanted, schema = subject.spec.dataset, subject.spec.label_schema
    found = Diagnosis(features=schema.features, label=schema.label)
    if wanted is None or facts is None:
        return found
    if isinstance(facts, Trouble):
        found.findings.append(of_trouble(_URI, facts))
        return found
    found.findings += _memory(subject, facts)
    data = _beginning(facts, wanted)
    whole = data is facts.data and len(facts.data) == facts.size  # a cut may be at a line's end
    if data is None:
        said = f"{wanted.uri} has {facts.size:,} bytes: it is too large to be looked into here"
        found.findings.append(unseen(_URI, said, "The first attempt tells whether it can be used."))
        return found
    try:
        base = read(data, wanted, schema)
    except DataRefused as refused:
        field = _field(str(refused), subject)
        if isinstance(refused, OneClass) and not whole:
            said = f"the first rows of {wanted.uri} hold one label: the others were not looked at"
            found.findings.append(unseen(field, said, "The first attempt reads all of it."))
        else:
            found.findings.append(Defect(field, str(refused), _REMEDY))
        return found
    found.label = base.label
    features, refusals = _features(base, schema)
    found.features = features
    found.findings += refusals
    if whole:
        found.findings += _rows(subject, base)
    else:
        said = f"of {wanted.uri} only the first {len(base.records):,} rows were looked at"
        found.findings.append(unseen(_URI, said, "The first attempt reads all of it."))
    return found


def _memory(subject: Subject, facts: DatasetFacts) -> Iterator[Defect]:
    limit = subject.spec.trainer.resources.limits.get("memory")
    if limit and facts.size >= parse_bytes(limit):
        yield Defect(
            _URI,
            f"the dataset has {facts.size:,} bytes, and the trainer's memory is limited to {limit}:"
            " an attempt reads all of it",
            "Raise trainer.resources.limits.memory to several times its size, or give fewer rows.",
        )


def _beginning(facts: DatasetFacts, wanted: Dataset) -> bytes | None:
    """All of it, or where that is too much the first lines; None where they tell nothing."""
    data, whole = facts.data, len(facts.data) == facts.size
    if wanted.uri.endswith(".parquet"):
        return data if whole and _cells(data) <= _CELLS else None
    if not wanted.uri.endswith(".gz"):
        return data if whole else data[: data.rfind(b"\n") + 1]
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(data, _UNPACKED)
    except zlib.error:
        return data  # the reader says why
    if whole and not unpacking.unconsumed_tail:
        return data
    return _packed(plain[: plain.rfind(b"\n") + 1])


def _cells(data: bytes) -> int:
    """Values of a parquet file; none of what is no such file, of which the reader says why."""
    try:
        metadata = pq.ParquetFile(io.BytesIO(data)).metadata
    except (pa.ArrowException, OSError):
        return 0
    return int(metadata.num_rows * metadata.num_columns)


def _packed(data: bytes) -> bytes:
    packed = zlib.compressobj(level=0, wbits=31)
    return packed.compress(data) + packed.flush()


def _field(refusal: str, subject: Subject) -> Path:
    """The field that a refusal of the dataset is about."""
    wanted = subject.spec.dataset
    named = _COLUMN.search(refusal)
    if wanted is None or named is None:
        return _URI
    if named[1] == wanted.label:
        return (*_SCHEMA, "label") if "neither" in refusal else _LABEL
    if named[1] == wanted.time_column:
        return ("spec", "dataset", "timeColumn")
    for number, feature in enumerate(subject.spec.label_schema.features):
        if feature.name == named[1]:
            return (*_SCHEMA, "features", number, "name")
    return _URI


def _features(base: Base, schema: Schema) -> tuple[tuple[Feature, ...], list[Defect]]:
    """The features as the trainer infers them; each column that it would refuse is told."""
    try:
        return infer(base.as_read, schema), []
    except DataRefused as refused:
        first = str(refused)
    declared = {feature.name for feature in schema.features}
    declared |= {(f.path or f.name).partition(".")[0] for f in schema.features}
    names = sorted({name for record in base.as_read for name in record} - {*schema.exclude})
    found, features = [], list(schema.features)
    bare = schema.model_copy(update={"features": []})
    for name in names:
        if name not in declared:
            try:
                features += infer([{name: record[name]} for record in base.as_read], bare)
            except DataRefused as refused:
                found.append(Defect(_SCHEMA, str(refused), _exclusion(name)))
    return tuple(features), found or [Defect(_SCHEMA, first, _REMEDY)]


def _exclusion(name: str) -> str:
    return f"Leave it out (schema.exclude: [{name}]), or declare what it is in schema.features."


def _rows(subject: Subject, base: Base) -> Iterator[Defect]:
    """Whether the first attempt can judge and train, by the trainer's own split."""
    label, promotion = base.label, subject.spec.promotion
    rows = assemble(base, (), label, None)
    parts = split(rows, sys.maxsize, promotion)
    if parts and rows.suffice(parts.train):
        return
    count, positive = len(rows), int(rows.labels.sum())
    classes = f"{positive} of {label.positive}, {count - positive} of {label.negative}"
    yield warning(
        ("spec", "promotion", "minJudged") if count < 2 * promotion.min_judged else _URI,
        f"{count} rows ({classes}) are too few for a first model: half of them may judge, at least"
        f" {promotion.min_judged} must, with 20 of each class there and in the others",
        "Give more rows, or lower promotion.minJudged; else the first model waits for labels.",
    )
