from collections.abc import Iterator

import pytest

from tests.support.perennial.api_server import ApiServer, serving


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with serving() as api:
        yield api
