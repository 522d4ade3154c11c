"""The sections of a ModelPipeline that more than one program reads.

The docstrings below the fields become `kubectl explain` and the bounds become the API server's.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from perennial_contract.resource.kafka_properties import KAFKA_NUMBER, KAFKA_PROPERTIES, KAFKA_TEXTS
from perennial_contract.resource.values import Duration, Section

TOPIC_PATTERN: Final = r"^[a-zA-Z0-9._-]+$"
Topic = Annotated[str, StringConstraints(min_length=1, max_length=249, pattern=TOPIC_PATTERN)]
Path = Annotated[str, StringConstraints(min_length=1, max_length=253)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=253)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=253)]


class Task(StrEnum):
    BINARY = "Binary"


class FeatureType(StrEnum):
    NUMBER = "Number"
    CATEGORY = "Category"


class Reference(Section):
    """Where a value lies in a message: exactly one of `path`, `key` and `header`."""

    path: Path | None = None
    """Dotted path into the message's JSON value."""
    key: bool | None = None
    """`true`: the message's key, as text."""
    header: Name | None = None
    """Name of a message header."""

    @model_validator(mode="after")
    def exactly_one(self) -> Self:
        if sum((self.path is not None, self.key is True, self.header is not None)) != 1:
            raise ValueError("exactly one of path, key: true and header")
        return self


class SecretReference(Section):
    name: Annotated[str, StringConstraints(min_length=1, max_length=253)]
    """Name of a Secret in the resource's namespace."""


class Kafka(Section):
    bootstrap_servers: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    """Comma-separated host:port of the brokers."""
    secret_ref: SecretReference | None = None
    """A Secret whose keys are the client's security properties, such as security.protocol,
    sasl.mechanism, sasl.username and sasl.password; or ca.crt, tls.crt and tls.key."""
    properties: Annotated[
        dict[str, Annotated[str, StringConstraints(max_length=253)]], Field(max_length=32)
    ] = Field(default_factory=dict)
    """Tuning properties of the client, such as compression.type, linger.ms, fetch.min.bytes,
    socket.timeout.ms; what the programs rest on (group.id, enable.auto.commit) cannot be set."""
    id_prefix: Annotated[str, StringConstraints(max_length=120, pattern=r"^[a-zA-Z0-9._-]*$")] = ""
    """Prefix of group ids; by default namespace.name."""

    @model_validator(mode="after")
    def only_tuning(self) -> Self:
        if refused := sorted(set(self.properties) - KAFKA_PROPERTIES):
            raise ValueError(f"kafka.properties cannot set {', '.join(refused)}")
        for name, value in self.properties.items():
            if name not in KAFKA_TEXTS and not re.fullmatch(KAFKA_NUMBER, value):
                raise ValueError(f"kafka.properties: {name} is a number, not {value!r}")
        return self


class Filter(Reference):
    values: Annotated[
        list[Annotated[str, StringConstraints(max_length=253)]], Field(max_length=64)
    ] = Field(default_factory=list)
    """What may stand there, as text; without any, that something stands there is enough."""


class Events(Section):
    topic: Topic
    """The topic that holds the events."""
    id: Reference | None = None
    """What identifies an event; may be left out when the label lies inside the event."""
    record: Annotated[str, StringConstraints(max_length=253)] = ""
    """Dotted path to the object that holds the features; by default the whole message."""
    time: Reference | None = None
    """The event's own time (ISO 8601 text, seconds or milliseconds); it orders training rows."""
    filter: Filter | None = None
    """Which messages are events, on a topic that holds others too; the others are left alone."""


class Labels(Section):
    topic: Topic | None = None
    """The topic that holds the labels; not together with path."""
    path: Path | None = None
    """Dotted path to the label inside the event; not together with topic."""
    id: Reference | None = None
    """What identifies the labelled event in a label message; by default as in events."""
    value: Annotated[str, StringConstraints(max_length=253)] = "label"
    """Dotted path to the label in a label message."""
    max_delay: Duration = timedelta(hours=1)
    """How long after its event a label may arrive, by Kafka's timestamps."""
    maturity: Duration = timedelta(0)
    """How old a label must be before models are judged on it."""

    @model_validator(mode="after")
    def one_source(self) -> Self:
        if (self.topic is None) == (self.path is None):
            raise ValueError("exactly one label source: topic or path")
        return self


class TopicSection(Section):
    topic: Topic
    """The topic's name; it must exist."""


class Predictions(TopicSection):
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    """The probability from which the positive class is answered."""


class BinaryLabel(Section):
    positive: Label
    """The label of the positive class."""
    negative: Label
    """The label of the negative class."""
    aliases: Annotated[dict[str, Label], Field(max_length=64)] = Field(default_factory=dict)
    """Other spellings: what is written, and the label it means."""

    @model_validator(mode="after")
    def two_classes(self) -> Self:
        if self.positive == self.negative:
            raise ValueError("label.positive and label.negative must differ")
        for written, meant in self.aliases.items():
            if meant not in (self.positive, self.negative):
                raise ValueError(f"label.aliases: {written} means {meant}, which is neither class")
        return self


