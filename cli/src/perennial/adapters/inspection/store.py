"""Store of a pipeline: what its credentials may do below its prefix, tried with one object."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from perennial.diagnosis.defect import Trouble
from perennial.diagnosis.facts import Clock, LifecycleRule, StoreFacts
from perennial.diagnosis.store import DELETE, LIST, READ, WRITE
from perennial.diagnosis.subject import Subject
from perennial_contract.objects.owner import OWNER
from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.file_uri import is_file
from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.objects import Put, StorageRefused, StoreError
from perennial_contract.runtime.s3_client import connect
from perennial_contract.runtime.secrets import SecretRefused
from perennial_contract.runtime.stores import open_store

PROBE: Final = "doctor-"  # what the name of the object begins with
_FIRST, _SECOND = b"of perennial doctor", b"of another"
_NO_RULES: Final = "NoSuchLifecycleConfiguration"
_ARCHIVES: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})


def inspect_store(
    subject: Subject, secret: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> StoreFacts | Trouble:
    """`secret` is the mounted Secret. Trouble where nothing can be tried at all."""
    storage = subject.spec.storage
    try:
        store = open_store(storage, secret, storage.bucket, subject.settings.prefix)
    except SecretRefused as refused:
        return Trouble(str(refused), ProgramReason.STORAGE_REFUSED.remedy)
    except StoreError as error:
        return _trouble(error)
    tried = Trial(store)
    tried.run()
    clock: Clock | None = None
    rules: tuple[LifecycleRule, ...] | None = ()
    if not is_file(storage.endpoint) and not tried.hopeless:
        clock, rules = _asked_of_bucket(storage, secret, now)
    return StoreFacts(tried.refused, tried.owner, rules, clock)


class Trial:
    """Writes, reads and deletes one object; one that could not be deleted is used again."""

    def __init__(self, store: Any) -> None:
        self.refused: dict[str, Trouble] = {}
        self.owner = b""
        self._store = store

    @property
    def hopeless(self) -> bool:
        """Whether the server is away, or the bucket missing: all else would say the same."""
        first = {ProgramReason.BUCKET_MISSING, ProgramReason.STORAGE_UNAVAILABLE}
        return any(each.reason in first for each in self.refused.values())

    def run(self) -> None:
        left: list[str] = []
        self._try(LIST, lambda: left.extend(self._left()))
        if self.hopeless:
            return
        key = left[0] if left else f"{PROBE}{uuid4().hex}"
        if not self._try(WRITE, lambda: self._store.put_new(key, _FIRST, patience=0.0)):
            return
        if self._try(READ, lambda: self._read(key)):
            self._try(WRITE, lambda: self._write_again(key))
        self._try(DELETE, lambda: self._store.delete(key))

    def _left(self) -> Iterator[str]:
        for key in self._store.list(PROBE):
            yield key
            return

    def _read(self, key: str) -> None:
        self._store.get(key)
        self.owner = self._store.get(OWNER) or b""

    def _write_again(self, key: str) -> None:
        """More than once: another doctor may use the same object, and delete it meanwhile."""
        others = (_SECOND, _FIRST, _SECOND)
        if all(self._store.put_new(key, each, patience=0.0) is Put.WRITTEN for each in others):
            raise StorageRefused("the S3 server ignores If-None-Match: use one that honours it")

    def _try(self, right: str, call: Callable[[], object]) -> bool:
        try:
            call()
        except StoreError as error:
            self.refused[right] = _trouble(error)
            return False
        return True


def _trouble(error: StoreError) -> Trouble:
    return Trouble(str(error), error.reason.remedy, error.reason)


def _asked_of_bucket(
    storage: Storage, secret: Path, now: Callable[[], datetime]
) -> tuple[Clock | None, tuple[LifecycleRule, ...] | None]:
    """The server's clock, and the bucket's lifecycle rules; None is what it does not tell."""
    client = connect(storage, secret)
    rules: tuple[LifecycleRule, ...] | None = None
    try:
        answer: Any = client.get_bucket_lifecycle_configuration(Bucket=storage.bucket)
        rules = tuple(_rules(answer.get("Rules", ())))
    except ClientError as error:
        answer = error.response
        if answer.get("Error", {}).get("Code") == _NO_RULES:
            rules = ()
    except BotoCoreError:
        return None, None
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return _clock(headers.get("date"), now()), rules


def _clock(date: str | None, ours: datetime) -> Clock | None:
    try:
        return Clock("the S3 server", parsedate_to_datetime(date or ""), ours)
    except ValueError:
        return None


def _rules(found: list[dict[str, Any]]) -> Iterator[LifecycleRule]:
    """Those in force that are not for objects with tags, of which ours have none."""
    for rule in found:
        asked = rule.get("Filter") or {}
        both = asked.get("And", {})
        if rule.get("Status") != "Enabled" or "Tag" in asked or both.get("Tags"):
            continue
        moves = {each.get("StorageClass", "") for each in rule.get("Transitions", ())}
        expiration = rule.get("Expiration", {})
        yield LifecycleRule(
            rule.get("ID", "without a name"),
            rule.get("Prefix") or asked.get("Prefix") or both.get("Prefix") or "",
            "Days" in expiration or "Date" in expiration,
            next(iter(sorted(moves & _ARCHIVES)), ""),
        )
