"""Settings of the operator, from the environment that the chart writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from perennial_operator.api.programs import Images


@dataclass(frozen=True, slots=True)
class Settings:
    identity: str
    """The pod's name: who leads."""
    namespace: str
    """Where the Lease is."""
    lease: str
    namespaces: tuple[str, ...]
    """Where ModelPipelines are looked after; everywhere when empty."""
    images: Images
    health_port: int

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Raises KeyError naming the variable that is absent."""
        return cls(
            identity=environ["POD_NAME"],
            namespace=environ["POD_NAMESPACE"],
            lease=environ.get("LEASE_NAME", "perennial-operator"),
            namespaces=tuple(filter(None, environ.get("WATCH_NAMESPACES", "").split(","))),
            images=Images(
                predictor=environ["PREDICTOR_IMAGE"],
                recorder=environ["RECORDER_IMAGE"],
                trainer=environ["TRAINER_IMAGE"],
            ),
            health_port=int(environ.get("HEALTH_PORT", "8081")),
        )
