"""Environment of a container: its variables, with references to earlier ones and to the pod."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from perennial.cluster.volumes import ConfigMaps, Secrets
from perennial.ports import NotStarted
from perennial_operator.api.names import Manifest

_REFERENCE: Final = re.compile(r"\$(\$|\(([-._a-zA-Z0-9]+)\))")
_BY_KEY: Final = re.compile(r"(.+)\['(.+)'\]")


def variables_of(pod: Manifest, config_maps: ConfigMaps, secrets: Secrets) -> dict[str, str]:
    """A container's variables by name.

    Raises:
        NotStarted: A Secret, a ConfigMap or a key of one is not there.
    """
    (program,) = pod["spec"]["containers"]
    found: dict[str, str] = {}
    for variable in program.get("env", []):
        if source := variable.get("valueFrom"):
            value = _from(source, pod, config_maps, secrets)
        else:
            value = expanded(variable.get("value") or "", found)
        if value is not None:
            found[variable["name"]] = value
    return found


def expanded(text: str, known: Mapping[str, str]) -> str:
    """`$(NAME)` as what it names, `$$` as `$`; a name that is not known stays as it is."""

    def value(match: re.Match[str]) -> str:
        return "$" if match[1] == "$" else known.get(match[2], match[0])

    return _REFERENCE.sub(value, text)


def _from(source: Manifest, pod: Manifest, config_maps: ConfigMaps, secrets: Secrets) -> str | None:
    if field := source.get("fieldRef"):
        return _field(pod, field["fieldPath"])
    if resource := source.get("resourceFieldRef"):
        return _resource(pod, resource)
    kind = "secret" if "secretKeyRef" in source else "configmap"
    said = source.get("secretKeyRef") or source["configMapKeyRef"]
    content = secrets(said["name"]) if kind == "secret" else config_maps(said["name"])
    if content is not None and said["key"] in content:
        value = content[said["key"]]
        return value if isinstance(value, str) else value.decode(errors="replace")
    if said.get("optional"):
        return None
    if content is None:
        raise NotStarted(f'{kind} "{said["name"]}" not found')
    raise NotStarted(f"couldn't find key {said['key']} in {kind} {said['name']}")


def _field(pod: Manifest, path: str) -> str:
    """A field of the pod; nothing where it has none."""
    match = _BY_KEY.fullmatch(path)
    parts = [*match[1].split("."), match[2]] if match else path.split(".")
    value: object = pod
    for part in parts:
        value = value.get(part, "") if isinstance(value, dict) else ""
    return str(value)


def _resource(pod: Manifest, said: Manifest) -> str:
    """What the container asks for, or may use at most, in whole CPUs."""
    side, _, resource = said["resource"].partition(".")
    quantity = pod["spec"]["containers"][0]["resources"].get(side, {}).get(resource, "0")
    number = float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)
    return str(math.ceil(number))
