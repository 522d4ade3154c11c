import subprocess
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest

from perennial.adapters.machine.laptop import LAUNCHER
from perennial.adapters.machine.launcher import mounts_below


@pytest.mark.parametrize("program", ["predictor", "recorder", "trainer"])
def test_each_program_looks_below_its_pods_root(program: str, tmp_path: Path) -> None:
    mounts = mounts_below(tmp_path)
    mounts.termination.parent.mkdir()
    mounts.termination.touch()

    command = [*LAUNCHER, program, str(tmp_path), "0"]
    with subprocess.Popen(command, stdin=PIPE, stderr=DEVNULL, start_new_session=True) as process:
        assert process.wait(60) == 42

    said = mounts.termination.read_text()
    assert "SettingsRefused" in said
    assert f"{mounts.settings} cannot be read: No such file or directory" in said
