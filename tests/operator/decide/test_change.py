from datetime import timedelta

from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Status
from perennial_operator.decide.change import Change

FIRST, SECOND = Event(Reason.ROLLED_BACK, "back"), Event(Reason.ATTEMPT_STARTED, "attempt 2")


def test_of_two_changes_the_later_status_stands_and_all_else_adds_up_in_order() -> None:
    earlier = Change(Status(head="v1"), delete=({"kind": "Job"},), events=(FIRST,))
    later = Change(Status(head="v2"), create=({"kind": "Pod"},), events=(SECOND,))

    both = earlier.then(later)

    assert both.status.head == "v2"
    assert (both.create, both.delete) == (({"kind": "Pod"},), ({"kind": "Job"},))
    assert both.events == (FIRST, SECOND)
    assert both.again_in is None


def test_of_two_changes_the_shorter_wait_stands() -> None:
    soon, late = timedelta(seconds=5), timedelta(minutes=1)

    assert Change(Status()).then(Change(Status(), again_in=late)).again_in == late
    assert Change(Status(), again_in=soon).then(Change(Status(), again_in=late)).again_in == soon
