"""The predictor in a child process, and the bucket that it takes its model from."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from tests.support.predictor.stream import LIMIT, Stream
from tests.support.servers import S3_USER

_CODE: Final = """
import pathlib, sys
from perennial_contract.runtime import logs
from perennial_contract.settings import PredictorSettings
from perennial_predictor.__main__ import execute
from perennial_contract.runtime.mounts import Mounts
logs.configure()
settings, version, port, predict_port, secret = sys.argv[1:]
settings = PredictorSettings.model_validate_json(settings)
mounts = Mounts(pathlib.Path(secret) / "s3", pathlib.Path(secret) / "kafka")
ports = {"port": int(port), "predict_port": int(predict_port)}
sys.exit(execute(settings, version, "pod-1", mounts=mounts, linger=1.0, **ports))
"""


def mounted(folder: Path) -> Path:
    """The same folder, with the Secrets of S3 and of Kafka in it."""
    for name in ("s3", "kafka"):
        (folder / name).mkdir()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        (folder / "s3" / name).write_text(S3_USER)
    return folder


class Program:
    """The predictor; what it logs goes to `log`, or to standard error."""

    def __init__(self, stream: Stream, version: str, secret: Path, log: Path | None = None) -> None:
        with socket.socket() as free, socket.socket() as another:
            for each in (free, another):
                each.bind(("127.0.0.1", 0))
            self._port, self.predict_port = free.getsockname()[1], another.getsockname()[1]
        settings = stream.settings.model_dump_json(exclude_defaults=True)
        ports = [str(self._port), str(self.predict_port)]
        arguments = [sys.executable, "-c", _CODE, settings, version, *ports, str(secret)]
        if log is None:
            self.process = subprocess.Popen(arguments)
        else:
            with log.open("wb") as file:
                self.process = subprocess.Popen(arguments, stderr=file)

    def get(self, path: str) -> bytes:
        """Nothing where nobody answers."""
        address = f"http://127.0.0.1:{self._port}{path}"
        with suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            return bytes(answer.read())
        return b""

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.get("/status") or b"{}"))

    def metric(self, sample: str) -> float:
        """A sample, named as in Prometheus' text format; 0 where there is none."""
        lines = dict(line.rsplit(" ", 1) for line in self.get("/metrics").decode().splitlines())
        return float(lines.get(sample, 0))

    def is_ready(self) -> bool:
        return bool(self.status().get("ready"))

    def problem(self) -> Any:
        return (self.status().get("problem") or {}).get("reason")

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(LIMIT)


class Bucket:
    """Where a stream's models are written, and removed again."""

    def __init__(self, stream: Stream, endpoint: str) -> None:
        self._name = stream.settings.storage.bucket
        self._prefix = stream.settings.prefix
        self._written: list[str] = []
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=S3_USER,
            aws_secret_access_key=S3_USER,
        )
        with suppress(ClientError):
            self.client.create_bucket(Bucket=self._name)

    def put(self, objects: Mapping[str, bytes]) -> None:
        for key, data in objects.items():
            self._written.append(f"{self._prefix}/{key}")
            self.client.put_object(Bucket=self._name, Key=self._written[-1], Body=data)

    def close(self) -> None:
        for key in self._written:
            self.client.delete_object(Bucket=self._name, Key=key)
        self.client.close()
