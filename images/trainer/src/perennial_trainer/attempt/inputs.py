"""What an attempt was begun with: attempts/<n>/inputs.json, written once by its first run."""

from __future__ import annotations

from datetime import datetime

import msgspec
from pydantic import Field

from perennial_contract.objects.owner import OWNER, check_owner, owner_of
from perennial_contract.objects.watermark import Watermark
from perennial_contract.resource.schema import Schema, Task
from perennial_contract.resource.training import Dataset, Optimizer, Promotion, Retrain
from perennial_contract.resource.values import Duration
from perennial_contract.runtime.objects import Objects, Put, StoreError
from perennial_contract.settings import TrainerSettings
from perennial_contract.status import Document


class Inputs(Document):
    """What decides an attempt's outcome; storage and deadline may change between runs."""

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


def inputs_key(number: int) -> str:
    return f"attempts/{number}/inputs.json"


def verdict_key(number: int) -> str:
    return f"attempts/{number}/verdict.json"


def inputs_of(settings: TrainerSettings, started_at: datetime) -> Inputs:
    """The inputs that a first run of these settings writes."""
    shared = settings.model_dump(include=set(Inputs.model_fields), by_alias=False)
    return Inputs(**shared, started_at=started_at)


def resumed(settings: TrainerSettings, inputs: Inputs) -> TrainerSettings:
    """Settings of now with the inputs that the attempt began with."""
    kept = {name: getattr(inputs, name) for name in Inputs.model_fields if name != "started_at"}
    return settings.model_copy(update=kept)


def begin(settings: TrainerSettings, store: Objects, now: datetime) -> Inputs | None:
    """Takes prefix and attempt, or finds what an earlier run took; None for another resource's.

    Raises:
        StorageTaken: The prefix holds another pipeline's objects.
        StoreError: S3 is away.
    """
    check_owner(_standing(store, OWNER, owner_of(settings).to_json()), settings)
    mine = inputs_of(settings, now).model_dump_json(exclude_defaults=True, indent=1).encode()
    standing = _standing(store, inputs_key(settings.number), mine)
    if msgspec.json.decode(standing).get("uid") != settings.uid:
        return None
    return Inputs.model_validate_json(standing)


def _standing(store: Objects, key: str, mine: bytes) -> bytes:
    """What stands at a key after a conditional write."""
    if store.put_new(key, mine) is not Put.TAKEN:
        return mine
    found = store.get(key)
    if found is None:
        raise StoreError(f"{key} was there a moment ago and is gone")
    return found
