"""Settings of the client: which API server, who asks, and in which namespace, as kubectl has it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import urllib3
import yaml
from kubernetes import client, config

from perennial.adapters.kubeconfig.trouble import ClusterTrouble

_DEFAULT_FILE: Final = "~/.kube/config"
_NAMESPACE: Final = "default"
_UNREADABLE: Final = (yaml.YAMLError, OSError, AttributeError, KeyError, TypeError)
_MOUNTED: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def find(
    context: str, kubeconfig: str, mounted: Path = _MOUNTED
) -> tuple[client.Configuration, str]:
    """Settings and namespace: of the kubeconfig, or in a pod without one of its service account.

    `kubeconfig` is a list of files as in KUBECONFIG, which it stands for; of `context` the
    current one is the default.

    Raises:
        ClusterTrouble: There is no kubeconfig, it cannot be read, or it has no such context.
    """
    files = kubeconfig or os.environ.get("KUBECONFIG") or _DEFAULT_FILE
    settings = client.Configuration()
    if any(Path(file).expanduser().exists() for file in files.split(os.pathsep) if file):
        return settings, _of_kubeconfig(settings, files, context)
    missing = ClusterTrouble(
        f"there is no kubeconfig at {files}: name one in KUBECONFIG; of the local cluster"
        ' cluster/cluster up makes it, and eval "$(cluster/cluster env)" names it; a run'
        " on this machine is looked at with --folder FOLDER"
    )
    if context:
        raise missing
    try:
        _of_pod(settings, mounted)
    except config.ConfigException:
        raise missing from None
    return settings, (mounted / "namespace").read_text().strip()


def _of_pod(settings: client.Configuration, mounted: Path) -> None:
    loader: Any = config.incluster_config.InClusterConfigLoader
    loader(mounted / "token", mounted / "ca.crt", environ=os.environ).load_and_set(settings)


def _of_kubeconfig(settings: client.Configuration, files: str, context: str) -> str:
    try:
        chosen = _context(files, context)
        config.load_kube_config(files, chosen["name"], settings)  # type: ignore[no-untyped-call]
    except (config.ConfigException, *_UNREADABLE) as error:
        raise ClusterTrouble(f"the kubeconfig {files} cannot be used: {error}") from error
    if not settings.verify_ssl:  # which the kubeconfig says: kubectl takes it without a word, too
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return chosen["context"].get("namespace") or _NAMESPACE


def _context(files: str, name: str) -> dict[str, Any]:
    merged = config.kube_config.KubeConfigMerger(files).config  # type: ignore[no-untyped-call]
    contexts: list[dict[str, Any]] = [each.value for each in merged.value.get("contexts", [])]
    wanted = name or merged.value.get("current-context") or ""
    names = ", ".join(sorted(each["name"] for each in contexts)) or "none at all"
    if not wanted:
        raise ClusterTrouble(f"the kubeconfig {files} has no current context: --context {names}")
    for each in contexts:
        if each["name"] == wanted:
            return each
    raise ClusterTrouble(f"the kubeconfig {files} has no context {wanted}, but {names}")
