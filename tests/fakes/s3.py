"""S3 as boto3 shows it, in memory: conditional writes, pages, and injected faults."""

# ruff: noqa: N803  the arguments are called as boto3 calls them

import io
from collections import deque
from collections.abc import Iterator
from enum import Enum
from threading import Barrier, Lock
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

_STATUS = {"NoSuchKey": 404, "404": 404, "NoSuchBucket": 404, "PreconditionFailed": 412}


class Fault(Enum):
    """What becomes of one request."""

    NEVER_ARRIVED = "the request is lost"
    ANSWER_LOST = "the request is carried out, its answer is lost"


class FakeS3:
    """The methods of a boto3 client that `Store` calls.

    `faults` are taken one per request, in order: a Fault, the code of an error that is answered
    instead, or None for a request that succeeds. Without any left every request succeeds.
    """

    def __init__(self, *buckets: str, conditional: bool = True, page: int = 1000) -> None:
        self.objects: dict[str, dict[str, tuple[bytes, dict[str, str]]]] = {b: {} for b in buckets}
        self.faults: deque[Fault | str | None] = deque()
        self.requests: list[str] = []
        self._conditional = conditional
        self._page = page

    def put_object(
        self, *, Bucket: str, Key: str, Body: bytes, Metadata: dict[str, str], IfNoneMatch: str = ""
    ) -> dict[str, Any]:
        fault = self._begin("PutObject")
        objects = self._bucket("PutObject", Bucket)
        if IfNoneMatch == "*" and self._conditional and Key in objects:
            raise _error("PreconditionFailed", "PutObject")
        objects[Key] = (bytes(Body), dict(Metadata))
        self._end(fault)
        return {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        fault = self._begin("GetObject")
        objects = self._bucket("GetObject", Bucket)
        if Key not in objects:
            raise _error("NoSuchKey", "GetObject")
        self._end(fault)
        return {"Body": io.BytesIO(objects[Key][0])}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        fault = self._begin("HeadObject")
        if Key not in self.objects.get(Bucket, {}):  # a HEAD has no body to name the bucket in
            raise _error("404", "HeadObject")
        self._end(fault)
        return {"Metadata": self.objects[Bucket][Key][1]}

    def delete_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        fault = self._begin("DeleteObject")
        self._bucket("DeleteObject", Bucket).pop(Key, None)
        self._end(fault)
        return {}

    def get_paginator(self, operation: str) -> "_Paginator":
        assert operation == "list_objects_v2"
        return _Paginator(self)

    def pages(
        self, bucket: str, prefix: str, start_after: str, delimiter: str = ""
    ) -> Iterator[dict[str, Any]]:
        objects = self._bucket("ListObjectsV2", bucket)
        keys = sorted(key for key in objects if key.startswith(prefix) and key > start_after)
        if delimiter:
            yield from self._folders(prefix, delimiter, keys)
            return
        for first in range(0, max(len(keys), 1), self._page):
            self._end(self._begin("ListObjectsV2"))
            page = [{"Key": key} for key in keys[first : first + self._page]]
            yield {"Contents": page} if page else {}

    def _folders(self, prefix: str, delimiter: str, keys: list[str]) -> Iterator[dict[str, Any]]:
        """Keys below a folder count as one."""
        parts = [key.removeprefix(prefix).partition(delimiter) for key in keys]
        found = sorted({prefix + head + mark for head, mark, _ in parts})
        for first in range(0, max(len(found), 1), self._page):
            self._end(self._begin("ListObjectsV2"))
            some = found[first : first + self._page]
            yield {
                "Contents": [{"Key": key} for key in some if not key.endswith(delimiter)],
                "CommonPrefixes": [{"Prefix": key} for key in some if key.endswith(delimiter)],
            }

    def _begin(self, operation: str) -> Fault | None:
        self.requests.append(operation)
        fault = self.faults.popleft() if self.faults else None
        if isinstance(fault, str):
            raise _error(fault, operation)
        if fault is Fault.NEVER_ARRIVED:
            raise EndpointConnectionError(endpoint_url="http://s3")
        return fault

    def _end(self, fault: Fault | None) -> None:
        if fault is Fault.ANSWER_LOST:
            raise ReadTimeoutError(endpoint_url="http://s3")

    def _bucket(self, operation: str, name: str) -> dict[str, tuple[bytes, dict[str, str]]]:
        if name not in self.objects:
            raise _error("NoSuchBucket", operation)
        return self.objects[name]


class CrowdedS3(FakeS3):
    """Counts how many segments it hands out at once; the first `crowd` wait for each other."""

    def __init__(self, *buckets: str, crowd: int) -> None:
        super().__init__(*buckets)
        self.asked = 0
        """How many segments were asked for."""
        self.most = 0
        """How many at once."""
        self._now = 0
        self._lock = Lock()
        self._crowd = Barrier(crowd)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if not Key.endswith(".parquet"):
            return super().get_object(Bucket=Bucket, Key=Key)
        with self._lock:
            self.asked += 1
            self._now += 1
            self.most = max(self.most, self._now)
            early = self.asked <= self._crowd.parties
        if early:
            self._crowd.wait(5)
        found = super().get_object(Bucket=Bucket, Key=Key)
        with self._lock:
            self._now -= 1
        return found


class _Paginator:
    def __init__(self, s3: FakeS3) -> None:
        self._s3 = s3

    def paginate(
        self, *, Bucket: str, Prefix: str = "", StartAfter: str = "", Delimiter: str = ""
    ) -> Iterator[dict[str, Any]]:
        return self._s3.pages(Bucket, Prefix, StartAfter, Delimiter)


def _error(code: str, operation: str) -> ClientError:
    status = {"HTTPStatusCode": _STATUS.get(code, 400)}
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": status}, operation)  # type: ignore[typeddict-item]  # the keys that are read
