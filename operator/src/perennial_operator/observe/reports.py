"""Reports of the pods on themselves: what of an answer is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from perennial_contract.status import (
    MAX_BYTES,
    PredictorReport,
    RecorderReport,
    Report,
    TrainerReport,
)
from perennial_operator.api.names import PREDICTOR, RECORDER, TRAINER
from perennial_operator.observe.bounds import bounded, printable
from perennial_operator.observe.pods import Pod

_KINDS: Final[Mapping[str, type[Report]]] = {
    PREDICTOR: PredictorReport,
    RECORDER: RecorderReport,
    TRAINER: TrainerReport,
}


@dataclass(frozen=True, slots=True)
class Invalid:
    """An answer that is no report, which counts as none and is told."""

    why: str


Answer = Report | Invalid | None


def read_report(data: bytes | None, pod: Pod, uid: str) -> Answer:
    """What a pod answered; None where it was silent, or where another one answered."""
    if data is None or pod.component not in _KINDS:
        return None
    if len(data) > MAX_BYTES:
        return Invalid(f"it is longer than {MAX_BYTES // 1024} KiB")
    try:
        said = _KINDS[pod.component].model_validate_json(data)
        return bounded(said) if (said.uid, said.pod) == (uid, pod.name) else None
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)[0]
        path = ".".join(map(str, found["loc"]))
        return Invalid(printable(f"{path}: {found['msg']}" if path else found["msg"]))
    except ValueError as error:
        return Invalid(printable(str(error)))
