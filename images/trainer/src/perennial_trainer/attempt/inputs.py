"""Inputs of an attempt: attempts/<n>/inputs.json, written once by its first run."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Self

import msgspec
from pydantic import ConfigDict, Field

from perennial_contract.objects.owner import OWNER, check_owner, owner_of
from perennial_contract.resource.schema import Schema, Task
from perennial_contract.resource.training import Dataset, Optimizer, Promotion, Retrain
from perennial_contract.resource.values import Duration
from perennial_contract.runtime.objects import Objects, Put, StoreError
from perennial_contract.runtime.settings import parse
from perennial_contract.settings import TrainerSettings
from perennial_contract.status import Document
from perennial_contract.watermark import Watermark


class Inputs(Document):
    """What decides an attempt's outcome; storage and deadline may change between runs.

    A field that a newer trainer wrote is refused, as in settings: it would decide otherwise.
    """

    model_config = ConfigDict(extra="forbid")

    uid: str
    number: int
    started_at: datetime
    task: Task = Task.BINARY
    watermark: Watermark
    champion: str = ""
    previous: str = ""
    label_schema: Schema = Field(alias="schema")
    dataset: Dataset | None = None
    retrain: Retrain
    optimizer: Optimizer
    promotion: Promotion
    maturity: Duration

    @classmethod
    def from_settings(cls, settings: TrainerSettings, started_at: datetime) -> Self:
        """The inputs that a first run with these settings writes."""
        shared = settings.model_dump(include=set(cls.model_fields), by_alias=False)
        return cls(**shared, started_at=started_at)

    def applied_to(self, settings: TrainerSettings) -> TrainerSettings:
        """This run's settings with the inputs of the attempt's first run."""
        kept = {name: getattr(self, name) for name in Inputs.model_fields if name != "started_at"}
        return settings.model_copy(update=kept)

    @property
    def ripe_until(self) -> int:
        """Labels up to here may judge, ms; without a maturity all: Kafka's clock is not ours."""
        if not self.maturity:
            return sys.maxsize
        return round((self.started_at - self.maturity).timestamp() * 1000)


def inputs_key(number: int) -> str:
    return f"attempts/{number}/inputs.json"


def claim(settings: TrainerSettings, store: Objects, now: datetime) -> Inputs | None:
    """Claims prefix and attempt by conditional writes; the inputs of the attempt's first run.

    None where another resource of the same owner has claimed the attempt.

    Raises:
        StorageTaken: The prefix holds another pipeline's objects.
        SettingsRefused: The inputs that stand are a newer trainer's, with a field unknown here.
        StoreError: S3 is away.
    """
    check_owner(_standing(store, OWNER, owner_of(settings).to_json()), settings)
    ours = Inputs.from_settings(settings, now).model_dump_json(exclude_defaults=True, indent=1)
    key = inputs_key(settings.number)
    standing = _standing(store, key, ours.encode())
    if msgspec.json.decode(standing).get("uid") != settings.uid:
        return None
    return parse(Inputs, standing, key)


def _standing(store: Objects, key: str, ours: bytes) -> bytes:
    """The bytes at a key after a conditional write of `ours`."""
    if store.put_new(key, ours) is not Put.TAKEN:
        return ours
    found = store.get(key)
    if found is None:
        raise StoreError(f"{key} was there a moment ago and is gone")
    return found
