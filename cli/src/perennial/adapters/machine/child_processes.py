"""ChildProcesses: the programs of pods as processes of this machine, each with its own port."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import aiohttp

from perennial.adapters.machine.identity import started_at
from perennial.adapters.machine.logs import Logs
from perennial.adapters.machine.pod_folder import PodFolder, folder_name
from perennial.adapters.machine.secret_folders import secrets_in
from perennial.cluster.kubelet import ADDRESS
from perennial.ports import Launch, NotStarted, Sighting
from perennial_operator.api.names import COMPONENT_LABEL, Manifest
from perennial_operator.manifests.deployment import PREDICT

_TIMEOUT: Final = aiohttp.ClientTimeout(total=2)
_GONE: Final = 10.0  # seconds that a process which was killed may take to go
_PAUSE: Final = 0.02


class StillThere(Exception):  # noqa: N818  what has been found
    """A process of an earlier run cannot be ended."""


@dataclass(slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    port: int
    predict_port: int
    """Of POST /predict; 0 where the pod has none."""
    told_at: datetime | None = None
    ended: Sighting | None = None


class ChildProcesses:
    """Each in a session of its own, bound to this process by a lifeline on its standard input."""

    def __init__(
        self, folder: Path, command: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        """`folder` holds pods, logs and Secrets.

        `command` runs a program: it is followed by the program's name, its root and its ports.
        `environment` is what a program sees besides its pod's variables.
        """
        self._pods = folder / "pods"
        self._secrets = folder / "secrets"
        self._logs = Logs(folder / "logs")
        self._command = tuple(command)
        self._environment = dict(environment)
        self._children: dict[str, _Child] = {}  # by the pod's UID
        self._session: aiohttp.ClientSession | None = None

    def secret(self, name: str) -> Mapping[str, bytes] | None:
        return secrets_in(self._secrets)(name)

    def start(self, launch: Launch) -> None:
        meta, folder = launch.pod["metadata"], self._folder(launch.pod)
        folder.prepare(launch.mounts)
        port, predict_port = _free_ports(2)
        if not _is_asked(launch.pod):
            predict_port = 0
        ports = [str(each) for each in (port, predict_port) if each]
        command = [*self._command, meta["labels"][COMPONENT_LABEL], str(folder.root), *ports]
        there = {each.name.rpartition(".")[0] for each in self._pods.iterdir()}
        log = self._logs.open(meta["name"], there)
        try:
            process = subprocess.Popen(  # noqa: S603  our own programs
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**self._environment, "TMPDIR": str(folder.tmp), **launch.variables},
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # of a variable with a null byte
            raise NotStarted(f"{command[0]}: {error}") from error
        finally:
            os.close(log)
        self._children[meta["uid"]] = _Child(process, port, predict_port)
        started = {"pid": process.pid, "started": started_at(process.pid), "port": port}
        said = json.dumps({**started, "folder": folder.number})
        folder.process.write_text(said, encoding="utf-8")

    def seen(self, pod: Manifest) -> Sighting | None:
        child = self._children.get(pod["metadata"]["uid"])
        if child is None:
            return None
        if child.ended:
            return child.ended
        code = _exit_code(child)
        if code is None:
            self._logs.bound(pod["metadata"]["name"])
            return Sighting(told_at=child.told_at)
        child.ended = Sighting(
            exit_code=code if code >= 0 else 128 - code,
            message=self._folder(pod).last_words(),
            log=self._logs.tail(pod["metadata"]["name"]),
            told_at=child.told_at,
        )
        return child.ended

    def end(self, pod: Manifest, now: datetime) -> None:
        child = self._children[pod["metadata"]["uid"]]
        child.told_at = now
        child.process.terminate()

    def kill(self, pod: Manifest) -> None:
        if child := self._children.get(pod["metadata"]["uid"]):
            _kill(child)

    def remove(self, pod: Manifest) -> None:
        if child := self._children.pop(pod["metadata"]["uid"], None):
            _kill(child)
        self._folder(pod).remove()

    def keep(self, pods: Iterable[Manifest]) -> None:
        """Ends what an earlier run left behind, too.

        Raises:
            StillThere: One of its processes does not go.
        """
        wanted = {folder_name(pod) for pod in pods}
        self._pods.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._pods.iterdir()):
            folder = PodFolder(path, self._secrets)
            _end_leftover(folder)
            if path.name not in wanted:
                folder.remove()

    async def probe(self, pod: Manifest, path: str) -> bool:
        child = self._children.get(pod["metadata"]["uid"])
        if child is None:
            return False
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        url = f"http://{ADDRESS}:{child.port}{path}"
        try:
            async with self._session.get(url, allow_redirects=False) as answer:
                return answer.status == 200  # noqa: PLR2004
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    def port(self, uid: str) -> int:
        """The port that a pod's process was given; 0 where it has none."""
        child = self._children.get(uid)
        return child.port if child else 0

    def predict_port(self, pod: Manifest) -> int:
        child = self._children.get(pod["metadata"]["uid"])
        return child.predict_port if child else 0

    async def aclose(self) -> None:
        """Ends all processes, and closes what probes were asked through."""
        for child in self._children.values():
            _kill(child)
        if self._session:
            await self._session.close()

    def _folder(self, pod: Manifest) -> PodFolder:
        return PodFolder(self._pods / folder_name(pod), self._secrets)


def _exit_code(child: _Child) -> int | None:
    """How a process has ended, once it has; what it started ends with it."""
    pid, code = child.process.pid, child.process.returncode
    if code is not None:
        return code
    if hasattr(os, "waitid"):  # until it is waited for, no other group can have its number
        looked = os.WEXITED | os.WNOHANG | os.WNOWAIT
        if os.waitid(os.P_PID, pid, looked) is None:
            return None
        _kill_group(pid)
    code = child.process.poll()
    if code is not None and child.process.stdin:
        child.process.stdin.close()
    return code


def _kill(child: _Child) -> None:
    if _exit_code(child) is None:
        _kill_group(child.process.pid)
        child.process.wait(_GONE)
        if child.process.stdin:
            child.process.stdin.close()


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _is_asked(pod: Manifest) -> bool:
    """Whether a pod answers POST /predict."""
    (program,) = pod["spec"]["containers"]
    return any(port["name"] == PREDICT for port in program.get("ports", []))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((ADDRESS, 0))
        return [int(each.getsockname()[1]) for each in sockets]


def _end_leftover(folder: PodFolder) -> None:
    """Ends the process that a folder tells of if it is that very one still.

    The folder of a copied run tells of processes that are not its own.
    """
    try:
        said = json.loads(folder.process.read_text(encoding="utf-8"))
        pid, started = int(said["pid"]), str(said["started"])
        if said["folder"] != folder.number:
            return
    except (OSError, ValueError, KeyError, TypeError):
        return
    until = time.monotonic() + _GONE
    while started and started_at(pid) == started:
        _kill_group(pid)
        if time.monotonic() > until:
            raise StillThere(f"process {pid} of an earlier run does not end")
        time.sleep(_PAUSE)
