from collections.abc import Collection
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
