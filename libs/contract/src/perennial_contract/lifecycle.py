"""Lifecycle messages: what happens to the model, for programs that do not ask Kubernetes.

The trainer writes `started` and `completed`, each predictor pod `serving`, the key being the
pipeline. Anybody may write `{"retrain": true}`, with a `reason` if they like, and with a `pipeline`
where several share the topic.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StrictBool, ValidationError

from perennial_contract.status import Document
from perennial_contract.watermark import Watermark

LONGEST_REASON: Final = 253


class Message(Document):
    """Fields that every lifecycle message has."""

    pipeline: str
    """namespace/name."""
    at: datetime


class Started(Message):
    """An attempt has started; a repeated run sends it again."""

    type: Literal["started"] = "started"
    attempt: int
    champion: str = ""
    """The version it is judged against."""
    watermark: Watermark = Field(default_factory=dict)


class Completed(Message):
    """An attempt has its verdict; `serving` follows once the version serves."""

    type: Literal["completed"] = "completed"
    attempt: int
    verdict: str
    """The outcome: Promoted, Rejected, Inconclusive, Refused."""
    reason: str
    version: str = ""
    """The version it published."""
    champion: str = ""
    score: float | None = None
    metric: str = "logloss"
    watermark: Watermark = Field(default_factory=dict)


class Serving(Message):
    """A predictor pod answers with this version from now on."""

    type: Literal["serving"] = "serving"
    version: str
    digest: str
    pod: str
    attempt: int
    """The attempt that built the version."""
    watermark: Watermark = Field(default_factory=dict)
    """Observations below it were the attempt's."""


def _absent(value: object) -> object:
    """An empty text for null, which clients write for a field that they leave out."""
    return "" if value is None else value


class RetrainRequest(Document):
    """A request to retrain; without a `pipeline` it is meant for all that share the topic."""

    retrain: StrictBool
    pipeline: Annotated[str, BeforeValidator(_absent)] = ""
    reason: Annotated[str, BeforeValidator(_absent)] = ""


def read_request(value: bytes | None, pipeline: str) -> RetrainRequest | None:
    """The request in a message, where it is meant for `pipeline` (namespace/name); else None."""
    try:
        request = RetrainRequest.model_validate_json(value or b"")
    except ValidationError:
        return None
    if not request.retrain or request.pipeline not in {"", pipeline}:
        return None
    return request.model_copy(update={"reason": request.reason[:LONGEST_REASON]})
