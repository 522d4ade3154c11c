"""What users add to pods: all of it, and what is refused."""

from typing import Any, Final

Json = dict[str, Any]

ADDITIONS: Final[Json] = {
    "labels": {"team": "growth"},
    "annotations": {"prometheus.io/scrape": "true"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "gpu", "operator": "DoesNotExist"}]}
                ]
            }
        }
    },
    "topologySpreadConstraints": [
        {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
        }
    ],
    "serviceAccountName": "income",
    "imagePullSecrets": [{"name": "registry"}],
    "priorityClassName": "batch",
    "runtimeClassName": "gvisor",
    "env": [
        {"name": "HTTPS_PROXY", "value": "http://proxy:3128"},
        {"name": "AWS_REGION", "value": "eu-central-1"},
        {"name": "OMP_NUM_THREADS", "value": "1"},
        {"name": "MY_PYTHON", "value": "1"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "proxy", "key": "token"}}},
    ],
    "volumes": [
        {
            "name": "ca",
            "mountPath": "/etc/company",
            "configMap": {"name": "ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]},
        },
        {
            "name": "both",
            "mountPath": "/etc/both",
            "projected": {
                "sources": [
                    {"secret": {"name": "one"}},
                    {"configMap": {"name": "two", "optional": True}},
                ]
            },
        },
    ],
    "terminationGracePeriodSeconds": 90,
}

_CA: Final[Json] = {"name": "ca", "mountPath": "/etc/company", "configMap": {"name": "ca"}}
_SECRET: Final[Json] = {"secretKeyRef": {"name": "proxy", "key": "token"}}
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_HEAVY: Final[Json] = {"weight": 1000, "podAffinityTerm": {"topologyKey": "zone"}}

REFUSED: Final[list[tuple[Json, str]]] = [
    ({"labels": {"perennial.dev/pipeline": "other"}}, "labels"),
    ({"labels": {"app.kubernetes.io/name": "other"}}, "labels"),
    ({"labels": {"x.perennial.dev/y": "other"}}, "labels"),
    ({"labels": {"not a key": "x"}}, "labels"),
    ({"labels": {"team": "not a value"}}, "labels.team"),
    ({"annotations": {"perennial.dev/model": "v9-00000000"}}, "annotations"),
    ({"annotations": {"a/b/c": "x"}}, "annotations"),
    ({"nodeSelector": {"/disk": "ssd"}}, "nodeSelector"),
    ({"env": [{"name": "PERENNIAL_SETTINGS", "value": "{}"}]}, "env[0].name"),
    *(
        ({"env": [{"name": name, "value": "/etc/company"}]}, "env[0].name")
        for name in (
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "LD_AUDIT",
            "GCONV_PATH",
            "GLIBC_TUNABLES",
            "OPENSSL_CONF",
            "PATH",
            "HOME",
            "SSLKEYLOGFILE",
            "AWS_CONFIG_FILE",
            "AWS_SHARED_CREDENTIALS_FILE",
        )
    ),
    ({"env": [{"name": "1ST", "value": "x"}]}, "env[0].name"),
    ({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}, "env"),
    ({"env": [{"name": "A", "value": "1", "valueFrom": _SECRET}]}, "env[0]"),
    ({"env": [{"name": "A", "valueFrom": {}}]}, "env[0].valueFrom"),
    (
        {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "UPPER", "key": "a"}}}]},
        "env[0].valueFrom.secretKeyRef.name",
    ),
    ({"volumes": [{**_CA, "name": "s3"}]}, "volumes[0].name"),
    ({"volumes": [{**_CA, "name": "C A"}]}, "volumes[0].name"),
    ({"volumes": [{**_CA, "mountPath": "/tmp"}]}, "volumes[0].mountPath"),
    ({"volumes": [{**_CA, "mountPath": "/etc"}]}, "volumes[0].mountPath"),
    ({"volumes": [{**_CA, "mountPath": "/etc/perennial/s3"}]}, "volumes[0].mountPath"),
    ({"volumes": [{**_CA, "mountPath": "/etc/../tmp"}]}, "volumes[0].mountPath"),
    ({"volumes": [{**_CA, "mountPath": "company"}]}, "volumes[0].mountPath"),
    ({"volumes": [{**_CA, "mountPath": "/"}]}, "volumes[0].mountPath"),
    ({"volumes": [_CA, _CA]}, "volumes"),
    ({"volumes": [_CA, {**_CA, "name": "other"}]}, "volumes"),
    ({"volumes": [{**_CA, "secret": {"secretName": "x"}}]}, "volumes[0]"),
    ({"volumes": [{**_CA, "configMap": {"name": "ca", "defaultMode": 511}}]}, "defaultMode"),
    ({"volumes": [{"name": "host", "mountPath": "/host", "hostPath": {"path": "/"}}]}, "hostPath"),
    (
        {"volumes": [{"name": "a", "mountPath": "/a", "projected": {"sources": []}}]},
        "volumes[0].projected.sources",
    ),
    (
        {
            "volumes": [
                {
                    "name": "token",
                    "mountPath": "/token",
                    "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]},
                }
            ]
        },
        "serviceAccountToken",
    ),
    ({"tolerations": [{"operator": "Sometimes"}]}, "tolerations[0].operator"),
    ({"affinity": {"nodeAfinity": {}}}, "nodeAfinity"),
    ({"affinity": {"podAffinity": {_REQUIRED: [{}]}}}, "topologyKey"),
    ({"affinity": {"podAntiAffinity": {_PREFERRED: [_HEAVY]}}}, "weight"),
    ({"affinity": {"nodeAffinity": {"required": {}}}}, "affinity.nodeAffinity.required"),
    ({"topologySpreadConstraints": [{"maxSkew": 1}]}, "topologyKey"),
    ({"serviceAccountName": "Not_A_Name"}, "serviceAccountName"),
    ({"imagePullSecrets": [{"name": "a"}, {"name": "a"}]}, "imagePullSecrets"),
    ({"terminationGracePeriodSeconds": 0}, "terminationGracePeriodSeconds"),
    ({"securityContext": {"runAsUser": 0}}, "securityContext"),
    ({"hostNetwork": True}, "hostNetwork"),
]
"""A template, and the field or key that its refusal names."""
