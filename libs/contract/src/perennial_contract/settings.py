"""Settings of the programs: one JSON document for each, in a ConfigMap that its pods mount.

The operator writes it (`to_json`), the program reads it (`runtime.settings`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.schema import Schema, Task
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import (
    DeadLetters,
    Events,
    Labels,
    Predictions,
    TopicSection,
)
from perennial_contract.resource.training import Dataset, Optimizer, Promotion, Retrain, Tracking
from perennial_contract.resource.values import Duration, Section
from perennial_contract.watermark import Watermark

SETTINGS: Final = "/etc/perennial/settings/settings.json"  # the ConfigMap's one key, mounted
MODEL: Final = "PERENNIAL_MODEL"  # the version to serve: an annotation, by the downward API
POD: Final = "PERENNIAL_POD"  # the pod's name, by the downward API
CPU: Final = "PERENNIAL_CPU"  # whole CPUs that the trainer's pod requests, by the downward API
PORT: Final = 8080  # /status, /healthz and /readyz of predictor, recorder and trainer
PREDICT_PORT: Final = 8082  # POST /predict of the predictor, where it is asked for
KAFKA_SECRET: Final = "/etc/perennial/kafka"  # noqa: S105  where kafka.secretRef is mounted, likewise
KAFKA_CA: Final = "/etc/perennial/kafka-ca"  # where kafka.caSecretRef is mounted, likewise
S3_SECRET: Final = "/etc/perennial/s3"  # noqa: S105  where storage.secretRef is mounted, a file per key
TERMINATION_LOG: Final = "/dev/termination-log"
REFUSED: Final = 42  # exit code: bad configuration or data; only a change of spec helps


class Settings(Section):
    """Settings that every program has."""

    uid: str
    """UID of the ModelPipeline."""
    namespace: str
    name: str
    created: datetime
    """creationTimestamp of the ModelPipeline: a partition without a commit begins there."""
    cluster: str = ""
    """UID of the namespace kube-system: with namespace and name it says whose a prefix is."""
    task: Task = Task.BINARY
    storage: Storage
    kafka: Kafka
    lifecycle: TopicSection | None = None

    def to_json(self) -> str:
        return self.model_dump_json(exclude_defaults=True)

    @property
    def pipeline(self) -> str:
        """namespace/name: what lifecycle messages name, and their key."""
        return f"{self.namespace}/{self.name}"

    @property
    def prefix(self) -> str:
        """Where this pipeline's objects lie in the bucket, without a closing slash."""
        return self.storage.prefix or self.pipeline

    @property
    def id_prefix(self) -> str:
        return self.kafka.id_prefix or f"{self.namespace}.{self.name}"


class StreamSettings(Settings):
    """Settings that predictor and recorder have in common."""

    events: Events
    labels: Labels | None = None


class PredictorSettings(StreamSettings):
    predictions: Predictions
    dead_letters: DeadLetters
    http: bool = False
    """Whether POST /predict is answered."""


class RecorderSettings(StreamSettings):
    label: dict[str, str] | None = Field(default_factory=dict)
    """Spelling: canonical label, of both classes and the aliases (`messages.spellings`); null where
    the schema leaves its label out: whatever could be a label is kept then, and a recorder that
    does not know that refuses to start."""
    flush_interval: Duration = timedelta(seconds=10)
    answers_among_events: bool = False
    """Whether our answers are written to the events' topic; their header tells them from events."""
    store_limit: int = 2 * 1024**3
    """Bytes that the waiting observations may take on disk."""


class TrainerSettings(Settings):
    """Settings of one attempt; its first run writes them to S3 as the attempt's inputs."""

    number: int
    """The attempt's number n, from 1."""
    watermark: Watermark = Field(default_factory=dict)
    """Topic id: partition: next sequence. Observations below it are the attempt's."""
    champion: str = ""
    """The version that serves, or nothing."""
    previous: str = ""
    """The version that served before it, a candidate when it is still there."""
    keep: list[str] = Field(default_factory=list)
    """Versions that `storage.retention` does not touch: what the resource's status names."""
    tracking: Tracking | None = None
    label_schema: Schema = Field(alias="schema")
    dataset: Dataset | None = None
    retrain: Retrain = Retrain()
    optimizer: Optimizer = Optimizer()
    promotion: Promotion = Promotion()
    maturity: Duration = timedelta(0)
    deadline: Duration = timedelta(hours=1)
