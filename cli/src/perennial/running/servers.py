"""Servers that a folder's pipeline goes on with: where it was, its records and objects are."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any, Final

from perennial.local_manifest import Servers
from perennial.pipeline import ManifestTrouble

OWN: Final = ("kafka", "store")
"""Folders of a run's own servers, which it has made where none was named."""


def moved(before: dict[str, Any], named: Servers, own: Container[str]) -> Iterator[str]:
    """Lines on servers whose address is another than that of the spec `before`.

    `own` are those of the folder's own servers that it has.

    Raises:
        ManifestTrouble: The pipeline would go on where nothing is of what it had.
    """
    kafka, storage = before["kafka"]["bootstrapServers"], before["storage"].get("endpoint", "AWS")
    by_storage = f"with --s3 {storage}, or in storage.endpoint where that is a file://"
    yield from _moved("Kafka", kafka, named.bootstrap, f"with --bootstrap {kafka}", "kafka" in own)
    yield from _moved("S3", storage, named.storage, by_storage, "store" in own)


def _moved(what: str, before: str, named: str, by: str, own: bool) -> Iterator[str]:  # noqa: FBT001
    if own and named:
        raise ManifestTrouble(
            f"the folder has what takes the place of {what}, and its pipeline goes on with that:"
            f" leave {named} out, or name another folder"
        )
    if not own and not named:
        raise ManifestTrouble(
            f"the folder's pipeline has its {what} at {before}: name it again, {by}, or name"
            " another folder"
        )
    if named and named != before:
        yield f"{what} was at {before} until now, and is at {named}"
