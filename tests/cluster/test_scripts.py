"""The cluster's scripts, without starting any server."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

CLUSTER = Path(__file__).parents[2] / "cluster"
SCRIPTS = [CLUSTER / "cluster", *sorted(CLUSTER.rglob("*.sh"))]


def run(script: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """Runs bash as cluster/cluster does, with an empty state folder and the native files read."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=os.environ | {"PERENNIAL_CACHE": str(cache), "PERENNIAL_ENGINE": "native"},
        cwd=CLUSTER,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def run_inside(script: str, cache: Path) -> subprocess.CompletedProcess[str]:
    sourced = "HERE=$PWD; . lib/places.sh; . native/native.sh; lock test; " + script
    return run(sourced, cache)


def test_an_api_server_of_another_version_is_not_put_on_path(tmp_path: Path) -> None:
    there = tmp_path / "built" / "apiserver-1.30.14"
    there.mkdir(parents=True)
    (there / "kube-apiserver").touch(mode=0o755)

    done = run_inside("need_go() { :; }; engine_apiserver 1.30.14", tmp_path)

    assert (done.stdout, done.stderr) == (f"{there}\n", "")
    assert list((tmp_path / "bin").iterdir()) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_is_valid_bash(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_has_nothing_to_say() -> None:
    found = subprocess.run(
        ["shellcheck", "-x", str(CLUSTER / "cluster")], capture_output=True, text=True, check=False
    )
    assert found.stdout == ""


@pytest.mark.parametrize("manifest", sorted(CLUSTER.rglob("*.yaml")), ids=lambda path: path.name)
def test_every_manifest_is_valid_yaml(manifest: Path) -> None:
    assert all(list(yaml.safe_load_all(manifest.read_text())))


def test_kind_and_native_offer_the_same_services() -> None:
    def services(path: str) -> Iterator[tuple[str, int]]:
        for document in yaml.safe_load_all((CLUSTER / path).read_text()):
            if document["kind"] == "Service":
                for port in document["spec"]["ports"]:
                    yield document["metadata"]["name"], port["port"]

    native, kind = (
        set(services("native/manifests/services.yaml")),
        set(services("kind/servers.yaml")),
    )
    assert native == {
        ("kafka", 9092),
        ("kafka", 9094),
        ("kafka", 9095),
        ("minio", 9000),
        ("minio", 9443),
        ("mlflow", 5000),
    }
    assert native <= kind


def test_env_can_be_evaluated_and_names_the_state_folder(tmp_path: Path) -> None:
    cache = tmp_path / "with a blank"
    names = '"$KUBECONFIG" "$PERENNIAL_TLS" "$MLFLOW_TRACKING_URI" "${PATH%%:*}"'
    said = run(f"""eval "$(./cluster env)"; printf '%s\\n' {names}""", cache)
    assert said.stdout.splitlines() == [
        f"{cache}/kubeconfig",
        f"{cache}/tls",
        "http://127.0.0.1:5000",
        f"{cache}/bin",
    ]


def test_an_unknown_part_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    said = run("./cluster up kafak", tmp_path)
    assert said.returncode == 1
    assert "no 'kafak' here; choose among: api kafka minio mlflow" in said.stderr


def test_a_part_that_cannot_be_stopped_is_refused_with_those_that_can(tmp_path: Path) -> None:
    said = run("./cluster stop etcd", tmp_path)
    assert said.returncode == 1
    assert "no 'etcd' here; choose among: api kafka minio mlflow" in said.stderr


@pytest.mark.parametrize("server", ["kafka", "minio"])
def test_the_servers_certificates_hold_for_pods_and_host(server: str, tmp_path: Path) -> None:
    verify = "openssl verify -x509_strict -purpose sslserver -CAfile $TLS/ca.crt"
    names = [server, f"{server}.default", f"{server}.default.svc.cluster.local", "localhost"]
    known_as = [*(f"-verify_hostname {name}" for name in names), "-verify_ip 127.0.0.1"]
    checks = [f"{verify} {known} $TLS/{server}.crt" for known in known_as]
    said = run_inside("need_server_certificates; " + "; ".join(checks), tmp_path)
    assert said.stderr == ""
    assert said.returncode == 0


def test_an_authority_is_made_once(tmp_path: Path) -> None:
    made = "need_server_certificates; openssl x509 -noout -serial -in $TLS/ca.crt; "
    first, second = run_inside(made + made, tmp_path).stdout.splitlines()
    assert first == second


def test_a_server_is_started_once_and_stopped(tmp_path: Path) -> None:
    said = run_inside(
        "start one sleep 60; start one sleep 60; pid_of one; stop one; alive one || echo gone",
        tmp_path,
    )
    assert said.stderr == "starting one\n"
    pid, after = said.stdout.split()
    assert after == "gone"
    assert not Path(f"/proc/{pid}").exists()


def test_a_killed_server_is_started_again(tmp_path: Path) -> None:
    said = run_inside(
        'start one sleep 60; kill -9 "$(pid_of one)"; within 5 gone one; '
        "start one sleep 60; stop one",
        tmp_path,
    )
    assert said.stderr.count("starting one") == 2


def test_a_process_that_got_the_pid_of_a_dead_server_is_left_alone(tmp_path: Path) -> None:
    said = run_inside(
        "sleep 60 & other=$!; mkdir -p $PIDS;"
        'echo "$other 1 $(cat /proc/sys/kernel/random/boot_id)" >$PIDS/one;'
        "alive one || echo dead; stop one; kill_all one; kill -0 $other && echo lives; kill $other",
        tmp_path,
    )
    assert said.stdout.split() == ["dead", "lives"]


def test_a_build_that_was_cut_short_is_not_taken_for_a_finished_one(tmp_path: Path) -> None:
    failing = "build_thing() { echo half >thing; chmod +x thing; false; echo whole >thing; }; "
    first = run_inside(failing + "compile thing 1", tmp_path)
    assert first.returncode == 1
    assert "build-thing failed" in first.stderr
    assert not (tmp_path / "built/thing-1").exists()

    second = run_inside(failing.replace("false; ", "") + "compile thing 1", tmp_path)
    assert second.returncode == 0
    assert (tmp_path / "built/thing-1/thing").read_text() == "whole\n"


def test_a_build_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    once = "build_thing() { echo whole >thing; chmod +x thing; }; compile thing 1"
    assert "building thing 1" in run_inside(once, tmp_path).stderr
    assert run_inside(once, tmp_path).stderr == ""


FAKE_BUILDS = """
    build_kubernetes_api() { echo api >kubectl; chmod +x kubectl; }
    build_etcd() { echo etcd >etcd; chmod +x etcd; }
    build_helm() { echo helm >helm; chmod +x helm; }
    build_kafka() { echo jars >jars; }
"""


def test_an_api_server_needs_no_program_of_a_node(tmp_path: Path) -> None:
    said = run_inside(FAKE_BUILDS + "need_programs api kafka", tmp_path)

    assert said.returncode == 0
    assert sorted(path.name for path in (tmp_path / "built").iterdir()) == [
        "etcd-3.6.14",
        "helm-4.2.4",
        "kafka-4.3.1",
        "kubernetes-api-1.36.4",
    ]
    on_path = {path.name: path.read_text() for path in (tmp_path / "bin").iterdir()}
    assert on_path == {"kubectl": "api\n", "etcd": "etcd\n", "helm": "helm\n"}


def test_a_download_that_fails_beside_the_compiler_fails_the_whole(tmp_path: Path) -> None:
    said = run_inside(FAKE_BUILDS + "build_kafka() { false; }; need_programs api kafka", tmp_path)

    assert said.returncode == 1
    assert "build-kafka failed" in said.stderr
    assert not (tmp_path / "bin" / "kubectl").exists()


def test_a_download_ends_with_the_compiler_that_failed_beside_it(tmp_path: Path) -> None:
    builds = "build_kafka() { echo $BASHPID >pid; sleep 60; }; build_etcd() { sleep 1; false; }; "
    said = run_inside(FAKE_BUILDS + builds + "need_programs api kafka", tmp_path)

    assert said.returncode == 1
    pid = (tmp_path / "built" / "kafka-4.3.1.part" / "pid").read_text().strip()
    run_inside(f"within 5 eval '! kill -0 {pid}'", tmp_path)
    assert not Path(f"/proc/{pid}").exists()


def test_without_root_the_servers_answer_this_machine_alone(tmp_path: Path) -> None:
    wants = "is_root() { false; }; write_settings; grep ^advertised $CONFIG/kafka.properties"
    said = run_inside(wants, tmp_path)

    assert said.stdout == (
        "advertised.listeners=HOST://127.0.0.1:9092,HOST_SASL://127.0.0.1:9094,"
        "HOST_TLS://127.0.0.1:9095\n"
    )


def test_without_root_a_node_is_refused_and_three_ways_are_named(tmp_path: Path) -> None:
    said = run_inside("is_root() { false; }; need_packages everything", tmp_path)

    assert said.returncode == 1
    assert said.stderr == (
        "cluster: pods need root here, for network devices and mounts. As root: cluster/cluster up;"
        " in Docker: PERENNIAL_ENGINE=kind cluster/cluster up (checked, but not run yet);"
        " without pods: cluster/cluster up api kafka minio mlflow\n"
    )


def test_pushed_images_are_named_as_the_charts_values(tmp_path: Path) -> None:
    said = run_inside(
        ". lib/images.sh; engine_ready_to_build() { :; }; build_image() { :; };"
        'engine_push_image() { echo "sha256:of-${2##*/}" >"$3"; };'
        "push registry.example.com/team/ 1.0",
        tmp_path,
    )

    repository = "registry.example.com/team/perennial-"
    assert yaml.safe_load(said.stdout) == {
        "images": {
            name: {"repository": repository + name, "digest": f"sha256:of-perennial-{name}:1.0"}
            for name in ("operator", "predictor", "recorder", "trainer")
        }
    }
