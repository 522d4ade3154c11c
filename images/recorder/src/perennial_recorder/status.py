"""Report of a recorder, as `/status` gives it."""

from __future__ import annotations

from perennial_contract.reasons import ProgramReason
from perennial_contract.settings import RecorderSettings
from perennial_contract.status import Problem, RecorderReport
from perennial_contract.watermark import total
from perennial_recorder.join.stream_clock import StreamClock
from perennial_recorder.progress.counts import INCOMPLETE, OBSERVATIONS
from perennial_recorder.retrain_requests import LIFECYCLE, RetrainRequests
from perennial_recorder.retries import Retries
from perennial_recorder.session.open_transactions import TRANSACTIONS
from perennial_recorder.session.session import Session


class ReportBuilder:
    """Builds the report of what is known at the end of a step."""

    def __init__(
        self,
        settings: RecorderSettings,
        pod: str,
        retries: Retries,
        requests: RetrainRequests,
        clock: StreamClock,
    ) -> None:
        self._settings = settings
        self._pod = pod
        self._retries = retries
        self._requests = requests
        self._clock = clock

    def build(self, session: Session | None, pending: int, attempts: int) -> RecorderReport:
        blocking = self._retries.problem(but={LIFECYCLE, TRANSACTIONS})
        progress = session.progress if session else None
        written = progress.watermark() if progress else {}
        found = sorted(progress.counts.items()) if progress else []
        counts = {str(name): count for name, count in found}
        return RecorderReport(
            uid=self._settings.uid,
            pod=self._pod,
            ready=progress is not None and blocking is None,
            problem=blocking or self._retries.problem() or self._wrong_clock(),
            written=written,
            pending=pending if progress else 0,
            counts=counts | {OBSERVATIONS: total(written)},
            requests=self._requests.watermark,
            request=self._requests.reason,
            attempts=attempts,
            lag=session.lag if session else {},
            labels_complete=not any(counts.get(name) for name in INCOMPLETE),
        )

    def _wrong_clock(self) -> Problem | None:
        """Of this node or of the writers: it holds nothing up."""
        if not self._clock.behind():
            return None
        return Problem(
            reason=ProgramReason.CLOCK_WRONG,
            message="most records are more than an hour ahead of our clock: the node's clock is"
            " wrong, or the clocks of those who write",
        )
