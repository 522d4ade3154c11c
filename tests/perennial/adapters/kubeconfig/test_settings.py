from pathlib import Path

import pytest
import yaml

from perennial.adapters.kubeconfig.settings import find
from perennial.adapters.kubeconfig.trouble import ClusterTrouble

CONFIG = {
    "current-context": "mine",
    "contexts": [
        {"name": "mine", "context": {"cluster": "c", "user": "u"}},
        {"name": "theirs", "context": {"cluster": "d", "user": "u", "namespace": "team"}},
    ],
    "clusters": [
        {"name": "c", "cluster": {"server": "https://c"}},
        {"name": "d", "cluster": {"server": "https://d"}},
    ],
    "users": [{"name": "u", "user": {"token": "t"}}],
}


def written(folder: Path, config: object, name: str = "config") -> str:
    file = folder / name
    file.write_text(yaml.safe_dump(config))
    return str(file)


def test_the_current_context_counts_and_another_where_it_is_named(tmp_path: Path) -> None:
    files = written(tmp_path, CONFIG)
    found = [(s.host, namespace) for s, namespace in (find("", files), find("theirs", files))]
    assert found == [("https://c", "default"), ("https://d", "team")]


def test_files_are_merged_as_kubectl_merges_them(tmp_path: Path) -> None:
    first = written(tmp_path, {**CONFIG, "contexts": CONFIG["contexts"][:1]}, "first")
    second = written(tmp_path, {"contexts": CONFIG["contexts"][1:]}, "second")
    settings, namespace = find("theirs", f"{first}:{tmp_path}/none:{second}")
    assert (settings.host, namespace) == ("https://d", "team")


def test_without_another_word_the_environment_names_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", written(tmp_path, CONFIG))
    assert find("", "")[0].host == "https://c"


@pytest.mark.parametrize(
    ("config", "context", "said"),
    [
        (CONFIG, "other", "has no context other, but mine, theirs"),
        ({**CONFIG, "current-context": ""}, "", "has no current context: --context mine, theirs"),
        ({**CONFIG, "clusters": []}, "", "cannot be used: Invalid kube-config file. Expected"),
        (["a list"], "", "cannot be used: "),
        ({"contexts": []}, "", "has no current context: --context none at all"),
    ],
    ids=["context", "no current", "no cluster", "a list", "empty"],
)
def test_a_kubeconfig_that_cannot_be_used_is_named(
    config: object, context: str, said: str, tmp_path: Path
) -> None:
    files = written(tmp_path, config)
    with pytest.raises(ClusterTrouble) as trouble:
        find(context, files)
    assert str(trouble.value).startswith(f"the kubeconfig {files} {said}")


@pytest.mark.parametrize("context", ["", "mine"])
def test_where_there_is_none_it_is_said_how_to_get_one(context: str, tmp_path: Path) -> None:
    with pytest.raises(ClusterTrouble) as trouble:
        find(context, str(tmp_path / "none"))
    assert str(trouble.value) == (
        f"there is no kubeconfig at {tmp_path}/none: name one in KUBECONFIG; of the local cluster"
        ' cluster/cluster up makes it, and eval "$(cluster/cluster env)" names it; a run'
        " on this machine is looked at with --folder FOLDER"
    )


def test_in_a_pod_without_a_kubeconfig_its_service_account_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = {"token": "t", "ca.crt": "certificate", "namespace": "team"}
    for name, content in mounted.items():
        (tmp_path / name).write_text(content)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")

    settings, namespace = find("", str(tmp_path / "none"), tmp_path)

    assert (settings.host, namespace) == ("https://10.0.0.1:443", "team")
    assert settings.get_api_key_with_prefix("BearerToken") == "bearer t"
