import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.embedded.demo import ON_TERMINAL

# It says what it does, and when it was interrupted takes as long to end as it is told.
COMMAND = """
import pathlib, sys, time, typer
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.interruption import interruptible

def command(pause: float, ended: pathlib.Path):
    with exits_on_trouble("stopped"):
        try:
            print("began", flush=True)
            time.sleep(600)
        finally:
            print("ending", flush=True)
            time.sleep(pause)
            ended.touch()

with interruptible():
    typer.run(command)
"""
IGNORES = """
import signal
from perennial.commands.interruption import interruptible
with interruptible():
    print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)
"""
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def started(folder: Path, pause: float = 0.0) -> subprocess.Popen[str]:
    """Once it has begun."""
    arguments = [sys.executable, "-c", COMMAND, str(pause), str(folder / "ended")]
    pipe = subprocess.PIPE
    command = subprocess.Popen(arguments, stdout=pipe, stderr=pipe, text=True)
    assert command.stdout
    assert command.stdout.readline() == "began\n"
    return command


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_ends_a_command_tidily_with_a_line(tmp_path: Path, number: int) -> None:
    with started(tmp_path) as command:
        command.send_signal(number)
        said = command.communicate(timeout=60)

    assert (said, command.returncode) == (("ending\n", "\nstopped\n"), 130)
    assert (tmp_path / "ended").exists()


def test_a_second_one_cuts_short_what_takes_long_to_end(tmp_path: Path) -> None:
    with started(tmp_path, pause=600) as command:
        assert command.stdout
        command.send_signal(signal.SIGINT)
        assert command.stdout.readline() == "ending\n"
        command.send_signal(signal.SIGTERM)
        said = command.communicate(timeout=60)

    assert (said, command.returncode) == (("", "\nstopped\n"), 130)


def test_a_terminal_that_was_closed_is_no_trouble_to_what_writes_on_it(tmp_path: Path) -> None:
    ours, its = pty.openpty()
    arguments = [*ON_TERMINAL, sys.executable, "-c", COMMAND, "0", str(tmp_path / "ended")]
    with (
        subprocess.Popen(arguments, stdin=its, stdout=its, stderr=its) as command,
        os.fdopen(ours, "rb") as terminal,  # closed first, which ends the command whatever happens
    ):
        os.close(its)
        assert terminal.readline() == b"began\r\n"  # which may come in pieces
        terminal.close()
        assert command.wait(60) == 130
    assert (tmp_path / "ended").exists()


def test_what_it_was_told_to_ignore_stays_ignored() -> None:
    arguments = ["nohup", sys.executable, "-c", IGNORES]
    assert subprocess.run(arguments, check=True, capture_output=True).stdout == b"True\n"