class Feature(Section):
    name: Name
    """The feature's name, and its column in the dataset."""
    type: FeatureType
    """Number or Category."""
    path: Path | None = None
    """Dotted path in the record; by default the name."""
    missing: Annotated[str, StringConstraints(max_length=253)] | None = None
    """A further text that means that there is no value."""
    fill: Annotated[str, StringConstraints(min_length=1, max_length=253)] | None = None
    """What a missing value is taken for."""


class Schema(Section):
    label: BinaryLabel
    """The two classes."""
    features: Annotated[list[Feature], Field(max_length=1000)] = Field(default_factory=list)
    """The features; by default inferred from the dataset."""
    exclude: Annotated[list[Name], Field(max_length=1000)] = Field(default_factory=list)
    """Columns that are no features."""
    crosses: Annotated[
        list[Annotated[list[Name], Field(min_length=2, max_length=4)]], Field(max_length=32)
    ] = Field(default_factory=list)
    """Groups of category features whose combinations are a further feature."""


class Dataset(Section):
    uri: Annotated[
        str, StringConstraints(max_length=1024, pattern=r"^s3://[^/]+/.+\.(csv|csv\.gz|parquet)$")
    ]
    """s3://bucket/key of a csv, csv.gz or parquet file."""
    label: Name
    """The column that holds the label."""
    time_column: Annotated[str, StringConstraints(max_length=253)] = ""
    """The column that orders the rows; without one their order means nothing."""


class Retention(Section):
    versions: Annotated[int, Field(ge=2, le=10_000)] = 20
    """How many models are kept, the newest; those that serve, are pinned or stand in the status
    stay as well."""


class Storage(Section):
    endpoint: Annotated[str, StringConstraints(max_length=1024, pattern=r"^(https?://.+)?$")] = ""
    """Address of the S3 server; empty for AWS."""
    region: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "us-east-1"
    """The bucket's region."""
    path_style: bool = True
    """Whether the bucket stands in the path rather than in the host name."""
    bucket: Annotated[str, StringConstraints(min_length=3, max_length=63)]
    """The bucket; it must exist."""
    prefix: Annotated[str, StringConstraints(max_length=512, pattern=r"^([^/].*[^/]|[^/])?$")] = ""
    """Where in the bucket this pipeline's objects lie; by default namespace/name."""
    secret_ref: SecretReference
    """A Secret with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for credentials that end,
    AWS_SESSION_TOKEN; and with ca.crt where the server's certificate is signed by a CA of your
    own."""
    retention: Retention = Field(default_factory=Retention)
    """What is kept."""


class Engine(StrEnum):
    HYPEROPT = "Hyperopt"


class Algorithm(StrEnum):
    TPE = "TPE"
    RANDOM = "Random"


class Optimizer(Section):
    engine: Engine = Engine.HYPEROPT
    """The library that searches."""
    algorithm: Algorithm = Algorithm.TPE
    """How the next trial is chosen."""
    max_evals: Annotated[int, Field(ge=1, le=1000)] = 25
    """Trials of one search."""
    timeout: Duration = timedelta(minutes=15)
    """When a search ends at the latest."""
    search_every: Annotated[int, Field(ge=1, le=1000)] = 5
    """Every how many attempts the parameters are searched again, not the champion's kept."""


class PromotionMode(StrEnum):
    AUTOMATIC = "Automatic"
    MANUAL = "Manual"


class Promotion(Section):
    mode: PromotionMode = PromotionMode.AUTOMATIC
    """Automatic: a better model serves at once; Manual: it waits as the candidate."""
    approve: Annotated[str, StringConstraints(max_length=128)] = ""
    """The candidate's version, to let it serve."""
    min_improvement: Annotated[float, Field(ge=0, le=10)] = 0.0
    """By how much the mean loss must fall for a challenger to be promoted."""
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.8
    """One-sided confidence that the gain is real."""
    min_judged: Annotated[int, Field(ge=50, le=1_000_000)] = 300
    """Rows that a judgement needs."""


class Schedule(Section):
    cron: Annotated[str, StringConstraints(min_length=9, max_length=253)]
    """Minute, hour, day of month, month, day of week, such as 0 3 * * *."""
    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "UTC"
    """The IANA time zone that it is read in, such as Europe/Berlin."""


class Retrain(Section):
    threshold: Annotated[int, Field(ge=100, le=100_000_000)] = 5000
    """Labelled observations since the last attempt that start the next one."""
    schedule: Schedule | None = None
    """When an attempt starts whatever the number of observations; what was missed is made up for
    once."""
    min_interval: Duration = timedelta(0)
    """How long after an attempt's start the next one starts at the earliest; a change of request
    or of the schema does not wait."""
    request: Annotated[str, StringConstraints(max_length=253)] = ""
    """Change it to retrain now."""
    suspend: bool = False
    """Whether no attempt starts; one that runs ends, and its verdict waits."""


class Model(Section):
    pin: Annotated[str, StringConstraints(max_length=128)] = ""
    """A version to stay on, or to go back to; empty to serve what was promoted last."""


class Tracking(Section):
    uri: Annotated[str, StringConstraints(max_length=1024, pattern=r"^https?://.+$")]
    """Address of an MLflow server."""
    experiment: Annotated[str, StringConstraints(max_length=253)] = ""
    """The experiment that holds a run per attempt; by default namespace/name."""
