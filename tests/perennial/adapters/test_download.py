import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from perennial.adapters.download import DownloadTrouble, obtain
from perennial.table.income import Part, as_csv

PUBLISHED = b"39, State-gov, >50K.\n\n" * 10_000
CSV = as_csv(PUBLISHED)


class Published(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/table":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(PUBLISHED)))
        self.end_headers()
        self.wfile.write(PUBLISHED)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


@pytest.fixture(scope="module")
def part() -> Iterator[Part]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Published)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    digests = (hashlib.sha256(data).hexdigest() for data in (PUBLISHED, CSV))
    address = f"http://127.0.0.1:{server.server_port}/table"
    yield Part("table.csv", address, len(PUBLISHED), *digests)
    server.shutdown()
    server.server_close()
    thread.join()


def nothing(_: int) -> None:
    """Nobody looks."""


def test_a_part_is_written_once_with_its_progress_told(part: Part, tmp_path: Path) -> None:
    told: list[int] = []
    folder = tmp_path / "new" / "folder"

    assert obtain(part, folder, told.append)

    assert sum(told) == len(PUBLISHED)
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("table.csv", CSV)]
    assert not obtain(part, folder, told.append)
    assert sum(told) == len(PUBLISHED)


@pytest.mark.parametrize(
    "change",
    [{"sha256": "0" * 64}, {"length": len(PUBLISHED) - 1}, {"length": len(PUBLISHED) + 1}],
    ids=["digest", "longer", "shorter"],
)
def test_another_file_is_refused_and_leaves_nothing(
    change: dict[str, str | int], part: Part, tmp_path: Path
) -> None:
    with pytest.raises(DownloadTrouble, match="is another file than it was: SHA-256"):
        obtain(replace(part, **change), tmp_path, nothing)  # type: ignore[arg-type]  # by field
    assert [*tmp_path.iterdir()] == []


def test_what_is_there_under_the_name_is_never_written_over(part: Part, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("mine")
    with pytest.raises(DownloadTrouble, match=r"table\.csv is another file than the published one"):
        obtain(part, tmp_path, nothing)
    assert (tmp_path / "table.csv").read_text() == "mine"


def test_a_server_that_is_not_there_or_has_no_such_file_is_named(
    part: Part, tmp_path: Path
) -> None:
    closed = replace(part, address="http://127.0.0.1:1/table")
    with pytest.raises(DownloadTrouble, match=r"^no network to 127\.0\.0\.1:1: .*refused"):
        obtain(closed, tmp_path, nothing)
    with pytest.raises(DownloadTrouble, match="/tables: 404 "):
        obtain(replace(part, address=f"{part.address}s"), tmp_path, nothing)
    assert [*tmp_path.iterdir()] == []


def test_a_folder_that_cannot_be_written_is_named(part: Part, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DownloadTrouble, match="file cannot be written: File exists"):
        obtain(part, tmp_path / "file", nothing)


def test_a_full_disk_is_said_and_leaves_nothing(part: Part, tmp_path: Path) -> None:
    def fills(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DownloadTrouble, match="cannot be written: No space left on device"):
        obtain(part, tmp_path, fills)
    assert [*tmp_path.iterdir()] == []
