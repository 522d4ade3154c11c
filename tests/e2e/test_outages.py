import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.conftest import ROOT
from tests.support.e2e.pipeline import SLOW, Pipeline
from tests.support.e2e.rows import LOANS, loans
from tests.support.e2e.stream import Stream

pytestmark = [pytest.mark.e2e, pytest.mark.alone]
MINUTE = 60
Prepared = Callable[[Pipeline], Pipeline]


@contextmanager
def without(server: str) -> Iterator[None]:
    """The local cluster without one of its servers, whatever happens in between."""
    run("stop", server)
    try:
        yield
    finally:
        run("up", server)


def run(*arguments: str) -> None:
    done = subprocess.run(
        [str(ROOT / "cluster" / "cluster"), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not (ROOT / "cluster" / "native").exists(), reason="only natively")
def test_what_is_away_for_a_minute_costs_nothing(prepared: Prepared) -> None:
    spec = {"optimizer": SLOW, "retrain": {"threshold": 2_000}}
    pipeline = prepared(Pipeline("e2e-outages", LOANS, Stream("e2e-outages"), spec))
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    pipeline.wait_ready()

    pipeline.stream.send(loans(2_200, function=4, seed=3))
    pipeline.running(2)
    with without("minio"):
        sending = pipeline.stream.start(loans(2_400, function=4, seed=4), rate=50)
        said_of_storage(pipeline)
        time.sleep(MINUTE)
        assert pipeline.status()["history"][-1]["number"] == 1
    entry = pipeline.wait_attempt(2, 400)
    assert entry["outcome"] == "Promoted"
    pipeline.wait_serving(entry["version"])
    sending.join()

    with without("kafka"):
        pipeline.expect(60, "Kafka is named", lambda: says(pipeline, "Kafka"))
    pipeline.stream.send(loans(500, function=4, seed=5))
    pipeline.wait_answered()
    pipeline.wait_ready()

    with without("api"):
        pipeline.stream.send(loans(600, function=4, seed=6), rate=10)
        pipeline.wait_answered()
    pipeline.expect(120, "all observed", lambda: pipeline.observed() == len(pipeline.stream.sent))
    pipeline.wait_attempt(3, 400)
    pipeline.wait_ready()
    answered = Counter(answer["request_id"] for answer in pipeline.stream.answers())
    assert set(answered) == set(pipeline.stream.sent)


def said_of_storage(pipeline: Pipeline) -> None:
    """Conditions say what is away, and an attempt that cannot end is not given up."""
    pipeline.expect(90, "S3 is named", lambda: says(pipeline, "S3"))


def says(pipeline: Pipeline, word: str) -> bool:
    conditions = pipeline.status().get("conditions", [])
    return any(c["status"] != "True" and word in c["message"] for c in conditions)
