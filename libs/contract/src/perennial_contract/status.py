"""Status documents of the programs: `/status` of each pod, and the trainer's verdict.

The operator drops a document whose `uid` or `pod` is not the one that it asked for.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from perennial_contract.resource.schema import BinaryLabel, Label
from perennial_contract.watermark import Watermark

MAX_BYTES: Final = 64 * 1024  # of a /status answer; the operator drops a longer one
MAX_TERMINATION_BYTES: Final = 4096  # of a termination message: Kubernetes cuts there
_CUTS: Final = ((100, 4096), (10, 512), (0, 256))  # counts by name, and characters of a text


class Document(BaseModel):
    """Frozen model with camelCase names; unknown fields, of another version, are ignored."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )


class OpenEnum(StrEnum):
    """Enum that another version may know more of: an unknown word stays as it is, and equals none.

    What is no word of at most 64 letters and digits is refused.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str) or not re.fullmatch("[A-Za-z][A-Za-z0-9]{0,63}", value):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = unknown._value_ = value
        return unknown


class Problem(Document):
    """Reason why a program does not do its work, as conditions show it."""

    reason: str
    """Why, in one CamelCase word: the program's or Kubernetes' own."""
    message: str
    """One sentence that names the topic, bucket, key or field."""


class Report(Document):
    """Fields that every `/status` document has."""

    uid: str
    pod: str
    ready: bool
    problem: Problem | None = None

    def to_status(self) -> str:
        """JSON within 64 KiB; where it is longer, the smallest counts and the ends of texts go."""
        text = self.model_dump_json()
        for entries, characters in _CUTS:
            if len(text.encode()) <= MAX_BYTES:
                break
            cut = {name: _cut(value, entries, characters) for name, value in self}
            text = self.model_copy(update=cut).model_dump_json()
        return text


def _cut(value: object, entries: int, characters: int) -> object:
    match value:
        case str() if len(value) > characters:
            return value[:characters]
        case Problem():
            return value.model_copy(update={"message": value.message[:characters]})
        case dict() if all(isinstance(count, int) for count in value.values()):
            return dict(sorted(value.items(), key=lambda item: -item[1])[:entries])
        case _:
            return value


class BundleState(OpenEnum):
    LOADING = "Loading"  # downloaded and checked by digest, before LightGBM sees it
    VERIFIED = "Verified"  # golden rows equal
    BROKEN = "Broken"  # by its own fault: digest wrong after three downloads, golden rows off


class PredictorReport(Report):
    version: str
    """The version asked for."""
    digest: str = ""
    """SHA-256 of the loaded bundle's manifest; empty until verified."""
    bundle: BundleState | None = None
    """None while the bundle cannot be fetched at all."""
    altered: bool = False
    """Whether it is broken since its files are not those that were published."""
    answered: int = 0
    dead_letters: dict[str, int] = Field(default_factory=dict)
    """By reason."""
    skipped: int = 0
    """Events that retention removed before they were read."""
    filtered: int = 0
    """Records that events.filter leaves alone."""
    unknown: dict[str, int] = Field(default_factory=dict)
    """Values outside the encoder's dictionary, by feature."""
    partitions: int = 0
    """How many are assigned to this pod."""


class RecorderReport(Report):
    written: Watermark = Field(default_factory=dict)
    """Topic id: partition: next sequence, as S3 has confirmed it."""
    pending: int = 0
    """Events that wait for their label."""
    counts: dict[str, int] = Field(default_factory=dict)
    """Observations, duplicates, conflicts, orphans, late labels, rejected labels and so on."""
    requests: Watermark = Field(default_factory=dict)
    """Of the lifecycle topic, topic id: partition: offset after the newest retrain request."""
    request: str = ""
    """The reason that the newest of them gives."""
    attempts: int = 0
    """The highest number of an attempt that stands on S3, whoever's it was."""
    lag: dict[str, int] = Field(default_factory=dict)
    """By topic: records that are still to be read."""
    labels_complete: bool = True
    """False once anything was lost: to storeLimit, to Kafka's retention or compaction, or with a
    topic that was made again."""


class TrainerReport(Report):
    number: int
    stage: str
    """What it does now: data, search, judge, refit, publish."""
    done: int = 0
    """Trials done, while it searches."""
    total: int = 0
    best: float | None = None
    """The lowest mean loss so far."""


class VerdictOutcome(OpenEnum):
    PROMOTED = "Promoted"
    REJECTED = "Rejected"
    INCONCLUSIVE = "Inconclusive"
    REFUSED = "Refused"  # the data or the configuration cannot be used; exit code 42
    ADOPTED = "Adopted"  # an earlier resource of the same owner left models: go on after these


class Score(Document):
    """One candidate on the judge rows, paired with the champion."""

    candidate: str
    """champion, search, parameters-all, parameters-recent, parameters-window, since-rise,
    refit, previous, base-rate."""
    loss: float
    """Mean log loss in nats."""
    gain: float | None = None
    """Mean paired gain over the champion, in nats."""
    confidence: float | None = None
    """One-sided, that the gain is above minImprovement."""


class FoundLabel(Document):
    """Label of a schema that leaves it out, as it was found in the dataset's column."""

    positive: Label
    """The label of the positive class: the second in sorted order."""
    negative: Label
    """The label of the negative class."""
    aliases: Annotated[dict[str, Label], Field(max_length=64)] = Field(default_factory=dict)
    """Other spellings: what is written, and the label it means."""

    @classmethod
    def of(cls, label: BinaryLabel) -> Self:
        return cls.model_validate(label.model_dump())

    def as_declared(self) -> BinaryLabel:
        """As a schema would declare it."""
        return BinaryLabel(
            positive=self.positive, negative=self.negative, aliases=dict(self.aliases)
        )


class Verdict(Document):
    """Verdict of an attempt: the trainer's termination message, and attempts/<n>/verdict.json."""

    uid: str
    number: int
    outcome: VerdictOutcome
    reason: str
    """Why, in one CamelCase word."""
    message: str
    """Why, in one sentence."""
    champion: str = ""
    """The version it was judged against."""
    version: str = ""
    """The published version, when promoted."""
    digest: str = ""
    metric: str = "logloss"
    score: float | None = None
    """The judged, out-of-sample loss of what serves after this verdict."""
    scores: list[Score] = Field(default_factory=list)
    judged: int = 0
    """Rows it was judged on."""
    trained: int = 0
    """New rows it could learn from."""
    left_out: int = 0
    """Observations whose label is neither class."""
    label: FoundLabel | None = None
    """The label that was found, where the schema leaves it out."""
    watermark: Watermark = Field(default_factory=dict)
    seconds: dict[str, float] = Field(default_factory=dict)
    """By stage."""

    def to_termination(self) -> str:
        """JSON within 4 KB; where it is longer, fields that also stand on S3 are left out."""
        cuts: list[dict[str, Any]] = [
            {},
            {"scores": []},
            {"watermark": {}},
            {"message": self.message[:512], "seconds": {}},
            {"message": self.message[:256], "label": None},
        ]
        shorter, text = self, ""
        for cut in cuts:
            shorter = shorter.model_copy(update=cut)
            text = shorter.model_dump_json(exclude_defaults=True)
            if len(text.encode()) <= MAX_TERMINATION_BYTES:
                break
        return text
