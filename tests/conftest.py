import signal

import pytest
from hypothesis import settings

# The machine's load is no property of the code
settings.register_profile("perennial", deadline=None)
settings.load_profile("perennial")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--servers",
        action="store_true",
        help="fail, instead of skipping, where a test's server does not answer",
    )
    parser.addoption(
        "--golden-record",
        action="store_true",
        help="write the files of tests/golden/data anew, in place of comparing with them",
    )
    parser.addoption(
        "--kills",
        type=int,
        default=1,
        help="how often each process of a run on this machine is killed (tests/embedded)",
    )


def pytest_configure() -> None:
    """What starts us may ignore signals, as nohup does: a program under test is to hear them.

    A handler of ours goes on ignoring; a child's is the default again.
    """
    for number in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
