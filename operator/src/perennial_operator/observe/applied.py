"""Children as they were applied: whether anything of what is ours has changed since."""

from __future__ import annotations

from perennial_operator.api.digests import digest_of
from perennial_operator.api.names import MANAGER, Manifest


def as_applied(manifest: Manifest, live: Manifest) -> str:
    """Digest of what was applied, and of the fields that are ours in what came of it.

    Who changes or removes one of our fields takes it from us, and the API server says so in
    `managedFields`; what others add is theirs, and so is what a webhook makes of our own.
    """
    meta = live["metadata"]
    ours = [
        entry.get("fieldsV1")
        for entry in meta.get("managedFields", [])
        if (entry.get("manager"), entry.get("operation")) == (MANAGER, "Apply")
    ]
    return digest_of([manifest, meta["uid"], ours])
