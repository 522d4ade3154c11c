from pathlib import Path

import pytest

from perennial_contract.runtime.termination import refuse
from perennial_contract.settings import REFUSED
from perennial_contract.status import MAX_TERMINATION_BYTES


def test_a_refusal_stands_where_the_operator_reads_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "termination-log"

    assert refuse(file, "the field kafka") == REFUSED

    assert file.read_text() == "SettingsRefused: the field kafka"
    assert [(line.levelname, line.message) for line in caplog.records] == [
        ("CRITICAL", "the settings cannot be used")
    ]


def test_a_run_by_hand_has_no_termination_log(tmp_path: Path) -> None:
    assert refuse(tmp_path / "absent" / "termination-log", "the field kafka") == REFUSED


def test_a_long_refusal_still_says_its_reason_within_what_the_kubelet_keeps(
    tmp_path: Path,
) -> None:
    file = tmp_path / "termination-log"

    refuse(file, "€" * 5000)

    kept = file.read_bytes()[-MAX_TERMINATION_BYTES:].decode()
    assert kept.startswith("SettingsRefused: €")
