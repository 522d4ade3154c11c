from pathlib import Path

from tests.fakes.s3 import CrowdedS3
from tests.support.recorder.harness import Stage

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
