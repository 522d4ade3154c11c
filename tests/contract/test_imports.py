import re
import subprocess
import sys
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Final

import pytest

SOURCE: Final = Path(__file__).parents[2] / "libs" / "contract" / "src"
MODULES: Final = {
    "messages": ("messages/*", "objects/bundle"),
    "observations": ("objects/observation",),
    "s3": ("runtime/s3*",),
    "folder": ("runtime/folder",),
    "kafka": ("runtime/kafka/*",),
}
PACKAGES: Final = {
    "msgspec": {"msgspec"},
    "pyarrow": {"pyarrow"},
    "boto3": {"boto3", "botocore"},
    "obstore": {"obstore"},
    "confluent-kafka": {"confluent_kafka"},
}
CLIENTS: Final = {"boto3", "botocore", "confluent_kafka", "kubernetes", "kopf", "obstore"}
ADAPTERS: Final = {
    "perennial_contract.runtime.s3": {"botocore"},
    "perennial_contract.runtime.s3_client": {"boto3", "botocore"},
    "perennial_contract.runtime.folder": {"obstore"},
    "perennial_contract.runtime.kafka.lifecycle": {"confluent_kafka"},
    "perennial_contract.runtime.kafka.records": {"confluent_kafka"},
}


def named(*patterns: str) -> set[str]:
    files = (file for each in patterns for file in SOURCE.glob(f"perennial_contract/{each}.py"))
    return {".".join(file.relative_to(SOURCE).with_suffix("").parts) for file in files}


def brought(extra: str) -> set[str]:
    """The packages that an extra brings, as they are imported."""
    manifest = tomllib.loads((SOURCE.parent / "pyproject.toml").read_text())
    needs = manifest["project"]["optional-dependencies"][extra]
    return {name for need in needs for name in PACKAGES[re.split("[<>=]", need)[0]]}


def loaded(*modules: str, of: Collection[str] = CLIENTS) -> set[str]:
    """Which of these a fresh process has loaded once it has imported the modules."""
    script = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return {*of} & set(done.stdout.split())


def test_no_module_but_an_adapter_loads_a_client() -> None:
    files = SOURCE.rglob("*.py")
    modules = {".".join(file.relative_to(SOURCE).with_suffix("").parts) for file in files}

    assert loaded(*sorted(modules - ADAPTERS.keys())) == set()
    assert {module: loaded(module) for module in ADAPTERS} == ADAPTERS


@pytest.mark.parametrize("extra", MODULES)
def test_an_extra_brings_all_that_its_modules_need(extra: str) -> None:
    modules = named(*MODULES[extra])
    assert modules

    assert loaded(*sorted(modules), of=set().union(*PACKAGES.values())) <= brought(extra)


def test_all_other_modules_need_no_extra() -> None:
    others = named("**/*") - named(*(each for patterns in MODULES.values() for each in patterns))

    assert loaded(*sorted(others), of=set().union(*PACKAGES.values())) == set()
