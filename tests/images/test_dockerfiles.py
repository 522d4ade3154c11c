"""The four members' Dockerfiles, which differ in their member's own lines only."""

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
MEMBERS: Final = {
    "operator": "operator",
    "predictor": "images/predictor",
    "recorder": "images/recorder",
    "trainer": "images/trainer",
}
_THREADS: Final = """\
# A thread that waits for work sleeps; what LightGBM is not told needs one.
ENV OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
"""
ENVIRONMENT: Final = {
    "operator": "# kopf asks for the name of its user, and 65532 has none.\nENV USER=perennial\n",
    "predictor": _THREADS,
    "trainer": _THREADS,
}
SYSTEM_PACKAGES: Final = {"model": "libgomp1 "}  # LightGBM's threads


def libraries(member: str) -> dict[str, list[str]]:
    """The libraries that a member's manifest depends on, each with its extras."""
    manifest = tomllib.loads((ROOT / MEMBERS[member] / "pyproject.toml").read_text())
    found = (
        re.fullmatch(r"perennial-(\w+)(?:\[(.*)\])?", dependency)
        for dependency in manifest["project"]["dependencies"]
    )
    return {match[1]: (match[2] or "").split(",") if match[2] else [] for match in found if match}


def parts(member: str) -> dict[str, str]:
    """The member's own parts of its Dockerfile, by the names that stand for them."""
    needed = libraries(member)
    extras = {f"libs/{name}": found for name, found in needed.items()} | {MEMBERS[member]: []}
    requirements = (
        f"      --requirement {folder}/pyproject.toml"
        + "".join(f" --extra {name}" for name in names)
        for folder, names in extras.items()
    )
    packages = "".join(SYSTEM_PACKAGES.get(name, "") for name in needed)
    return {
        "title": f"# The image of the {member}, ",
        "excluded": f"'perennial-%s\\n' {' '.join(needed)} >",
        "manifests": "".join(f"COPY {n}/pyproject.toml {n}/\n" for n in extras) + "RUN",
        "requirements": " \\\n".join(requirements) + "\n",
        "sources": "".join(f"COPY {n} {n}\n" for n in extras) + "RUN",
        "installed": "/program " + " ".join(f"./{n}" for n in extras) + "\n",
        "packages": f"--no-install-recommends {packages}python3 \\\n",
        "environment": "PYTHONUNBUFFERED=1\n" + ENVIRONMENT.get(member, "") + "COPY --from",
        "entry point": f'["python", "-m", "perennial_{member}"]\n',
    }


def pattern(member: str) -> str:
    """The Dockerfile with names in place of what is the member's own."""
    text = (ROOT / MEMBERS[member] / "Dockerfile").read_text()
    for name, part in parts(member).items():
        assert text.count(part) == 1, f"{name} of {member}: {part!r}"
        text = text.replace(part, f"<{name}>")
    return text


def test_there_is_a_dockerfile_for_each_member_and_no_other() -> None:
    found = [path for folder in ("images", "operator") for path in (ROOT / folder).rglob("Docker*")]

    assert sorted(found) == sorted(ROOT / folder / "Dockerfile" for folder in MEMBERS.values())


@pytest.mark.parametrize("member", ["operator", "recorder", "trainer"])
def test_a_dockerfile_is_the_predictors_but_for_its_member(member: str) -> None:
    assert pattern(member) == pattern("predictor")
