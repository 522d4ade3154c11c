"""Digests by which two documents are compared."""

from __future__ import annotations

import hashlib
import json


def digest_of(document: object) -> str:
    """Sixteen hexadecimal digits of a JSON document's SHA-256."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
