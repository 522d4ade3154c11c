from datetime import UTC, datetime
from pathlib import Path

import pytest

from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.schema import BinaryLabel, Feature, FeatureType, Schema
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.settings import SettingsRefused, read_settings
from perennial_contract.settings import TrainerSettings

FEATURES = [Feature(name=f"feature {i:0200}", type=FeatureType.NUMBER) for i in range(1000)]
SAID = TrainerSettings(
    uid="u-1",
    namespace="ns",
    name="income",
    created=datetime(2026, 5, 1, tzinfo=UTC),
    storage=Storage(bucket="perennial", secret_ref=SecretReference(name="s3")),
    kafka=Kafka(bootstrap_servers="kafka:9092"),
    number=1,
    label_schema=Schema(label=BinaryLabel(positive="yes", negative="no"), features=FEATURES),
)


def test_settings_of_a_thousand_features_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(SAID.to_json())

    assert file.stat().st_size > 128 * 1024
    assert read_settings(TrainerSettings, file) == SAID


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"

    with pytest.raises(SettingsRefused) as refused:
        read_settings(TrainerSettings, file)

    assert str(refused.value) == f"{file} cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", ": Invalid JSON: EOF while parsing a value at line 1 column 0"),
        (SAID.to_json()[:1000], ": Invalid JSON: EOF while parsing a string at line 1 column 1000"),
        (f'{SAID.to_json()[:-1]},"colour":"red"}}', "colour: Extra inputs are not permitted"),
        (
            "{}",
            "; ".join(
                [f"{at}: Field required" for at in ("uid", "namespace", "name", "created")]
                + ["storage: Field required", "and 3 more"]
            ),
        ),
    ],
)
def test_what_holds_no_settings_is_refused_by_file_and_field(
    tmp_path: Path, text: str, why: str
) -> None:
    file = tmp_path / "settings.json"
    file.write_text(text)

    with pytest.raises(SettingsRefused) as refused:
        read_settings(TrainerSettings, file)

    assert str(refused.value) == f"{file}: {why}"
