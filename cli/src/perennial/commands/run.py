"""Command `run`: any ModelPipeline on this machine, going on where it was."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Final

import typer

from perennial.adapters.brokers.connection import Connection
from perennial.adapters.kafka import KafkaTrouble
from perennial.adapters.machine.secret_folders import secrets_in
from perennial.adapters.run_folder import going_on
from perennial.adapters.topics import Topic, create_topics, missing_topics
from perennial.adapters.wall_clock import WallClock
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.local import PARTITIONS, Local, store_of, working
from perennial.commands.mlflow import Mlflow, opened_by, tracking_of
from perennial.commands.page import Open, Serve, Shown, watched
from perennial.commands.validate import lines_of, text_of
from perennial.display.screen import choose_screen
from perennial.local_manifest import Servers, localized
from perennial.pipeline import NAMESPACE, ManifestTrouble
from perennial.run import Run
from perennial.running import introduction
from perennial.running.dataset import file_of, first_record, missing, with_dataset, with_dataset_of
from perennial.running.secrets import require, with_environment
from perennial.running.servers import OWN, moved
from perennial.running.topics import topics_of
from perennial.validation.check import check, pipelines
from perennial_contract.resource.file_uri import is_file
from perennial_contract.resource.values import parse_duration
from perennial_operator.api.names import Manifest
from perennial_operator.api.spec import Spec

FOLDER: Final = "perennial-run"
SECRETS: Final = "secrets"
_Secrets = Mapping[str, Mapping[str, bytes]]
_SOME: Final = "127.0.0.1:9092"  # until the broker of the folder has one
_EVERY: Final = 60.0  # seconds between two lines where there is no terminal

File = Annotated[Path, typer.Argument(help="A file with one ModelPipeline.")]
For = Annotated[
    timedelta | None,
    typer.Option(
        "--for",
        parser=parse_duration,
        metavar="DURATION",
        help="How long, such as 30m; by default until Ctrl-C.",
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        help="What it keeps, and goes on with.",
        show_default=f"{FOLDER}/NAME beside the file",
    ),
]
Bootstrap = Annotated[
    str, typer.Option(metavar="HOST:PORT", help="A Kafka in the place of the folder's own.")
]
CreateTopics = Annotated[
    bool, typer.Option("--create-topics", help="Make topics that a Kafka of --bootstrap has not.")
]
S3 = Annotated[
    str, typer.Option("--s3", metavar="URL", help="An S3 server in the place of the folder.")
]
Dataset = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The base dataset, in the place of dataset.uri."),
]


def run(  # noqa: PLR0913
    ctx: typer.Context,
    file: File,
    *,
    for_: For = None,
    folder: Folder = None,
    bootstrap: Bootstrap = "",
    create_topics: CreateTopics = False,
    s3: S3 = "",
    dataset: Dataset = None,
    page: Serve = True,
    open_: Open = True,
    mlflow: Mlflow = False,
) -> None:
    """Run a ModelPipeline on this machine, until Ctrl-C; it goes on where it was when run again.

    Kafka and S3 of the file are not asked: the folder has a broker of its own, on a port that stays
    the same, and keeps the objects, unless --bootstrap or --s3 name servers, or storage.endpoint is
    a file:// folder. Servers that are named are used with the Secrets that the file names, each key
    of which is a file FOLDER/secrets/NAME/KEY; for S3 the environment's AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY do as well. Example: perennial run fraud.yaml --dataset train.csv
    """
    with exits_on_trouble("stopped; run it again, and it goes on where it was"):
        text = text_of(file)
        manifest = _one_of(file, text)
        place = _folder(file, folder, manifest)
        before = going_on(place, _key(manifest), text.encode())
        named = Servers(bootstrap, s3 or _own_folder(manifest["spec"]), tracking_of(place, mlflow))
        if before:
            own = [name for name in OWN if (place / name).exists()]
            print("".join(f"{line}\n" for line in moved(before["spec"], named, own)), end="")
        _put_dataset(manifest["spec"], dataset, before if not s3 else None)
        secrets = _secrets(place)
        if s3:
            with_environment(manifest["spec"], ctx.obj, secrets)
        _require(manifest, place, named, secrets)
        prepare = partial(_prepare, secrets=secrets, named=named, create=create_topics)
        with working(manifest, place, ctx.obj, print, prepare, named) as here:
            shown = Shown(page, open_, ctx.obj)
            _show(here, shown, named.tracking, for_.total_seconds() if for_ else float("inf"))


def _own_folder(spec: dict[str, Any]) -> str:
    """The file's endpoint where that is a folder, which asks for no Secret."""
    endpoint: str = spec["storage"].get("endpoint", "")
    if not is_file(endpoint):
        return ""
    spec["storage"].pop("secretRef", None)
    return endpoint


