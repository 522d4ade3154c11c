import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perennial.adapters.machine.child_processes import ChildProcesses
from perennial.adapters.machine.identity import started_at
from perennial.adapters.machine.logs import MOST
from perennial.adapters.machine.pod_folder import folder_name
from perennial.ports import Launch, Mounted, NotStarted, Sighting

Json = dict[str, Any]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
POD: Json = {
    "metadata": {
        "name": "income-recorder-0",
        "uid": "0123456789",
        "labels": {"perennial.dev/component": "recorder"},
    },
    "spec": {"containers": [{"name": "recorder", "ports": [{"name": "http"}]}]},
}
ASKED: Json = {
    **POD,
    "spec": {"containers": [{"name": "predictor", "ports": [{"name": "predict"}]}]},
}
WAITS = "import signal, time; print('began', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, lambda *_: print('no', flush=True)); "
SAYS = """
import os, sys, pathlib
program, root, port = sys.argv[1:]
root = pathlib.Path(root)
at_home = os.environ["TMPDIR"] == str(root / "tmp")
(root / "dev/termination-log").write_text(f"{program} {os.environ['A']} {at_home}")
print((root / "etc/s3/key").read_text(), (root / "etc/settings/s.json").read_text())
sys.exit(42)
"""


@contextmanager
def processes(folder: Path, program: str) -> Iterator[ChildProcesses]:
    children = ChildProcesses(folder, [sys.executable, "-c", program], {"A": "outer"})
    try:
        yield children
    finally:
        children.kill(POD)


def seen(children: ChildProcesses, met: Callable[[Sighting], bool]) -> Sighting:
    until = time.monotonic() + 60
    while True:
        found = children.seen(POD)
        assert found
        assert time.monotonic() < until
        if met(found):
            return found
        time.sleep(0.01)


def is_over(found: Sighting) -> bool:
    return found.exit_code is not None


def log_of(folder: Path) -> str:
    return (folder / "logs/income-recorder-0.log").read_text()


def wait_for_log(folder: Path, text: str) -> None:
    until = time.monotonic() + 60
    while text not in log_of(folder):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_program_sees_its_mounts_and_leaves_its_last_words(tmp_path: Path) -> None:
    secret = tmp_path / "secrets/s3-client"
    secret.mkdir(parents=True)
    (secret / "key").write_text("hidden")
    mounts = [
        Mounted("/etc/s3", secret="s3-client"),
        Mounted("/etc/settings", files={"s.json": "{}"}),
        Mounted("/tmp"),
    ]
    with processes(tmp_path, SAYS) as children:
        children.start(Launch(POD, mounts, {"A": "of the pod"}))

        found = seen(children, is_over)

    assert found == Sighting(42, b"recorder of the pod True", b"hidden {}\n")


def test_a_program_is_told_to_end_and_one_that_does_not_is_killed(tmp_path: Path) -> None:
    with processes(tmp_path, STUBBORN + WAITS) as children:
        children.start(Launch(POD, [], {}))
        wait_for_log(tmp_path, "began")

        children.end(POD, NOW)
        wait_for_log(tmp_path, "no")
        assert children.seen(POD) == Sighting(told_at=NOW)
        children.kill(POD)

        assert children.seen(POD) == Sighting(137, b"", b"began\nno\n", NOW)


def test_what_a_program_has_started_ends_with_it(tmp_path: Path) -> None:
    below_it = f"subprocess.Popen([sys.executable, '-c', {WAITS!r}])"
    starts = f"import subprocess, sys; print({below_it}.pid)"
    with processes(tmp_path, starts) as children:
        children.start(Launch(POD, [], {}))
        found = seen(children, is_over)

    below = int(found.log.split()[0])
    until = time.monotonic() + 60
    while started_at(below):
        assert time.monotonic() < until


def test_an_empty_folder_keeps_what_it_has_over_a_restart_and_last_words_do_not_stay(
    tmp_path: Path,
) -> None:
    counts = """
import pathlib, sys
root = pathlib.Path(sys.argv[2])
file = root / "data/count"
file.write_text((file.read_text() if file.exists() else "") + "x")
print(file.read_text(), (root / "dev/termination-log").read_text())
(root / "dev/termination-log").write_text("said")
"""
    with processes(tmp_path, counts) as children:
        for _ in range(2):
            children.start(Launch(POD, [Mounted("/data")], {}))
            seen(children, is_over)

    assert log_of(tmp_path) == "x \nxx \n"


