"""Messages of an attempt on the lifecycle topic: started, completed."""

from __future__ import annotations

from datetime import datetime

from perennial_contract.lifecycle import Completed, Started
from perennial_contract.settings import TrainerSettings
from perennial_contract.status import Verdict


def started(settings: TrainerSettings, at: datetime) -> Started:
    return Started(
        pipeline=settings.pipeline,
        at=at,
        attempt=settings.number,
        champion=settings.champion,
        watermark=settings.watermark,
    )


def completed(settings: TrainerSettings, verdict: Verdict, at: datetime) -> Completed:
    return Completed(
        pipeline=settings.pipeline,
        at=at,
        attempt=verdict.number,
        verdict=verdict.outcome,
        reason=verdict.reason,
        version=verdict.version,
        champion=verdict.champion,
        score=verdict.score,
        metric=verdict.metric,
        watermark=verdict.watermark,
    )
