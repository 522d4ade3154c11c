"""Processes that write into one folder at the same time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Final

from perennial_contract.runtime.folder import FolderStore
from perennial_contract.runtime.objects import Put

SIZE: Final = 400_000
_SPAWN: Final = get_context("spawn")


def race(folder: Path, bucket: str, keys: int, written: Sequence[bytes]) -> list[tuple[Put, ...]]:
    """What each of the writers was told of each key, all of them at once."""
    start: Barrier = _SPAWN.Barrier(len(written))
    told: Queue[tuple[int, list[Put]]] = _SPAWN.Queue()
    writers = [
        _SPAWN.Process(
            target=_race, args=(n, start, told, FolderStore(folder, bucket, ""), keys, data)
        )
        for n, data in enumerate(written)
    ]
    for each in writers:
        each.start()
    found = dict(told.get(timeout=60) for _ in writers)
    for each in writers:
        each.join(60)
    return list(zip(*(found[n] for n in range(len(written))), strict=True))


def _race(  # noqa: PLR0913, PLR0917  the arguments of a process
    n: int,
    start: Barrier,
    told: Queue[tuple[int, list[Put]]],
    store: FolderStore,
    keys: int,
    data: bytes,
) -> None:
    found = []
    for key in range(keys):
        start.wait(60)
        found.append(store.put_new(f"{key}", data))
    told.put((n, found))


@contextmanager
def endless(folder: Path, bucket: str, first: int) -> Iterator[BaseProcess]:
    """A process that writes objects of SIZE bytes until it is killed."""
    process = _SPAWN.Process(target=_write, args=(FolderStore(folder, bucket, ""), first))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join(60)


def _write(store: FolderStore, first: int) -> None:
    for n in range(first, first + 100_000):
        store.put_new(f"{n}", content(f"{n}"))


def content(key: str) -> bytes:
    """Bytes that tell whose they are, from the first to the last."""
    return key.encode().ljust(SIZE, b".") + b"end"
