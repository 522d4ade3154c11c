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
