"""Laptop: what a loop needs of this machine, in one folder that one command at a time works in."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

from perennial.adapters.machine.child_processes import ChildProcesses
from perennial.adapters.machine.object_files import ObjectFiles
from perennial.local_loop import Laptop
from perennial_operator.adapters.reports import HttpReports

LAUNCHER: Final = (sys.executable, "-m", "perennial.adapters.machine.launcher")


class FolderInUse(Exception):  # noqa: N818  what has been found
    """Another command works in the folder."""


@asynccontextmanager
async def laptop(
    folder: Path, environment: Mapping[str, str], command: Sequence[str] = LAUNCHER
) -> AsyncIterator[Laptop]:
    """The folder holds objects, pods, logs, and a folder for each Secret below `secrets`.

    Raises:
        FolderInUse: Another command works in it.
        FolderUnreadable: A file in it holds no object.
    """
    with claimed(folder):
        programs = ChildProcesses(folder, command, environment)
        reports = HttpReports(port_of=lambda pod: programs.port(pod.uid))
        async with aclosing(programs), aclosing(reports):
            yield Laptop(
                keeper=ObjectFiles(folder / "objects"),
                programs=programs,
                reports=reports,
                now=partial(datetime.now, UTC),
                uid=lambda: str(uuid4()),
            )


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Holds the folder until this process ends, however it does; raises FolderInUse."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FolderInUse(f"another command works in {folder}") from error
    else:
        yield
    finally:
        os.close(lock)
