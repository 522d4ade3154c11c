from perennial_contract.resource.kafka import Kafka
from perennial_predictor.adapters.client_settings import for_admin, for_consumer, for_producer


def test_the_user_tunes_the_clients() -> None:
    tuned = Kafka(bootstrap_servers="here:9092", properties={"linger.ms": "5"})
    assert for_producer(tuned, {})["linger.ms"] == "5"
    assert for_consumer(tuned, {}, "ns.income.predictor")["group.id"] == "ns.income.predictor"


def test_what_keeps_records_holds_whatever_the_settings_say() -> None:
    careless = Kafka.model_construct(
        bootstrap_servers="here:9092",
        properties={"enable.auto.commit": "true", "acks": "0", "auto.offset.reset": "latest"},
    )
    consumer, producer = for_consumer(careless, {}, "a"), for_producer(careless, {})
    assert consumer["enable.auto.commit"] is False
    assert consumer["auto.offset.reset"] == "error"
    assert producer["acks"] == "all"


def test_the_secret_stands_above_the_users_tuning_in_every_client() -> None:
    plain = Kafka.model_construct(
        bootstrap_servers="here:9092", properties={"security.protocol": "PLAINTEXT"}
    )
    secret = {"security.protocol": "SASL_SSL", "sasl.password": "right"}
    for client in (for_consumer(plain, secret, "a"), for_producer(plain, secret)):
        assert secret.items() <= client.items()
    assert secret.items() <= for_admin(plain, secret).items()


def test_what_keeps_records_holds_whatever_the_secret_says() -> None:
    careless = {"acks": "0", "enable.auto.commit": "true", "bootstrap.servers": "there:9092"}
    plain = Kafka(bootstrap_servers="here:9092")
    assert for_consumer(plain, careless, "a")["enable.auto.commit"] is False
    assert for_producer(plain, careless)["acks"] == "all"
    assert for_admin(plain, careless)["bootstrap.servers"] == "here:9092"


def test_no_client_makes_a_topic() -> None:
    plain = Kafka(bootstrap_servers="here:9092")
    assert for_consumer(plain, {}, "a")["allow.auto.create.topics"] is False
    assert for_producer(plain, {})["allow.auto.create.topics"] is False
    assert for_admin(plain, {})["bootstrap.servers"] == "here:9092"


def test_every_client_takes_a_second_between_two_connections_unless_the_user_says_otherwise() -> (
    None
):
    plain = Kafka(bootstrap_servers="here:9092")
    hasty = Kafka(bootstrap_servers="here:9092", properties={"reconnect.backoff.ms": "50"})
    pace = "reconnect.backoff.ms"
    for kafka, expected in ((plain, 1000), (hasty, "50")):
        made = [for_consumer(kafka, {}, "a"), for_producer(kafka, {}), for_admin(kafka, {})]
        assert [client[pace] for client in made] == [expected] * 3
