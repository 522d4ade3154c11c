import pytest

from perennial.follow import Failed
from perennial.pipeline import parse
from perennial.play import SETTLE, TableRun
from perennial.report.view import View
from perennial.stream.accuracy import Accuracy, Answer
from perennial.stream.traffic import Traffic
from perennial.table.manifest import manifest
from perennial.table.sizes import Sizes
from perennial.table.table import Table
from perennial_operator.api.attempts import AttemptOutcome
from tests.fakes.loans import FakeClock, FakeScreen, entry
from tests.support.examples.builders import a_table


class FakeRun:
    """A cluster and a stream: it answers at once, counts at once and judges after 10 s."""

    def __init__(self, clock: FakeClock, table: Table, *, judges: bool = True) -> None:
        pipeline = parse(manifest(table, Sizes(100, 100, 50, 50.0), {}))
        self.clock, self.judges = clock, judges
        self.traffic = Traffic(pipeline, "r", iter(table.rows[100:]), 50.0)
        self.labels, self.handled = 0, 0
        self.ended = [entry(1, AttemptOutcome.PROMOTED)]
        self.began: float | None = None

    @property
    def over(self) -> bool:
        return self.traffic.over

    def start(self) -> None: ...

    def drain(self, accuracy: Accuracy) -> None:
        due = self.traffic.due(self.clock.now())
        for issue in due.issues:
            accuracy.issue(issue)
            accuracy.answer(Answer(issue.id, "y", self.ended[-1].version, self.clock.now()))
        self.labels += sum(m.topic == self.traffic.pipeline.labels for m in due.messages)

    def finish(self) -> None:
        self.labels += len(self.traffic.owed())

    def look(self) -> View:
        now = self.clock.now()
        if self.began is not None and self.judges and now - self.began >= 10:
            self.ended.append(entry(len(self.ended) + 1, AttemptOutcome.PROMOTED))
            self.began = None
        if self.began is None and self.labels - self.handled >= 100:
            self.handled, self.began = self.labels, now
        return View(
            row=(("AGE", f"{now}s"),),
            ready=True,
            attempt=len(self.ended) + (self.began is not None),
            serving=self.ended[-1].version,
            written=self.labels,
            fresh=self.labels - self.handled,
            ended=tuple(self.ended),
        )


def a_run(fake: FakeRun) -> TableRun:
    return TableRun(fake, fake, FakeScreen(), fake.clock, 1_000, 100)


def test_all_rows_are_played_and_the_last_attempt_is_waited_for() -> None:
    fake = FakeRun(FakeClock(), a_table("yn" * 550))
    run = a_run(fake)

    run.run()

    assert (fake.labels, len(run.accuracy.grades)) == (1_000, 1_000)
    assert list(run.ended) == [1, 2, 3, 4]
    assert fake.labels - fake.handled < 100


def test_an_attempt_that_never_ends_is_not_waited_for_without_end() -> None:
    fake = FakeRun(FakeClock(), a_table("yn" * 550), judges=False)

    a_run(fake).run()

    assert fake.clock.now() < 1_000 + 20 + SETTLE + 5


def test_a_first_model_that_cannot_be_is_the_end() -> None:
    class Refused(FakeRun):
        def look(self) -> View:
            return View(ended=(entry(1, AttemptOutcome.REFUSED, message="column n"),))

    with pytest.raises(Failed, match="there is no first model: attempt 1: column n"):
        a_run(Refused(FakeClock(), a_table("yn" * 550))).run()
