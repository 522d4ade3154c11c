"""How a run begins: whose the prefix is, and whose the attempt, by conditional writes."""

from __future__ import annotations

from datetime import datetime

import msgspec

from perennial_contract.objects.owner import OWNER, check_owner, owner_of
from perennial_contract.runtime.s3 import Put, StoreError
from perennial_contract.settings import TrainerSettings
from perennial_trainer.inputs import Inputs, inputs_key, inputs_of
from perennial_trainer.objects import Objects


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
