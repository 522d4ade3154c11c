"""Identity of a process: its number comes again, its number and start together do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def started_at(pid: int) -> str:
    """When the process with that number was started, as the system tells it; empty if none."""
    if sys.platform == "linux":
        return _of_linux(pid)
    command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603


def _of_linux(pid: int) -> str:
    """The boot, and the ticks since then."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    state, *rest = told.rpartition(")")[2].split()  # a name may hold blanks and brackets
    return "" if state in {"Z", "X"} else f"{boot} {rest[18]}"
