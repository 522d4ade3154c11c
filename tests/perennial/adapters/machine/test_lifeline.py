import subprocess
import sys
import time
from subprocess import DEVNULL, PIPE

from perennial.adapters.machine.identity import started_at

# It is bound, and starts a process that would go on for ever; both print their number.
PROGRAM = """
import os, subprocess, sys, time
from perennial.adapters.machine import lifeline
lifeline.bind()
below = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), below.pid, flush=True)
time.sleep(600)
"""
# It starts that one, tells of it, and is killed.
COMMAND = f"""
import os, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {PROGRAM!r}],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
print(child.stdout.readline().decode(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_command_has_started_ends_with_it_even_if_it_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", COMMAND], stdout=PIPE, stderr=DEVNULL) as command:
        assert command.stdout
        pids = [int(each) for each in command.stdout.readline().split()]
        assert command.wait(60) == -9

    until = time.monotonic() + 60
    while any(map(started_at, pids)):
        assert time.monotonic() < until
        time.sleep(0.01)
