"""Record of a Kafka topic, as any client shows it."""

from __future__ import annotations

from typing import NamedTuple

from perennial_contract.messages.references import Headers


class Record(NamedTuple):
    """What was read, and where it stands."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = None
    timestamp: int = -1
    """Kafka's, in milliseconds since 1970; negative where there is none."""

    @property
    def source(self) -> str:
        """Where it stands, as one text: topic/partition/offset."""
        return f"{self.topic}/{self.partition}/{self.offset}"
