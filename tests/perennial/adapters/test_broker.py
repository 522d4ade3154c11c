import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from perennial.adapters.broker import Broker
from perennial.broker.build import BrokerUnavailable

PROGRAM = f"""#!{sys.executable}
import os, pathlib, sys
data = pathlib.Path(sys.argv[sys.argv.index("-data") + 1])
address = sys.argv[sys.argv.index("-listen") + 1]
data.mkdir(parents=True, exist_ok=True)
starts = data / "starts"
starts.open("a").write(f"{{address}} session {{os.getsid(0) == os.getpid()}}\\n")
for line in os.environ.get("SAYS", "").split(";"):
    print(line, file=sys.stderr)
if "DIES" in os.environ:
    sys.exit(3)
print(address if not address.endswith(":0") else "127.0.0.1:4711", flush=True)
sys.stdin.read()
(data / "ended").write_text("in order")
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program"
    path.write_text(PROGRAM)
    path.chmod(0o755)
    return path


@pytest.fixture
def broker(program: Path, tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(program, tmp_path / "data", tmp_path / "logs" / "broker.log")
    yield broker
    broker.stop()


def test_it_runs_within_its_context_and_ends_in_order(broker: Broker, tmp_path: Path) -> None:
    with broker:
        assert (broker.address, broker.alive) == ("127.0.0.1:4711", True)

    assert not broker.alive
    assert (tmp_path / "data" / "ended").read_text() == "in order"


def test_it_is_started_again_where_it_was_and_in_a_session_that_no_ctrl_c_reaches(
    broker: Broker, tmp_path: Path
) -> None:
    with broker:
        broker.restart()

        assert broker.address == "127.0.0.1:4711"

    starts = (tmp_path / "data" / "starts").read_text().splitlines()
    assert starts == ["127.0.0.1:0 session True", "127.0.0.1:4711 session True"]


def killed(broker: Broker) -> None:
    assert broker.pid
    os.kill(broker.pid, signal.SIGKILL)


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not met():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_that_dies_comes_back_by_itself_where_it_was(broker: Broker, tmp_path: Path) -> None:
    with broker:
        killed(broker)
        until(lambda: broker.restarts == 1)
        killed(broker)
        until(lambda: broker.restarts == 2)
        assert (broker.address, broker.alive) == ("127.0.0.1:4711", True)

    assert not broker.alive
    starts = (tmp_path / "data" / "starts").read_text().splitlines()
    assert starts == [f"127.0.0.1:{port} session True" for port in (0, 4711, 4711)]


def test_one_that_cannot_come_back_is_tried_again(
    broker: Broker, program: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with broker:
        away = program.rename(program.with_name("away"))
        killed(broker)
        until(lambda: caplog.messages == ["the broker is started again later"])
        assert not broker.alive

        away.rename(program)

        until(lambda: broker.restarts == 1)
        assert broker.alive


def test_one_that_is_stopped_stays_so(broker: Broker) -> None:
    with broker:
        killed(broker)
        broker.stop()
        assert (broker.alive, broker.restarts) == (False, 0)

    with broker:
        assert broker.alive


def test_one_that_ends_at_once_says_why(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYS", "listen tcp: address already in use")
    monkeypatch.setenv("DIES", "1")

    with pytest.raises(BrokerUnavailable) as caught:
        broker.start()

    assert str(caught.value) == (
        "the embedded Kafka broker did not start on a free port of 127.0.0.1:"
        " listen tcp: address already in use"
    )
    assert not broker.alive


def test_one_that_ends_without_a_word_is_told_by_its_exit_code_and_port(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIES", "1")

    with pytest.raises(BrokerUnavailable) as caught:
        Broker(program, tmp_path, tmp_path / "log", port=4712).start()

    assert str(caught.value) == (
        "the embedded Kafka broker did not start on port 4712 of 127.0.0.1: exit code 3"
    )


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokerUnavailable, match=r"did not start.*No such file.*nowhere"):
        Broker(tmp_path / "nowhere", tmp_path, tmp_path / "log").start()


def test_however_much_it_says_two_files_of_a_megabyte_are_kept(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAYS", ";".join(["x" * 50_000, "last", "y" * 40_000]))

    with broker:
        for _ in range(40):
            broker.restart()

    files = sorted((tmp_path / "logs").iterdir())
    assert [file.name for file in files] == ["broker.log", "broker.log.1"]
    assert all(file.stat().st_size <= 1_000_000 for file in files)
