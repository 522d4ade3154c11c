"""Readers of one event, and what their tests expect of it."""

import json

from perennial_contract.messages.events import Event, EventReader, Filtered
from perennial_contract.messages.references import Headers, Rejection
from perennial_contract.reasons import DeadLetter
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.resource.streams import Events, Reference
from tests.support.contract.json_values import records, values

LABEL = BinaryLabel(positive=">50K", negative="<=50K")


PLAIN = Events(topic="events")


FULL = Events(
    topic="events", id=Reference(path="request_id"), record="data", time=Reference(path="ts")
)


SOURCE = "events/3/17"


def read(
    events: Events,
    value: object,
    label_path: str | None = None,
    key: bytes | None = None,
    headers: Headers = None,
) -> Event | Rejection | Filtered:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return EventReader(events, label_path).read(data, key, headers, SOURCE)


def reason(read: object) -> str:
    assert isinstance(read, Rejection)
    assert read.detail
    assert isinstance(read.reason, DeadLetter)
    return read.reason


json_bytes = (values | records).map(lambda value: json.dumps(value).encode())
