from tests.support.recorder.harness import Stage


def test_the_last_ten_checkpoints_are_kept(stage: Stage) -> None:
    for i in range(15):
        stage.event(i)
        stage.steps(2)
    kept = list(stage.store.list("observations/checkpoints/"))
    assert len(kept) == 10
    assert kept == [f"observations/checkpoints/{i:020}.json" for i in range(6, 16)]


def test_an_idle_recorder_writes_nothing(stage: Stage) -> None:
    stage.event("a")
    stage.label("a", "yes")
    stage.steps()
    before = list(stage.store.list(""))
    stage.later(10_000)
    stage.steps(50)
    after = list(stage.store.list(""))
    assert len(after) <= len(before) + 1  # the id is forgotten once
