import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from perennial_contract.objects.bundle import ENCODER, GOLDEN, MODEL, BundleBroken
from perennial_contract.settings import PredictorSettings
from perennial_predictor.scoring.binary import load
from tests.fakes.bundle import a_bundle, files, people, probabilities


def test_a_batch_is_scored_as_lightgbm_does(settings: PredictorSettings) -> None:
    bundle, _ = a_bundle()
    records = people(100, seed=5)
    scored = load(bundle, settings).score(range(100), records)
    assert [json.loads(answer)["probability"] for answer in scored.answers] == probabilities(
        records
    )


STRANGE: Final[list[dict[str, Any]]] = [
    {},
    {"age": None, "job": 3},
    {"age": "inf", "job": "x"},
    {"age": -1e308},
]


def test_an_event_alone_is_answered_as_in_a_batch(settings: PredictorSettings) -> None:
    bundle, _ = a_bundle()
    scorer = load(bundle, settings)
    records = [*people(300, seed=5), *STRANGE]

    alone = [scorer.score([number], [record]) for number, record in enumerate(records)]

    together = scorer.score(range(len(records)), records)
    assert [scored.answers[0] for scored in alone] == together.answers
    assert sum((Counter(scored.unknown) for scored in alone), Counter()) == together.unknown


_COUNT_THREADS: Final = """
import os, sys
from perennial_contract.settings import PredictorSettings
from perennial_predictor.scoring.binary import load
from tests.fakes.bundle import a_bundle, people
bundle, _ = a_bundle()
before = len(os.listdir("/proc/self/task"))
scorer = load(bundle, PredictorSettings.model_validate_json(sys.argv[1]))
for count in (1, 100, 1000):
    scorer.score(range(count), people(count))
print(len(os.listdir("/proc/self/task")) - before)
"""


def test_scoring_starts_no_thread_that_would_spin(settings: PredictorSettings) -> None:
    started = subprocess.run(
        [sys.executable, "-c", _COUNT_THREADS, settings.model_dump_json(exclude_defaults=True)],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "OMP_NUM_THREADS": "4"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert started.stdout == "0\n"


def test_no_record_gives_no_answer(settings: PredictorSettings) -> None:
    bundle, _ = a_bundle()
    assert load(bundle, settings).score([], []) == ([], {})


def test_golden_rows_within_a_billionth_are_equal(settings: PredictorSettings) -> None:
    bundle, _ = a_bundle(contents=files(golden_off_by=0.5e-9))
    load(bundle, settings)


@pytest.mark.parametrize("off", [2e-9, -0.1, np.inf])
def test_golden_rows_beyond_a_billionth_break_the_bundle(
    settings: PredictorSettings, off: float
) -> None:
    bundle, _ = a_bundle(contents=files(golden_off_by=off))
    with pytest.raises(BundleBroken, match=r"golden"):
        load(bundle, settings)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (GOLDEN, b""),
        (GOLDEN, b'{"record": {}, "scores": [0.1, 0.2]}\n'),
        (GOLDEN, b"nothing"),
        (ENCODER, b"{}"),
        (MODEL, b"\xff"),
        (MODEL, b"no model"),
    ],
)
def test_a_file_that_cannot_be_used_breaks_the_bundle(
    settings: PredictorSettings, name: str, content: bytes
) -> None:
    bundle, _ = a_bundle(contents={name: content})
    with pytest.raises(BundleBroken, match=name):
        load(bundle, settings)
