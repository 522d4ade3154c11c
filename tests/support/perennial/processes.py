"""Processes that a process has started, as Linux tells of them."""

import contextlib
from pathlib import Path


def children(pid: int) -> set[int]:
    found = set()
    for each in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            said = each.read_text(errors="replace").rpartition(")")[2].split()
            if int(said[1]) == pid:
                found.add(int(each.parent.name))
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def below(pid: int) -> set[int]:
    """The processes that descend from one."""
    own = children(pid)
    return own.union(*map(below, own))
