"""Opening of a session: the prefix claimed, the newest checkpoint read, progress recovered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from perennial_contract.objects.owner import OWNER, StorageTaken, check_owner, owner_of
from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.settings import RecorderSettings
from perennial_recorder.join.reading import Reader
from perennial_recorder.join.stream_clock import StreamClock
from perennial_recorder.metrics import Metrics
from perennial_recorder.ports import ObjectStore, Ports
from perennial_recorder.progress import checkpoint as checkpoints
from perennial_recorder.progress.checkpoint import Checkpoint, CheckpointBroken
from perennial_recorder.progress.replay import Replay
from perennial_recorder.session.intake import Intake
from perennial_recorder.session.joiner import Joiner
from perennial_recorder.session.recovery import Recovery
from perennial_recorder.session.session import Session
from perennial_recorder.session.topics import Topics
from perennial_recorder.session.writer import Writer


@dataclass(frozen=True, slots=True)
class Found:
    """The newest checkpoint, and the numbers of all that are kept, in order."""

    checkpoint: Checkpoint
    numbers: list[int]

    @property
    def key(self) -> str:
        return checkpoints.key(self.numbers[-1])


def claim_prefix(store: ObjectStore, settings: RecorderSettings) -> None:
    """Raises Trouble (StorageTaken) when another pipeline's objects lie at the prefix."""
    store.put_new(OWNER, owner_of(settings).to_json(), patience=0)
    try:
        check_owner(store.get(OWNER) or b"", settings)
    except StorageTaken as error:
        raise Trouble(ProgramReason.STORAGE_TAKEN, str(error)) from error


def highest_attempt(store: ObjectStore, beat: Callable[[], None]) -> int:
    """The highest number of any attempt at the prefix; 0 where there was none."""
    names = _each(store.folders("attempts/"), beat)
    return max((int(n) for n in names if n.isdecimal()), default=0)


def newest_checkpoint(store: ObjectStore, beat: Callable[[], None]) -> Found:
    """Raises Trouble (CheckpointBroken) when it cannot be used."""
    keys = _each(store.list(checkpoints.PREFIX), beat)
    numbers = sorted(n for key in keys if (n := checkpoints.number_of(key)) is not None)
    if not numbers:
        return Found(Checkpoint(), [])
    key = checkpoints.key(numbers[-1])
    try:
        return Found(checkpoints.from_json(key, store.get(key) or b""), numbers)
    except CheckpointBroken as error:
        raise Trouble(ProgramReason.CHECKPOINT_BROKEN, str(error)) from error


def _each(found: Iterator[str], beat: Callable[[], None]) -> Iterator[str]:
    """With a beat before each."""
    for name in found:
        beat()
        yield name


class Opener:
    """Opens one session after another."""

    def __init__(
        self,
        settings: RecorderSettings,
        ports: Ports,
        topics: Topics,
        metrics: Metrics,
        clock: StreamClock,
    ) -> None:
        self.attempts = 0
        """The highest number of an attempt, as of the last opening."""
        self._settings = settings
        self._ports = ports
        self._topics = topics
        self._metrics = metrics
        self._clock = clock
        self._recovery = Recovery(topics, ports.store, ports.state, ports.beat)
        self._reader = Reader(settings)
        self._probed = False

    def open(self) -> Session:
        """A session that has read nothing yet.

        Raises:
            Trouble: Another pipeline owns the prefix, the checkpoint or a segment is broken, a
                topic is missing, or Kafka gives no clear answer.
            StoreError: S3 gives no clear answer, or ignores conditional writes.
        """
        ports, limit = self._ports, self._settings.store_limit
        claim_prefix(ports.store, self._settings)
        ports.beat()
        self._probe()
        ports.beat()
        self.attempts = highest_attempt(ports.store, ports.beat)
        found = newest_checkpoint(ports.store, ports.beat)
        try:
            progress = self._recovery.progress(found.checkpoint)
        except CheckpointBroken as error:
            broken = f"{found.key} cannot be read: {error}"
            raise Trouble(ProgramReason.CHECKPOINT_BROKEN, broken) from error
        progress.time = found.checkpoint.time
        self._clock.resume(found.checkpoint.time)
        self._metrics.set_baseline(found.checkpoint.counts)
        ports.source.assign({})
        joiner = Joiner(progress, ports.state, self._topics.max_delay, limit, ports.beat)
        return Session(
            progress,
            Intake(progress, ports.state, self._reader, joiner, self._clock),
            joiner,
            Writer(ports.store, progress, found.numbers, self._metrics, ports.beat),
            Replay(progress),
        )

    def _probe(self) -> None:
        """Once in a process: whether the server honours conditional writes."""
        if not self._probed:
            self._ports.store.probe()
            self._probed = True
