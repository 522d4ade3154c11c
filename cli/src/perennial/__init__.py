"""Loop on a laptop, and a ModelPipeline from Python: `from perennial import Pipeline`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perennial.client.pipeline import (
        Away,
        ClusterTrouble,
        Conflict,
        Forbidden,
        ManifestTrouble,
        NotFound,
        Pipeline,
        Refused,
        TimedOut,
    )

__all__ = [
    "Away",
    "ClusterTrouble",
    "Conflict",
    "Forbidden",
    "ManifestTrouble",
    "NotFound",
    "Pipeline",
    "Refused",
    "TimedOut",
]


def __getattr__(name: str) -> object:
    """The client is loaded by who asks for it: the programs of a loop do not."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from perennial.client import pipeline  # noqa: PLC0415

    return getattr(pipeline, name)
