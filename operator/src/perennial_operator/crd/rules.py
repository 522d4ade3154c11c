"""Rules of a ModelPipeline, in the order in which the definition lists them."""

from __future__ import annotations

from typing import Final

from perennial_contract.resource.kafka_properties import KAFKA_NUMBER, KAFKA_PROPERTIES, KAFKA_TEXTS
from perennial_contract.resource.streams import DERIVED
from perennial_operator.api.names import COMPONENTS
from perennial_operator.crd.cel import Rule
from perennial_operator.crd.pod_rules import pod_rules


def _immutable(parent: str, field: str) -> Rule:
    """On the parent: a rule on an optional field does not see that it is added or removed."""
    return Rule(
        parent,
        f"has(self.{field}) == has(oldSelf.{field})"
        f" && (!has(self.{field}) || self.{field} == oldSelf.{field})",
        f"{parent}.{field} cannot be changed: delete the ModelPipeline and create another",
    )


def _reference(at: str) -> Rule:
    return Rule(
        at,
        "(has(self.path) ? 1 : 0) + (has(self.key) && self.key ? 1 : 0)"
        " + (has(self.header) ? 1 : 0) == 1",
        f"{at} needs exactly one of path, key: true and header",
    )


def _topic(section: str) -> str:
    """The name of a section's topic, be it derived."""
    own = f"self.{section}.topic"
    return f"({own} != '' ? {own} : self.events.topic + '{DERIVED[section]}')"


def _version(at: str) -> Rule:
    return Rule(
        at,
        "self == '' || self.matches(r'^v[0-9]+-[0-9a-f]{8}$')",
        f"{at} must be a version such as v7-3fa9c1d2, as .status names them, or empty",
    )


def _no_file(at: str, instead: str) -> Rule:
    return Rule(
        at,
        "!self.startsWith('file:')",
        f"{at} cannot be a file or folder (file:///...): those are for the loop without a cluster;"
        f" {instead}",
    )


_PROPERTIES: Final = ", ".join(f"'{name}'" for name in sorted(KAFKA_PROPERTIES))
_PREDICTIONS: Final = _topic("predictions")
_DEAD_LETTERS: Final = _topic("deadLetters")
_TEXTS: Final = ", ".join(f"'{name}'" for name in sorted(KAFKA_TEXTS))

_FOUND: Final = "(has(self.status) && has(self.status.label))"
_POSITIVE: Final = "schema.label.positive == self.status.label.positive"

