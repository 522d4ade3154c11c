import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.support.tree import PACKAGES, arrows, between_rooms, imported, modules

CLIENTS = {
    "aiohttp",
    "boto3",
    "confluent_kafka",
    "kopf",
    "kubernetes",
    "mlflow",
    "obstore",
    "sqlite3",
}
EDGES = {"__main__", "adapters", "client", "commands", "handlers", "loops", "runtime"}
MAY_IMPORT = {
    "perennial": {
        "perennial_contract",
        "perennial_model",
        "perennial_operator",
        "perennial_predictor",
        "perennial_recorder",
        "perennial_trainer",
    },
    "perennial_contract": set[str](),
    "perennial_model": {"perennial_contract"},
    "perennial_operator": {"perennial_contract"},
    "perennial_predictor": {"perennial_contract", "perennial_model"},
    "perennial_recorder": {"perennial_contract"},
    "perennial_trainer": {"perennial_contract", "perennial_model"},
}


def circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_imports_itself_by_way_of_others(package: str) -> None:
    assert circle(arrows(package)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows_between_rooms_go_one_way(package: str) -> None:
    assert circle(between_rooms(package)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_adapters_are_known_to_the_process_alone(package: str) -> None:
    knows = {room for room, targets in between_rooms(package).items() if "adapters" in targets}
    assert knows <= {"__main__", "client", "commands"}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_no_program_and_no_library_but_its_own(package: str) -> None:
    known = {each.split(".")[0] for m in modules(package).values() for each in imported(m)}
    assert (known & PACKAGES.keys()) - {package} <= MAY_IMPORT[package]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_folder_named_after_a_thing_loads_no_client_however_far_its_imports_reach(
    package: str,
) -> None:
    pure = [name for name, module in modules(package).items() if not EDGES & {*module.parts}]
    program = f"import sys\nimport {', '.join(pure)}\nprint(*sorted({CLIENTS} & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert pure
    assert done.stdout == "\n"


def test_the_operator_loads_nothing_that_its_image_has_not() -> None:
    extras = {"boto3", "confluent_kafka", "lightgbm", "msgspec", "numpy", "pyarrow"}
    program = (
        f"import sys\nimport {', '.join(modules('perennial_operator'))}\n"
        f"print(*sorted({extras} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "\n"


def test_the_clients_package_loads_nothing_before_somebody_asks_for_the_client() -> None:
    program = (
        "import sys\nbefore = {*sys.modules}\nimport perennial\n"
        "loaded = {name.split('.')[0] for name in {*sys.modules} - before}\n"
        "print(*loaded - sys.stdlib_module_names)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "perennial\n"
