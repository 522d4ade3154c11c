from copy import deepcopy
from typing import Any

import pytest
from kopf._core.intents.causes import Activity

from perennial_operator.handlers import registry, state_of
from perennial_operator.loops import Loops
from tests.operator.test_loops import Counting
from tests.support.operator.builders import a_resource, serving

Json = dict[str, Any]


def an_event(**metadata: Any) -> Json:
    resource = a_resource()
    resource["metadata"] |= metadata
    return {"type": "MODIFIED", "object": resource}


def test_a_status_that_we_write_is_another_version_and_the_same_state() -> None:
    before = an_event()
    after = deepcopy(before)
    after["object"]["status"] = serving().to_json()
    after["object"]["metadata"] |= {"resourceVersion": "2", "managedFields": [{}]}

    assert state_of(before) == state_of(after)
    assert state_of(before) == state_of({**after, "type": None})  # as a list tells it


@pytest.mark.parametrize(
    "changed",
    [
        {"generation": 2},
        {"uid": "another"},
        {"annotations": {"perennial.dev/paused": "true"}},
        {"labels": {"team": "growth"}},
        {"deletionTimestamp": "2026-11-21T12:00:00Z"},
    ],
)
def test_whatever_else_changes_is_another_state(changed: Json) -> None:
    assert state_of(an_event(**changed)) != state_of(an_event())


def test_that_it_is_gone_is_another_state() -> None:
    assert state_of({**an_event(), "type": "DELETED"}) != state_of(an_event())


class ToldLoops(Loops):
    """Writes down when they are cancelled."""

    def __init__(self, told: list[str]) -> None:
        super().__init__(Counting())
        self._told = told

    async def cancel(self) -> None:
        self._told.append("cancelled")


async def test_that_the_process_ends_is_told_before_anything_is_waited_for() -> None:
    told: list[str] = []
    handlers = registry(ToldLoops(told), lambda: told.append("ending"))

    for cleanup in handlers._activities.get_handlers(Activity.CLEANUP):  # noqa: SLF001  as kopf does
        await cleanup.fn()  # type: ignore[misc,call-arg]

    assert told == ["ending", "cancelled"]
