"""Answers of a predictor, and its report, for one batch of events after another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from perennial_contract.messages.provenance import digest_of
from perennial_contract.messages.record import Record
from tests.golden.golden import Golden, exposed
from tests.golden.pod import OLD, PERSON, VALUES, a_pod


def test_every_kind_of_event_is_answered_the_same(golden: Golden, tmp_path: Path) -> None:
    pod = a_pod(tmp_path, VALUES)

    golden.same("predictor/answers.json", pod.run())
    golden.same("predictor/metrics.txt", exposed(pod.state.metrics.registry))


def test_what_is_too_large_is_cut_the_same(golden: Golden, tmp_path: Path) -> None:
    large = json.dumps({"id": "x" * 6000, **OLD}).encode()

    golden.same("predictor/too-large.json", a_pod(tmp_path, [large, b"{" * 5000], 300).run())


def test_nothing_but_events_is_answered_on_a_shared_topic(golden: Golden, tmp_path: Path) -> None:
    kinds: list[dict[str, Any]] = [
        {"type": "event"},
        {"type": "answer"},
        {"type": 1},
        {},
        {"type": None},
    ]
    values: list[bytes | None] = [json.dumps({"id": 1, **OLD, **kind}).encode() for kind in kinds]
    pod = a_pod(
        tmp_path,
        [*values, b"poison"],
        events={
            "topic": "events",
            "id": {"key": True},
            "filter": {"path": "type", "values": ["event", "1"]},
        },
        predictions={"topic": "events", "threshold": 1.0},
        labels={"path": "income"},
    )
    named: list[tuple[str, bytes | None]] = [
        ("perennial-source", b"events/0/0"),
        ("perennial-pipeline", b"ns.income"),
        ("perennial-digest", digest_of(b"events/0/0", values[0] or b"").encode()),
    ]
    own = Record("events", 0, 3, b"key", values[0], named)
    pod.records.append(own)

    golden.same("predictor/shared.json", pod.run())


def test_features_and_id_are_found_where_the_settings_say(golden: Golden, tmp_path: Path) -> None:
    inside = json.dumps({"data": {"id": {"n": 5}, **PERSON, "income": "yes"}}).encode()
    pod = a_pod(
        tmp_path,
        [inside, b'{"data": 1}', b"{}"],
        events={"topic": "events", "id": {"path": "data.id.n"}, "record": "data"},
        labels={"path": "data.income"},
    )

    golden.same("predictor/paths.json", pod.run())
