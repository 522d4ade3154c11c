"""Requests to retrain on a real broker, as the recorder hears them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.recorder.process import World, a_world

pytestmark = pytest.mark.integration


@pytest.fixture
def world(kafka: str, s3: str, tmp_path: Path) -> Iterator[World]:
    with a_world(kafka, s3, tmp_path) as world:
        world.hears = True
        world.create(world.events)
        world.create(world.labels)
        yield world


def test_a_missing_lifecycle_topic_is_named_while_joining_goes_on(world: World) -> None:
    world.send(world.events, {"id": 1})
    world.send(world.labels, {"id": 1, "label": "yes"})
    world.producer.flush()
    world.start()
    missing = f"topic {world.lifecycle} does not exist"
    world.until(
        lambda r: (
            r.counts["observations"] == 1
            and r.ready
            and r.problem is not None
            and r.problem.message == missing
        )
    )
    world.create(world.lifecycle)
    world.send(world.lifecycle, {"retrain": True, "reason": "drift"}, partition=1)
    world.producer.flush()
    world.until(lambda r: r.problem is None and r.request == "drift")


def test_what_is_told_of_requests_is_the_same_after_a_kill(world: World) -> None:
    world.create(world.lifecycle)
    created = round(world.created.timestamp() * 1000)
    world.send(world.lifecycle, {"retrain": True, "reason": "before"}, at=created - 1000)
    world.send(world.lifecycle, {"retrain": True}, partition=1, at=created - 1000)
    for i in range(100):
        world.send(world.lifecycle, {"retrain": True, "reason": f"asked {i}"})
        world.send(world.lifecycle, {"type": "started"})
    world.producer.flush()
    world.start()
    world.until(lambda r: r.request == "asked 99")
    before = world.report()
    world.kill()
    world.start()
    world.until(lambda r: r.request == "asked 99")
    after = world.report()
    assert before
    assert after
    assert [list(found.values()) for found in before.requests.values()] == [[200]]
    assert before.requests == after.requests


def test_a_lifecycle_topic_that_is_made_again_is_another_and_none_of_it_is_missed(
    world: World,
) -> None:
    world.create(world.lifecycle)
    world.send(world.lifecycle, {"retrain": True, "reason": "old"})
    world.producer.flush()
    world.start()
    world.until(lambda r: r.request == "old")
    before = world.report()
    world.delete(world.lifecycle)
    world.until(lambda r: r.problem is not None)
    world.create(world.lifecycle)
    time.sleep(0.5)  # the producer sees the new one
    world.send(world.lifecycle, {"retrain": True, "reason": "new"})
    world.producer.flush()
    world.until(lambda r: r.problem is None and r.request == "new")
    after = world.report()
    assert before
    assert after
    assert list(after.requests.values()) == [{"0": 1}]
    assert before.requests.keys() != after.requests.keys()
