"""CPU and latency of a predictor at 0, 10, 100 and 1,000 events/s: the process, on Kafka and S3.

Run: python -m bench.predictor_cpu [seconds], beside the brokers that `cluster/cluster up` starts.
The predictor is the real process with a model of 100 trees of 31 leaves on 15 columns, and without
a CPU limit. Events are sent one by one, on time whatever comes back; latency is from then until the
answer is read. CPU is that of all threads of the process, from /proc. A lone event finds cold
caches, so the figures move with the machine, up to twofold from hour to hour. The last line is
their yardstick: a bare loop on the same client that scores nothing, at 100 events/s.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from signal import SIGTERM
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any, Final

import lightgbm as lgb
import numpy as np
from confluent_kafka import Consumer, Producer, TopicPartition

from perennial_contract.objects.bundle import ENCODER, GOLDEN, MODEL, to_golden
from perennial_contract.resource.schema import BinaryLabel, Schema
from perennial_model.features.encoder import learn
from perennial_model.features.infer import infer
from perennial_model.golden import golden_rows
from perennial_model.runtimes.lightgbm import Model
from tests.fakes.bundle import a_bundle
from tests.support.predictor.program import Bucket, Program, mounted
from tests.support.predictor.stream import Stream, until
from tests.support.servers import KAFKA, S3

RATES: Final = (0, 10, 100, 1000)  # events per second
BARE: Final = 100  # events per second of the yardstick
SECONDS: Final = 20.0  # per rate
WARM_UP: Final = 3.0  # seconds at the same rate, not counted
SCHEMA: Final = Schema(
    label=BinaryLabel(positive="1", negative="0"), crosses=[["category_0", "category_1"]]
)
_TICK: Final = os.sysconf("SC_CLK_TCK")


def record(draw: random.Random) -> dict[str, Any]:
    numbers = {f"number_{i}": draw.randrange(100_000) / 10 for i in range(6)}
    categories = {f"category_{i}": f"level {draw.randrange(4 + 4 * i)}" for i in range(8)}
    return {**numbers, **categories}


def model_files() -> Mapping[str, bytes]:
    """A bundle's files of a model that splits on everything."""
    draw = random.Random(0)
    rows = [record(draw) for _ in range(20_000)]
    encoder = learn(rows, infer(rows, SCHEMA), SCHEMA.crosses)
    matrix = encoder.encode(rows).matrix
    rich = np.nan_to_num(matrix).sum(axis=1) + np.random.default_rng(0).normal(0, 5000, len(rows))
    data = lgb.Dataset(matrix, rich > np.median(rich), categorical_feature=[*encoder.categorical])
    booster = lgb.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, data, 100)
    model = Model(encoder, booster, threads=1)
    golden = to_golden(golden_rows(model, rows))
    return {MODEL: model.text, ENCODER: encoder.to_json(), GOLDEN: golden}


class Answers:
    """Reads the predictions topic in a thread, and keeps when each id was sent and answered."""

    def __init__(self, stream: Stream) -> None:
        self.sent: dict[int, float] = {}
        self.answered: dict[int, float] = {}
        self._stop = Event()
        self._consumer = Consumer({"bootstrap.servers": KAFKA, "group.id": "reads"})
        topic = stream.predictions
        self._consumer.assign([TopicPartition(topic, partition, 0) for partition in (0, 1)])
        self._thread = Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._stop.is_set():
            message = self._consumer.poll(0.1)
            if message is not None and message.error() is None:
                self.answered[json.loads(message.value() or b"")["id"]] = time.perf_counter()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()


def send(stream: Stream, answers: Answers, first: int, rate: int, seconds: float) -> int:
    """Sends events evenly for so long; returns the id after the last one."""
    producer = Producer({"bootstrap.servers": KAFKA, "linger.ms": 0})
    draw = random.Random(first)
    began, count = time.perf_counter(), round(rate * seconds)
    for n in range(count):
        value = json.dumps({"id": first + n, **record(draw)}).encode()
        time.sleep(max(0.0, began + n / rate - time.perf_counter()))
        answers.sent[first + n] = time.perf_counter()
        producer.produce(stream.events, value, str(first + n).encode())
        producer.poll(0)
    time.sleep(max(0.0, began + seconds - time.perf_counter()))
    producer.flush()
    return first + count


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def measure(pid: int, stream: Stream, answers: Answers, rate: int, seconds: float) -> str:
    """One line of the table."""
    first = send(stream, answers, len(answers.sent), rate, WARM_UP)
    before, began = cpu(pid), time.perf_counter()
    after = send(stream, answers, first, rate, seconds)
    used, took = cpu(pid) - before, time.perf_counter() - began
    ids = range(first, after)
    until(lambda: answers.answered.keys() >= set(ids))
    line = f"{rate:8} {used / took:9.2%}"
    if not ids:
        return line
    waits = [(answers.answered[i] - answers.sent[i]) * 1000 for i in ids]
    p50, p99 = np.percentile(waits, [50, 99])
    return f"{line} {used / len(ids) * 1e6:10.0f} {p50:8.1f} {p99:8.1f}"


def measure_bare(stream: Stream, answers: Answers, seconds: float) -> str:
    """The line of the yardstick."""
    topics = stream.events, stream.predictions
    bare = subprocess.Popen([sys.executable, "-m", "bench.bare_loop", KAFKA, *topics])
    try:
        return measure(bare.pid, stream, answers, BARE, seconds)
    finally:
        bare.terminate()
        bare.wait()


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    bundle, objects = a_bundle(contents=model_files())
    stream = Stream(KAFKA, S3)
    stream.make_all()
    bucket = Bucket(stream, S3)
    answers = Answers(stream)
    try:
        bucket.put(objects)
        with TemporaryDirectory() as folder:
            program = Program(stream, bundle.version, mounted(Path(folder)), Path(folder) / "log")
            until(program.is_ready)
            load, processors = os.getloadavg()[0], os.cpu_count()
            print(f"on {processors} processors that had {load:.1f} processes to run")
            print("events/s       CPU us/message   p50 ms   p99 ms")
            for rate in RATES:
                print(measure(program.process.pid, stream, answers, rate, seconds), flush=True)
            program.end(SIGTERM)
            print(f"{measure_bare(stream, answers, seconds)}  the bare loop")
    finally:
        answers.close()
        bucket.close()
        stream.remove_all()


if __name__ == "__main__":
    main()
