"""The rules between fields, as CEL that the API server keeps; each message says how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from perennial_contract.resource.kafka_properties import KAFKA_NUMBER, KAFKA_PROPERTIES, KAFKA_TEXTS
from perennial_operator.api.pods.reserved import (
    KEY_PATTERN,
    RESERVED_FOLDERS,
    RESERVED_KEYS,
    RESERVED_VARIABLES,
    RESERVED_VOLUMES,
)

PROGRAMS: Final = ("predictor", "recorder", "trainer")


@dataclass(frozen=True, slots=True)
class Rule:
    """`at` is the place in the schema where `self` is; the error is shown there, or at `field`."""

    at: str
    rule: str
    message: str
    field: str = ""


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


def _differs(field: str, others: tuple[str, ...]) -> Rule:
    names = ", ".join(f"self.{other}.topic" for other in others)
    return Rule(
        "spec",
        f"!(self.{field}.topic in [{names}])",
        f"spec.{field}.topic must be another topic than those of {' and '.join(others)}",
    )


def _version(at: str) -> Rule:
    return Rule(
        at,
        "self == '' || self.matches(r'^v[0-9]+-[0-9a-f]{8}$')",
        f"{at} must be a version such as v7-3fa9c1d2, as .status names them, or empty",
    )


def _one_of(at: str, *fields: str) -> Rule:
    given = " + ".join(f"(has(self.{field}) ? 1 : 0)" for field in fields)
    return Rule(at, f"{given} == 1", f"{at} needs exactly one of {', '.join(fields)}")


def _keys(at: str) -> Rule:
    return Rule(
        at,
        f"self.all(key, key.matches(r'{KEY_PATTERN}'))",
        f"{at} holds a key that is none: such as team, or example.com/team",
    )


def _free_keys(at: str) -> Rule:
    return Rule(
        at,
        f"self.all(key, !key.matches(r'{RESERVED_KEYS}'))",
        f"{at} holds a key that is the operator's own: perennial.dev/ and app.kubernetes.io/ are",
    )


def _folders(at: str) -> tuple[Rule, ...]:
    ours = ", ".join(f"'{folder}'" for folder in RESERVED_FOLDERS)
    names = ", ".join(f"'{name}'" for name in RESERVED_VOLUMES)
    return (
        Rule(
            f"{at}[]",
            f"!(self.name in [{names}])",
            f"{at}[].name must be another than {', '.join(RESERVED_VOLUMES)}: these are the"
            " operator's own",
            ".name",
        ),
        Rule(
            f"{at}[]",
            f"[{ours}].all(ours, !(self.mountPath + '/').startsWith(ours + '/')"
            " && !ours.startsWith(self.mountPath + '/'))",
            f"{at}[].mountPath must neither lie in nor hide what is the operator's own:"
            f" {', '.join(RESERVED_FOLDERS)}",
            ".mountPath",
        ),
        Rule(
            at,
            "self.all(one, self.exists_one(other, other.mountPath == one.mountPath))",
            f"{at} holds two volumes with one mountPath",
        ),
        _one_of(f"{at}[]", "secret", "configMap", "projected"),
        _one_of(f"{at}[].projected.sources[]", "secret", "configMap"),
    )


def _template(at: str) -> tuple[Rule, ...]:
    """What a user may add to pods, but for what only the API server's own check of pods sees."""
    return (
        *(_keys(f"{at}.{field}") for field in ("labels", "annotations", "nodeSelector")),
        *(_free_keys(f"{at}.{field}") for field in ("labels", "annotations")),
        Rule(
            f"{at}.env[]",
            f"!self.name.startsWith('{RESERVED_VARIABLES}')",
            f"{at}.env[].name must not begin with {RESERVED_VARIABLES}: these are the operator's"
            " own",
            ".name",
        ),
        Rule(
            f"{at}.env[]",
            "!has(self.value) || !has(self.valueFrom)",
            f"{at}.env[] takes value or valueFrom, not both",
        ),
        _one_of(f"{at}.env[].valueFrom", "secretKeyRef", "configMapKeyRef", "fieldRef"),
        *_folders(f"{at}.volumes"),
    )


_PROPERTIES: Final = ", ".join(f"'{name}'" for name in sorted(KAFKA_PROPERTIES))
_TEXTS: Final = ", ".join(f"'{name}'" for name in sorted(KAFKA_TEXTS))

RULES: Final = (
    Rule(
        "",
        "size(self.metadata.name) <= 40 && !self.metadata.name.contains('.')",
        "metadata.name may have at most 40 characters and no dot, since pods and Jobs carry it",
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
    _differs("deadLetters", ("events", "predictions")),
    Rule(
        "spec",
        "!has(self.labels) || !has(self.labels.topic) || !(self.labels.topic in"
        " [self.events.topic, self.predictions.topic, self.deadLetters.topic])",
        "spec.labels.topic must be another topic than those of events, predictions and"
        " deadLetters; for labels inside the event give spec.labels.path instead",
    ),
    Rule(
        "spec",
        "!has(self.lifecycle) || !(self.lifecycle.topic in"
        " [self.events.topic, self.predictions.topic, self.deadLetters.topic])"
        " && !(has(self.labels) && has(self.labels.topic)"
        " && self.labels.topic == self.lifecycle.topic)",
        "spec.lifecycle.topic must be another topic than those of events, labels, predictions and"
        " deadLetters",
    ),
    Rule(
        "spec",
        "!has(self.labels) || !has(self.labels.topic) || has(self.labels.id)"
        " || has(self.events.id)",
        "spec.labels.topic needs spec.labels.id or spec.events.id: a label must name its event",
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
    *(rule for program in PROGRAMS for rule in _template(f"spec.{program}.template")),
    _version("spec.model.pin"),
    _version("spec.promotion.approve"),
    _immutable("spec", "task"),
    _immutable("spec.schema.label", "positive"),
    _immutable("spec.events", "id"),
    _immutable("spec.storage", "bucket"),
    _immutable("spec.storage", "prefix"),
    _immutable("spec.kafka", "idPrefix"),
)
