from pathlib import Path

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