def test_a_pod_that_is_removed_leaves_its_log_alone(tmp_path: Path) -> None:
    with processes(tmp_path, "print('said')") as children:
        children.start(Launch(POD, [], {}))
        seen(children, is_over)
        children.remove(POD)

        assert children.seen(POD) is None

    assert list((tmp_path / "pods").iterdir()) == []
    assert log_of(tmp_path) == "said\n"


def test_a_program_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    children = ChildProcesses(tmp_path, ["/no/such/program"], {})

    with pytest.raises(NotStarted, match=r"/no/such/program: .*No such file"):
        children.start(Launch(POD, [], {}))


def test_what_an_earlier_run_left_is_ended_and_no_process_that_only_has_its_number(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", WAITS]
    with (
        subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as left,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as another,
    ):
        kept, gone = tmp_path / "pods" / folder_name(POD), tmp_path / "pods/old.12345678"
        for folder, pid, started in (
            (kept, left.pid, started_at(left.pid)),
            (gone, another.pid, ""),
        ):
            folder.mkdir(parents=True)
            said = {"pid": pid, "started": started or "long ago", "folder": folder.stat().st_ino}
            (folder / "process.json").write_text(json.dumps(said))

        ChildProcesses(tmp_path, command, {}).keep([POD])

        assert left.wait(60) == -signal.SIGKILL
        assert another.poll() is None
        os.killpg(another.pid, signal.SIGKILL)
    assert (kept.exists(), gone.exists()) == (True, False)


def test_a_copy_of_a_folder_ends_no_process_of_the_run_that_it_is_a_copy_of(tmp_path: Path) -> None:
    with processes(tmp_path / "run", WAITS) as children:
        children.start(Launch(POD, [], {}))
        wait_for_log(tmp_path / "run", "began")
        shutil.copytree(tmp_path / "run", tmp_path / "copy", symlinks=True)

        ChildProcesses(tmp_path / "copy", [], {}).keep([POD])

        wait_for_log(tmp_path / "run", "began")
        found = children.seen(POD)
        assert found
        assert found.exit_code is None


def test_the_log_of_a_pod_that_runs_stays_however_many_there_were(tmp_path: Path) -> None:
    with processes(tmp_path, WAITS) as children:
        children.start(Launch(POD, [], {}))
        wait_for_log(tmp_path, "began")
        os.utime(tmp_path / "logs/income-recorder-0.log", (0, 0))
        for number in range(MOST + 1):
            (tmp_path / f"logs/trainer-{number}.log").write_text("")
        other = {**POD, "metadata": {**POD["metadata"], "name": "trainer", "uid": "9876543210"}}

        children.start(Launch(other, [], {}))
        children.remove(other)

        assert log_of(tmp_path) == "began\n"


async def test_a_probe_is_well_where_the_programs_port_answers(tmp_path: Path) -> None:
    serves = """
import sys, time
from perennial_contract.runtime.http.messages import Answer
from perennial_contract.runtime.http.server import Server
from http import HTTPStatus
answers = {"/readyz": HTTPStatus.OK, "/healthz": HTTPStatus.SERVICE_UNAVAILABLE}
server = Server(int(sys.argv[3]), {k: lambda v=v: Answer(v) for k, v in answers.items()})
print("began", flush=True)
time.sleep(600)
"""
    with processes(tmp_path, serves) as children:
        assert not await children.probe(POD, "/readyz")
        children.start(Launch(POD, [], {}))
        wait_for_log(tmp_path, "began")

        assert await children.probe(POD, "/readyz")
        assert not await children.probe(POD, "/healthz")
        await children.aclose()
        assert seen(children, is_over).exit_code == 137


def test_a_pod_that_is_asked_for_predictions_has_a_second_port_that_can_be_looked_up(
    tmp_path: Path,
) -> None:
    with processes(tmp_path, "import sys; print(*sys.argv[3:], flush=True)") as children:
        assert children.predict_port(ASKED) == 0
        children.start(Launch(ASKED, [], {}))
        ended = seen(children, lambda found: found.exit_code is not None)

        port, predict_port = ended.log.decode().split()
        assert (ended.exit_code, int(port)) == (0, children.port("0123456789"))
        assert children.predict_port(ASKED) == int(predict_port)
        assert port != predict_port


def test_a_pod_that_is_not_has_one(tmp_path: Path) -> None:
    with processes(tmp_path, "import sys; print(*sys.argv[3:], flush=True)") as children:
        children.start(Launch(POD, [], {}))
        ended = seen(children, lambda found: found.exit_code is not None)

        assert ended.log.decode().split() == [str(children.port("0123456789"))]
        assert children.predict_port(POD) == 0
