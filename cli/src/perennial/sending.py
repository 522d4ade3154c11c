"""Stream in the background: one thread sends events and labels, one reads the answers."""

from __future__ import annotations

import json
import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from perennial.pipeline import Message, Names
from perennial.stream.accuracy import Accuracy, Answer
from perennial.stream.record import Record
from perennial.stream.traffic import RATE, Issue, Traffic
from perennial.world.rows import Row

_TICK: Final = 0.05  # seconds


class Sends(Protocol):
    def send(self, messages: list[Message]) -> None: ...
    def flush(self) -> None: ...


class Stream:
    """Sends until it is stopped; what was issued and answered meanwhile is taken with `drain`."""

    def __init__(
        self, traffic: Traffic, sender: Sends, poll: Callable[[float], list[Record]]
    ) -> None:
        self._traffic = traffic
        self._sender = sender
        self._poll = poll
        self._seen: queue.SimpleQueue[Issue | Answer] = queue.SimpleQueue()
        self._sent, self._over = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True)
            for name, work in (("send", self._send), ("read", self._read))
        ]
        self._error: Exception | None = None

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def drain(self, accuracy: Accuracy) -> None:
        """Hands over what came.

        Raises:
            Exception: What ended one of the threads.
        """
        while not self._seen.empty():
            match self._seen.get():
                case Issue() as issue:
                    accuracy.issue(issue)
                case Answer() as answer:
                    accuracy.answer(answer)
        if self._error:
            raise self._error

    def finish(self) -> None:
        """Ends sending; the labels that are still owed go at once, answers are still read."""
        self._sent.set()
        self._join(0)

    def close(self) -> None:
        """Ends both; a stream that never began as well."""
        self.finish()
        self._over.set()
        self._join(1)

    @property
    def over(self) -> bool:
        """Whether there are no more rows."""
        return self._traffic.over

    def _join(self, number: int) -> None:
        if self._threads[number].ident is not None:
            self._threads[number].join()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  handed over by drain
            self._error = error

    def _send(self) -> None:
        while not self._sent.wait(_TICK):
            due = self._traffic.due(time.monotonic())
            for issue in due.issues:  # before its answer can come
                self._seen.put(issue)
            self._sender.send(due.messages)
        self._sender.send(self._traffic.owed())
        self._sender.flush()

    def _read(self) -> None:
        while not self._over.is_set():
            for record in self._poll(0.25):
                if found := answer(record, self._traffic.pipeline):
                    self._seen.put(found)


def traffic(pipeline: Names, rows: Iterator[Row], rate: float = RATE) -> Traffic:
    """Traffic of a run of its own, whose ids no other run shares."""
    return Traffic(pipeline, secrets.token_hex(3), rows, rate)


def answer(record: Record, pipeline: Names) -> Answer | None:
    """None for what is no answer: events may stand on the same topic."""
    content = json.loads(record.value)
    if "prediction" not in content:
        return None
    label, probability = pipeline.read_label(content["label"]), content.get("probability")
    return Answer(record.key, label, content["model"], record.at, probability)
