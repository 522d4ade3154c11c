import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from typer.testing import CliRunner, Result

from perennial.__main__ import app
from tests.support.perennial.pages import FIRST, V1, a_status, resource

LIMIT = 60.0  # seconds; only ends a test


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a run that has ended, with two pipelines."""
    for name in ("loans", "fraud"):
        made = resource(a_status(V1, 34, [FIRST]))
        made["metadata"] = {**made["metadata"], "name": name}
        file = tmp_path / "objects" / f"ModelPipeline.default.{name}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(made))
    return tmp_path


def ui(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["ui", *arguments, "--no-open"], obj={})


def test_it_serves_the_page_of_a_run_until_ctrl_c(folder: Path) -> None:
    command = [sys.executable, "-m", "perennial", "ui", "loans", "--folder", str(folder)]
    running = subprocess.Popen(
        [*command, "--port", "0", "--no-open"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout
    said = running.stdout.readline()
    address = re.fullmatch(
        r"The page, until Ctrl-C: (http://127\.0\.0\.1:\d+/default/loans/)\n", said
    )
    assert address
    with urlopen(f"{address[1]}data", timeout=LIMIT) as answer:
        page = json.load(answer)

    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=LIMIT)

    assert (page["name"], page["serving"]["version"]) == ("loans", V1)
    assert page["problem"].endswith("is not at work: you see what it left behind.")
    assert (running.returncode, out) == (130, "")
    assert err == "\nstopped; the pipelines go on by themselves\n"


def test_a_folder_without_a_run_a_name_and_a_port_that_cannot_be_are_told(
    folder: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        found = [
            ui("--folder", str(empty)),
            ui("income", "--folder", str(folder)),
            ui("--folder", str(folder), "--port", port),
        ]

    assert [(each.exit_code, each.stderr) for each in found] == [
        (1, f"perennial: {empty} is no folder of a run\n"),
        (1, "perennial: there is no ModelPipeline income; there is fraud, loans\n"),
        (1, f"perennial: port {port} of 127.0.0.1: Address already in use; --port names another\n"),
    ]
