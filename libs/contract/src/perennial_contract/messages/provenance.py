"""Provenance headers of answers and dead letters, and what tells answers from events.

An application may send an event on with all the headers of an answer that it read. So on a topic
that events and answers share an answer also carries a digest of itself, which fits nothing else.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from perennial_contract.messages.record import Record

SOURCE_HEADER: Final = "perennial-source"  # topic/partition/offset of the event
PIPELINE_HEADER: Final = "perennial-pipeline"  # the id prefix of the pipeline that answers
DIGEST_HEADER: Final = "perennial-digest"


def digest_of(source: bytes, answer: bytes) -> str:
    """Digest of an answer and of where its event stands."""
    return blake2b(source + b"\0" + answer, digest_size=16).hexdigest()


class Provenance:
    """The provenance that one pipeline gives."""

    def __init__(self, pipeline: str) -> None:
        """`pipeline` is its id prefix."""
        self._pipeline: Final = pipeline
        self._ours: Final = (PIPELINE_HEADER, pipeline.encode())

    def headers(self, record: Record) -> tuple[tuple[str, str], ...]:
        """Those of an answer or dead letter for a record."""
        return ((SOURCE_HEADER, record.source), (PIPELINE_HEADER, self._pipeline))

    def digest(self, record: Record, answer: bytes) -> tuple[str, str]:
        """The header by which `is_answer` knows the answer to a record."""
        return DIGEST_HEADER, digest_of(record.source.encode(), answer)

    def is_answer(self, record: Record) -> bool:
        """Whether a record of a shared topic is this pipeline's answer."""
        if not record.headers or self._ours not in record.headers:
            return False
        headers = dict(record.headers)
        source, digest = headers.get(SOURCE_HEADER), headers.get(DIGEST_HEADER)
        if source is None or digest is None or record.value is None:
            return False
        return digest == digest_of(source, record.value).encode()