def _key(manifest: Mapping[str, Any]) -> tuple[str, str]:
    return manifest["metadata"]["namespace"], manifest["metadata"]["name"]


def _put_dataset(spec: dict[str, Any], file: Path | None, before: Manifest | None) -> None:
    if file is not None:
        with_dataset(spec, file.expanduser().absolute())
    elif before:
        with_dataset_of(spec, before["spec"])


def _prepare(ours: Mapping[str, Any], secrets: _Secrets, named: Servers, *, create: bool) -> None:
    """Sees to the topics of a Kafka that is named."""
    if named.bootstrap:
        spec = Spec.model_validate(ours["spec"])
        _require_topics(spec, Connection(spec.kafka, secrets.get), create=create)


def _one_of(file: Path, text: str) -> dict[str, Any]:
    """The file's only ModelPipeline; what is refused is said line by line."""
    report = check(text)
    if not report.accepted:
        print("\n".join(lines_of(file, report)), file=sys.stderr)
        raise typer.Exit(1)
    found = pipelines(text)
    if len(found) > 1:
        names = ", ".join(report.pipelines)
        raise ManifestTrouble(f"{file} holds {names}: a run is of one, so give each a file")
    (manifest,) = found
    manifest["metadata"].setdefault("namespace", NAMESPACE)
    return manifest


def _folder(file: Path, folder: Path | None, manifest: Mapping[str, Any]) -> Path:
    beside = file.expanduser().absolute().parent / FOLDER / manifest["metadata"]["name"]
    return folder.expanduser().absolute() if folder else beside


def _secrets(folder: Path) -> _Secrets:
    """The folder's Secrets by name, with their keys; raises ManifestTrouble."""
    secret = secrets_in(folder / SECRETS)
    names = sorted(each.name for each in (folder / SECRETS).glob("*"))
    try:
        return {name: found for name in names if (found := secret(name)) is not None}
    except OSError as error:
        raise ManifestTrouble(f"{error.filename}: {error.strerror}") from error


def _require(manifest: dict[str, Any], folder: Path, named: Servers, secrets: _Secrets) -> None:
    """Raises ManifestTrouble: a Secret or the dataset is missing, which the programs would miss."""
    store = None if named.storage else store_of(folder)
    own = Servers("" if named.bootstrap else _SOME, store.as_uri() if store else "")
    spec = localized(manifest, own, named)["spec"]
    require(spec, secrets, folder / SECRETS)
    dataset = Spec.model_validate(spec).dataset
    file = dataset and file_of(dataset, store)
    if dataset and file and not file.is_file():
        raise missing(dataset, file)


def _require_topics(spec: Spec, kafka: Connection, *, create: bool) -> None:
    absent = missing_topics(kafka, topics_of(spec))
    if absent and not create:
        raise KafkaTrouble(
            f"Kafka at {kafka.bootstrap} has no topic {', '.join(absent)}: --create-topics makes"
            f" what is missing, with {PARTITIONS} partitions"
        )
    for name in create_topics(
        kafka.bootstrap, [Topic(name, PARTITIONS) for name in absent], kafka.admin()
    ):
        print(f"topic {name}: made")


def _from_here(folder: Path) -> str:
    return str(folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder)


def _show(here: Local, shown: Shown, tracking: str, seconds: float) -> None:
    meta = here.manifest["metadata"]
    print(f"{meta['name']} runs in {here.folder}")
    if tracking:
        print(f"MLflow:   {opened_by(tracking)}")
    spec = Spec.model_validate(here.manifest["spec"])
    file = spec.dataset and file_of(spec.dataset, store_of(here.folder))
    row = first_record(file, spec) if file and file.is_file() else {}
    print("\n".join(introduction.lines(spec, here.loop.predict_address, row)))
    print(f"Look:     perennial answers --folder {quote(_from_here(here.folder))}", end="")
    print("; status, why, dead-letters and ui likewise", flush=True)
    with watched(here.folder, *_key(here.manifest), shown):
        Run(here.loop, choose_screen(_EVERY), WallClock()).run(seconds)
