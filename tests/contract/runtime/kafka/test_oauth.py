"""Login with a token that the Kafka client fetches by itself, as OIDC has it."""

import base64
from pathlib import Path

import pytest

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka, SecurityProtocol
from perennial_contract.resource.streams import TopicSection
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.kafka.lifecycle import LifecycleTopic
from perennial_contract.runtime.kafka.security import kafka_security
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.runtime.mounts import Mounts
from tests.fakes.mount import Mount
from tests.fakes.oauth import TokenEndpoint, oauth_broker, token_endpoint


def refusal(at: str, endpoint: TokenEndpoint, folder: Path) -> Trouble:
    """How a client ends whose broker says nothing after the login."""
    mount = Mount(folder / "kafka")
    mount.put(
        {
            "sasl.oauthbearer.client.id": "perennial\n",
            "sasl.oauthbearer.client.secret": "h1dden\n",
            "sasl.oauthbearer.scope": "kafka",
            "sasl.oauthbearer.extensions": "logicalCluster=lkc-1",
            "sasl.oauthbearer.token.endpoint.url": f"{endpoint.address}/token",
        }
    )
    kafka = Kafka(
        bootstrap_servers=at,
        secret_ref=SecretReference(name="keys"),
        security_protocol=SecurityProtocol.SASL_PLAINTEXT,
    )
    security = kafka_security(kafka, Mounts(kafka=mount.folder))
    topic = LifecycleTopic(kafka, TopicSection(topic="lifecycle"), security, patience=4.0)
    with pytest.raises(Trouble) as told:
        topic.write("key", b"value")
    return told.value


def test_a_client_logs_in_with_the_token_that_its_id_and_secret_are_given(tmp_path: Path) -> None:
    with token_endpoint() as endpoint, oauth_broker() as broker:
        refusal(broker.address, endpoint, tmp_path)

        header = endpoint.token.partition(".")[0]
        assert {login.split(".")[0] for login in broker.logins} == {f"n,,\x01auth=Bearer {header}"}
        assert {login.partition("\x01")[2].partition("\x01")[2] for login in broker.logins} == {
            "logicalCluster=lkc-1\x01\x01"
        }
        basic = base64.b64encode(b"perennial:h1dden").decode()
        assert {authorization for authorization, _ in endpoint.asked} == {f"Basic {basic}"}
        body = dict(pair.split("=") for pair in endpoint.asked[0][1].split("&"))
        assert body == {"grant_type": "client_credentials", "scope": "kafka"}


def test_an_endpoint_that_refuses_the_client_is_told_as_a_refusal_without_the_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with token_endpoint() as endpoint, oauth_broker() as broker:
        endpoint.refuses = True

        told = refusal(broker.address, endpoint, tmp_path)

    assert told.reason == ProgramReason.KAFKA_REFUSED
    assert "Failed to acquire SASL OAUTHBEARER token" in str(told)
    assert "h1dden" not in str(told) + caplog.text
    assert broker.logins == []
