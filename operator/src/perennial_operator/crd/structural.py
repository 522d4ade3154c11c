"""Structural schema of a model, as the API server wants it, with the rules between its fields."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import override

from perennial_contract.resource.values import format_duration
from perennial_operator.api.names import COMPONENTS
from perennial_operator.crd.cel import Rule
from perennial_operator.crd.rules import RULES

Json = dict[str, Any]
_KEPT: Final[tuple[str, ...]] = (
    "type",
    "format",
    "description",
    "default",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "required",
    "x-kubernetes-int-or-string",
)
_KEYED: Final = {
    "spec.schema.features": ["name"],
    "status.conditions": ["type"],
    **{
        f"spec.{program}.template.{field}": keys
        for program in COMPONENTS
        for field, keys in (
            ("env", ["name"]),
            ("imagePullSecrets", ["name"]),
            ("topologySpreadConstraints", ["topologyKey", "whenUnsatisfiable"]),
            ("volumes", ["name"]),
        )
    },
}
_SETS: Final = ("spec.schema.exclude",)


class _Schema(GenerateJsonSchema):
    """Writes durations as users do."""

    @override
    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return format_duration(dft)
        return super().encode_default(dft)


def structural(model: type[BaseModel], at: str) -> Json:
    """A model's schema as the API server wants it: inline, without null, with rules and bounds.

    That of the status is open: an operator of a later version writes what it must remember.
    """
    schema = model.model_json_schema(by_alias=True, schema_generator=_Schema)
    return _convert(schema, schema.get("$defs", {}), at)


def _convert(schema: Json, definitions: Json, at: str) -> Json:
    schema = _inline(schema, definitions)
    out: Json = {key: schema[key] for key in _KEPT if key in schema}
    if at.startswith("status"):
        out.pop("default", None)
        out.pop("enum", None)
    if "description" in out:
        out["description"] = " ".join(out["description"].split())
    if "exclusiveMaximum" in schema:
        out |= {"maximum": schema["exclusiveMaximum"], "exclusiveMaximum": True}
    if out.get("type") == "integer":
        out["format"] = "int64"
    if "properties" in schema:
        out["properties"] = {
            name: _property(name, schema, definitions, f"{at}.{name}")
            for name in schema["properties"]
        }
        if at.startswith("status"):
            out["x-kubernetes-preserve-unknown-fields"] = True
    elif values := _values(schema):
        out["additionalProperties"] = _convert(values, definitions, f"{at}.*")
    if "items" in schema:
        out["items"] = _convert(schema["items"], definitions, f"{at}[]")
    return out | _lists(at) | _rules(at)


def _values(schema: Json) -> Json | None:
    """The schema of a map's values; that of its keys is nothing that a definition can hold."""
    patterns = list(schema.get("patternProperties", {}).values())
    values = patterns[0] if patterns else schema.get("additionalProperties")
    return values if isinstance(values, dict) else None


def _inline(schema: Json, definitions: Json) -> Json:
    """Follows references, and takes `X or null` for X that may be absent."""
    while "$ref" in schema or "anyOf" in schema:
        if "anyOf" in schema:
            options = [option for option in schema["anyOf"] if option.get("type") != "null"]
            if len(options) != 1:
                raise ValueError(f"no structural schema for {schema}")
            below = options[0]
        else:
            below = definitions[schema["$ref"].rsplit("/", 1)[1]]
        rest = {k: v for k, v in schema.items() if k not in {"$ref", "anyOf"}}
        schema = {**below, **rest}
    if schema.get("default", ...) is None:
        del schema["default"]
    return schema


def _property(name: str, parent: Json, definitions: Json, at: str) -> Json:
    raw = parent["properties"][name]
    out = _convert(raw, definitions, at)
    optional = name not in parent.get("required", ()) and "anyOf" not in raw
    if at.startswith("spec") and optional and "properties" in out:
        out["default"] = {}  # all its fields have defaults: the API server fills them in
    return out


def _lists(at: str) -> Json:
    if at in _KEYED:
        return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": _KEYED[at]}
    return {"x-kubernetes-list-type": "set"} if at in _SETS else {}


def rules_at(at: str) -> list[Json]:
    """The rules that are kept at one place of the resource; "" is the whole of it."""
    return [_rule(rule) for rule in RULES if rule.at == at]


def _rules(at: str) -> Json:
    rules = rules_at(at)
    return {"x-kubernetes-validations": rules} if rules else {}


def _rule(rule: Rule) -> Json:
    field = {"fieldPath": rule.field} if rule.field else {}
    return {"rule": rule.rule, "message": rule.message, **field}
