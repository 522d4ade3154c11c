"""Report of a pod of this machine, asked over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

from perennial_contract.status import MAX_BYTES, Report
from perennial_operator.api.names import COMPONENT_LABEL
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import Answer, read_report

_PATIENCE: Final = 2.0  # seconds


def report_at(port: int, pod: dict[str, Any], uid: str) -> Report | None:
    """What a pod's process says of itself; None where it is silent, or another answers there."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/status")
        answer = connection.getresponse()
        data = answer.read(MAX_BYTES + 1) if answer.status == HTTPStatus.OK else None
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    return report_in(data, pod, uid)


def report_in(data: bytes | None, pod: dict[str, Any], uid: str) -> Report | None:
    """The report that an answer holds, if it is that pod's."""
    metadata = pod["metadata"]
    component = metadata.get("labels", {}).get(COMPONENT_LABEL, "")
    answer: Answer = read_report(data, Pod(metadata["name"], metadata["uid"], component), uid)
    return answer if isinstance(answer, Report) else None
