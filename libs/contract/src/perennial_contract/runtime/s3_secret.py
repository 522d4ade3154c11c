"""Keys of the Secret that `storage.secretRef` names, checked before anything is asked with them."""

from __future__ import annotations

from typing import Final

from perennial_contract.runtime.pem import Kind, check_pem
from perennial_contract.runtime.secrets import AUTHORITY, MountedSecret

ID: Final = "AWS_ACCESS_KEY_ID"
KEY: Final = "AWS_SECRET_ACCESS_KEY"
TOKEN: Final = "AWS_SESSION_TOKEN"  # noqa: S105  a name
_SENT: Final = frozenset({ID, TOKEN})  # as headers; the other one only signs


def s3_keys(secret: MountedSecret) -> dict[str, str]:
    """The credentials by their names; none where the Secret has none, and an empty one is none.

    Raises:
        SecretRefused: One of them can be no such thing, or stands without the other.
    """
    found = {name: text for name in (ID, KEY, TOKEN) if (text := secret.text(name))}
    for name in found.keys() & _SENT:
        if not (found[name].isascii() and " " not in found[name]):
            raise secret.refused(name, "holds a blank or a character that is not ASCII")
    if found and (missing := sorted({ID, KEY} - found.keys())):
        raise secret.refused(missing[0], f"is missing beside {', '.join(sorted(found))}")
    return found


def s3_authority(secret: MountedSecret) -> str | None:
    """The file that the server's certificate is checked with; None where there is none.

    Raises:
        SecretRefused: It holds no certificate.
    """
    if not (content := secret.content(AUTHORITY).strip()):
        return None
    try:
        check_pem(content, Kind.CERTIFICATE)
    except ValueError as error:
        raise secret.refused(AUTHORITY, str(error)) from None
    return str(secret.folder / AUTHORITY)
