import threading
from copy import deepcopy
from typing import Any

from perennial_operator.adapters.api import ApiError
from perennial_operator.adapters.lease import DEADLINE, DURATION, Lease

Json = dict[str, Any]


class FakeApi:
    """One Lease and the rule that a stale resourceVersion is refused."""

    def __init__(self) -> None:
        self.lease: Json | None = None
        self.away = False

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        if self.away:
            raise ApiError(0, "NoAnswer", "timed out")
        if method == "GET":
            if self.lease is None:
                raise ApiError(404, "NotFound", path)
            return deepcopy(self.lease)
        assert body
        if method == "POST" and self.lease:
            raise ApiError(409, "AlreadyExists", path)
        version = body["metadata"].get("resourceVersion", "0")
        if self.lease and version != self.lease["metadata"]["resourceVersion"]:
            raise ApiError(409, "Conflict", path)
        self.lease = deepcopy(body)
        self.lease["metadata"]["resourceVersion"] = str(int(version) + 1)
        return deepcopy(self.lease)

    def holder(self) -> str:
        assert self.lease
        return str(self.lease["spec"]["holderIdentity"])


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def a_lease(api: FakeApi, identity: str, clock: Clock | None = None) -> Lease:
    where = ("perennial-system", "operator")
    return Lease(api, where, identity, ("team", "other"), clock or Clock())


def test_the_first_makes_the_lease_and_the_second_waits() -> None:
    api = FakeApi()

    assert a_lease(api, "a").attempt()
    assert not a_lease(api, "b").attempt()
    assert api.holder() == "a"


def test_it_says_where_its_holder_works() -> None:
    api, clock = FakeApi(), Clock()
    first = a_lease(api, "a", clock)
    assert first.attempt()
    assert api.lease
    assert api.lease["metadata"]["annotations"] == {"perennial.dev/namespaces": "team,other"}
    api.lease["metadata"]["annotations"] = {"team": "growth"}

    assert first.attempt()

    there = {"team": "growth", "perennial.dev/namespaces": "team,other"}
    assert api.lease["metadata"]["annotations"] == there


def test_who_holds_it_renews_it() -> None:
    api, clock = FakeApi(), Clock()
    first, second = a_lease(api, "a", clock), a_lease(api, "b", clock)
    assert first.attempt()
    for _ in range(10):
        clock.now += DURATION / 2
        assert first.attempt()
        assert not second.attempt()


def test_a_silent_holder_loses_it_after_its_duration_on_the_others_own_clock() -> None:
    api, clock = FakeApi(), Clock()
    assert a_lease(api, "a", clock).attempt()
    second = a_lease(api, "b", clock)

    assert not second.attempt()
    clock.now += DURATION
    assert not second.attempt()
    clock.now += 1
    assert second.attempt()
    assert api.lease
    assert (api.holder(), api.lease["spec"]["leaseTransitions"]) == ("b", 1)


def test_a_lease_that_is_given_back_is_taken_at_once() -> None:
    api = FakeApi()
    first = a_lease(api, "a")
    assert first.attempt()

    first.release()

    assert api.holder() == ""
    assert a_lease(api, "b").attempt()


def test_of_two_that_take_it_at_once_one_is_refused() -> None:
    api, clock = FakeApi(), Clock()
    assert a_lease(api, "gone", clock).attempt()
    a_lease(api, "gone", clock).release()

    class Both(FakeApi):
        def call(self, method: str, path: str, body: Json | None = None) -> Json:
            if method == "PUT":
                assert a_lease(api, "b", clock).attempt()
            return api.call(method, path, body)

    assert not a_lease(Both(), "a", clock).attempt()
    assert api.holder() == "b"


def test_a_leader_that_cannot_renew_ends_itself_before_another_may_lead() -> None:
    api, clock = FakeApi(), Clock()
    leader = a_lease(api, "a", clock)
    assert leader.attempt()
    ended = threading.Event()

    def end() -> None:
        leader.release()
        ended.set()

    leader.keep(end)
    api.away = True
    clock.now += DEADLINE + 0.1

    assert ended.wait(10)
    assert DEADLINE < DURATION


def test_a_leader_that_finds_another_ends_itself() -> None:
    api, clock = FakeApi(), Clock()
    leader = a_lease(api, "a", clock)
    assert leader.attempt()
    ended = threading.Event()

    def end() -> None:
        leader.release()
        ended.set()

    assert api.lease
    api.lease["spec"]["holderIdentity"] = "b"
    leader.keep(end)

    assert ended.wait(10)
    assert api.holder() == "b"
