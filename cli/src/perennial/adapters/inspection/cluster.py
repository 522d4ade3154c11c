"""Cluster that a kubeconfig leads to, as far as a pipeline needs it and we may look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.trouble import Away, ClusterTrouble, Forbidden, NotFound
from perennial.diagnosis.facts import ClusterFacts, Quota, Watcher
from perennial.diagnosis.subject import Subject
from perennial_operator.adapters.kubernetes import path_of
from perennial_operator.adapters.lease import WATCHES
from perennial_operator.adapters.others import SILENT
from perennial_operator.api.names import COMPONENTS, KIND, Manifest
from perennial_operator.crd.comparison import OPENAPI, lacking, served_schema
from perennial_operator.crd.definition import definition

_LEASES: Final = "apis/coordination.k8s.io/v1/leases"
_NO_RIGHT: Final = "cannot create resource"
_DRY: Final = (("dryRun", "All"), ("fieldValidation", "Strict"))


def inspect_cluster(subject: Subject, manifest: Manifest, access: Access) -> ClusterFacts:
    """`manifest` as it would be applied; raises Away where no API server answers."""
    asked = _Asked(access)
    name, namespace = subject.pipeline.name, subject.pipeline.namespace
    home = asked.get("api/v1/namespaces/kube-system")
    place = asked.get(f"api/v1/namespaces/{namespace}")
    lacks = _lacks(asked)
    exists = bool(lacks is not None and asked.get(path_of(KIND, namespace, name)))
    dry = place is not False and lacks is not None and not exists
    below = f"api/v1/namespaces/{namespace}"
    return ClusterFacts(
        uid=home["metadata"]["uid"] if isinstance(home, dict) else "",
        namespace=None if place is None else place is not False,
        lacks=lacks,
        exists=exists,
        refused=_refused(access, manifest, namespace) if dry else "",
        watchers=_watchers(asked),
        accounts=_accounts(subject, asked, below),
        quotas=tuple(_quotas(asked.items(f"{below}/resourcequotas"))),
        defaults=frozenset(_defaults(asked.items(f"{below}/limitranges"))),
    )


class _Asked:
    def __init__(self, access: Access) -> None:
        self._access = access

    def get(self, path: str) -> Manifest | bool | None:
        """What stands at a path: False for nothing, None where we may not look."""
        try:
            return self._access.call("GET", path)
        except NotFound:
            return False
        except Away:
            raise
        except ClusterTrouble as trouble:
            return None if isinstance(trouble, Forbidden) else False

    def items(self, path: str) -> list[Manifest]:
        found = self.get(path)
        return list(found.get("items") or ()) if isinstance(found, dict) else []


def _lacks(asked: _Asked) -> tuple[str, ...] | None:
    """Of the definition; what cannot be read lacks nothing that is known."""
    served = asked.get(OPENAPI)
    if not isinstance(served, dict):
        return None if served is False else ()
    needed = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    try:
        return tuple(lacking(needed, served_schema(served)))
    except KeyError:
        return None


def _refused(access: Access, manifest: Manifest, namespace: str) -> str:
    """What the API server says to a creation that it forgets; empty where it takes it."""
    try:
        access.call("POST", path_of(KIND, namespace), manifest, query=_DRY)
    except Away:
        raise
    except ClusterTrouble as trouble:
        return "" if _NO_RIGHT in str(trouble) else str(trouble)
    return ""


def _watchers(asked: _Asked) -> tuple[Watcher, ...] | None:
    """Operators, by their Leases; times are those of the cluster, and compared with each other."""
    found = asked.get(_LEASES)
    if not isinstance(found, dict):
        return None
    leases = found.get("items") or []
    times = [time for each in leases if (time := _renewed(each))]
    newest = max(times, default=None)
    return tuple(_watcher(each, newest) for each in leases if WATCHES in _annotations(each))


def _watcher(lease: Manifest, newest: datetime | None) -> Watcher:
    meta, renewed = lease["metadata"], _renewed(lease)
    held = bool(lease["spec"].get("holderIdentity"))
    recent = bool(renewed and newest and newest - renewed < timedelta(seconds=SILENT))
    watched = tuple(filter(None, _annotations(lease)[WATCHES].split(",")))
    return Watcher(f"{meta['namespace']}/{meta['name']}", watched, held and recent)


def _annotations(lease: Manifest) -> Mapping[str, str]:
    return lease["metadata"].get("annotations") or {}


def _renewed(lease: Manifest) -> datetime | None:
    try:
        return datetime.fromisoformat(lease["spec"]["renewTime"])
    except (KeyError, TypeError, ValueError):
        return None


def _accounts(subject: Subject, asked: _Asked, below: str) -> dict[str, bool]:
    found = {}
    for program in COMPONENTS:
        name = getattr(subject.spec, program).template.service_account_name
        if name and name not in found:
            account = asked.get(f"{below}/serviceaccounts/{name}")
            if account is not None:
                found[name] = account is not False
    return found


def _quotas(items: list[Manifest]) -> Iterator[Quota]:
    """Of those that are for all pods."""
    for each in items:
        spec, status = each.get("spec", {}), each.get("status", {})
        if spec.get("scopes") or spec.get("scopeSelector"):
            continue
        used = status.get("used", {})
        for resource, hard in (status.get("hard") or spec.get("hard") or {}).items():
            yield Quota(each["metadata"]["name"], resource, str(hard), str(used.get(resource, "0")))


def _defaults(items: list[dict[str, Any]]) -> Iterator[str]:
    for each in items:
        for limit in each.get("spec", {}).get("limits", ()):
            if limit.get("type") == "Container":
                yield from (f"limits.{name}" for name in limit.get("default", {}))
                yield from (f"requests.{name}" for name in limit.get("defaultRequest", {}))
