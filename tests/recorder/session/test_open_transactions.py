from tests.support.recorder.harness import Stage


def hang(stage: Stage, topic: str, partition: int = 0) -> None:
    stage.broker.begin(topic, partition)
    stage.event("of the transaction")


def test_a_transaction_that_stays_open_is_told_with_its_partition_and_holds_back_no_probe(
    stage: Stage,
) -> None:
    stage.event("a")
    stage.label("a", "yes")
    stage.steps()
    hang(stage, "events")
    stage.later(20)
    stage.later(250)
    assert stage.problem() is None
    stage.later(80)
    told = (
        "a transaction has been open for 5 minutes: nothing from offset 1 of events, partition 0,"
        " on can be read, and the join waits for it"
    )
    assert stage.problem() == ("TransactionOpen", told)
    assert stage.recorder.report().ready
    stage.broker.commit("events", 0)
    stage.later(20)
    assert stage.problem() is None
    assert stage.counts() == {"given_up": 1, "joined": 1, "observations": 1}


def test_transactions_that_come_and_go_are_no_problem(stage: Stage) -> None:
    stage.steps()
    for _ in range(10):
        hang(stage, "events")
        stage.later(200)
        stage.broker.commit("events", 0)
        stage.broker.begin("events", 0)
        assert stage.problem() is None


def test_several_are_told_by_the_first_and_their_number(stage: Stage) -> None:
    stage.broker.grow("events", 3)
    stage.steps()
    for partition in range(3):
        stage.broker.begin("events", partition)
        stage.event("a", partition=partition)
    stage.later(20)
    stage.later(400)
    problem = stage.problem()
    assert problem
    assert problem[1].startswith(
        "transactions have been open for 5 minutes: nothing from offset 0 of events, partition 0,"
        " and of 2 more partitions, on can be read"
    )


def test_a_new_session_waits_as_long_before_it_tells(stage: Stage) -> None:
    stage.steps()
    hang(stage, "events")
    stage.later(20)
    stage.later(280)
    stage.kill()
    stage.start()
    stage.later(20)
    stage.later(280)
    assert stage.problem() is None
    stage.later(60)
    problem = stage.problem()
    assert problem
    assert problem[0] == "TransactionOpen"
