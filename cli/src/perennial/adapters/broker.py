"""Broker as a child process: one address of this machine, and one folder that keeps everything."""

from __future__ import annotations

import logging
import select
import subprocess
import time
from collections import deque
from pathlib import Path
from threading import Event, Lock, Thread
from typing import IO, Final, Self

from perennial.adapters.machine.logs import BoundedLog
from perennial.broker.build import BrokerUnavailable
from perennial.broker.restarts import pause

_START: Final = 600.0  # seconds: it reads its folder, some 6 s for a million batches
_END: Final = 20.0  # seconds to write what it holds
_LAST: Final = 5  # lines that are told when it dies
_LOG: Final = logging.getLogger(__name__)


class Broker:
    """Context in which the broker runs; one that dies is started again where it was.

    It ends by itself, and in order, when this process is gone, however that ends: its standard
    input closes then. It is in a session of its own, so that Ctrl-C reaches it only by way of us,
    when its clients have gone.
    """

    def __init__(self, program: Path, folder: Path, log: Path, port: int = 0) -> None:
        """`port` 0 is that of the last time in this folder, or a free one."""
        self._program, self.folder, self._log = program, folder, log
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._address = ""
        self._over, self._starting = Event(), Lock()
        self._watch: Thread | None = None
        self.restarts = 0
        """How often it was started again after it had died."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """For `bootstrap.servers`; it stays the same for good."""
        return self._address

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.pid is not None

    @property
    def pid(self) -> int | None:
        """Of the running process."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    def start(self) -> None:
        """Returns once it answers.

        Raises:
            BrokerUnavailable: It ended at once, such as for a port that is taken.
        """
        self._over.clear()
        try:
            self._launch()
        except BaseException:
            self.stop()
            raise
        self._watch = Thread(target=self._keep_alive, name="broker", daemon=True)
        self._watch.start()

    def stop(self) -> None:
        """Returns once it has written all that it holds and has ended."""
        self._over.set()
        with self._starting:
            process, self._process = self._process, None
        if process:
            self._end(process)
        watch, self._watch = self._watch, None
        if watch:
            watch.join()
        if process:
            _close(process)

    def restart(self) -> None:
        """Another process with the same address and folder, whether the last one died or runs.

        Raises:
            BrokerUnavailable: As `start`.
        """
        self.stop()
        self.start()

    def _keep_alive(self) -> None:
        waited = 0.0
        while process := self._process:
            began = time.monotonic()
            process.wait()
            _close(process)
            waited = pause(waited, time.monotonic() - began)
            if self._over.wait(waited):
                return
            try:
                self._launch()
            except BrokerUnavailable as trouble:
                _LOG.warning("the broker is started again later", extra={"why": str(trouble)})
            else:
                self.restarts += 1
                code = process.returncode
                _LOG.warning("the broker died and was started again", extra={"code": code})

    def _launch(self) -> None:
        """Returns once a process answers; raises BrokerUnavailable."""
        with self._starting:
            if self._over.is_set():
                raise self._not_started("it is over")
            process = self._process = self._spawned()
        assert process.stdout is not None  # noqa: S101  a pipe
        answers = select.select([process.stdout], [], [], _START)[0]
        address = process.stdout.readline().decode().strip() if answers else ""
        if address:
            self._address, self._port = address, int(address.rpartition(":")[2])
        else:
            self._end(process)
            _close(process)
            said = " ".join(filter(None, self._said))
            raise self._not_started(said or f"exit code {process.returncode}")

    def _spawned(self) -> subprocess.Popen[bytes]:
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            process = subprocess.Popen(  # noqa: S603  our own program
                [self._program, "-data", self.folder, "-listen", f"127.0.0.1:{self._port}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise self._not_started(str(error)) from error
        assert process.stderr is not None  # noqa: S101  a pipe
        self._said: deque[str] = deque(maxlen=_LAST)
        self._listener = Thread(target=self._keep, args=(process.stderr,), daemon=True)
        self._listener.start()
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None  # noqa: S101  a pipe
        process.stdin.close()
        try:
            process.wait(_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._listener.join()

    def _not_started(self, why: str) -> BrokerUnavailable:
        port = f"port {self._port}" if self._port else "a free port"
        said = f"the embedded Kafka broker did not start on {port} of 127.0.0.1: {why}"
        return BrokerUnavailable(said)

    def _keep(self, stream: IO[bytes]) -> None:
        """What it says goes to a log that is begun anew when it is full."""
        log = BoundedLog(self._log, logging.Formatter("%(asctime)s %(message)s"))
        with stream:
            for line in stream:
                text = line.decode(errors="replace").rstrip()
                self._said.append(text)
                log.emit(logging.LogRecord("broker", logging.WARNING, "", 0, text, None, None))
        log.close()


def _close(process: subprocess.Popen[bytes]) -> None:
    """Our ends of its pipes; what it says on standard error is read to its end."""
    for pipe in filter(None, (process.stdin, process.stdout)):
        pipe.close()
