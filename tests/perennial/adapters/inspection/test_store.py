from pathlib import Path

from perennial.adapters.inspection.store import PROBE, Trial
from perennial_contract.runtime.folder import FolderStore
from perennial_contract.runtime.objects import Put


class SharedStore(FolderStore):
    """Another doctor deletes the object that both found there, once we have read it."""

    deleted = False

    def get(self, key: str) -> bytes | None:
        found = super().get(key)
        if key.startswith(PROBE) and not self.deleted:
            self.delete(key)
            self.deleted = True
        return found


class HeedlessStore(FolderStore):
    """It ignores conditions."""

    def put_new(self, key: str, data: bytes, patience: float = 0.0) -> Put:
        self.delete(key)
        return super().put_new(key, data, patience)


def tried(store: FolderStore) -> tuple[dict[str, str], list[str]]:
    """What was refused, and what is left."""
    trial = Trial(store)
    trial.run()
    return {right: each.what for right, each in trial.refused.items()}, [*store.list("")]


def test_two_doctors_at_once_find_nothing_wrong_with_the_server(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    assert tried(SharedStore(tmp_path, "bucket", "income")) == ({}, [])


def test_a_server_that_ignores_conditions_is_told(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    refused, left = tried(HeedlessStore(tmp_path, "bucket", "income"))
    assert refused == {"write": "the S3 server ignores If-None-Match: use one that honours it"}
    assert left == []
