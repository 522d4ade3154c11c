"""Bundles altered in ten ways, each under its own version."""

from collections.abc import Callable, Mapping
from typing import Final

from perennial_contract.objects.bundle import (
    ENCODER,
    GOLDEN,
    MANIFEST,
    MODEL,
    describe,
    open_manifest,
    seal,
)

Files = Mapping[str, bytes]


def flipped(data: bytes) -> bytes:
    """One bit in the middle is another."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def off(golden: bytes) -> bytes:
    """Golden rows whose first probability was another."""
    return golden.replace(b"0.", b"0.9", 1)


AFTER_SEALING: Final[dict[str, Callable[[Files], Files]]] = {
    "model truncated": lambda f: {**f, MODEL: f[MODEL][: len(f[MODEL]) // 2]},
    "model's bit flipped": lambda f: {**f, MODEL: flipped(f[MODEL])},
    "model longer": lambda f: {**f, MODEL: f[MODEL] + b"\n"},
    "model empty": lambda f: {**f, MODEL: b""},
    "encoder's bit flipped": lambda f: {**f, ENCODER: flipped(f[ENCODER])},
    "encoder missing": lambda f: {name: data for name, data in f.items() if name != ENCODER},
    "golden rows truncated": lambda f: {**f, GOLDEN: f[GOLDEN][:-1]},
    "model and encoder swapped": lambda f: {**f, MODEL: f[ENCODER], ENCODER: f[MODEL]},
    "manifest truncated": lambda f: {**f, MANIFEST: f[MANIFEST][:-10]},
}
BEFORE_SEALING: Final[dict[str, Callable[[Files], Files]]] = {
    "golden rows off, digests right": lambda f: {**f, GOLDEN: off(f[GOLDEN])},
}


def altered(good: str, files: Files, number: int) -> dict[str, tuple[str, Files]]:
    """By what was done: version and files; the versions are numbered from `number` on."""
    made: dict[str, tuple[str, Files]] = {}
    for what in (*AFTER_SEALING, *BEFORE_SEALING):
        content = BEFORE_SEALING.get(what, dict)(files)
        version, sealed = renumbered(good, content, number + len(made))
        made[what] = (version, AFTER_SEALING.get(what, dict)(sealed))
    return made


def renumbered(good: str, files: Files, number: int) -> tuple[str, Files]:
    """A model under another number: its version, and the files with a manifest that fits."""
    manifest = open_manifest(good, files[MANIFEST])
    content = {name: data for name, data in files.items() if name != MANIFEST}
    changes = {"number": number, "files": describe(content)}
    bundle, sealed = seal(manifest.model_copy(update=changes), content)
    return bundle.version, {**content, MANIFEST: sealed}
