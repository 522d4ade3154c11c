from typing import Any

import pytest
from pydantic import ValidationError

from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import Labels, Reference
from perennial_contract.resource.training import Dataset


@pytest.mark.parametrize(
    "parts", [{}, {"key": False}, {"path": "a", "key": True}, {"path": "a", "header": "b"}]
)
def test_a_reference_is_exactly_one_of_path_key_and_header(parts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="exactly one of path, key: true and header"):
        Reference(**parts)


@pytest.mark.parametrize("parts", [{}, {"topic": "labels", "path": "label"}])
def test_labels_have_exactly_one_source(parts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="exactly one label source"):
        Labels(**parts)


@pytest.mark.parametrize(
    ("negative", "aliases", "words"),
    [
        ("yes", {}, "must differ"),
        ("no", {"nope": "No"}, "nope means No, which is neither class"),
    ],
)
def test_a_binary_label_has_two_classes_and_no_third(
    negative: str, aliases: dict[str, str], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        BinaryLabel(positive="yes", negative=negative, aliases=aliases)


@pytest.mark.parametrize("uri", ["http://b/k.csv", "s3://b", "s3:///k.csv", "s3://b/k.json"])
def test_a_dataset_is_a_csv_or_parquet_object(uri: str) -> None:
    with pytest.raises(ValidationError, match="uri"):
        Dataset(uri=uri, label="y")


@pytest.mark.parametrize("prefix", ["/a", "a/", "/"])
def test_a_prefix_neither_begins_nor_ends_with_a_slash(prefix: str) -> None:
    with pytest.raises(ValidationError, match="prefix"):
        Storage.model_validate({"bucket": "abc", "prefix": prefix, "secretRef": {"name": "s"}})


@pytest.mark.parametrize("value", ["soon", "", "5 ms", "1e3"])
def test_a_kafka_property_that_is_a_number_takes_no_other_text(value: str) -> None:
    with pytest.raises(ValidationError, match=r"linger\.ms is a number"):
        Kafka(bootstrap_servers="kafka:9092", properties={"linger.ms": value})


def test_kafka_properties_are_numbers_or_listed_texts() -> None:
    properties = {"linger.ms": "0.5", "compression.level": "-1", "compression.type": "lz4"}

    assert Kafka(bootstrap_servers="kafka:9092", properties=properties).properties == properties
