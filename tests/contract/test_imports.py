import subprocess
import sys
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parents[2] / "libs" / "contract" / "src"
CLIENTS: Final = {"boto3", "botocore", "confluent_kafka", "kubernetes", "kopf"}
ADAPTERS: Final = {
    "perennial_contract.runtime.s3": {"botocore"},
    "perennial_contract.runtime.s3_client": {"boto3", "botocore"},
    "perennial_contract.runtime.kafka.lifecycle": {"confluent_kafka"},
    "perennial_contract.runtime.kafka.records": {"confluent_kafka"},
}


def loaded(*modules: str) -> set[str]:
    """The clients that a fresh process has loaded once it has imported the modules."""
    script = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return CLIENTS & set(done.stdout.split())


def test_no_module_but_an_adapter_loads_a_client() -> None:
    files = SOURCE.rglob("*.py")
    modules = {".".join(file.relative_to(SOURCE).with_suffix("").parts) for file in files}

    assert loaded(*sorted(modules - ADAPTERS.keys())) == set()
    assert {module: loaded(module) for module in ADAPTERS} == ADAPTERS
