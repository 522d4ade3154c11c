"""Topics of a pipeline, and the buckets, made on the local cluster; what exists stays as it is.

    python cluster/prepare.py PIPELINE PARTITIONS

PIPELINE is a name, whose topics are then NAME-events and so on, or the file of a ModelPipeline.
The addresses are those that the cluster has from the host, with kind and without.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

BROKER = "127.0.0.1:9092"
STORE = "http://127.0.0.1:9000"
TOPICS = ("events", "labels", "predictions", "dead-letters", "lifecycle")
SECTIONS = ("events", "labels", "predictions", "deadLetters", "lifecycle")
DERIVED = {"predictions": ".predictions", "deadLetters": ".dead-letters"}
BUCKETS = ("perennial", "datasets")
PATIENCE_SECONDS = 15.0


def topics_of(pipeline: str) -> list[str]:
    """The topics that a file names, each once; for a name, those that usually go with it.

    Raises:
        ValueError: The file holds no ModelPipeline.
    """
    if not pipeline.endswith((".yaml", ".yml")):
        return [f"{pipeline}-{suffix}" for suffix in TOPICS]
    try:
        spec: dict[str, Any] = yaml.safe_load(Path(pipeline).read_text())["spec"]
        named = [
            (spec.get(section) or {}).get("topic")
            or (section in DERIVED and spec["events"]["topic"] + DERIVED[section])
            for section in SECTIONS
        ]
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{pipeline} is no ModelPipeline that can be read: {error}") from error
    return list(dict.fromkeys(name for name in named if name))


def make_topics(names: list[str], partitions: int) -> list[str]:
    """Create topics, and say for each what happened."""
    admin = AdminClient({"bootstrap.servers": BROKER, "log_level": 0})
    there = admin.list_topics(timeout=PATIENCE_SECONDS).topics
    wanted = [NewTopic(name, num_partitions=partitions, replication_factor=1) for name in names]
    lines = []
    for topic, created in admin.create_topics(wanted, operation_timeout=PATIENCE_SECONDS).items():
        try:
            created.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
            found = f", {len(there[topic].partitions)} partitions" if topic in there else ""
            lines.append(f"topic {topic}: was there{found}")
        else:
            lines.append(f"topic {topic}: created, {partitions} partitions")
    return lines


def make_buckets() -> list[str]:
    """Create the buckets for bundles and for datasets, and say for each what happened."""
    store = boto3.client(
        "s3",
        endpoint_url=STORE,
        region_name="us-east-1",
        config=Config(
            connect_timeout=5, read_timeout=PATIENCE_SECONDS, retries={"max_attempts": 2}
        ),
    )
    there = {bucket["Name"] for bucket in store.list_buckets()["Buckets"]}
    lines = []
    for name in BUCKETS:
        if name in there:
            lines.append(f"bucket {name}: was there")
        else:
            store.create_bucket(Bucket=name)
            lines.append(f"bucket {name}: created")
    return lines


def main(arguments: list[str]) -> int:
    """Run as a command."""
    if len(arguments) != 2 or not arguments[1].isdecimal() or int(arguments[1]) < 1:  # noqa: PLR2004 - PIPELINE, PARTITIONS
        sys.stderr.write(
            "usage: prepare.py PIPELINE PARTITIONS, where PARTITIONS is a number from 1\n"
        )
        return 2
    partitions = int(arguments[1])
    try:
        for line in [*make_topics(topics_of(arguments[0]), partitions), *make_buckets()]:
            sys.stdout.write(line + "\n")
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KafkaException as error:
        sys.stderr.write(f"Kafka at {BROKER}: {error.args[0].str()}. Is it up?\n")
        return 1
    except (BotoCoreError, ClientError) as error:
        sys.stderr.write(f"S3 server at {STORE}: {error}. Is it up?\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
