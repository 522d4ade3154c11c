import weakref

from perennial.watching.notes import Notes
from tests.fakes.places import FakePlace
from tests.support.perennial.pages import FIRST, V1, VERDICTS, a_status, resource


def test_verdicts_that_are_shown_no_more_are_not_remembered() -> None:
    """A run of a month has some hundred thousand attempts."""
    verdict = next(iter(VERDICTS.values())).model_copy()
    first, place = weakref.ref(verdict), FakePlace(verdicts={1: verdict})
    notes = Notes(place)

    for number in range(1, 100):
        status = a_status(V1, 34, [FIRST.model_copy(update={"number": number})])
        notes.look(resource(status), status, 100)
        notes.look_up(resource(status))
        if number == 1:
            assert notes.measured.verdicts == {1: verdict}
            place.verdicts = {}
            del verdict

    assert first() is None
