from perennial_recorder.due_times import DueTimes


class Table(DueTimes):
    """Whose time the test moves."""

    def __init__(self) -> None:
        self.time = 100.0
        super().__init__(lambda: self.time)


def test_what_was_done_is_due_again_after_a_while() -> None:
    table = Table()
    told = [table.due_every("ends", 10)]
    for seconds in (0, 9.5, 10):
        table.time = 100 + seconds
        told.append(table.due_every("ends", 10))
    assert told == [True, False, False, True]


def test_what_is_put_off_or_asked_for_is_due_then() -> None:
    table = Table()
    table.postpone("checkpoint", 60)
    told = [table.due_every("checkpoint", 60)]
    table.hasten("checkpoint")
    told.append(table.due_every("checkpoint", 60))
    table.clear()
    told.append(table.due_every("checkpoint", 60))
    assert told == [False, True, True]
