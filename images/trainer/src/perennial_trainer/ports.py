"""Ports of an attempt: S3, Kafka, a child process and the clock, as it asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from perennial_contract.lifecycle import Message
from perennial_contract.runtime.objects import Objects


@dataclass(frozen=True, slots=True)
class Ports:
    """What an attempt reaches outside its process, and how many threads it may use."""

    store: Objects
    """The pipeline's objects."""
    dataset: Callable[[str], bytes | None]
    """What lies at a dataset's URI, or None; raises StoreError."""
    check_in_child: Callable[[Mapping[str, bytes]], None]
    """Loads a bundle's files in a process of its own; raises BundleBroken."""
    now: Callable[[], datetime]
    expired: Callable[[], bool]
    """Whether a search must end."""
    threads: int
    announce: Callable[[Message], None] = lambda _: None
    """Writes to the lifecycle topic, if there is one; may raise what it likes."""
