import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--servers",
        action="store_true",
        help="fail, instead of skipping, where a test's server does not answer",
    )
