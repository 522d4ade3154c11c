"""What /status says of a recorder."""

from __future__ import annotations

from copy import deepcopy
from typing import Final

from perennial_contract.objects.watermark import total
from perennial_contract.settings import RecorderSettings
from perennial_contract.status import RecorderReport
from perennial_recorder.join.known import INCOMPLETE
from perennial_recorder.retrain_requests import Requests
from perennial_recorder.retries import Timetable
from perennial_recorder.session import Course

LIFECYCLE: Final = "lifecycle"  # what is wrong with that topic holds back no joining


class Reporter:
    """Puts together what is known at the end of a step."""

    def __init__(
        self, settings: RecorderSettings, pod: str, timetable: Timetable, requests: Requests
    ) -> None:
        self._settings = settings
        self._pod = pod
        self._timetable = timetable
        self._requests = requests

    def report(self, course: Course | None, pending: int, attempts: int) -> RecorderReport:
        own = self._timetable.problem(but={LIFECYCLE})
        life = course.life if course else None
        written = life.written() if life else {}
        counts = {str(name): count for name, count in sorted(life.counts.items())} if life else {}
        return RecorderReport(
            uid=self._settings.uid,
            pod=self._pod,
            ready=life is not None and own is None,
            problem=own or self._timetable.problem(),
            written=written,
            pending=pending if life else 0,
            counts=counts | {"observations": total(written)},
            requests=deepcopy(self._requests.found),
            request=self._requests.reason,
            attempts=attempts,
            lag=course.lag if course else {},
            labels_complete=not any(counts.get(name) for name in INCOMPLETE),
        )
