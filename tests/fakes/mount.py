"""A Secret as a pod sees it."""

from collections.abc import Mapping
from pathlib import Path, PosixPath
from typing import Final

SWAPPING: Final = "..swapping"
_NEXT: Final = "..data_next"


class Mount:
    """A folder as the kubelet mounts a Secret: links to links to one folder per version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._version = 0
        folder.mkdir()

    def hold(self, **content: str | bytes) -> None:
        """`put`, with _ in a name for the . in its key."""
        self.put({key.replace("_", "."): value for key, value in content.items()})

    def prepare(self, content: Mapping[str, str | bytes]) -> None:
        """What a `Renewed` folder holds, under the keys of now, once one of its files was read."""
        self._write(content, _NEXT)

    def put(self, content: Mapping[str, str | bytes]) -> None:
        """What the Secret holds from now on; the data link is swapped in one step."""
        self._write(content, "..data_tmp")
        (self.folder / "..data_tmp").replace(self.folder / "..data")
        for link in self.folder.iterdir():
            if not link.name.startswith("..") and link.name not in content:
                link.unlink()
        for key in content:
            if not (self.folder / key).is_symlink():
                (self.folder / key).symlink_to(f"..data/{key}")

    def _write(self, content: Mapping[str, str | bytes], link: str) -> None:
        self._version += 1
        name = f"..2026_05_01_12_00_00.{self._version}"
        (self.folder / name).mkdir()
        for key, value in content.items():
            data = value if isinstance(value, bytes) else value.encode()
            (self.folder / name / key).write_bytes(data)
        (self.folder / link).symlink_to(name)


class Renewed(PosixPath):
    """A mounted folder that is swapped for what was prepared as soon as a file of it was read."""

    def read_bytes(self) -> bytes:
        content = super().read_bytes()
        if (self.parent / _NEXT).is_symlink():
            (self.parent / _NEXT).replace(self.parent / "..data")
        return content


class Swapped(PosixPath):
    """A mounted folder whose files are gone when they are read, while `SWAPPING` stands in it."""

    def read_bytes(self) -> bytes:
        if (self.parent / SWAPPING).exists():
            raise FileNotFoundError(self)
        return super().read_bytes()
