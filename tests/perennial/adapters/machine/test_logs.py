import logging
import os
from pathlib import Path

import pytest

from perennial.adapters.machine.logs import LARGEST, MOST, BoundedLog, Logs


def test_a_log_that_is_too_long_begins_anew_and_its_writer_goes_on(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    file = logs.open("pod")
    os.write(file, b"x" * (LARGEST + 1))

    logs.bound("pod")
    os.write(file, b"goes on")
    os.close(file)

    assert logs.tail("pod") == b"goes on"
    assert (tmp_path / "pod.log.before").stat().st_size == LARGEST + 1


def test_the_end_of_a_log_is_told(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    assert logs.tail("pod") == b""
    logs.bound("pod")

    logs.file("pod").write_bytes(b"a" * 5000 + b"end")

    assert logs.tail("pod") == b"a" * 4093 + b"end"


def test_the_oldest_logs_go(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    for number in range(MOST + 3):
        os.close(logs.open(f"pod-{number}"))
        os.utime(logs.file(f"pod-{number}"), (number, number))

    os.close(logs.open("new"))

    left = {each.name for each in tmp_path.iterdir()}
    assert len(left) == MOST + 1
    assert not left & {"pod-0.log", "pod-1.log", "pod-2.log"}


def test_a_log_that_is_still_written_stays_however_old_it_is(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    for number, name in enumerate(("kafka.log", "operator.log", "quiet.log", "quiet.log.before")):
        (tmp_path / name).write_text("said long ago")
        os.utime(tmp_path / name, (number, number))
    for number in range(MOST + 3):
        os.close(logs.open(f"pod-{number}", {"quiet"}))

    os.close(logs.open("new", {"quiet"}))

    left = {each.name for each in tmp_path.iterdir()}
    assert {"kafka.log", "operator.log", "quiet.log", "quiet.log.before"} <= left


def test_a_full_disk_is_told_of_once(capsys: pytest.CaptureFixture[str]) -> None:
    log = BoundedLog(Path("/dev/full"), logging.Formatter())
    for _ in range(3):
        log.emit(logging.LogRecord("a", logging.WARNING, "", 0, "said", None, None))
    log.close()

    assert capsys.readouterr().err == "perennial: /dev/full: No space left on device\n"
