"""Whether another operator still looks after a namespace, by its Lease."""

from typing import Any

import pytest

from perennial_operator.adapters.api import ApiError
from perennial_operator.adapters.others import SILENT, Others

Json = dict[str, Any]
OTHER = "ops/other"


class Leases:
    """One Lease, or none."""

    def __init__(self) -> None:
        self.lease: Json | None = {"metadata": {"name": "other"}, "spec": {"renewTime": "1"}}
        self.status = 404
        self.asked: list[str] = []

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        assert (method, body) == ("GET", None)
        self.asked.append(path)
        if self.lease is None:
            raise ApiError(self.status, "", "")
        return self.lease


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_an_operator_that_renews_its_lease_looks_after_everything() -> None:
    leases, clock = Leases(), Clock()
    others = Others(leases, clock)

    for renewal in range(5):
        leases.lease = {"metadata": {}, "spec": {"renewTime": str(renewal)}}
        assert await others.look_after(OTHER, "team")
        clock.now += SILENT - 1
    assert set(leases.asked) == {"apis/coordination.k8s.io/v1/namespaces/ops/leases/other"}


async def test_an_operator_that_does_not_renew_it_is_gone_after_a_minute_and_may_come_back() -> (
    None
):
    leases, clock = Leases(), Clock()
    others = Others(leases, clock)
    seen = []

    for clock.now in (0, SILENT - 1, SILENT, SILENT + 1):
        seen.append(await others.look_after(OTHER, "team"))
    leases.lease = {"metadata": {}, "spec": {"renewTime": "2"}}

    assert seen == [True, True, False, False]
    assert await others.look_after(OTHER, "team")


async def test_an_operator_looks_after_the_namespaces_that_it_names() -> None:
    leases = Leases()
    leases.lease = {
        "metadata": {"annotations": {"perennial.dev/namespaces": "team,other"}},
        "spec": {"renewTime": "1"},
    }
    others = Others(leases, Clock())

    assert [await others.look_after(OTHER, name) for name in ("team", "other", "tea")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("name", ["", "ops", "ops/../x", "a/b/c", "/x", "x/"])
async def test_what_is_no_name_of_a_lease_is_nobody(name: str) -> None:
    leases = Leases()

    assert not await Others(leases, Clock()).look_after(name, "team")
    assert leases.asked == []


async def test_a_lease_that_is_gone_is_nobody_and_one_that_cannot_be_read_is_an_error() -> None:
    leases = Leases()
    leases.lease = None
    others = Others(leases, Clock())

    assert not await others.look_after(OTHER, "team")
    leases.status = 403
    with pytest.raises(ApiError, match="403"):
        await others.look_after(OTHER, "team")
