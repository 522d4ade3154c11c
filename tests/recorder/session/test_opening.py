import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perennial_contract.objects.observation import to_parquet
from perennial_contract.objects.owner import owner_of
from perennial_contract.status import Problem, RecorderReport
from tests.support.recorder.harness import BEGIN, INSIDE, Stage


def test_a_prefix_of_another_pipeline_is_refused_until_it_is_free(stage: Stage) -> None:
    other = owner_of(stage.settings.model_copy(update={"name": "risk"}))
    stage.store.put_new("owner.json", other.to_json())
    stage.steps()
    assert stage.recorder.report() == RecorderReport(
        uid="uid",
        pod="pod",
        ready=False,
        problem=Problem(
            reason="StorageTaken",
            message="owner.json below bucket/default/income belongs to default/risk of cluster c,"
            " not to default/income of cluster c: choose another storage.prefix, remove what is"
            " there, or remove owner.json alone to go on with what is there",
        ),
        counts={"observations": 0},
    )
    stage.store.delete("owner.json")
    stage.steps()
    assert stage.recorder.report().ready


def test_a_store_that_ignores_conditions_is_refused(stage: Stage) -> None:
    stage.s3._conditional = False  # noqa: SLF001  the server, not our code
    stage.steps()
    problem = stage.problem()
    assert problem
    assert problem[0] == "StorageRefused"


def test_a_checkpoint_that_cannot_be_read_is_named(stage: Stage) -> None:
    stage.store.put_new("observations/checkpoints/00000000000000000007.json", b"{")
    stage.steps()
    problem = stage.problem()
    assert problem
    assert problem[0] == "CheckpointBroken"
    assert "00000000000000000007.json" in problem[1]


@pytest.mark.parametrize(
    "marks",
    [
        {"position": 0, "read": 1, "offsets": "?", "states": ""},
        {"position": 0, "read": 1, "offsets": "AAAA", "states": ""},
        {"position": 0, "read": 1, "offsets": "eJwDAAAAAAE=", "states": "eJxjAAAAAQAB"},
    ],
    ids=["no base64", "no zlib", "another number of states"],
)
def test_a_checkpoint_whose_marks_cannot_be_read_is_named(
    stage: Stage, marks: dict[str, object]
) -> None:
    topic = {"id": "id-events-1", "role": "events", "partitions": {"0": marks}}
    data = json.dumps({"inputs": {"events": topic}}).encode()
    key = "observations/checkpoints/00000000000000000007.json"
    stage.store.put_new(key, data)
    stage.steps()
    problem = stage.problem()
    assert problem
    assert problem[0] == "CheckpointBroken"
    assert problem[1].startswith(f"{key} cannot be read: events, partition 0: ")
    stage.store.delete(key)
    stage.steps()
    assert stage.recorder.report().ready


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-20],
        lambda data: data[:100] + bytes(50) + data[150:],
        lambda _: b"",
        lambda _: parquet(pa.table({"a": [1]})),
        lambda _: to_parquet([]),
    ],
    ids=["torn", "torn within", "empty", "another table", "no rows"],
)
def test_a_segment_that_cannot_be_read_is_named_and_waited_for(
    stage: Stage, damage: Callable[[bytes], bytes]
) -> None:
    stage.event("a")
    stage.label("a", "yes")
    stage.steps()
    stage.kill()
    key = "observations/id-events-1/0/00000000000000000000.parquet"
    objects = stage.s3.objects["bucket"]
    whole, metadata = objects[f"default/income/{key}"]
    objects[f"default/income/{key}"] = damage(whole), metadata
    stage.start()
    stage.event("b")
    stage.label("b", "no")
    stage.steps()
    problem = stage.problem()
    assert problem
    assert problem[0] == "SegmentBroken"
    assert problem[1].startswith(f"{key} cannot be read: ")
    assert not stage.recorder.report().ready
    objects[f"default/income/{key}"] = whole, metadata
    stage.steps(20)
    assert stage.labels() == {0: "yes", 1: "no"}


def test_the_highest_attempt_on_s3_is_told_whoevers_it_was(stage: Stage) -> None:
    for name in ("9/inputs.json", "10/inputs.json", "10/verdict.json", "2/inputs.json", "x/y"):
        stage.store.put_new(f"attempts/{name}", b"{}")
    stage.steps()
    assert stage.recorder.report().attempts == 10


def test_a_restart_reads_nothing_twice_where_labels_lie_inside(tmp_path: Path) -> None:
    stage = Stage(tmp_path, INSIDE)
    stage.event("a", answer={"label": 1})
    stage.steps()
    stage.kill()
    stage.start()
    stage.event("b", answer={"label": 1})
    stage.steps()
    assert stage.labels() == {0: "yes", 1: "yes"}
    assert stage.counts() == {"observations": 2}


def test_a_second_event_is_not_recorded_after_a_restart_either(stage: Stage) -> None:
    stage.event("a")
    stage.label("a", "yes")
    stage.steps()
    stage.kill()
    stage.start()
    stage.event("a", at=100)
    stage.label("a", "yes", at=200)
    stage.label("a", "no", at=300)
    stage.steps(20)
    assert stage.labels() == {0: "yes"}
    assert stage.counts() == {
        "conflicting_label": 1,
        "duplicate_event": 1,
        "duplicate_label": 1,
        "joined": 1,
        "observations": 1,
    }


def test_a_resource_that_was_made_again_goes_on_with_what_its_name_left(stage: Stage) -> None:
    stage.event("a")
    stage.label("a", "yes")
    stage.event("waits")
    stage.steps()
    stage.kill()
    later = datetime.fromtimestamp(BEGIN / 1000 + 40, UTC)
    stage.settings = stage.settings.model_copy(update={"uid": "uid-2", "created": later})
    stage.event("between", at=20_000)
    stage.start()
    stage.label("waits", "no", at=45_000)
    stage.label("between", "yes", at=45_000)
    stage.steps(20)
    report = stage.recorder.report()
    assert stage.labels() == {0: "yes", 1: "no", 2: "yes"}
    assert (report.uid, report.ready, report.written) == ("uid-2", True, {"id-events-1": {"0": 3}})
    assert stage.counts() == {"joined": 3, "observations": 3}
