import pytest

from perennial.adapters.kubeconfig.trouble import ClusterTrouble, NotFound
from perennial.client.versions import Rollback, rollback
from perennial_operator.api.attempts import AttemptOutcome, HistoryEntry
from perennial_operator.api.status import Status
from tests.support.perennial.pages import FIRST, FOURTH, KEPT, V1, V4, V6, a_status, entry

SIXTH = entry(6, AttemptOutcome.PROMOTED, 150, version=V6, champion=V4)
WAITING = entry(7, AttemptOutcome.CANDIDATE, 160, version="v7-00000000", champion=V6)
HISTORY: list[HistoryEntry] = [FIRST, *KEPT, FOURTH, SIXTH, WAITING]


def test_by_default_it_goes_back_to_what_served_before() -> None:
    assert rollback(a_status(V6, 150, HISTORY), "") == Rollback(V4, served=V6, pin="")


def test_a_second_one_goes_back_further_and_not_forth() -> None:
    assert rollback(a_status(V4, 150, HISTORY, head=V6), V4) == Rollback(V1, served=V4, pin=V4)


def test_what_has_failed_is_passed_over_and_goes_back_only_if_it_is_forgiven() -> None:
    status = a_status(V6, 150, HISTORY, bad_versions=[V4])
    assert rollback(status, "").version == V1
    with pytest.raises(ClusterTrouble, match=f"^{V4} was taken back, .*: forgive it"):
        rollback(status, "", "v4")
    assert rollback(status, "", "v4", forgive=True).version == V4


@pytest.mark.parametrize(("named", "meant"), [("v4", V4), (V4, V4), ("v2-0123abcd", "v2-0123abcd")])
def test_a_version_is_known_by_its_number_and_one_that_is_forgotten_by_its_whole_name(
    named: str, meant: str
) -> None:
    assert rollback(a_status(V6, 150, HISTORY), "", named).version == meant


@pytest.mark.parametrize(
    ("status", "version", "said"),
    [
        (
            a_status(V6, 150, HISTORY),
            "v5",
            f"there is no version v5, but {V1}, {V4}, {V6}, v7-00000000",
        ),
        (Status(), "v5", "there is no version v5, but none at all"),
        (
            a_status(V1, 34, [FIRST]),
            "",
            f"there is no version before {V1} in the status: name one, of {V1}",
        ),
        (Status(), "", "there is no version before the first in the status: name one, of none"),
    ],
    ids=["unknown", "no model", "the first", "nothing"],
)
def test_where_it_cannot_go_back_the_versions_that_there_are_are_named(
    status: Status, version: str, said: str
) -> None:
    with pytest.raises(NotFound) as trouble:
        rollback(status, "", version)
    assert str(trouble.value).startswith(said)


def test_from_a_version_that_the_history_has_forgotten_it_does_not_go_forth() -> None:
    status = a_status(V1, 150, [*KEPT, FOURTH, SIXTH], head=V6)
    with pytest.raises(NotFound, match=f"^there is no version before {V1} in the status"):
        rollback(status, V1)
