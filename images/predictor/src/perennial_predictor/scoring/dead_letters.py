"""Dead letters of a pipeline, and the ladder of ever smaller ones for a record that is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from perennial_contract.messages.answers import DETAIL_HEADER, REASON_HEADER
from perennial_contract.messages.dead_letters import bare, shortened
from perennial_contract.messages.provenance import Provenance
from perennial_contract.messages.record import Record
from perennial_contract.messages.references import Rejection
from perennial_contract.reasons import DeadLetter
from perennial_predictor.scoring.records import Outgoing

_MAX_DETAIL: Final = 500  # characters
_CUTS: Final = (1 << 19, 1 << 16, 1 << 12, 1 << 8)  # bytes left of a value that is too large


class DeadLetters:
    """Writer of a pipeline's dead letters."""

    def __init__(self, provenance: Provenance) -> None:
        self._provenance = provenance

    def write(self, record: Record, why: Rejection) -> Outgoing:
        """The record as it came, and why it is not answered."""
        headers = [*(record.headers or ()), *self._headers(record, why)]
        return Outgoing(record, record.key, record.value, headers, why.reason)

    def ladder(self, refused: Outgoing, message: str) -> Iterator[Outgoing]:
        """What to send, one after the other, in place of a record that the broker refuses.

        First the record once more, then dead letters with ever less of it; `message` is the
        broker's.
        """
        record = refused.origin
        yield refused
        reason = refused.reason or DeadLetter.ANSWER_REFUSED
        if not refused.reason:
            yield self.write(record, Rejection(reason, message))
        value = record.value or b""
        for cut in _CUTS:
            if cut < len(value):
                short = shortened(message, cut, len(value))
                yield self.write(record, Rejection(reason, short))._replace(value=value[:cut])
        why = Rejection(reason, bare(message, len(value)))
        key = record.source.encode()  # a compacted topic takes none without
        yield Outgoing(record, key, None, self._headers(record, why), reason)

    def _headers(self, record: Record, why: Rejection) -> list[tuple[str, str | bytes | None]]:
        reason = ((REASON_HEADER, why.reason), (DETAIL_HEADER, why.detail[:_MAX_DETAIL]))
        return [*reason, *self._provenance.headers(record)]
