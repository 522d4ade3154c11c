import pytest
from confluent_kafka import KafkaError

from perennial.adapters.brokers.connection import Connection
from perennial.adapters.brokers.transactions import Transactions
from perennial.adapters.kafka import KafkaTrouble
from perennial_contract.resource.kafka import Kafka
from tests.fakes.brokers import INIT_PRODUCER_ID, brokers

SLOW = {"socket.timeout.ms": "60000", "delivery.timeout.ms": "120000", "linger.ms": "9000"}


def test_times_that_a_resource_gives_its_clients_do_not_keep_transactions_from_opening() -> None:
    with brokers() as there:
        kafka = Kafka(bootstrap_servers=there.address, properties=SLOW)
        with Transactions(Connection(kafka, lambda _: None), "income.replay") as transactions:
            transactions.open()


def test_a_transactional_id_that_the_user_may_not_use_is_named() -> None:
    with brokers() as there:
        there.refuse(INIT_PRODUCER_ID, KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
        connection = Connection(Kafka(bootstrap_servers=there.address), lambda _: None)
        with (
            Transactions(connection, "income.replay") as transactions,
            pytest.raises(KafkaTrouble, match=r"transactional id income\.replay: give the user of"),
        ):
            transactions.open()
