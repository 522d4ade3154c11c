"""Pipeline on this machine, whose loop works in a thread beside the command."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any, Final, Self

from perennial.adapters.machine.forwarder import forwarded
from perennial.adapters.machine.laptop import laptop
from perennial.adapters.machine.logs import BoundedLog
from perennial.local_loop import LocalLoop
from perennial.report.columns import cells
from perennial.report.view import View, read
from perennial_contract.runtime.logs import JsonFormatter

PREDICT_PORT: Final = "predict-port"  # a file of the folder


class LocalPipeline:
    """Context in which a manifest's programs run; it ends with them.

    Entering raises what `laptop` and `LocalLoop.apply` raise.
    """

    def __init__(
        self, manifest: Mapping[str, Any], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._manifest, self._folder = dict(manifest), folder
        self._environment = environment
        self._stop = asyncio.Event()
        self._applied: Future[None] = Future()
        self._ended: Future[Any] = Future()
        self._thread = Thread(target=self._work, name="loop", daemon=True)
        self._error: BaseException | None = None
        self.predict_address = ""
        """Where POST /predict is answered, for as long as it runs; empty where it is not on."""

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._applied.result()
        except KeyboardInterrupt:
            if self._applied.exception() is None:
                self._end()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self._end()

    def look(self) -> View:
        """As it is now, with the row that kubectl would print."""
        resource = self.resource()
        return read(resource, cells(resource, datetime.now(UTC)))

    def resource(self) -> dict[str, Any]:
        """The ModelPipeline with its status.

        Raises:
            BaseException: What has ended the loop.
        """
        asked = self._get()
        try:
            answer = asyncio.run_coroutine_threadsafe(asked, self._events)
            # A loop that has ended but is not closed takes what it will never do.
            wait([answer, self._ended], return_when=FIRST_COMPLETED)
            return answer.result(timeout=0)
        except (RuntimeError, CancelledError, TimeoutError):  # it has ended, or ends now
            asked.close()
            self._thread.join()
            if self._error:
                raise self._error from None
            raise

    async def _get(self) -> dict[str, Any]:
        meta = self._manifest["metadata"]
        return self._loop.pipeline(meta["namespace"], meta["name"]) or self._manifest

    def _end(self) -> None:
        """Returns once all programs have ended; a second Ctrl-C takes what time they have left."""
        try:
            self._call(self._stop.set)
            self._thread.join()
        except KeyboardInterrupt:
            self._call(self._working.cancel)
            self._thread.join()
            raise

    def _call(self, what: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # it has ended by itself
            self._events.call_soon_threadsafe(what)

    def _work(self) -> None:
        try:
            with _logged(self._folder / "logs" / "operator.log"):
                asyncio.run(self._run())
        except BaseException as error:  # noqa: BLE001  handed over to the command's thread
            self._error = error
            if not self._applied.done():
                self._applied.set_exception(error)
        finally:
            self._ended.set_result(None)

    async def _run(self) -> None:
        self._events = asyncio.get_running_loop()
        async with laptop(self._folder, self._environment) as machine, AsyncExitStack() as stack:
            self._loop = LocalLoop(machine)
            if self._loop.apply(self._manifest)["spec"]["predictor"]["http"]["enabled"]:
                door = forwarded(self._folder / PREDICT_PORT, self._loop.predict_ports)
                self.predict_address = await stack.enter_async_context(door)
            self._working = asyncio.create_task(self._loop.run(self._stop))
            self._applied.set_result(None)
            with suppress(asyncio.CancelledError):
                await self._working


@contextmanager
def _logged(file: Path) -> Iterator[None]:
    """What the passes log goes to a file: the terminal shows the run."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handler = BoundedLog(file, JsonFormatter())
    loggers = [logging.getLogger(name) for name in ("perennial", "perennial_operator")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True
        handler.close()
