"""Golden files: what the programs wrote when they were recorded, byte for byte.

`pytest tests/golden --golden-record` writes them anew; then the difference is to be read.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from pydantic import BaseModel

from perennial_contract.objects.observation import from_parquet

_OF_THE_CLOCK: Final = re.compile("_created|seconds_sum")
DATA: Final = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Golden:
    """The files below `data`, or with `record` their writer."""

    record: bool

    def same(self, name: str, found: object) -> None:
        """Bytes and texts as they are, all else as JSON."""
        path, data = DATA / name, _bytes(found)
        if self.record:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        assert data.decode() == path.read_bytes().decode(), f"{name} differs"


def _bytes(found: object) -> bytes:
    if isinstance(found, bytes):
        return found
    if isinstance(found, str):
        return found.encode()
    return (json.dumps(found, indent=1, ensure_ascii=False, default=_plain) + "\n").encode()


def _plain(value: object) -> object:
    """Bytes as Python writes them: each one can be seen."""
    assert isinstance(value, bytes), f"{value!r} cannot be written down"
    return repr(value)


def opened(key: str, data: bytes) -> dict[str, Any]:
    """What an object holds for a reader, and its digest, which no changed byte leaves alone."""
    digest: dict[str, Any] = {"sha256": sha256(data).hexdigest()}
    if key.endswith(".json"):
        return digest | {"json": json.loads(data)}
    if key.endswith(".parquet"):
        return digest | {"rows": [asdict(row) for row in from_parquet(data)]}
    return digest | {"text": data.decode().splitlines()}


def document(model: BaseModel) -> dict[str, Any]:
    """As its program writes it: to a topic, or as the answer of /status."""
    return opened(".json", model.model_dump_json().encode())


def exposed(registry: CollectorRegistry) -> str:
    """Prometheus' text, but for when a series began and for how long the machine took."""
    lines = generate_latest(registry).decode().splitlines()
    return "\n".join(line for line in lines if not _OF_THE_CLOCK.search(line)) + "\n"
