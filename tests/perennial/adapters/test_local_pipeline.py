import os
from pathlib import Path

import pytest

from perennial.adapters.local_pipeline import LocalPipeline
from perennial.adapters.machine.laptop import FolderInUse, claimed
from tests.support.perennial.running import a_manifest


def look_for_ever(pipeline: LocalPipeline) -> None:
    while True:
        pipeline.look()


def test_what_has_ended_the_loop_is_told_to_whom_looks(tmp_path: Path) -> None:
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
