"""Verdict of an attempt on S3: attempts/<n>/verdict.json, written once by its fastest run."""

from __future__ import annotations

from perennial_contract.runtime.objects import Objects, Put
from perennial_contract.status import Verdict


def verdict_key(number: int) -> str:
    return f"attempts/{number}/verdict.json"


def read_verdict(store: Objects, number: int) -> Verdict | None:
    """The verdict that stands, if any.

    Raises:
        StoreError: S3 is away.
    """
    standing = store.get(verdict_key(number))
    return None if standing is None else Verdict.model_validate_json(standing)


def settle(store: Objects, verdict: Verdict) -> Verdict:
    """Writes a verdict; where another run was faster, that run's is the answer.

    Raises:
        StoreError: S3 is away.
    """
    data = verdict.model_dump_json(exclude_defaults=True).encode()
    if store.put_new(verdict_key(verdict.number), data) is not Put.TAKEN:
        return verdict
    return read_verdict(store, verdict.number) or verdict
