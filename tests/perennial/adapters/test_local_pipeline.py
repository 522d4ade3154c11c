import asyncio
import os
from collections.abc import Callable
from contextvars import Context
from pathlib import Path
from threading import Event
from typing import TypeVarTuple

import pytest

from perennial.adapters.local_pipeline import LocalPipeline
from perennial.adapters.machine.laptop import FolderInUse, claimed
from tests.support.perennial.running import a_manifest

Ts = TypeVarTuple("Ts")


def look_for_ever(pipeline: LocalPipeline) -> None:
    while True:
        pipeline.look()


class ClosesLate(asyncio.SelectorEventLoop):
    """Ended, it is closed only once it was asked for what it will never do."""

    ends = False

    def __init__(self) -> None:
        super().__init__()
        self._asked = Event()

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        if self.ends:
            self._asked.set()
        return handle

    def close(self) -> None:
        self.ends = True
        assert self._asked.wait(60)
        super().close()


@pytest.mark.parametrize("loop", [asyncio.SelectorEventLoop, ClosesLate])
def test_what_has_ended_the_loop_is_told_to_whom_looks(
    loop: type[asyncio.SelectorEventLoop], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.events, "new_event_loop", loop)
    (tmp_path / "pods").write_text("no folder")
    manifest = a_manifest()
    manifest["metadata"]["namespace"] = "default"

    with (
        LocalPipeline(manifest, tmp_path, os.environ) as pipeline,
        pytest.raises(FileExistsError, match="pods"),
    ):
        look_for_ever(pipeline)


def test_a_folder_where_another_works_is_told_at_once(tmp_path: Path) -> None:
    with (
        claimed(tmp_path),
        pytest.raises(FolderInUse),
        LocalPipeline(a_manifest(), tmp_path, os.environ),
    ):
        pass
