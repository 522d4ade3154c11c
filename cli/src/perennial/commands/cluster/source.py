"""Source of a pipeline's topics: its file, a run's folder, or the kubeconfig; and its Secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from perennial.adapters.addresses import seen_from_here
from perennial.adapters.brokers.connection import REMEDY, Connection, Secret
from perennial.adapters.kafka import KafkaTrouble
from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.trouble import ClusterTrouble
from perennial.adapters.machine.object_files import objects_in
from perennial.adapters.machine.secret_folders import secrets_in
from perennial.adapters.watched.run import OBJECTS, own_kafka_has_ended, runs_in
from perennial.commands.cluster.options import Context, Namespace
from perennial.messages.topics import Topics, topics_in, topics_of
from perennial.pipeline import NAMESPACE, ManifestTrouble
from perennial_operator.api.names import KIND

Name = Annotated[
    str,
    typer.Argument(
        help="A ModelPipeline's name, or its file.", show_default="the only one that there is"
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="Of a run on this machine that goes on."),
]
Secrets = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        help="A folder with a folder for each Secret that the ModelPipeline names, and in it a"
        " file for each key. Without it they are asked of the API server, or taken from --folder.",
    ),
]
Bootstrap = Annotated[
    str,
    typer.Option(
        help="HOST:PORT of Kafka as this machine reaches it.",
        show_default="kafka.bootstrapServers",
    ),
]
_FILES: Final = frozenset({".yaml", ".yml", ".json"})


@dataclass(frozen=True, slots=True)
class Options:
    """What every command on a pipeline's topics is told."""

    name: str
    folder: Path | None
    secrets: Path | None
    bootstrap: str
    context: Context
    namespace: Namespace


def find(options: Options) -> tuple[Topics, Connection]:
    """Topics, and the connection to their brokers.

    Raises:
        ManifestTrouble: There is no such ModelPipeline, or it cannot be read.
        ClusterTrouble: The API server does not give it out, or one of its Secrets.
        KafkaTrouble: A Secret is missing or cannot be used.
    """
    topics, secret = _found(options)
    if options.secrets:
        secret = secrets_in(options.secrets)
    bootstrap = options.bootstrap or seen_from_here(topics.kafka.bootstrap_servers)
    remedy = f"does the run in {options.folder} go on?" if options.folder else REMEDY
    return topics, Connection(topics.kafka, secret, bootstrap, remedy)


def _found(options: Options) -> tuple[Topics, Secret]:
    name, folder = options.name, options.folder
    if folder:
        manifest = _kept(folder, name)
        topics = topics_of(manifest, str(folder))
        if own_kafka_has_ended(folder, topics.kafka.bootstrap_servers):
            raise ManifestTrouble(
                f"the run in {folder} has ended, and its Kafka with it: run it again; perennial ui"
                f" --folder {folder} shows what it left"
            )
        return topics, secrets_in(folder / "secrets")
    if Path(name).suffix in _FILES:
        topics = topics_in(Path(name), options.namespace, _of_context(options))
        return topics, _asked_for(options, topics.namespace)
    access = Access(options.context, options.namespace)
    return topics_of(access.pipeline(name), f"ModelPipeline {name}".strip()), access.secret


def _kept(folder: Path, name: str) -> dict[str, Any]:
    """The ModelPipeline that a run keeps."""
    if not (folder / OBJECTS).is_dir():
        raise ManifestTrouble(f"{folder} is no folder of a run{runs_in(folder)}")
    found = {each["metadata"]["name"]: each for each in objects_in(folder / OBJECTS, KIND)}
    if name in found:
        return dict(found[name])
    if len(found) == 1 and not name:
        return dict(*found.values())
    there = f": {', '.join(sorted(found))}" if found else ""
    raise ManifestTrouble(f"name one of the ModelPipelines in {folder}{there}")


def _of_context(options: Options) -> str:
    """The namespace that kubectl would take; where there is no cluster, that of a run here."""
    try:
        return Access(options.context).namespace
    except ClusterTrouble:
        return NAMESPACE


def _asked_for(options: Options, namespace: str) -> Secret:
    """Secrets of a file's pipeline stand where it runs."""

    def secret(name: str) -> Mapping[str, bytes] | None:
        try:
            return Access(options.context, namespace).secret(name)
        except ClusterTrouble as trouble:
            raise KafkaTrouble(f"Secret {name}: {trouble}; or --secrets holds it") from trouble

    return secret
