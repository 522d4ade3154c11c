from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from perennial.__main__ import app
from perennial.adapters.machine.object_files import ObjectFiles
from perennial.adapters.run_folder import FolderRefused, emptied
from tests.support.examples.builders import LOANS


def a_file(folder: Path, **sections: Any) -> Path:
    """The demo's pipeline, its dataset beside it."""
    manifest = yaml.safe_load(LOANS.read_text())
    dataset = folder / "train.csv"
    dataset.write_text("")
    manifest["spec"]["dataset"]["uri"] = dataset.as_uri()
    manifest["spec"] |= sections
    file = folder / "loans.yaml"
    file.write_text(yaml.safe_dump(manifest))
    return file


def run(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(app, ["run", *map(str, arguments)], obj=environment)


def test_what_is_refused_is_said_with_its_line_and_nothing_is_made(tmp_path: Path) -> None:
    file = tmp_path / "loans.yaml"
    file.write_text(LOANS.read_text().replace("task: Binary", "task: Ternary"))

    done = run(file)

    assert done.exit_code == 1
    assert done.stderr.startswith(f"{file}:12:3: error: spec.task: ")
    assert [each.name for each in tmp_path.iterdir()] == ["loans.yaml"]


def test_a_run_is_of_one_pipeline(tmp_path: Path) -> None:
    file = tmp_path / "both.yaml"
    loans = LOANS.read_text()
    file.write_text(f"{loans}\n---\n{loans.replace('name: loans', 'name: others', 1)}")

    done = run(file)

    assert done.exit_code == 1
    assert done.stderr == (
        f"perennial: {file} holds default/loans, default/others: a run is of one, so give each a"
        " file\n"
    )


def test_a_dataset_that_the_folder_has_not_is_named_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "loans.yaml"
    file.write_text(LOANS.read_text())

    done = run(file)

    kept = tmp_path / "perennial-run" / "loans" / "store" / "datasets" / "loans" / "train.csv"
    assert done.exit_code == 1
    assert done.stderr == (
        "perennial: there is no dataset s3://datasets/loans/train.csv in the folder that takes the"
        f" place of S3: name a file with --dataset FILE, or put it at {kept}\n"
    )


def test_secrets_of_servers_that_are_named_are_files_of_the_folder(tmp_path: Path) -> None:
    kafka = {"bootstrapServers": "kafka:9093", "secretRef": {"name": "user"}}
    file, folder = a_file(tmp_path, kafka=kafka), tmp_path / "kept"

    done = run(file, "--bootstrap", "127.0.0.1:1", "--folder", folder)
    of_s3 = run(file, "--s3", "http://127.0.0.1:1", "--folder", folder)

    assert (done.exit_code, of_s3.exit_code) == (1, 1)
    assert done.stderr == (
        "perennial: there is no Secret user, which kafka.secretRef names: write each of its keys to"
        f" a file {folder}/secrets/user/KEY (a client's properties such as sasl.username, or"
        " certificates)\n"
    )
    assert f"{folder}/secrets/s3-client/KEY (AWS_ACCESS_KEY_ID" in of_s3.stderr


def test_a_folder_is_of_one_pipeline_for_good(tmp_path: Path) -> None:
    meta = {"name": "others", "namespace": "default", "uid": "u", "resourceVersion": "1"}
    folder = tmp_path / "kept"
    folder.mkdir()
    ObjectFiles(folder / "objects").write({"kind": "ModelPipeline", "metadata": meta})

    done = run(a_file(tmp_path), "--folder", folder)

    assert done.exit_code == 1
    assert done.stderr == (
        f"perennial: {folder} is that of default/others: name another folder for default/loans\n"
    )


def test_a_run_never_goes_on_elsewhere_silently(tmp_path: Path) -> None:
    folder, file = tmp_path / "kept", a_file(tmp_path)
    folder.mkdir()
    meta = {"name": "loans", "namespace": "default", "uid": "u", "resourceVersion": "1"}
    spec = {
        "kafka": {"bootstrapServers": "kafka:9092"},
        "storage": {"endpoint": "http://minio:9000", "bucket": "perennial"},
    }
    ObjectFiles(folder / "objects").write({"kind": "ModelPipeline", "metadata": meta, "spec": spec})

    done = run(file, "--s3", "http://minio:9000", "--folder", folder)

    assert done.exit_code == 1
    assert done.stderr == (
        "perennial: the folder's pipeline has its Kafka at kafka:9092: name it again, with"
        " --bootstrap kafka:9092, or name another folder\n"
    )
    assert not (folder / "kafka").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    done = run(a_file(tmp_path), "--folder", tmp_path)

    assert done.exit_code == 1
    assert "holds loans.yaml, which no run made" in done.stderr


def test_what_a_run_keeps_is_never_emptied(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    run(a_file(tmp_path), "--s3", "http://127.0.0.1:1", "--folder", folder)

    with pytest.raises(FolderRefused, match="is that of a run which is kept"):
        emptied(folder)

    assert (folder / "pipeline.yaml").read_bytes() == (tmp_path / "loans.yaml").read_bytes()


@pytest.mark.parametrize("given", ["soon", "5", ""])
def test_a_duration_is_a_number_with_a_unit(given: str, tmp_path: Path) -> None:
    done = run(a_file(tmp_path), "--for", given)

    assert done.exit_code == 2
    assert "--for" in done.stderr
