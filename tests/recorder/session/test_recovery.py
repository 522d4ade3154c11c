from pathlib import Path

import pytest

from tests.fakes.s3 import CrowdedS3
from tests.support.recorder.harness import Stage

LOST = "lost: Kafka removed records that waited to be read again"
SEGMENTS = 20_000
LATENCY = 0.02  # seconds for one GET


def test_a_start_over_very_many_segments_beats_all_the_while(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.event("a")
    stage.label("a", "yes")
    stage.steps()
    stage.kill()
    folder = "default/income/observations/id-events-1/0"
    (written,) = (o for k, o in stage.s3.objects["bucket"].items() if k.startswith(folder))
    s3 = CrowdedS3("bucket", crowd=8)
    s3.objects["bucket"] = stage.s3.objects["bucket"] | {
        f"{folder}/{first:020}.parquet": written for first in range(SEGMENTS)
    }
    beats, longest = [0], [0]

    def beat() -> None:
        longest[0] = max(longest[0], s3.asked - beats[0])
        beats[0] = s3.asked

    stage.s3, stage.beat = s3, beat
    stage.start()
    stage.recorder.step()
    beat()
    assert stage.recorder.report().written == {"id-events-1": {"0": SEGMENTS}}
    assert s3.most == 8
    # Even if S3 answered them one by one, the liveness probe would not wait for so long.
    assert longest[0] * LATENCY < 1.0


def test_checkpoints_and_attempts_of_years_are_listed_and_deleted_beating(stage: Stage) -> None:
    stage.steps()
    objects = stage.s3.objects["bucket"]
    folder = "default/income/observations/checkpoints"
    newest = objects[f"{folder}/{0:020}.json"]
    objects |= {f"{folder}/{number:020}.json": newest for number in range(5000)}
    objects |= {f"default/income/attempts/{n}/inputs.json": newest for n in range(5000)}
    stage.kill()
    done, longest = [len(stage.s3.requests)], [0]

    def beat() -> None:
        longest[0] = max(longest[0], len(stage.s3.requests) - done[0])
        done[0] = len(stage.s3.requests)

    stage.beat = beat
    stage.event("a")
    stage.start()
    for _ in range(10):
        beat()
        stage.recorder.step()
    beat()
    assert len([key for key in objects if key.startswith(folder)]) == 10
    assert longest[0] < 10


def test_what_compaction_removed_while_it_waited_is_lost_and_holds_back_nothing(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("replaced", "waits", "replaced too"):
        stage.event(name)
        stage.label(f"of an event that has not come, {name}", "yes")
    stage.steps()
    stage.kill()
    stage.broker.compact("events", 0, 0, 2)
    stage.broker.compact("labels", 0, 0, 2)
    stage.start()
    stage.label("waits", "no", at=5)
    stage.steps(20)
    assert stage.labels() == {1: "no"}
    assert stage.counts() == {"joined": 1, "lost_event": 2, "lost_label": 2, "observations": 1}
    assert not stage.recorder.report().labels_complete
    told = [vars(r) for r in caplog.records if r.message == LOST]
    assert [(t["topic"], t["number"], t["records"]) for t in told] == [
        ("events", 0, 2),
        ("labels", 0, 2),
    ]
    stage.later(120)
    stage.event("b", at=120_000)
    stage.label("b", "no", at=120_000)
    stage.later(1)
    stage.later(120)
    assert stage.source.committed == {("events", 0): 4, ("labels", 0): 5}


def test_a_compacted_event_that_s3_holds_is_no_loss(stage: Stage) -> None:
    stage.event("written")
    stage.label("written", "yes")
    stage.event("waits")
    stage.steps()
    stage.kill()
    stage.broker.compact("events", 0, 0)
    stage.start()
    stage.event("new")
    stage.steps(20)
    assert stage.counts() == {"joined": 1, "observations": 1}
    assert stage.source.committed == {("events", 0): 1, ("labels", 0): 1}


def test_the_last_record_before_the_end_may_be_the_one_that_is_gone(stage: Stage) -> None:
    stage.event("a")
    stage.label("b", "yes")
    stage.steps()
    stage.kill()
    stage.broker.compact("events", 0, 0)
    stage.broker.compact("labels", 0, 0)
    stage.start()
    stage.steps(20)
    assert stage.counts() == {"lost_event": 1, "lost_label": 1}
    assert stage.source.committed == {("events", 0): 1, ("labels", 0): 1}
    stage.event("c")
    stage.label("c", "yes")
    stage.steps()
    assert stage.labels() == {1: "yes"}


def test_an_event_that_s3_holds_beyond_the_checkpoint_may_be_gone(stage: Stage) -> None:
    stage.steps()
    checkpoints = "default/income/observations/checkpoints"
    objects = stage.s3.objects["bucket"]
    before = {key: data for key, data in objects.items() if key.startswith(checkpoints)}
    for name in ("a", "b"):
        stage.event(name)
        stage.label(name, "yes")
    stage.steps()
    stage.kill()
    for key in [key for key in objects if key.startswith(checkpoints)]:
        del objects[key]
    objects |= before
    stage.broker.compact("events", 0, 1)
    stage.start()
    stage.event("c", at=7)
    stage.label("c", "no", at=7)
    stage.steps(20)
    assert stage.labels() == {0: "yes", 1: "yes", 2: "no"}
    assert stage.counts() == {"joined": 2, "observations": 3}
