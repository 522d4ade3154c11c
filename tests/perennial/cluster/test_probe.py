from datetime import timedelta

from perennial.cluster.probe import Probe
from perennial_operator.manifests.pod import probe
from tests.support.perennial.clusters import NOW


def a_probe(*, well: bool) -> Probe:
    return Probe.of(probe("/readyz", period=2, failures=3), NOW, well=well)


def test_one_good_answer_is_enough_and_bad_ones_count_in_a_row() -> None:
    asked = a_probe(well=False)
    verdicts = []
    for answer in (False, True, False, False, True, False, False, False, True):
        asked.take(answer, NOW)
        verdicts.append(asked.well)

    assert verdicts == [False, True, True, True, True, True, True, False, True]


def test_it_is_asked_once_at_a_time_and_again_after_its_period() -> None:
    asked = a_probe(well=True)
    asked.asking = True
    assert not asked.is_due(NOW + timedelta(hours=1))

    asked.take(answer=True, now=NOW)

    seconds = (0, 1.9, 2, 3, -3600)
    due = [asked.is_due(NOW + timedelta(seconds=each)) for each in seconds]
    assert due == [False, False, True, True, True]
