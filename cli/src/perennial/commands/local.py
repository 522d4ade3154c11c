"""Servers and loop of this machine, for the commands that need no cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from perennial.adapters import kafka
from perennial.adapters.broker import Broker
from perennial.adapters.broker_build import BrokerBuild
from perennial.adapters.kubeconfig.verdicts import read_verdict
from perennial.adapters.local_pipeline import LocalPipeline
from perennial.adapters.topics import Topic, create_topics
from perennial.broker.build import default_cache
from perennial.local_manifest import Servers, localized
from perennial.pipeline import Names, parse
from perennial.report.facts import Facts, read_facts
from perennial.running.topics import retention, topics_of
from perennial_contract.runtime.folder import FolderStore
from perennial_contract.status import Verdict
from perennial_operator.api.attempts import HistoryEntry
from perennial_operator.api.spec import Spec

PARTITIONS: Final = 3
_NONE: Final = Servers()


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
    def pipeline(self) -> Names:
        return parse(self.manifest)

    def facts(self, entries: list[HistoryEntry]) -> Facts:
        """What stands in the topics and in the store after a run."""
        return read_facts(
            self.pipeline, entries, partial(kafka.read_back, self.bootstrap), self._verdict
        )

    def _verdict(self, number: int) -> Verdict | None:
        return read_verdict(dict(self.manifest), number, lambda _: None)


def store_of(folder: Path) -> Path:
    return folder / "store"


@contextmanager
def local(  # noqa: PLR0913, PLR0917
    manifest: Mapping[str, Any],
    dataset: Callable[[Names], bytes],
    folder: Path,
    environment: Mapping[str, str],
    say: Callable[[str], None],
    named: Servers = _NONE,
) -> Iterator[Local]:
    """A pipeline with a broker and a store of its own, all of it in one folder.

    `dataset` makes its base dataset; `say` is called with each step that takes time; `named` are
    servers in the place of the folder's own.
    """

    def prepare(ours: Mapping[str, Any]) -> None:
        _fill(store_of(folder), parse(ours), dataset)

    with working(manifest, folder, environment, say, prepare, named) as here:
        yield here


@contextmanager
def working(  # noqa: PLR0913, PLR0917
    manifest: Mapping[str, Any],
    folder: Path,
    environment: Mapping[str, str],
    say: Callable[[str], None],
    prepare: Callable[[Mapping[str, Any]], None],
    named: Servers = _NONE,
) -> Iterator[Local]:
    """As `local`, of any pipeline; `prepare` is given the manifest with its servers before it runs.

    Topics and buckets are made on the folder's own servers alone.
    """
    with ExitStack() as stack:
        own = Servers(storage="" if named.storage else store_of(folder).as_uri())
        if not named.bootstrap:
            broker = stack.enter_context(broker_of(folder, environment, say))
            own = replace(own, bootstrap=broker.address)
        ours = localized(dict(manifest), own, named)
        spec = Spec.model_validate(ours["spec"])
        if own.bootstrap:
            topics = [
                Topic(name, PARTITIONS, retention(spec, what))
                for name, what in topics_of(spec).items()
            ]
            create_topics(own.bootstrap, topics)
        if own.storage:
            (store_of(folder) / spec.storage.bucket).mkdir(parents=True, exist_ok=True)
        prepare(ours)
        loop = stack.enter_context(LocalPipeline(ours, folder, environment))
        yield Local(folder, ours, loop, own.bootstrap or named.bootstrap)


def broker_of(folder: Path, environment: Mapping[str, str], say: Callable[[str], None]) -> Broker:
    """The broker of a run's folder, its program built where it is missing."""
    cache = default_cache(environment, Path.home())
    program = BrokerBuild(cache, environment, say).ensure()
    return Broker(program, folder / "kafka", folder / "logs" / "kafka.log")


def _fill(store: Path, pipeline: Names, dataset: Callable[[Names], bytes]) -> None:
    bucket, _, key = pipeline.dataset.removeprefix("s3://").partition("/")
    if bucket:
        (store / bucket).mkdir(exist_ok=True)
        FolderStore(store, bucket, "").put_new(key, dataset(pipeline))
