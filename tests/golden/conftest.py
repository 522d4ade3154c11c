import pytest

from tests.golden.golden import Golden


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Golden:
    return Golden(record=pytestconfig.getoption("--golden-record"))
