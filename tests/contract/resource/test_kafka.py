import pytest
from pydantic import ValidationError

from perennial_contract.resource.kafka import Kafka


@pytest.mark.parametrize("value", ["soon", "", "5 ms", "1e3"])
def test_a_kafka_property_that_is_a_number_takes_no_other_text(value: str) -> None:
    with pytest.raises(ValidationError, match=r"linger\.ms is a number"):
        Kafka(bootstrap_servers="kafka:9092", properties={"linger.ms": value})


def test_kafka_properties_are_numbers_or_listed_texts() -> None:
    properties = {"linger.ms": "0.5", "compression.level": "-1", "compression.type": "lz4"}

    assert Kafka(bootstrap_servers="kafka:9092", properties=properties).properties == properties
