from perennial_contract.runtime.heartbeat import Heartbeat


def test_a_loop_without_a_beat_is_not_alive() -> None:
    heartbeat = Heartbeat(limit=120.0)
    heartbeat.beat(0.0)
    alive = [heartbeat.alive(119.9), heartbeat.alive(120.0)]
    heartbeat.beat(130.0)
    alive.append(heartbeat.alive(240.0))
    assert alive == [True, False, True]


def test_a_process_that_waits_to_begin_is_alive() -> None:
    assert Heartbeat(limit=1.0).alive(1e9)
