import subprocess
import sys
from pathlib import Path

import pytest

import perennial_operator

EDGES = {"__init__", "__main__", "adapters", "crd", "handlers", "loops"}
SOURCES = Path(perennial_operator.__path__[0])
PURE = sorted(
    ".".join(["perennial_operator", *path.relative_to(SOURCES).with_suffix("").parts])
    for path in SOURCES.rglob("*.py")
    if not EDGES & {path.stem, *path.relative_to(SOURCES).parts}
)


@pytest.mark.parametrize("clients", ["kopf kubernetes aiohttp boto3 confluent_kafka pyarrow"])
def test_a_pure_module_loads_no_client_however_far_its_imports_reach(clients: str) -> None:
    program = (
        f"import sys\nimport {', '.join(PURE)}\n"
        f"print(sorted(set('{clients}'.split()) & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
    assert "perennial_operator.plan" in PURE
