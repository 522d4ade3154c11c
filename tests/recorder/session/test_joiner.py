from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

from perennial_recorder.adapters.sqlite import SqliteStateStore
from perennial_recorder.join.known import KnownRecord
from tests.support.recorder.harness import Stage


def test_over_the_limit_of_the_disk_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    stage = Stage(tmp_path, store_limit=2_000_000)
    for i in range(3000):
        stage.event(i, at=i, padding="x" * 1000)
    stage.steps()
    report = stage.recorder.report()
    lost = report.counts["lost_event"]
    assert 0 < lost < 3000
    assert report.pending == 3000 - lost
    assert stage.state.size() <= 2_000_000
    assert not report.labels_complete
    stage.label(2999, "yes", at=3000)
    stage.label(0, "yes", at=3000)
    stage.steps()
    assert stage.labels() == {2999: "yes"}


class CountingStateStore(SqliteStateStore):
    """Counts the rows that are read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.read = 0

    def known(self, ids: Collection[bytes]) -> list[KnownRecord]:
        found = super().known(ids)
        self.read += len(found)
        return found


def test_thousands_of_labels_with_one_wrong_id_cost_no_more_each_than_the_first_hundred(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, state=CountingStateStore)
    state = stage.state
    assert isinstance(state, CountingStateStore)
    stage.steps()
    for batch in range(60):
        for i in range(50):
            stage.label("unknown", "yes", at=100 * batch + i)
        stage.steps(1)
    stage.event("unknown", at=6000)
    stage.label("unknown", "no", at=6000)
    stage.steps()
    assert state.read <= 60 * 100 + 200
    assert stage.labels() == {0: "yes"}
    assert stage.counts() == {
        "conflicting_label": 1,
        "duplicate_label": 99,
        "excess_label": 2900,
        "joined": 1,
        "observations": 1,
    }


def test_what_is_known_is_forgotten_in_slices_one_with_each_step(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    for i in range(12_000):
        stage.event(i)
    stage.steps()
    stage.now += 3600
    told = [(stage.recorder.step(), stage.recorder.report().pending) for _ in range(3)]
    assert told == [(True, 7000), (True, 2000), (False, 0)]
    assert stage.counts() == {"given_up": 12_000}


def test_over_the_limit_of_the_disk_it_beats_between_slices(tmp_path: Path) -> None:
    stage = Stage(tmp_path, store_limit=4_000_000)
    beats: list[int] = []
    stage.kill()
    stage.beat = lambda: beats.append(stage.state.size())
    stage.start()
    stage.event("large", at=20_000, padding="x" * 100)
    stage.steps()
    for i in range(20_000):
        stage.event(i, at=i)
    stage.steps(14)
    beats.clear()
    stage.event("huge", at=20_001, padding="x" * 3_900_000)
    stage.recorder.step()
    assert sum(size > 4_000_000 for size in beats) >= 2


def test_what_s3_holds_pushes_nothing_out_that_waits_at_a_restart(tmp_path: Path) -> None:
    stage = Stage(tmp_path, flush_interval=timedelta(seconds=1))
    for i in range(4000):
        stage.event(i, at=i)
        stage.label(i, "yes", at=i)
    for i in range(300):
        stage.event(f"waits-{i}", at=i, padding="x" * 2000)
    stage.steps()
    stage.later(5)
    full = stage.state.size()
    stage.kill()
    stage.settings = stage.settings.model_copy(update={"store_limit": round(full * 1.02)})
    stage.start()
    stage.steps(20)
    assert stage.counts() == {"joined": 4000, "observations": 4000}
    assert stage.recorder.report().pending == 300
