"""A bundle that somebody altered on S3 is refused, and the process stays to say why."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest

from perennial_contract.objects.bundle import ENCODER, GOLDEN, MANIFEST, MODEL, key
from perennial_contract.resource.schema import Feature, FeatureType
from perennial_contract.settings import PredictorSettings
from perennial_contract.status import BundleState, Problem
from perennial_model.features.encoder import learn
from perennial_predictor.ports import Ports
from perennial_predictor.run import run
from perennial_predictor.status import State
from tests.fakes.bundle import a_bundle, files
from tests.fakes.group import FakeAnswers, FakeEvents, FakeWaiting

GOOD = files()
Files = dict[str, bytes]


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


def without(content: Files, name: str) -> Files:
    return {each: data for each, data in content.items() if each != name}


def another_encoder() -> Files:
    """One column, of which the model has two."""
    age = Feature(name="age", type=FeatureType.NUMBER)
    return {**GOOD, ENCODER: learn([{"age": 1}, {"age": 2}], [age], []).to_json()}


def renamed_encoder() -> Files:
    """As many columns as the model has, and other ones."""
    return {
        **GOOD,
        ENCODER: GOOD[ENCODER].replace(b'"job"', b'"work"').replace(b'"age"', b'"years"'),
    }


def another_model() -> Files:
    """Well made, of the same shape, and not the one that the golden rows are of."""
    draw = np.random.default_rng(1)
    data = lgb.Dataset(draw.random((200, 2)), draw.integers(0, 2, 200))
    booster = lgb.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, data, 3)
    return {**GOOD, MODEL: booster.model_to_string().encode()}


# After the manifest was written: what stands on S3 is not what it describes
ON_S3: dict[str, tuple[Callable[[Files], Files], str]] = {
    "a model cut in half": (
        lambda f: {**f, MODEL: f[MODEL][: len(f[MODEL]) // 2]},
        r"model\.txt has \d+ bytes instead of \d+",
    ),
    "a flipped bit in the model": (
        lambda f: {**f, MODEL: flipped(f[MODEL])},
        r"model\.txt has another SHA-256",
    ),
    "a flipped bit in the encoder": (
        lambda f: {**f, ENCODER: flipped(f[ENCODER])},
        r"encoder\.json has another SHA-256",
    ),
    "a golden row less": (
        lambda f: {**f, GOLDEN: f[GOLDEN].split(b"\n", 1)[1]},
        r"golden\.jsonl has \d+ bytes",
    ),
    "model and encoder swapped": (
        lambda f: {**f, MODEL: f[ENCODER], ENCODER: f[MODEL]},
        r"model\.txt has \d+ bytes",
    ),
    "no encoder": (lambda f: without(f, ENCODER), r"encoder\.json does not exist"),
    "an empty model": (lambda f: {**f, MODEL: b""}, r"model\.txt has 0 bytes"),
    "a longer model": (lambda f: {**f, MODEL: f[MODEL] + b"\n"}, r"model\.txt has \d+ bytes"),
    "a manifest that is none": (lambda f: {**f, MANIFEST: b"{"}, r"manifest\.json of v1-\S+ has"),
    "an empty manifest": (lambda f: {**f, MANIFEST: b""}, r"manifest\.json of v1-\S+ has"),
    "a flipped bit in the manifest": (
        lambda f: {**f, MANIFEST: flipped(f[MANIFEST])},
        r"manifest\.json of v1-\S+ has another digest",
    ),
    "the manifest of another version": (
        lambda f: {**f, MANIFEST: a_bundle(2)[1][key(a_bundle(2)[0].version, MANIFEST)]},
        r"manifest\.json of v1-\S+ has another digest",
    ),
}

# Before it: all digests are right
SEALED: dict[str, tuple[Callable[[], Files], str]] = {
    "golden rows that are off": (lambda: files(golden_off_by=1e-6), "golden rows are off by"),
    "golden rows of nobody": (lambda: {**GOOD, GOLDEN: b""}, r"golden\.jsonl holds no row"),
    "golden rows that are none": (
        lambda: {**GOOD, GOLDEN: b'{"record": 1}'},
        r"golden\.jsonl cannot be read",
    ),
    "an encoder of another shape": (another_encoder, r"model\.txt has 2 features, encoder\.json 1"),
    "an encoder of other names": (renamed_encoder, "golden rows are off by"),
    "an encoder that is none": (lambda: {**GOOD, ENCODER: b"[]"}, r"encoder\.json"),
    "a model of other trees": (another_model, "golden rows are off by"),
    "a model that is no text": (
        lambda: {**GOOD, MODEL: b"\xff" * 100},
        r"model\.txt cannot be read",
    ),
}


def altered() -> Iterator[tuple[str, str, dict[str, bytes], str]]:
    for name, (alter, message) in ON_S3.items():
        bundle, objects = a_bundle()
        held = {key_.rpartition("/")[2]: data for key_, data in objects.items()}
        held = alter(held)
        yield name, bundle.version, {key(bundle.version, n): d for n, d in held.items()}, message
    for name, (make, message) in SEALED.items():
        bundle, objects = a_bundle(contents=make())
        yield name, bundle.version, objects, message


@pytest.mark.parametrize(
    ("version", "objects", "message"),
    [pytest.param(*case[1:], id=case[0]) for case in altered()],
)
def test_an_altered_bundle_is_refused_with_the_reason_and_the_process_waits(
    settings: PredictorSettings,
    tmp_path: Path,
    version: str,
    objects: dict[str, bytes],
    message: str,
) -> None:
    log = tmp_path / "log"
    log.touch()
    state, waiting = State("uid-1", "pod-1", version), FakeWaiting(rounds=5)
    events = FakeEvents([])
    ports = Ports(lambda: objects, lambda: events, lambda: FakeAnswers([]))

    run(settings, version, ports, state, waiting, termination_log=log)

    report = state.report()
    problem = report.problem or Problem(reason="", message="")
    assert (report.bundle, report.ready, report.digest) == (BundleState.BROKEN, False, "")
    assert problem.reason == "BundleBroken"
    assert re.search(message, problem.message)
    assert len(waiting.pauses) == 4
    assert events.happened == []
    assert log.read_text() == ""
