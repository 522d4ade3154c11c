"""Stand-in for any program: `PROGRAM ROOT PORT`, as the launcher is called.

It answers as the program would, at once. A trainer promotes its attempt's number as a version.
"""

import json
import os
import signal
import sys
from pathlib import Path
from threading import Event

from perennial.adapters.machine import lifeline
from perennial.adapters.machine.launcher import mounts_below
from perennial_contract.runtime.http.routes import serve
from perennial_contract.settings import MODEL, POD
from perennial_contract.status import (
    BundleState,
    PredictorReport,
    RecorderReport,
    Report,
    Verdict,
    VerdictOutcome,
)


def digest_of(version: str) -> str:
    return version[1] * 64


def report_of(program: str, uid: str, pod: str) -> Report:
    if program == "recorder":
        return RecorderReport(uid=uid, pod=pod, ready=True)
    version = os.environ[MODEL]
    return PredictorReport(
        uid=uid,
        pod=pod,
        ready=True,
        version=version,
        digest=digest_of(version),
        bundle=BundleState.VERIFIED,
    )


def verdict_of(uid: str, number: int, champion: str = "") -> Verdict:
    version = f"v{number}-{str(number) * 8}"
    return Verdict(
        uid=uid,
        number=number,
        outcome=VerdictOutcome.PROMOTED,
        reason="Better",
        message="better",
        champion=champion,
        version=version,
        digest=digest_of(version),
        score=0.3,
    )


def main(program: str, root: Path, port: int) -> None:
    lifeline.bind()
    mounts = mounts_below(root)
    settings = json.loads(mounts.settings.read_bytes())
    if program == "trainer":
        champion = settings.get("champion", "")
        verdict = verdict_of(settings["uid"], settings["number"], champion)
        mounts.termination.write_text(verdict.to_termination())
        return
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    report = report_of(program, settings["uid"], os.environ[POD])
    server = serve(port, lambda: report, lambda: True, lambda: b"")
    stop.wait()
    server.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
