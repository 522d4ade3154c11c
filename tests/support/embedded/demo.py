"""The command `perennial demo` as a process, on a terminal of its own or on pipes."""

import os
import pty
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from perennial.adapters.machine.identity import started_at
from tests.support.embedded.killed_run import until
from tests.support.perennial.processes import below

ON_TERMINAL = ["setsid", "--ctty"]  # it takes its input for the terminal of a session of its own
DEMO = [sys.executable, "-m", "perennial", "demo", "--no-open", "--folder"]


@dataclass
class Demo:
    """`perennial demo` in a folder, on a terminal or on pipes."""

    folder: Path
    terminal: bool = False
    command: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._ours, its = pty.openpty() if self.terminal else os.pipe()
        self.command = subprocess.Popen(
            [*(ON_TERMINAL if self.terminal else []), *DEMO, self.folder],
            stdin=its if self.terminal else subprocess.DEVNULL,
            stdout=its,
            stderr=its,
            start_new_session=not self.terminal,
        )
        os.close(its)
        self.said = ""

    def says(self, text: str) -> set[int]:
        """Once it says so: the processes it has."""
        while text not in self.said:
            heard = os.read(self._ours, 4096)
            assert heard, self.said
            self.said += heard.decode(errors="replace")
        return set(below(self.command.pid))

    def hang_up(self) -> None:
        """Closes the terminal, or the pipe."""
        os.close(self._ours)

    def rest(self) -> str:
        """What it says until it ends."""
        with os.fdopen(self._ours, "rb") as ours:
            return ours.read().decode(errors="replace")

    def ended(self, left: set[int]) -> None:
        assert left
        assert self.command.wait(120) == 130
        until(lambda: not any(map(started_at, left)), f"{left} go on")
