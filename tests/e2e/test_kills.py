import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import Message

from perennial_contract.objects.observation import from_parquet, parse_segment_key
from perennial_contract.runtime.kafka.records import read_headers
from tests.support.e2e.commits import Commits
from tests.support.e2e.kubectl import Json, kubectl, listed
from tests.support.e2e.pipeline import Pipeline
from tests.support.e2e.rows import LOANS, loans
from tests.support.e2e.stream import Stream, messages

pytestmark = [pytest.mark.e2e, pytest.mark.alone]
RATE, SECONDS, KILLS = 500, 80, 5
Prepared = Callable[[Pipeline], Pipeline]
Identity = tuple[int, int]  # partition, offset


@dataclass(frozen=True)
class Answer:
    """To which event, and when Kafka took it, in seconds since 1970."""

    partition: int
    offset: int
    at: float


def test_what_is_killed_under_load_loses_nothing_and_doubles_only_what_was_not_committed(
    prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = {"retrain": {"threshold": 1_000_000}, "predictor": {"replicas": 2}}
    pipeline = prepared(Pipeline("e2e-deaths", LOANS, Stream("e2e-deaths"), spec))
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    pipeline.wait_ready()
    rows = loans(RATE * SECONDS, seed=5)

    with Commits(f"{pipeline.name}.{pipeline.name}.predictor") as commits:
        sending = pipeline.stream.start(rows, rate=RATE)
        kills = [kill_one_of_each(pipeline) for _ in range(KILLS)]
        assert sending.is_alive(), "the load ended before the last kill"
        sending.join()
        pipeline.wait_answered()
    pipeline.expect(120, "all observed", lambda: len(observed(pipeline)) >= len(rows))

    answers = [read(message) for message in messages(pipeline.stream.topic("predictions"))]
    doubled = list(repeated(answers))
    with capsys.disabled():
        print(  # noqa: T201  the counts are what one wants to know
            f"\n{len(rows)} events at {RATE}/s, {KILLS} predictors and {KILLS} recorders killed:"
            f" {len(answers)} answers, {len(doubled)} of them doubled"
        )
    sent = {(m.partition(), m.offset()) for m in messages(pipeline.stream.topic("events"))}
    assert len(sent) == len(rows)
    assert {(answer.partition, answer.offset) for answer in answers} == sent
    early = [a for a in doubled if a.offset < committed_before_its_kill(commits, kills, a)]
    assert early == []
    assert doubled, "nothing was cut off: the test has proved nothing"
    assert Counter(observed(pipeline)) == Counter(sent)


def kill_one_of_each(pipeline: Pipeline) -> float:
    """Returns when, in seconds since 1970, once others stand in for them."""
    before = ready(pipeline)
    predictor = next(pod for pod in before if component(pod) == "predictor")
    recorder = next(pod for pod in before if component(pod) == "recorder")
    names = [pod["metadata"]["name"] for pod in (predictor, recorder)]
    moment = time.time()
    at_once = ["--grace-period=0", "--force", "--wait=false"]
    for name in names:
        kill_process(name)
    kubectl("-n", pipeline.name, "delete", "pod", *names, *at_once)
    gone = {predictor["metadata"]["uid"], recorder["metadata"]["uid"]}

    def replaced() -> bool:
        uids = {pod["metadata"]["uid"] for pod in ready(pipeline)}
        return len(uids) == len(before) and not uids & gone

    pipeline.expect(60, "others stand in", replaced)
    return moment


def kill_process(pod: str) -> None:
    """By SIGKILL, from the node: even without grace the kubelet lets a process hear SIGTERM."""
    marks = f"PERENNIAL_POD={pod}".encode()
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            number = int(process.name)
            if marks in (process / "environ").read_bytes().split(b"\0"):
                os.kill(number, signal.SIGKILL)


def ready(pipeline: Pipeline) -> list[Json]:
    """The pods that are ready, the oldest first."""
    pods = listed(pipeline.name, "pods", "perennial.dev/component in (predictor,recorder)")
    found = [pod for pod in pods if is_ready(pod) and "deletionTimestamp" not in pod["metadata"]]
    return sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))


def is_ready(pod: Json) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any((c["type"], c["status"]) == ("Ready", "True") for c in conditions)


def component(pod: Json) -> str:
    return str(pod["metadata"]["labels"]["perennial.dev/component"])


def read(message: Message) -> Answer:
    source = dict(read_headers(message) or ())["perennial-source"] or b""
    _, partition, offset = source.decode().rsplit("/", 2)
    return Answer(int(partition), int(offset), message.timestamp()[1] / 1000)


def repeated(answers: list[Answer]) -> Iterator[Answer]:
    """The second answer to each event, the third, and so on."""
    seen: set[Identity] = set()
    for answer in answers:
        if (answer.partition, answer.offset) in seen:
            yield answer
        seen.add((answer.partition, answer.offset))


def committed_before_its_kill(commits: Commits, kills: list[float], answer: Answer) -> int:
    """Where the partition stood when that pod was killed whose answers were given again."""
    kill = max((kill for kill in kills if kill <= answer.at), default=0.0)
    return commits.at(kill)[answer.partition]


def observed(pipeline: Pipeline) -> list[Identity]:
    """Partition and offset of every observation on S3, in unbroken sequences."""
    found: list[Identity] = []
    following: Counter[int] = Counter()
    for key, data in sorted(pipeline.objects("observations/").items()):
        segment = parse_segment_key(key)
        for row in from_parquet(data) if segment else ():
            assert segment
            assert row.sequence == following[segment.partition]
            following[segment.partition] += 1
            found.append((segment.partition, row.offset))
    return found
