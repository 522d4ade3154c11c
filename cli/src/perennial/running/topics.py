"""Topics of a pipeline, and how long a broker of our own keeps their records."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from perennial_operator.api.spec import Spec

STREAM: Final = timedelta(hours=6)
"""A batch takes some memory of the embedded broker, as long as it is kept."""
RARE: Final = timedelta(days=7)
_OF_THE_STREAM: Final = ("events", "labels", "answers")


def topics_of(spec: Spec) -> dict[str, str]:
    """What stands on each, by its name: of events and answers on one topic, both."""
    named = {
        "events": spec.events.topic,
        "labels": spec.labels.topic if spec.labels else None,
        "answers": spec.predictions.topic,
        "dead letters": spec.dead_letters.topic,
        "lifecycle messages": spec.lifecycle.topic if spec.lifecycle else None,
    }
    found: dict[str, str] = {}
    for what, topic in named.items():
        if topic:
            found[topic] = f"{found[topic]} and {what}" if topic in found else what
    return found


def retention(spec: Spec, what: str) -> dict[str, str]:
    """The settings of a topic with that on it: a label may still come long after its event."""
    if not any(each in what for each in _OF_THE_STREAM):
        kept = RARE
    else:
        kept = max(STREAM, 2 * spec.labels.max_delay if spec.labels else STREAM)
    return {"retention.ms": str(round(kept.total_seconds() * 1000))}