RULES: Final = (
    Rule(
        "",
        "size(self.metadata.name) <= 40 && !self.metadata.name.contains('.')",
        "metadata.name may have at most 40 characters and no dot, since pods and Jobs carry it",
    ),
    Rule(
        "",
        "!self.spec.predictor.http.service || self.metadata.name.matches('^[a-z]')",
        "spec.predictor.http.service needs a metadata.name that begins with a letter, as names of"
        " Services do",
    ),
    Rule(
        "spec",
        "self.retrain.threshold >= 2 * self.promotion.minJudged",
        "spec.retrain.threshold must be at least 2 * promotion.minJudged: raise it, or lower"
        " promotion.minJudged (300 by default, 50 at least)",
    ),
    Rule(
        "spec",
        "has(self.dataset) || has(self.labels)",
        "spec.dataset or spec.labels is needed: without either there is nothing to learn from",
    ),
    Rule(
        "spec",
        "has(self.dataset) || has(self.schema.label)",
        "spec.schema.label may be left out only where there is a spec.dataset: its label column"
        " tells the two classes",
    ),
    Rule(
        "",
        "has(self.spec.schema.label) == has(oldSelf.spec.schema.label)"
        f" || (has(self.spec.schema.label) ? !{_FOUND} || self.spec.{_POSITIVE} : {_FOUND}"
        f" && oldSelf.spec.{_POSITIVE})",
        "spec.schema.label may be given or left out later only if its positive class is that of"
        " status.label: delete the ModelPipeline and create another",
    ),
    Rule(
        "spec",
        "size(self.events.topic) <= 236 || self.predictions.topic != '' && self.deadLetters.topic"
        " != ''",
        "spec.events.topic is too long for others to be named after it: give"
        " spec.predictions.topic and spec.deadLetters.topic",
    ),
    Rule(
        "spec",
        f"!({_DEAD_LETTERS} in [self.events.topic, {_PREDICTIONS}])",
        "spec.deadLetters.topic must be another topic than those of events and predictions",
    ),
    Rule(
        "spec",
        "!has(self.labels) || !has(self.labels.topic) || !(self.labels.topic in"
        f" [self.events.topic, {_PREDICTIONS}, {_DEAD_LETTERS}])",
        "spec.labels.topic must be another topic than those of events, predictions and"
        " deadLetters; for labels inside the event give spec.labels.path instead",
    ),
    Rule(
        "spec",
        "!has(self.lifecycle) || !(self.lifecycle.topic in"
        f" [self.events.topic, {_PREDICTIONS}, {_DEAD_LETTERS}])"
        " && !(has(self.labels) && has(self.labels.topic)"
        " && self.labels.topic == self.lifecycle.topic)",
        "spec.lifecycle.topic must be another topic than those of events, labels, predictions and"
        " deadLetters",
    ),
    Rule(
        "spec.labels",
        "has(self.topic) != has(self.path)",
        "spec.labels needs exactly one source: topic (labels on their own topic) or path (labels"
        " inside the event)",
    ),
    _reference("spec.events.id"),
    _reference("spec.events.time"),
    _reference("spec.events.filter"),
    _reference("spec.labels.id"),
    Rule(
        "spec.schema.label",
        "self.positive != self.negative",
        "spec.schema.label.positive and spec.schema.label.negative must differ",
    ),
    Rule(
        "spec.schema.label",
        "!has(self.aliases) || self.aliases.all(written,"
        " self.aliases[written] in [self.positive, self.negative])",
        "spec.schema.label.aliases must each mean spec.schema.label.positive or negative: it maps"
        " what is written to the label it means",
    ),
    Rule(
        "spec.kafka.properties",
        f"self.all(name, name in [{_PROPERTIES}])",
        "spec.kafka.properties holds a property that cannot be set: only those that tune the"
        " client can (kubectl explain modelpipeline.spec.kafka.properties)",
    ),
    Rule(
        "spec.kafka.properties",
        f"self.all(name, name in [{_TEXTS}] || self[name].matches(r'{KAFKA_NUMBER}'))",
        "spec.kafka.properties holds a property whose value must be a number in quotes, such as"
        " linger.ms: '5'",
    ),
    _no_file("spec.dataset.uri", "pods read it from S3, at s3://bucket/key"),
    _no_file("spec.storage.endpoint", "pods share an S3 server, or AWS where none is given"),
    Rule(
        "spec.tracking.uri",
        "self.startsWith('http')",
        "spec.tracking.uri must be the address of an MLflow server, http:// or https://: a database"
        " (sqlite:////...) is for the loop without a cluster",
    ),
    Rule(
        "spec.predictor.http",
        # A default is checked before what is in it has its own.
        "!has(self.service) || !self.service || has(self.enabled) && self.enabled",
        "spec.predictor.http.service needs spec.predictor.http.enabled: true, or it leads to"
        " nothing",
    ),
    *(rule for program in COMPONENTS for rule in pod_rules(f"spec.{program}.template")),
    Rule(
        "spec.recorder.flushInterval",
        "self.matches(r'[1-9][0-9]*(s|h|d|m([0-9]|$))') || self.matches(r'[1-9][0-9]{3,}ms')",
        "spec.recorder.flushInterval must be at least 1s: each flush writes a file per partition",
    ),
    Rule(
        "spec.recorder.storeLimit",
        "quantity(string(self)).compareTo(quantity('16Mi')) >= 0",
        "spec.recorder.storeLimit must be at least 16Mi: events that wait for their label lie"
        " there",
    ),
    Rule(
        "spec.trainer.deadline",
        "self.matches(r'([6-9][0-9]|[1-9][0-9]{2,})s')"
        " || self.matches(r'[1-9][0-9]*(h|d|m([0-9]|$))')"
        " || self.matches(r'([6-9][0-9]{4}|[1-9][0-9]{5,})ms')",
        "spec.trainer.deadline must be at least 1m: an attempt reads, searches and judges in it",
    ),
    _version("spec.model.pin"),
    _version("spec.model.forgive"),
    _version("spec.promotion.approve"),
    _immutable("spec", "task"),
    _immutable("spec.schema.label", "positive"),
    _immutable("spec.events", "id"),
    _immutable("spec.storage", "bucket"),
    _immutable("spec.storage", "prefix"),
    _immutable("spec.kafka", "idPrefix"),
)
