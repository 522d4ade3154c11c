"""kubectl as a user types it, and waiting for what it shows."""

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any, TypeVar

Json = dict[str, Any]
T = TypeVar("T")


class Refused(Exception):  # noqa: N818  what the API server did
    """kubectl ended with an error; the message is what it printed."""


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    done = subprocess.run(
        ["kubectl", *arguments], input=stdin, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refused(done.stderr)
    return done.stdout


def apply(namespace: str, *manifests: Json) -> None:
    kubectl("-n", namespace, "apply", "-f", "-", stdin="\n---\n".join(map(json.dumps, manifests)))


def get(namespace: str, kind: str, name: str) -> Json:
    found: Json = json.loads(kubectl("-n", namespace, "get", kind, name, "-o", "json"))
    return found


def listed(namespace: str, kind: str, selector: str = "") -> list[Json]:
    text = kubectl("-n", namespace, "get", kind, "-l", selector, "-o", "json")
    items: list[Json] = json.loads(text)["items"]
    return items


def eventually(seconds: float, what: str, look: Callable[[], T | None]) -> T:
    """What `look` finds, asked twice a second; a failure says what was waited for."""
    end = time.monotonic() + seconds
    while True:
        try:
            found = look()
        except Refused as refused:
            found, last = None, str(refused)
        else:
            last = ""
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {what}. {last}")
        time.sleep(0.5)
