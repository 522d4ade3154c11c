"""Servers and loop of this machine, for the commands that need no cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from perennial.adapters import kafka
from perennial.adapters.broker import Broker
from perennial.adapters.broker_build import BrokerBuild
from perennial.adapters.local_pipeline import LocalPipeline
from perennial.adapters.topics import Topic, create_topics
from perennial.broker.build import default_cache
from perennial.local_manifest import Servers, localized
from perennial.pipeline import Pipeline, parse
from perennial.report.facts import Facts, read_facts
from perennial_contract.runtime.folder import FolderStore
from perennial_contract.status import Verdict
from perennial_operator.api.attempts import HistoryEntry

PARTITIONS: Final = 3


@dataclass(frozen=True)
class Local:
    """What a command finds on this machine."""

    folder: Path
    manifest: Mapping[str, Any]
    """As it runs: with the servers of this machine."""
    loop: LocalPipeline
    bootstrap: str

    @property
    def store(self) -> Path:
        """Folder that holds the buckets."""
        return store_of(self.folder)

    @cached_property
    def pipeline(self) -> Pipeline:
        return parse(self.manifest)

    def facts(self, entries: list[HistoryEntry]) -> Facts:
        """What stands in the topics and in the store after a run."""
        return read_facts(
            self.pipeline, entries, partial(kafka.read_back, self.bootstrap), self._verdict
        )

    def _verdict(self, number: int) -> Verdict | None:
        store = FolderStore(self.store, self.pipeline.bucket, self.pipeline.prefix)
        found = store.get(f"attempts/{number}/verdict.json")
        return None if found is None else Verdict.model_validate_json(found)


def store_of(folder: Path) -> Path:
    return folder / "store"


@contextmanager
def local(
    manifest: Mapping[str, Any],
    dataset: Callable[[Pipeline], bytes],
    folder: Path,
    environment: Mapping[str, str],
    say: Callable[[str], None],
) -> Iterator[Local]:
    """A pipeline with a broker and a store of its own, all of it in one folder.

    `dataset` makes its base dataset; `say` is called with each step that takes time.
    """
    with broker_of(folder, environment, say) as broker:
        servers = Servers(bootstrap=broker.address, storage=store_of(folder).as_uri())
        ours = localized(dict(manifest), servers)
        pipeline = parse(ours)
        create_topics(broker.address, [Topic(name, PARTITIONS) for name in pipeline.topics])
        _fill(store_of(folder), pipeline, dataset)
        with LocalPipeline(ours, folder, environment) as loop:
            yield Local(folder, ours, loop, broker.address)


def broker_of(folder: Path, environment: Mapping[str, str], say: Callable[[str], None]) -> Broker:
    """The broker of a run's folder, its program built where it is missing."""
    cache = default_cache(environment, Path.home())
    program = BrokerBuild(cache, environment, say).ensure()
    return Broker(program, folder / "kafka", folder / "logs" / "kafka.log")


def _fill(store: Path, pipeline: Pipeline, dataset: Callable[[Pipeline], bytes]) -> None:
    (store / pipeline.bucket).mkdir(parents=True, exist_ok=True)
    bucket, _, key = pipeline.dataset.removeprefix("s3://").partition("/")
    if bucket:
        (store / bucket).mkdir(exist_ok=True)
        FolderStore(store, bucket, "").put_new(key, dataset(pipeline))
