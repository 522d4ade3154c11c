import pytest

from tests.servers import KAFKA, S3, need


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> str:
    """The bootstrap address of a real broker."""
    need(request, "Kafka", KAFKA)
    return KAFKA


@pytest.fixture(scope="session")
def s3(request: pytest.FixtureRequest) -> str:
    """The endpoint of a real S3 server; user and password are minioadmin."""
    need(request, "S3", S3)
    return S3
