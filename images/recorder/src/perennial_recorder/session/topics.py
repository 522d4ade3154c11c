"""Topics of the pipeline, as the brokers describe them and as a session knows them."""

from __future__ import annotations

from collections.abc import Collection

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.settings import RecorderSettings
from perennial_recorder.ports import Brokers
from perennial_recorder.progress.ledger import Ledger
from perennial_recorder.progress.progress import Progress
from perennial_recorder.records import Partition, Topic


class TopicRecreated(Exception):  # noqa: N818  what has been found out, not what went wrong
    """A topic was deleted and made again under its name."""


class Topics:
    """Every method raises Trouble when the brokers give no clear answer."""

    def __init__(self, brokers: Brokers, settings: RecorderSettings) -> None:
        labels = settings.labels
        self.events = settings.events.topic
        self.labels = labels.topic if labels else None
        """None where labels lie inside the events."""
        self.max_delay = round(labels.max_delay.total_seconds() * 1000) if labels else 0
        """labels.maxDelay in ms."""
        self.created = int(settings.created.timestamp() * 1000)
        """Of the resource, in ms since 1970."""
        self._brokers = brokers

    def current(self) -> dict[str, Topic]:
        """The topics by name; raises Trouble (TopicMissing) that names what does not exist."""
        names = [self.events, self.labels] if self.labels else [self.events]
        found = self._brokers.topics(names)
        missing = [name for name in names if name not in found]
        if missing:
            named = " and topic ".join(missing)
            raise Trouble(ProgramReason.TOPIC_MISSING, f"topic {named} does not exist")
        return {name: found[name] for name in names}

    def check(self, progress: Progress) -> dict[str, Topic]:
        """The topics as they are now; raises TopicRecreated when one is not what it was."""
        current = self.current()
        for name, topic in current.items():
            if topic.id != progress.topics[name].id:
                raise TopicRecreated(name)
        return current

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """The offsets after the last records."""
        return self._brokers.ends(partitions)

    def add_partitions(
        self, progress: Progress, current: dict[str, Topic], known: Collection[str]
    ) -> None:
        """Adds the partitions that are new: of a known topic, with all that is in them."""
        progress.topics = current
        new = [
            Partition(name, number)
            for name, topic in current.items()
            for number in range(topic.partitions)
            if Partition(name, number) not in progress.inputs
        ]
        grown = [p for p in new if p.topic in known]
        fresh = [p for p in new if p.topic not in known]
        starts = (self._brokers.earliest(grown) if grown else {}) | (
            self._brokers.since(fresh, self.created) if fresh else {}
        )
        for partition in new:
            progress.add_input(partition, Ledger(starts[partition]))
            if partition.topic == progress.events:
                progress.output(current[progress.events].id, partition.number)
        progress.unsaved.update(new)
        progress.moved |= bool(new)
