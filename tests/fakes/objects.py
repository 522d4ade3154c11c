"""Objects of one bucket and prefix, in memory."""

from collections.abc import Iterable, Iterator

from perennial_contract.runtime.objects import Put


class FakeObjects:
    """Written once and never changed, like the real ones; `wrote` and `deleted` keep the order."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.wrote: list[str] = []
        self.deleted: list[str] = []

    def get(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def get_many(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        return ((key, self.get(key)) for key in keys)

    def put_new(self, key: str, data: bytes) -> Put:
        standing = self.objects.setdefault(key, data)
        if standing is data:
            self.wrote.append(key)
            return Put.WRITTEN
        return Put.SAME if standing == data else Put.TAKEN

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)
        self.deleted.append(key)

    def list(self, prefix: str) -> Iterator[str]:
        return iter(sorted(key for key in self.objects if key.startswith(prefix)))
