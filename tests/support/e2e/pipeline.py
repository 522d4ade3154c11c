"""ModelPipeline of one test: its namespace, bucket, Secret, dataset and stream."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

from perennial_contract.watermark import total
from perennial_operator.api.names import COMPONENT_LABEL, COMPONENTS
from tests.support.e2e.altered import renumbered
from tests.support.e2e.kubectl import Json, Refused, apply, eventually, get, kubectl, listed
from tests.support.e2e.stream import Row, Stream
from tests.support.servers import S3, S3_USER

BUCKET = "perennial-e2e"
SYSTEM = "perennial-system"  # the operator's namespace
STATUS = (
    "jsonpath={.status.written}",
    "jsonpath={.status.conditions}",
    "jsonpath={.status.model}{.status.attempt}{.status.badVersions}",
    "jsonpath={.status.history[-1:]}",
)
SLOW = {"maxEvals": 1000, "timeout": "20s", "searchEvery": 1}  # attempts long enough to be met


def s3() -> Any:
    return boto3.client(
        "s3",
        endpoint_url=S3,
        region_name="us-east-1",
        aws_access_key_id=S3_USER,
        aws_secret_access_key=S3_USER,
    )


def empty(bucket: str, prefix: str = "") -> None:
    """Deletes what lies below a prefix; a bucket that is not there is empty."""
    client = s3()
    if bucket not in {b["Name"] for b in client.list_buckets()["Buckets"]}:
        return
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            client.delete_object(Bucket=bucket, Key=found["Key"])


@dataclass
class Pipeline:
    """`name` is also its namespace's, so that a test deletes everything at once."""

    name: str
    schema: Json
    stream: Stream
    spec: Json = field(default_factory=dict)

    def resource(self) -> Json:
        inside = not self.stream.delay
        topics = {
            kind: {"topic": self.stream.topic(kind)} for kind in ("predictions", "dead-letters")
        }
        spec = {
            "task": "Binary",
            "kafka": {"bootstrapServers": "kafka.default:9092"},
            "events": {
                "topic": self.stream.topic("events"),
                "id": {"path": "request_id"},
                "record": "data",
            },
            "labels": {"path": "data.label"}
            if inside
            else {
                "topic": self.stream.topic("labels"),
                "id": {"path": "request_id"},
                "value": "label",
                "maxDelay": "1m",
            },
            "predictions": topics["predictions"],
            "deadLetters": topics["dead-letters"],
            "schema": self.schema,
            "dataset": {"uri": f"s3://{BUCKET}/{self.name}/train.csv", "label": "label"},
            "storage": {
                "endpoint": "http://minio.default:9000",
                "bucket": BUCKET,
                "prefix": f"{self.name}/models",
                "secretRef": {"name": "s3-client"},
            },
            "retrain": {"threshold": 2000},
            "optimizer": {"maxEvals": 5},
            "recorder": {"flushInterval": "1s"},
            "predictor": {"replicas": 1},
            "lifecycle": {"topic": self.stream.topic("lifecycle")},
            **self.spec,
        }
        return {
            "apiVersion": "perennial.dev/v1alpha1",
            "kind": "ModelPipeline",
            "metadata": {"name": self.name},
            "spec": spec,
        }

    def prepare(self, base: list[Row]) -> None:
        """Everything that is the user's: namespace, Secret, topics, bucket, dataset."""
        kubectl("create", "namespace", self.name)
        self.create_secret()
        self.stream.create()
        self.upload(base)

    def create_secret(self) -> None:
        data = {"AWS_ACCESS_KEY_ID": S3_USER, "AWS_SECRET_ACCESS_KEY": S3_USER}
        meta = {"name": "s3-client"}
        apply(
            self.name, {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": data}
        )

    def upload(self, base: list[Row]) -> None:
        client = s3()
        if BUCKET not in {b["Name"] for b in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=BUCKET)
        text = io.StringIO()
        writer = csv.DictWriter(text, [*base[0].record, "label"])
        writer.writeheader()
        writer.writerows({**row.record, "label": row.label} for row in base)
        key = f"{self.name}/train.csv"
        client.put_object(Bucket=BUCKET, Key=key, Body=text.getvalue().encode())

    def versions(self) -> list[str]:
        """The models on S3."""
        prefix = f"{self.name}/models/models/"
        found = s3().list_objects_v2(Bucket=BUCKET, Prefix=prefix, Delimiter="/")
        return [each["Prefix"].split("/")[-2] for each in found.get("CommonPrefixes", [])]

    def objects(self, prefix: str) -> dict[str, bytes]:
        """What stands on S3 below a prefix of the pipeline's own, by key."""
        client = s3()
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix=f"{self.name}/models/{prefix}"
        )
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        return {key: client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def model(self, version: str) -> dict[str, bytes]:
        """The files of a model."""
        found = self.objects(f"models/{version}/")
        return {key.rpartition("/")[2]: data for key, data in found.items()}

    def put_model(self, version: str, files: Mapping[str, bytes]) -> None:
        for name, data in files.items():
            key = f"{self.name}/models/models/{version}/{name}"
            s3().put_object(Bucket=BUCKET, Key=key, Body=data)

    def copy_model(self, version: str, numbers: list[int]) -> list[str]:
        """The same model under other numbers; returns the versions."""
        made = [renumbered(version, self.model(version), number) for number in numbers]
        for copy, files in made:
            self.put_model(copy, files)
        return [copy for copy, _ in made]

    def apply(self) -> None:
        apply(self.name, self.resource())

    def edit(self, spec: Json) -> None:
        """Changes a part of the spec, as `kubectl edit` would."""
        patch = json.dumps({"spec": spec})
        where = ["-n", self.name, "patch", "modelpipeline", self.name]
        kubectl(*where, "--type=merge", "-p", patch)

    def status(self) -> Json:
        status: Json = get(self.name, "modelpipeline", self.name).get("status", {})
        return status

    def observed(self) -> int:
        """How many observations the status knows to be on S3."""
        return total(self.status().get("written", {}))

    def running(self, number: int) -> str:
        """The name of an attempt's pod, once it runs."""

        def look() -> str | None:
            pods = listed(self.name, "pods", "perennial.dev/component=trainer")
            names = [p["metadata"]["name"] for p in pods if p["status"].get("phase") == "Running"]
            return next((name for name in names if f"-train-{number}-" in name), None)

        name: str = self.expect(120, f"attempt {number} runs", look)
        return name

    def condition(self, kind: str) -> Json:
        found = [c for c in self.status().get("conditions", []) if c["type"] == kind]
        return found[0] if found else {}

    def wait_ready(self, seconds: float = 300) -> None:
        def look() -> bool:
            return self.condition("Ready").get("status") == "True"

        self.expect(seconds, "Ready", look)

    def wait_attempt(self, number: int, seconds: float = 300) -> Json:
        """The entry of an attempt in the history, once it has a verdict."""

        def look() -> Json | None:
            entries = self.status().get("history", [])
            return next((entry for entry in entries if entry["number"] == number), None)

        entry: Json = self.expect(seconds, f"a verdict of attempt {number}", look)
        return entry

    def wait_serving(self, version: str, seconds: float = 120) -> None:
        def look() -> bool:
            return bool(self.status().get("model", {}).get("version") == version)

        self.expect(seconds, f"{version} serves", look)

    def wait_answered(self, seconds: float = 120) -> None:
        """Until every id that was sent has an answer."""

        def look() -> bool:
            return {a["request_id"] for a in self.stream.answers()} >= set(self.stream.sent)

        self.expect(seconds, "every event is answered", look)

    def expect(self, seconds: float, what: str, look: Any) -> Any:
        try:
            return eventually(seconds, f"{self.name}: {what}", look)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.describe()}") from None

    def describe(self) -> str:
        """What a person would look at when it does not go on, what tells most first."""
        of_operator = "app.kubernetes.io/component=operator"
        looks = (
            *((self.name, "get", "modelpipeline", self.name, "-o", part) for part in STATUS),
            (SYSTEM, "logs", "-l", of_operator, "--tail=12"),
            *(
                (self.name, "logs", "-l", f"{COMPONENT_LABEL}={each}", "--tail=8")
                for each in COMPONENTS
            ),
            (self.name, "get", "modelpipeline,pods,jobs,events", "-o", "wide"),
        )
        return "\n".join(attempted(*look) for look in looks)

    def remove(self) -> None:
        """Objects too: what stays in a prefix refuses the next pipeline of the same name."""
        kubectl("delete", "namespace", self.name, "--ignore-not-found", "--timeout=120s")
        self.stream.delete()
        empty(BUCKET, f"{self.name}/")


def attempted(namespace: str, *arguments: str) -> str:
    try:
        return kubectl("-n", namespace, *arguments)
    except Refused as refused:
        return str(refused)
