"""Announcement on the lifecycle topic, from a thread of its own: nothing waits for it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from threading import Thread
from typing import Final

from perennial_contract.lifecycle import Serving
from perennial_contract.runtime.kafka.lifecycle import LifecycleTopic
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.settings import PredictorSettings

_PATIENCE: Final = 60.0  # seconds
_LOG: Final = logging.getLogger("kafka")


def announce(settings: PredictorSettings, security: Mapping[str, str], message: Serving) -> None:
    """Returns at once; a failure is a warning."""
    if settings.lifecycle is not None:
        topic = LifecycleTopic(settings.kafka, settings.lifecycle, security, _PATIENCE)
        Thread(target=_write, args=(topic, message), name="lifecycle", daemon=True).start()


def _write(topic: LifecycleTopic, message: Serving) -> None:
    try:
        topic.write(message.pipeline, message.model_dump_json().encode())
    except Trouble as trouble:
        said = {"topic": topic.name, "detail": str(trouble)}
        _LOG.warning("not said on the lifecycle topic", extra=said)
