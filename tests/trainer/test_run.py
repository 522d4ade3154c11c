"""Whole runs against objects in memory."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from perennial_contract.lifecycle import Message, Started
from perennial_contract.objects.bundle import FILES, MANIFEST, BundleBroken, key
from perennial_contract.objects.observation import SegmentKey, to_parquet
from perennial_contract.runtime.objects import Put
from perennial_contract.runtime.settings import SettingsRefused
from perennial_contract.status import Verdict, VerdictOutcome
from perennial_trainer.models.published import load_published
from tests.fakes.objects import FakeObjects
from tests.support.trainer.agrawal import observations
from tests.support.trainer.builders import CREATED
from tests.support.trainer.house import WATERMARK, House

AT_LOANS_INCOME = {"bucket": "perennial", "secretRef": {"name": "s3"}, "prefix": "loans/income"}


def test_a_first_model_is_published_with_its_manifest_last_and_then_the_verdict(
    house: House,
) -> None:
    verdict = house.run()

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.PROMOTED, "FirstModel")
    assert house.store.wrote == [
        "owner.json",
        "attempts/1/inputs.json",
        *(key(verdict.version, file) for file in sorted(FILES)),
        key(verdict.version, MANIFEST),
        "attempts/1/verdict.json",
    ]
    assert Verdict.model_validate_json(house.store.objects["attempts/1/verdict.json"]) == verdict


def test_a_published_bundle_loads_and_tells_where_it_comes_from(house: House) -> None:
    verdict = house.run()

    manifest = load_published(house.store, verdict.version, 1).manifest

    assert verdict.version.startswith("v1-")
    assert manifest.score == verdict.score
    assert manifest.scores == verdict.scores
    assert (manifest.candidate, manifest.rows, manifest.window) == ("search", 3000, None)
    assert list(manifest.dataset) == ["s3://datasets/loans.csv"]
    assert manifest.created == CREATED + timedelta(days=36500, hours=1)
    assert set(manifest.libraries) == {"lightgbm", "numpy", "hyperopt"}


def test_a_second_run_reports_the_verdict_that_stands(house: House) -> None:
    first = house.run()
    house.datasets.objects.clear()

    assert house.run() == first


def test_a_run_after_a_crash_gives_the_same_bytes_from_the_inputs_that_stand(house: House) -> None:
    first = house.run()
    before = dict(house.store.objects)
    del house.store.objects["attempts/1/verdict.json"]

    again = house.run(optimizer={"maxEvals": 9}, promotion={"minJudged": 999})

    assert again == first
    assert house.store.objects == before


def newer(house: House, **sections: Any) -> None:
    """Attempt 1 was begun by a trainer that knows more."""
    key = "attempts/1/inputs.json"
    inputs = json.loads(house.store.objects[key])
    house.store.objects[key] = json.dumps(inputs | sections).encode()


@pytest.mark.parametrize(
    ("sections", "field"),
    [({"weights": "recent"}, "weights"), ({"optimizer": {"seed": 7}}, "optimizer.seed")],
)
def test_inputs_with_a_field_that_this_trainer_does_not_know_are_refused_by_its_name(
    house: House, sections: dict[str, Any], field: str
) -> None:
    house.run()
    del house.store.objects["attempts/1/verdict.json"]
    newer(house, **sections)
    before = dict(house.store.objects)

    with pytest.raises(SettingsRefused, match=f"^attempts/1/inputs.json: {field}: "):
        house.run()

    assert house.store.objects == before


def test_a_verdict_stands_whatever_trainer_has_begun_the_attempt(house: House) -> None:
    first = house.run()
    newer(house, weights="recent")

    assert house.run() == first


def test_the_next_attempt_learns_from_the_stream_and_beats_the_champion(
    house: House, segments: dict[str, bytes]
) -> None:
    house.store.objects.update(segments)
    champion = house.run().version

    verdict = house.run(2, champion=champion, watermark=WATERMARK)

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.PROMOTED, "Better")
    assert (verdict.champion, verdict.judged) == (champion, 500)
    assert load_published(house.store, verdict.version, 1).manifest.watermark == WATERMARK


def test_the_previous_model_promoted_again_is_a_version_of_its_own(
    house: House, segments: dict[str, bytes]
) -> None:
    house.store.objects.update(segments)
    rows = [*observations(4, 2000, 2), *observations(7, 2000, 3, first=2000)]
    house.store.put_new(str(SegmentKey("t", 0, 2000)), to_parquet(rows[2000:]))
    house.store.objects[str(SegmentKey("t", 0, 1400))] = to_parquet(rows[1400:2000])
    first = house.run().version
    second = house.run(2, champion=first, watermark=WATERMARK).version

    verdict = house.run(
        3,
        champion=second,
        previous=first,
        watermark={"t": {"0": 4000}},
    )

    served = load_published(house.store, verdict.version, 1)
    assert served.manifest.candidate == "previous"
    assert served.manifest.watermark == {"t": {"0": 4000}}
    assert served.model.text == load_published(house.store, first, 1).model.text


def test_another_owners_prefix_is_left_alone(house: House) -> None:
    house.run()
    before = dict(house.store.objects)

    verdict = house.run(2, name="risk", storage=AT_LOANS_INCOME)

    assert (verdict.outcome, verdict.reason, verdict.uid) == (
        VerdictOutcome.REFUSED,
        "StorageTaken",
        "u-1",
    )
    assert verdict.message == (
        "owner.json below perennial/loans/income belongs to loans/income, not to loans/risk:"
        " choose another storage.prefix, remove what is there, or remove owner.json alone to go on"
        " with what is there"
    )
    assert house.store.objects == before


def test_a_resource_that_was_created_again_takes_up_what_stands(
    house: House, segments: dict[str, bytes]
) -> None:
    house.store.objects.update(segments)
    first = house.run()
    before, house.announced = dict(house.store.objects), []

    adopted = house.run(1, uid="u-2")

    assert (adopted.outcome, adopted.number, adopted.uid) == (VerdictOutcome.ADOPTED, 1, "u-2")
    assert (adopted.version, adopted.digest) == (first.version, first.digest)
    assert (adopted.score, adopted.watermark) == (first.score, first.watermark)
    assert (house.store.objects, house.announced) == (before, [])

    verdict = house.run(2, uid="u-2", champion=adopted.version, watermark=WATERMARK)
    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.PROMOTED, "Better")
    assert verdict.champion == first.version


def test_an_attempt_that_begins_says_so_and_one_that_is_over_does_not(house: House) -> None:
    house.run(champion="v0-0000abcd", watermark={"t": {"0": 0}})
    house.run()

    assert house.announced == [
        Started(
            pipeline="loans/income",
            at=CREATED + timedelta(days=36500, hours=1),
            attempt=1,
            champion="v0-0000abcd",
            watermark={"t": {"0": 0}},
        )
    ]


def test_a_message_that_cannot_be_written_changes_nothing(house: House) -> None:
    house.announced = Unheard()

    assert house.run().outcome is VerdictOutcome.PROMOTED


class Unheard(list[Message]):
    """A topic that takes no message."""

    def append(self, _: Message) -> None:
        raise OSError("Kafka is away")


def test_a_champion_that_is_broken_is_replaced_by_what_beats_the_base_rate(house: House) -> None:
    house.store.put_new(str(SegmentKey("t", 0, 0)), to_parquet(observations(7, 2000, 2)))
    champion = house.run().version
    house.store.objects[key(champion, "model.txt")] = b"tree"

    verdict = house.run(2, champion=champion, watermark=WATERMARK)

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.PROMOTED, "ChampionUnreadable")
    assert verdict.champion == champion
    assert verdict.scores[0].candidate == "base-rate"


def test_a_bundle_that_cannot_be_loaded_is_not_published(house: House) -> None:
    def crash(_: Mapping[str, bytes]) -> None:
        raise BundleBroken("the process ended with -11")

    house.check_in_child = crash
    verdict = house.run()

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.REJECTED, "BundleBroken")
    assert (verdict.version, verdict.score) == ("", None)
    assert not list(house.store.list("models/"))


def test_where_two_runs_race_the_first_verdict_is_both_answers(house: House) -> None:
    racing = RacedObjects()
    house.store = racing
    house.run()

    assert house.run().message == "the other run was faster"


class RacedObjects(FakeObjects):
    """Where another run writes its verdict just before ours."""

    def put_new(self, key: str, data: bytes) -> Put:
        if key == "attempts/1/verdict.json":
            theirs = Verdict.model_validate_json(data).model_copy(
                update={"message": "the other run was faster"}
            )
            super().put_new(key, theirs.model_dump_json(exclude_defaults=True).encode())
        return super().put_new(key, data)
