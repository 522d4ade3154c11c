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
        """Whether a record of a shared topic is this pipeline's answer, or follows from one."""
        return self._ours in answerers(record)


def answerers(record: Record) -> list[tuple[str, bytes | None]]:
    """Headers of the pipelines that an answer on a shared topic comes from; none of an event.

    Two pipelines that share one topic would answer each other for ever if they did not pass on.
    """
    given = record.headers or ()
    pipelines = [header for header in given if header[0] == PIPELINE_HEADER]
    if not pipelines or record.value is None:
        return []
    headers = dict(given)
    source, digest = headers.get(SOURCE_HEADER), headers.get(DIGEST_HEADER)
    if source is None or digest is None:
        return []
    return pipelines if digest == digest_of(source, record.value).encode() else []
