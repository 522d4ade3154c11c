"""Predictions of one model, by the predictor's own reading, scoring and writing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import yaml

from perennial.cluster.admission import NAMESPACE, NotAdmitted, admitted
from perennial.pipeline import ManifestTrouble
from perennial_contract.messages.answers import DETAIL_HEADER
from perennial_contract.messages.record import Record
from perennial_contract.messages.references import Headers
from perennial_contract.objects.bundle import Bundle
from perennial_contract.reasons import DeadLetter
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import DeadLetters, Events, Predictions
from perennial_contract.settings import PredictorSettings
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.spec import Spec
from perennial_operator.api.status import Status
from perennial_operator.manifests.settings import predictor_settings
from perennial_predictor.scoring.answers import Answerer
from perennial_predictor.scoring.binary import load

_NEVER: Final = datetime.fromtimestamp(0, UTC)
BARE: Final = PredictorSettings(
    uid="",
    namespace=NAMESPACE,
    name="model",
    created=_NEVER,
    kafka=Kafka(bootstrap_servers="none"),
    storage=Storage(bucket="none"),
    events=Events(topic="events"),
    predictions=Predictions(topic="predictions"),
    dead_letters=DeadLetters(topic="dead-letters"),
)
"""Settings without a pipeline: an event is its record, and its id is where it stands."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the predictor makes of one message: an answer, a dead letter, or neither."""

    answer: bytes | None = None
    """The value that the predictions topic would hold."""
    reason: DeadLetter | None = None
    detail: str = ""
    unknown: tuple[str, ...] = ()
    """Features whose values the model has never seen."""


class Model:
    """A bundle that has reproduced its golden rows, behind the settings of a predictor."""

    def __init__(self, bundle: Bundle, settings: PredictorSettings) -> None:
        """Raises BundleBroken where it cannot be read, or its golden rows are off."""
        self._answerer = Answerer(settings, load(bundle, settings))
        self._topic = settings.events.topic

    def predict(
        self, value: bytes, number: int, key: bytes | None = None, headers: Headers = None
    ) -> Outcome:
        """The outcome of a message; `number` stands for its offset in partition 0."""
        record = Record(self._topic, 0, number, key, value, headers)
        out, tally = self._answerer.answer([record])
        if not out:
            return Outcome()
        (sent,) = out
        if sent.reason:
            detail = dict(sent.headers)[DETAIL_HEADER]
            return Outcome(reason=sent.reason, detail=str(detail))
        return Outcome(sent.value, unknown=tuple(name for name, n in tally.unknown.items() if n))


def settings_of(file: Path, namespace: str = "") -> PredictorSettings:
    """What the operator would tell the predictor of a ModelPipeline in a file.

    Raises:
        ManifestTrouble: There is no such file, or an API server would not take what it holds.
    """
    try:
        read = yaml.safe_load(file.read_text())
        manifest = admitted(read if isinstance(read, dict) else {})
    except OSError as error:
        raise ManifestTrouble(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ManifestTrouble(f"{file} is no YAML: {error}") from error
    except NotAdmitted as error:
        raise ManifestTrouble(f"{file}: {error}") from error
    meta = manifest["metadata"]
    pipeline = Pipeline(
        uid="",
        namespace=namespace or meta["namespace"],
        name=meta["name"],
        created=_NEVER,
        generation=1,
        spec=Spec.model_validate(manifest["spec"]),
        status=Status(),
    )
    return predictor_settings(pipeline)
