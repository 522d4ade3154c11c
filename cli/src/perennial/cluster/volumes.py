"""Volumes of a pod as its container sees them: folders, by where they are mounted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from perennial.ports import Mounted, NotStarted, SecretKey
from perennial_operator.api.names import Manifest

Content = Mapping[str, str | SecretKey]
ConfigMaps = Callable[[str], Mapping[str, str] | None]
Secrets = Callable[[str], Mapping[str, bytes] | None]


def mounts_of(pod: Manifest, config_maps: ConfigMaps, secrets: Secrets) -> list[Mounted]:
    """The folders that a pod's container sees.

    Raises:
        NotStarted: A Secret, a ConfigMap or a key is not there; the message is the kubelet's.
    """
    sources = {volume["name"]: volume for volume in pod["spec"].get("volumes", [])}
    (program,) = pod["spec"]["containers"]
    return [
        _mounted(mount["mountPath"], sources[mount["name"]], config_maps, secrets)
        for mount in program.get("volumeMounts", [])
    ]


def _mounted(path: str, volume: Manifest, config_maps: ConfigMaps, secrets: Secrets) -> Mounted:
    try:
        if "secret" in volume and not volume["secret"].get("items"):
            return _whole(path, volume["secret"], secrets)
        content: dict[str, str | SecretKey] = {}
        for source in _sources(volume):
            content |= _content(source, config_maps, secrets)
        return Mounted(path, files=content)
    except NotStarted as error:
        what = f'MountVolume.SetUp failed for volume "{volume["name"]}" : {error}'
        raise NotStarted(what) from error


def _whole(path: str, secret: Manifest, secrets: Secrets) -> Mounted:
    name, optional = secret["secretName"], secret.get("optional", False)
    if secrets(name) is None and not optional:
        raise NotStarted(f'secret "{name}" not found')
    return Mounted(path, secret=name)


def _sources(volume: Manifest) -> Iterator[Manifest]:
    """Single Secrets and ConfigMaps; none of an empty folder."""
    for key in ("secret", "configMap"):
        if key in volume:
            yield {key: volume[key]}
    yield from volume.get("projected", {}).get("sources", [])


def _content(source: Manifest, config_maps: ConfigMaps, secrets: Secrets) -> Content:
    ((kind, said),) = source.items()
    name = said.get("name") or said["secretName"]
    there: Content | None
    if kind == "configMap":
        there = config_maps(name)
    else:
        found = secrets(name)
        there = None if found is None else {key: SecretKey(name, key) for key in found}
    if there is None:
        if said.get("optional"):
            return {}
        raise NotStarted(f'{kind.lower()} "{name}" not found')
    items = {item["key"]: item["path"] for item in said.get("items", [])} or {k: k for k in there}
    if absent := items.keys() - there.keys():
        raise NotStarted(f"references non-existent {kind.lower()} key: {min(absent)}")
    return {path: there[key] for key, path in items.items()}
