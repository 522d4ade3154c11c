"""Addresses of the local cluster's servers as the host sees them, with kind and without."""

import re
from typing import Final

KAFKA: Final = "127.0.0.1:9092"
S3: Final = "http://127.0.0.1:9000"
INSIDE: Final = "http://minio:9000"  # the same server, as the local cluster's pods name it
MLFLOW: Final = "http://127.0.0.1:5000"
S3_USER: Final = "minioadmin"
S3_PASSWORD: Final = "minioadmin"  # noqa: S105  the local server's, for everyone to know
_INSIDE_KAFKA: Final = re.compile(r"kafka(\.default(\.svc(\.cluster\.local)?)?)?:(909[245])")


def seen_from_here(bootstrap: str) -> str:
    """The local cluster's Kafka for its address in pods; any other address as it is."""
    found = _INSIDE_KAFKA.fullmatch(bootstrap)
    return f"127.0.0.1:{found[4]}" if found else bootstrap
