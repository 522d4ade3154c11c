"""Ends of the commands: an exit code and one line for every trouble."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer

from perennial.adapters.bundles import ModelTrouble
from perennial.adapters.download import DownloadTrouble
from perennial.adapters.kafka import KafkaTrouble
from perennial.adapters.kubeconfig.trouble import ClusterTrouble
from perennial.adapters.machine.child_processes import StillThere
from perennial.adapters.machine.laptop import FolderInUse
from perennial.adapters.machine.object_files import FolderUnreadable
from perennial.adapters.run_folder import FolderRefused
from perennial.adapters.store import StoreTrouble
from perennial.broker.build import BrokerUnavailable
from perennial.cluster.admission import NotAdmitted
from perennial.follow import Failed
from perennial.pipeline import ManifestTrouble
from perennial.table.csv_lines import TableRefused
from perennial.watching.ports import Unseen
from perennial_contract.runtime.objects import StoreError

_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal would obey; lines and tabs stay."""
INTERRUPTED: Final = 130  # exit code after Ctrl-C, as shells have it
GOES_ON: Final = "stopped; the stream has ended, the pipeline goes on by itself"
_TROUBLES: Final = (
    BrokerUnavailable,
    ClusterTrouble,
    DownloadTrouble,
    Failed,
    FolderInUse,
    FolderRefused,
    FolderUnreadable,
    KafkaTrouble,
    ManifestTrouble,
    ModelTrouble,
    NotAdmitted,
    StillThere,
    StoreError,
    StoreTrouble,
    TableRefused,
    Unseen,
)
_OF_A_DISK: Final = frozenset(
    {errno.EACCES, errno.EDQUOT, errno.EIO, errno.ENOSPC, errno.EPERM, errno.EROFS}
)


@contextmanager
def exits_on_trouble(
    stopped: str = GOES_ON,
) -> Iterator[None]:
    """Ends the command: 1 and a line on standard error after trouble, 130 after Ctrl-C.

    `stopped` is said after Ctrl-C.
    """
    try:
        yield
    except _TROUBLES as trouble:
        print(_CONTROLS.sub(" ", f"perennial: {trouble}"), file=sys.stderr)
        raise typer.Exit(1) from trouble
    except OSError as error:
        if error.errno not in _OF_A_DISK:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(_CONTROLS.sub(" ", f"perennial: {where}{error.strerror}"), file=sys.stderr)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        print(f"\n{stopped}", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
