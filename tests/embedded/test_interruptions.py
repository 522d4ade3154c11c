"""Runs that are interrupted in each phase, and are started again in their folder."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from perennial.adapters import kafka
from perennial.adapters.machine.identity import started_at
from perennial.pipeline import Names, event, late_label, load
from perennial.sending import answer
from perennial.world.rows import Applications
from tests.support.embedded.demo import Demo
from tests.support.embedded.killed_run import KilledRun, running, until
from tests.support.perennial.processes import below

pytestmark = pytest.mark.embedded
STOPPED = "\nstopped; run it again, and it goes on where it was\n"


def interrupted(run: KilledRun, *signals: int) -> None:
    """It ends as it should, and leaves no process."""
    left = run.processes()
    assert left
    for number in signals:
        run.command.send_signal(number)
        until(lambda: not all(map(started_at, left)), "nothing ends")
    assert run.command.wait(120) == 130
    assert [pid for pid in left if started_at(pid)] == []
    said = run.log.read_text()
    assert said.endswith(STOPPED)
    assert "Traceback" not in said


def test_a_run_that_is_interrupted_in_any_phase_goes_on_where_it_was(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        until(lambda: run.pids("recorder"), "no program starts")
        interrupted(run, signal.SIGINT)
        (uid,) = (each["metadata"]["uid"] for each in run.objects("ModelPipeline"))

        run.start()
        until(lambda: run.pids("train"), "no attempt starts")
        interrupted(run, signal.SIGTERM)

        run.start()
        until(lambda: run.status().history, "no attempt ends")
        interrupted(run, signal.SIGHUP)
        (first,) = run.status().history

        run.start()
        until(lambda: run.ready("predictor") and run.ready("recorder"), "nothing serves")
        pipeline, address = load(run.manifest), (run.folder / "kafka/address").read_text()
        sent = send(pipeline, address, 0, 300)
        until(lambda: labels(run) == 300, "labels are missing")
        sent |= send(pipeline, address, 300, 100)
        interrupted(run, signal.SIGINT, signal.SIGINT)

        run.start()
        until(lambda: run.ready("predictor"), "nothing serves")
        sent |= send(pipeline, address, 400, 100)
        until(lambda: labels(run) >= 500, "labels are missing")
        until(lambda: answered(pipeline, address).keys() >= sent, "answers are missing")
        status = run.status()
        assert [each["metadata"]["uid"] for each in run.objects("ModelPipeline")] == [uid]
        assert (status.history, labels(run)) == ([first], 500)
        assert status.model
        assert status.model.version == first.version
        interrupted(run, signal.SIGTERM)


def send(pipeline: Names, address: str, first: int, count: int) -> set[str]:
    """Events with their labels; their ids."""
    rows, ids = Applications(seed=first), [f"id-{n}" for n in range(first, first + count)]
    sender = kafka.Sender(address)
    for identity in ids:
        row = next(rows)
        said = event(pipeline, identity, row.record, row.label)
        sender.send([said, late_label(pipeline, identity, row.label)])
    sender.flush()
    return set(ids)


def labels(run: KilledRun) -> int:
    return sum(sum(each.values()) for each in run.status().written.values())


def answered(pipeline: Names, address: str) -> Counter[str]:
    replies = (answer(each, pipeline) for each in kafka.read_back(address, pipeline.predictions))
    return Counter(found.id for found in replies if found)


HANGS = """#!/bin/sh
if [ "$1" = version ]; then echo "go version go1.99.0 linux/amd64"; exit; fi
echo $$ > "$SAID"
sleep 600
"""


def test_the_demo_ends_in_any_phase_and_starts_again_in_its_folder(tmp_path: Path) -> None:
    stopped = f"\nstopped; what it made lies in {tmp_path / 'demo'}\n"
    first = Demo(tmp_path / "demo")
    left = first.says("The page: ")
    first.command.send_signal(signal.SIGTERM)
    first.ended(left)
    assert first.rest().endswith(stopped)

    closed = Demo(tmp_path / "demo", terminal=True)
    left = closed.says("waiting for the first model")
    closed.hang_up()
    closed.ended(left)

    twice = Demo(tmp_path / "demo")
    left = twice.says("the stream begins")
    twice.command.send_signal(signal.SIGINT)
    until(lambda: not all(map(started_at, left)), "nothing ends")
    twice.command.send_signal(signal.SIGINT)
    twice.ended(left)
    said = twice.rest()
    assert said.endswith(stopped)
    assert "Traceback" not in said


def test_the_demo_ends_while_its_broker_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(HANGS)
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{go.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SAID", str(tmp_path / "said"))

    demo = Demo(tmp_path / "demo")
    until((tmp_path / "said").exists, "nothing is built")
    left = set(until(lambda: below(demo.command.pid), "no go runs"))
    demo.command.send_signal(signal.SIGINT)

    demo.ended(left)
    assert demo.rest().endswith(f"\nstopped; what it made lies in {tmp_path / 'demo'}\n")
