import errno
import os

import pytest
import typer

from perennial.adapters.kubeconfig.trouble import ClusterTrouble
from perennial.commands.exit_codes import exits_on_trouble


def test_what_others_wrote_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as end, exits_on_trouble():
        raise ClusterTrouble("Training False: \x1b]0;mine\x07\r\x9b2J\n\tgone")

    assert end.value.exit_code == 1
    assert capsys.readouterr().err == "perennial: Training False:  ]0;mine   2J\n\tgone\n"


def test_a_full_disk_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/run/objects/a.json")

    with pytest.raises(typer.Exit) as ended, exits_on_trouble():
        raise full

    assert ended.value.exit_code == 1
    said = "perennial: /run/objects/a.json: No space left on device\n"
    assert capsys.readouterr().err == said


def test_a_bug_is_no_trouble() -> None:
    with pytest.raises(ConnectionError), exits_on_trouble():
        raise ConnectionError(errno.ECONNRESET, "reset")
