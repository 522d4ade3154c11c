import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from perennial_contract.lifecycle import Serving
from perennial_contract.objects.bundle import MODEL
from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.runtime.objects import BucketMissing
from perennial_contract.runtime.secrets import Secrets
from perennial_contract.settings import PredictorSettings
from perennial_contract.status import BundleState, Problem
from perennial_predictor.ports import Ports, Topics
from perennial_predictor.run import BACK_OFF, run
from perennial_predictor.status import State
from perennial_predictor.waiting import ProcessWaiting
from tests.fakes.bundle import a_bundle, files
from tests.fakes.group import FakeAnswers, FakeEvents, FakeWaiting
from tests.fakes.mount import Mount

BUNDLE, OBJECTS = a_bundle()


class Objects:
    """Objects behind a store that fails at first; what is said of it meanwhile is kept."""

    def __init__(self, state: State, failures: list[Exception], objects: dict[str, bytes]) -> None:
        self.reasons: list[str] = []
        self._state = state
        self._failures = failures
        self._objects = objects

    def get(self, key: str) -> bytes | None:
        problem = self._state.report().problem
        self.reasons.append(problem.reason if problem else "")
        if self._failures:
            raise self._failures.pop(0)
        return self._objects.get(key)


@pytest.fixture
def fresh() -> State:
    return State("uid-1", "pod-1", BUNDLE.version)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A termination log, as Kubernetes makes it."""
    (tmp_path / "log").touch()
    return tmp_path / "log"


def started(  # noqa: PLR0913, PLR0917  what varies between the tests
    settings: PredictorSettings,
    state: State,
    objects: Objects,
    waiting: FakeWaiting,
    log: Path,
    events: FakeEvents | None = None,
) -> None:
    source = events or FakeEvents([])
    ports = Ports(lambda: objects, lambda: source, lambda: FakeAnswers([]))
    run(settings, BUNDLE.version, ports, state, waiting, termination_log=log)


def test_whatever_keeps_the_model_away_is_said_and_tried_again_for_ever(
    settings: PredictorSettings, fresh: State, kept: Path
) -> None:
    failures = [
        BucketMissing("bucket models does not exist"),
        ValueError("Invalid"),
        *[OSError("no permission")] * 5,
    ]
    objects, waiting = Objects(fresh, failures, OBJECTS), FakeWaiting(rounds=9)
    started(settings, fresh, objects, waiting, kept)
    assert objects.reasons[:3] == ["ModelLoading", "BucketMissing", "StorageRefused"]
    assert waiting.pauses == [*BACK_OFF, BACK_OFF[-1], BACK_OFF[-1]]
    assert fresh.bundle is BundleState.VERIFIED


def test_a_missing_version_is_named(settings: PredictorSettings, fresh: State, kept: Path) -> None:
    started(settings, fresh, Objects(fresh, [], {}), FakeWaiting(rounds=3), kept)
    assert fresh.report().problem == Problem(
        reason="ModelMissing", message=f"models/{BUNDLE.version}/manifest.json does not exist"
    )
    assert fresh.bundle is None


def test_a_broken_bundle_stays_broken_and_is_not_ready(
    settings: PredictorSettings, fresh: State, kept: Path
) -> None:
    damaged = {k: v[:-1] if k.endswith(MODEL) else v for k, v in OBJECTS.items()}
    waiting = FakeWaiting(rounds=5)
    started(settings, fresh, Objects(fresh, [], damaged), waiting, kept)
    report = fresh.report()
    assert (report.bundle, report.ready, report.digest) == (BundleState.BROKEN, False, "")
    assert report.problem is not None
    assert "model.txt has" in report.problem.message
    assert report.altered
    assert len(waiting.pauses) == 4


def test_golden_rows_that_are_off_break_the_bundle_and_no_crash_is_claimed(
    settings: PredictorSettings, fresh: State, kept: Path
) -> None:
    bundle, objects = a_bundle(contents=files(golden_off_by=1.0))
    ports = Ports(
        lambda: Objects(fresh, [], objects), lambda: FakeEvents([]), lambda: FakeAnswers([])
    )
    waiting = FakeWaiting(rounds=3)
    run(settings, bundle.version, ports, fresh, waiting, termination_log=kept)
    assert fresh.bundle is BundleState.BROKEN
    assert not fresh.report().altered
    assert kept.read_text() == ""


def test_the_termination_log_says_loading_until_the_golden_rows_are_equal(
    settings: PredictorSettings,
    fresh: State,
    kept: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[str] = []
    write: Callable[[Path, str], int] = Path.write_text

    def noted(path: Path, text: str) -> int:
        written.append(f"{text} {fresh.bundle}")
        return write(path, text)

    monkeypatch.setattr(Path, "write_text", noted)
    started(settings, fresh, Objects(fresh, [], OBJECTS), FakeWaiting(rounds=3), kept)
    assert written == ["Loading Loading", " Loading"]
    assert fresh.report().digest == BUNDLE.digest


def test_once_the_group_is_joined_the_model_is_announced_and_only_once(
    settings: PredictorSettings, fresh: State, kept: Path
) -> None:
    events = FakeEvents([])
    remade = Trouble(ProgramReason.TOPIC_REMADE, "made again")
    events.script = [events.give(p0=0), events.give(p0=0, p1=0), _raises(remade), events.give()]
    announced: list[Serving] = []
    objects = Objects(fresh, [], OBJECTS)
    ports = Ports(lambda: objects, lambda: events, lambda: FakeAnswers([]), announced.append)
    waiting = FakeWaiting(rounds=9)
    run(settings, BUNDLE.version, ports, fresh, waiting, termination_log=kept)
    assert events.happened.count("join id-1") == 2
    assert announced == [
        Serving(
            pipeline="ns/income",
            at=announced[0].at,
            version=BUNDLE.version,
            digest=BUNDLE.digest,
            pod="pod-1",
            attempt=1,
            watermark={},
        )
    ]


def _raises(error: Exception) -> Callable[[object], None]:
    def fail(_: object) -> None:
        raise error

    return fail


def test_a_secret_that_changes_ends_the_wait_after_its_delay(fresh: State, tmp_path: Path) -> None:
    mount = Mount(tmp_path / "kafka")
    mount.put({"sasl.password": "old"})
    now, stop = [100.0], Event()
    secrets = Secrets([mount.folder], delay=20.0)
    waiting = ProcessWaiting(fresh.heartbeat, stop, secrets, lambda: now[0])
    mount.put({"sasl.password": "new"})
    over = []
    for _ in range(30):
        now[0] += 1.0
        over.append(waiting.over())
    assert over.index(True) == 24  # seen after 5 s, and 20 s later looked at again
    assert stop.is_set()


def test_a_secret_that_stays_ends_nothing(fresh: State, tmp_path: Path) -> None:
    mount = Mount(tmp_path / "kafka")
    mount.put({"sasl.password": "old"})
    now = [0.0]
    secrets = Secrets([mount.folder, tmp_path / "not-mounted"], delay=0.0)
    waiting = ProcessWaiting(fresh.heartbeat, Event(), secrets, lambda: now[0])
    for _ in range(100):
        now[0] += 1.0
        assert not waiting.over()


def test_a_missing_topic_is_a_problem_until_it_appears(
    settings: PredictorSettings, fresh: State, kept: Path
) -> None:
    missing = Trouble(ProgramReason.TOPIC_MISSING, "topic events does not exist")
    events = FakeEvents([])
    events.looks = [missing, missing, Topics("id-1", 2, 2, 2)]
    events.script = [events.give()]
    waiting = FakeWaiting(rounds=8)
    said: list[str] = []
    pause = waiting.pause

    def noted(seconds: float) -> None:
        problem = fresh.report().problem
        said.append(problem.message if problem else "")
        pause(seconds)

    waiting.pause = noted  # type: ignore[method-assign]  # it looks, then waits
    started(settings, fresh, Objects(fresh, [], OBJECTS), waiting, kept, events)
    assert said == ["topic events does not exist"] * 2
    assert events.happened == ["join id-1", "leave"]


CRASH = """
import sys
from pathlib import Path
from perennial_contract.settings import PredictorSettings
from perennial_predictor.status import State
from perennial_predictor.run import verify
from tests.fakes.bundle import a_bundle, files
cut = files()["model.txt"][:3000]
bundle, _ = a_bundle(contents={"model.txt": cut})
settings = PredictorSettings.model_validate_json(sys.argv[1])
verify(bundle, settings, State("uid-1", "pod-1", "v1"), Path(sys.argv[2]))
"""


def test_a_model_that_kills_the_process_leaves_loading_behind(
    settings: PredictorSettings, kept: Path
) -> None:
    arguments = [sys.executable, "-c", CRASH, settings.model_dump_json(), str(kept)]
    died = subprocess.run(arguments, check=False, capture_output=True, timeout=60)
    assert died.returncode < 0
    assert kept.read_text() == "Loading"
