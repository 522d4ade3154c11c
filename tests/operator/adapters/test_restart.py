"""Processes of their own: one that begins again takes its whole process with it."""

import subprocess
import sys

BEGIN = """
import os, signal, sys
from threading import Event, Thread
from perennial_operator.adapters.restart import RESTARTS, Restart, hear_sigterm

count = int(os.environ.get(RESTARTS, "0"))
restart = Restart(count)
print(os.getpid(), count, flush=True)
"""
RESTART = """
Thread(target=restart, daemon=True).start()
Event().wait(20)
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BEGIN + code]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_it_begins_again_as_the_same_process_and_counts_how_often() -> None:
    ended = run("if count == 3:\n    sys.exit(7)\n" + RESTART)

    said = [line.split() for line in ended.stdout.splitlines()]
    assert [count for _, count in said] == ["0", "1", "2", "3"]
    assert len({pid for pid, _ in said}) == 1
    assert ended.returncode == 7


def test_where_it_cannot_begin_again_it_ends_and_says_so() -> None:
    ended = run('sys.executable = "/nowhere/python"\n' + RESTART)

    assert "the process could not begin again" in ended.stderr
    assert len(ended.stdout.splitlines()) == 1
    assert ended.returncode == 1


def test_once_it_is_to_end_it_does_not_begin_again() -> None:
    ended = run("restart.forbid()\n" + RESTART)

    assert (len(ended.stdout.splitlines()), ended.stderr, ended.returncode) == (1, "", 1)


def test_a_sigterm_that_comes_before_the_new_process_can_hear_is_heard_then() -> None:
    hear = """
if count == 1:
    os.kill(os.getpid(), signal.SIGTERM)
    print("it waits", flush=True)
    hear_sigterm(lambda *_: sys.exit(143))
    Event().wait(20)
"""
    ended = run(hear + RESTART)

    assert ended.stdout.splitlines()[-1] == "it waits"
    assert ended.returncode == 143
