from typing import Any

from perennial.diagnosis.facts import SecretFacts
from perennial.diagnosis.secrets import named, secrets
from tests.support.perennial.diagnosing import Told, a_subject, told

KEYS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})
KAFKA = {
    "bootstrapServers": "kafka:9092",
    "secretRef": {"name": "user"},
    "caSecretRef": {"name": "ca"},
}
TEMPLATE = {
    "imagePullSecrets": [{"name": "pull"}],
    "env": [
        {"name": "A", "value": "a"},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "env", "key": "b"}}},
        {"name": "C", "valueFrom": {"secretKeyRef": {"name": "o", "key": "c", "optional": True}}},
    ],
    "volumes": [
        {
            "name": "one",
            "mountPath": "/one",
            "secret": {"secretName": "files", "items": [{"key": "k", "path": "p"}]},
        },
        {
            "name": "two",
            "mountPath": "/two",
            "projected": {"sources": [{"configMap": {"name": "c"}}, {"secret": {"name": "part"}}]},
        },
    ],
}


def found(facts: SecretFacts, **sections: Any) -> list[Told]:
    return told(secrets(a_subject(**sections), facts))


def test_every_secret_that_a_pod_cannot_start_without_is_named() -> None:
    subject = a_subject(kafka=KAFKA, trainer={"template": TEMPLATE})
    assert [(each.name, each.keys, each.pulls) for each in named(subject)] == [
        ("user", (), False),
        ("ca", (), False),
        ("s3-client", (), False),
        ("pull", (), True),
        ("env", ("b",), False),
        ("files", ("k",), False),
        ("part", (), False),
    ]


def test_a_secret_that_does_not_exist_is_told_at_each_field_that_names_it() -> None:
    keys = {"s3-client": None, "user": None, "ca": frozenset({"ca.crt"})}
    assert found(SecretFacts(keys), kafka=KAFKA) == [
        Told("error", "spec.kafka.secretRef", "Secret user does not exist"),
        Told("error", "spec.storage.secretRef", "Secret s3-client does not exist"),
    ]


def test_what_nobody_looked_at_is_not_told() -> None:
    assert found(SecretFacts({}), kafka=KAFKA) == []


def test_keys_that_are_missing_are_told() -> None:
    keys = {
        "s3-client": frozenset({"accessKey", "secretKey"}),
        "user": frozenset[str](),
        "ca": frozenset({"ca.crt"}),
        "pull": frozenset({"key"}),
        "env": frozenset({"a"}),
        "files": frozenset({"k"}),
        "part": frozenset[str](),
    }
    sections = {"kafka": KAFKA, "trainer": {"template": TEMPLATE}}
    assert found(SecretFacts(keys, {"pull": "Opaque"}), **sections) == [
        Told(
            "error",
            "spec.trainer.template.imagePullSecrets[0]",
            "Secret pull is of type Opaque: no image is pulled with it",
        ),
        Told(
            "error",
            "spec.trainer.template.env[1].valueFrom.secretKeyRef",
            "Secret env has no key b",
        ),
        Told(
            "error",
            "spec.storage.secretRef",
            "Secret s3-client has no key AWS_ACCESS_KEY_ID and no AWS_SECRET_ACCESS_KEY: it has"
            " accessKey, secretKey",
        ),
        Told("error", "spec.kafka.secretRef", "Secret user holds no key"),
    ]


def test_what_the_programs_would_refuse_is_told_at_its_field() -> None:
    facts = SecretFacts({"s3-client": KEYS}, {}, {"storage.secretRef": "the key x is long"})
    assert found(facts) == [Told("error", "spec.storage.secretRef", "the key x is long")]


def test_a_folder_in_the_place_of_s3_needs_no_secret() -> None:
    storage = {"endpoint": "file:///x", "bucket": "abc", "secretRef": {"name": "s3-client"}}
    assert found(SecretFacts({"s3-client": None}), storage=storage) == []
