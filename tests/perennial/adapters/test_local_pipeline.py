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

    def __init__(self, ended: Event) -> None:
        super().__init__()
        self._ended, self._asked = ended, Event()

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        if self._ended.is_set():
            self._asked.set()
        return handle

    def close(self) -> None:
        self._ended.set()
        assert self._asked.wait(60)
        super().close()


def a_pipeline_that_fails(folder: Path) -> LocalPipeline:
    (folder / "pods").write_text("no folder")
    manifest = a_manifest()
    manifest["metadata"]["namespace"] = "default"
    return LocalPipeline(manifest, folder, os.environ)


def test_what_has_ended_the_loop_is_told_to_whom_looks(tmp_path: Path) -> None:
    with (
        a_pipeline_that_fails(tmp_path) as pipeline,
        pytest.raises(FileExistsError, match="pods"),
    ):
        look_for_ever(pipeline)


def test_it_is_told_to_whom_looks_when_it_has_ended_and_is_not_closed_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Event()
    monkeypatch.setattr(asyncio.events, "new_event_loop", lambda: ClosesLate(ended))

    with a_pipeline_that_fails(tmp_path) as pipeline:
        assert ended.wait(60)
        with pytest.raises(FileExistsError, match="pods"):
            pipeline.look()


def test_a_folder_where_another_works_is_told_at_once(tmp_path: Path) -> None:
    with (
        claimed(tmp_path),
        pytest.raises(FolderInUse),
        LocalPipeline(a_manifest(), tmp_path, os.environ),
    ):
        pass
