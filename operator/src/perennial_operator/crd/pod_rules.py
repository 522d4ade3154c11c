"""Rules of a pod template; the rest is left to the API server's own check of pods."""

from __future__ import annotations

from perennial_operator.api.pods.reserved import (
    KEY_PATTERN,
    RESERVED_FOLDERS,
    RESERVED_KEYS,
    RESERVED_VARIABLES,
    RESERVED_VOLUMES,
)
from perennial_operator.crd.cel import Rule, one_of


def _keys(at: str) -> Rule:
    return Rule(
        at,
        f"self.all(key, key.matches(r'{KEY_PATTERN}'))",
        f"{at} holds a key that is not valid: a valid one is team, or example.com/team",
    )


def _free_keys(at: str) -> Rule:
    return Rule(
        at,
        f"self.all(key, !key.matches(r'{RESERVED_KEYS}'))",
        f"{at} holds a key that is the operator's own: perennial.dev/ and app.kubernetes.io/ are",
    )


def _folders(at: str) -> tuple[Rule, ...]:
    ours = ", ".join(f"'{folder}'" for folder in RESERVED_FOLDERS)
    names = ", ".join(f"'{name}'" for name in RESERVED_VOLUMES)
    return (
        Rule(
            f"{at}[]",
            f"!(self.name in [{names}])",
            f"{at}[].name must be another than {', '.join(RESERVED_VOLUMES)}: these are the"
            " operator's own",
            ".name",
        ),
        Rule(
            f"{at}[]",
            f"[{ours}].all(ours, !(self.mountPath + '/').startsWith(ours + '/')"
            " && !ours.startsWith(self.mountPath + '/'))",
            f"{at}[].mountPath must neither lie in nor hide what is the operator's own:"
            f" {', '.join(RESERVED_FOLDERS)}",
            ".mountPath",
        ),
        Rule(
            at,
            "self.all(one, self.exists_one(other, other.mountPath == one.mountPath))",
            f"{at} holds two volumes with one mountPath",
        ),
        one_of(f"{at}[]", "secret", "configMap", "projected"),
        one_of(f"{at}[].projected.sources[]", "secret", "configMap"),
    )


def pod_rules(at: str) -> tuple[Rule, ...]:
    """The rules of the template at one place of the resource."""
    return (
        *(_keys(f"{at}.{field}") for field in ("labels", "annotations", "nodeSelector")),
        *(_free_keys(f"{at}.{field}") for field in ("labels", "annotations")),
        Rule(
            f"{at}.env[]",
            f"!self.name.matches(r'{RESERVED_VARIABLES}')",
            f"{at}.env[].name is the operator's own (PERENNIAL_), or decides which code the program"
            " loads or runs (PYTHON, LD_, GCONV_, GLIBC_, OPENSSL_, PATH, HOME, SSLKEYLOGFILE,"
            " AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE)",
            ".name",
        ),
        Rule(
            f"{at}.env[]",
            "!has(self.value) || !has(self.valueFrom)",
            f"{at}.env[] takes value or valueFrom, not both",
        ),
        one_of(f"{at}.env[].valueFrom", "secretKeyRef", "configMapKeyRef", "fieldRef"),
        *_folders(f"{at}.volumes"),
    )
