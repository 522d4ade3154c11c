"""POST /predict of a real predictor process, beside a stream of its own."""

import json
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from perennial.adapters.broker import Broker
from perennial_contract.runtime.stores import open_store
from tests.fakes.bundle import a_bundle, people
from tests.support.predictor.program import Program, mounted
from tests.support.predictor.stream import LIMIT, Stream, until

pytestmark = pytest.mark.embedded

BUNDLE, OBJECTS = a_bundle()
EVENT = b'{"id": "a-1", "age": 41, "job": "nurse"}'


@pytest.fixture
def stream(broker: Broker, tmp_path: Path) -> Stream:
    stream = Stream(broker.address, f"file://{tmp_path}/store")
    stream.make_all()
    stream.change(http=True)
    return stream


@pytest.fixture
def start(stream: Stream, tmp_path: Path) -> Iterator[Callable[[], Program]]:
    storage = stream.settings.storage
    (tmp_path / "store" / storage.bucket).mkdir(parents=True)
    (tmp_path / "secrets").mkdir()
    secret = mounted(tmp_path / "secrets")
    store = open_store(storage, secret, storage.bucket, stream.settings.prefix)
    for key, data in OBJECTS.items():
        store.put_new(key, data)
    started: list[Program] = []

    def start() -> Program:
        started.append(Program(stream, BUNDLE.version, secret))
        return started[-1]

    yield start
    for program in started:
        program.process.kill()
        program.process.wait()


def ask(port: int, body: bytes = EVENT, kind: str = "application/json") -> tuple[int, bytes]:
    client = HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    try:
        client.request("POST", "/predict", body, {"Content-Type": kind})
        answer = client.getresponse()
        return answer.status, answer.read()
    finally:
        client.close()


def test_a_request_gets_the_very_answer_of_the_stream_and_leaves_no_trace_on_it(
    stream: Stream, start: Callable[[], Program]
) -> None:
    program = start()
    until(program.is_ready)
    stream.send_bytes(EVENT)
    (message,) = until(lambda: stream.read(stream.predictions))

    assert ask(program.predict_port) == (200, message.value())
    many = json.dumps([{"id": n, **person} for n, person in enumerate(people(1000))]).encode()
    code, answers = ask(program.predict_port, many)
    assert code == 200
    assert [answer["id"] for answer in json.loads(answers)] == [*range(1000)]
    assert ask(program.predict_port, b"{}")[0] == 400
    assert program.metric('perennial_predictor_requests_total{code="200"}') == 2
    assert program.metric('perennial_predictor_requested_events_total{outcome="NoId"}') == 1
    until(lambda: program.status()["answered"])
    assert program.status()["answered"] == 1
    assert program.end(signal.SIGTERM) == 0
    assert len(stream.read(stream.predictions)) == 1
    assert stream.read(stream.dead_letters) == []


def test_curl_gets_an_answer_too(start: Callable[[], Program], tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl on this machine")
    program = start()
    until(program.is_ready)
    address = f"http://127.0.0.1:{program.predict_port}/predict"
    large = tmp_path / "large"
    large.write_bytes(b"x" * 10_000_000)

    def asked(*arguments: str) -> tuple[str, str]:
        command = [curl, "-sS", "-w", "\n%{http_code}", address, *arguments]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LIMIT)
        body, _, code = said.stdout.rpartition("\n")
        return code, body

    code, body = asked("-H", "Content-Type: application/json", "-d", EVENT.decode())
    assert (code, json.loads(body)["id"]) == ("200", "a-1")
    assert asked("-d", EVENT.decode())[0] == "415"
    assert asked("-H", "Content-Type: application/json", "--data-binary", f"@{large}")[0] == "413"
    assert asked("-H", "Transfer-Encoding: chunked", "-d", "{}")[0] == "411"
    assert asked()[0] == "405"


def test_who_sends_slowly_or_nothing_or_what_is_hostile_keeps_no_request_and_no_probe_waiting(
    start: Callable[[], Program],
) -> None:
    program = start()
    until(program.is_ready)
    held = []
    try:
        for number in range(200):  # more than there is room for
            held.append(socket.create_connection(("127.0.0.1", program.predict_port), LIMIT))
            held[-1].sendall(b"POST /predict HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n{"[:number])
        time.sleep(1.5)

        assert ask(program.predict_port)[0] == 200
        assert program.is_ready()
        for body in (b"[" * 1_000_000, b'{"a":' * 200_000, b"9" * 1_000_000, b"\0" * 1_000_000):
            assert ask(program.predict_port, body)[0] == 400
        odd = b'{"id": 1, "age": NaN, "job": ' + b"9" * 900_000 + b"}"
        assert ask(program.predict_port, odd)[0] == 200
        assert program.is_ready()
    finally:
        for each in held:
            each.close()


def test_no_request_is_cut_while_one_pod_takes_the_place_of_another(
    start: Callable[[], Program],
) -> None:
    old = start()
    until(old.is_ready)
    route, over, codes, cut = [old.predict_port], threading.Event(), Counter[int](), []

    def keep_asking(number: int) -> None:
        kept = HTTPConnection("127.0.0.1", route[0], timeout=LIMIT)
        while not over.is_set():
            try:
                kept.request("POST", "/predict", EVENT, {"Content-Type": "application/json"})
                answer = kept.getresponse()
                answer.read()
                codes[answer.status] += 1
                again = answer.will_close or number % 2  # half of them keep their connection
            except (OSError, HTTPException) as error:
                cut.append((kept.port == old.predict_port, repr(error)))
                again = True
            if again:
                kept.close()
                kept = HTTPConnection("127.0.0.1", route[0], timeout=LIMIT)
        kept.close()

    clients = [threading.Thread(target=keep_asking, args=(number,)) for number in range(6)]
    for client in clients:
        client.start()
    try:
        new = start()
        until(lambda: new.status().get("bundle") == "Verified")
        old.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)  # as late as endpoints are
        route[0] = new.predict_port
        assert old.process.wait(LIMIT) == 0
        time.sleep(0.5)
    finally:
        over.set()
        for client in clients:
            client.join(LIMIT)

    assert cut == []
    assert codes[200] > 100
    assert set(codes) == {200}


def test_before_there_is_a_model_it_says_why(start: Callable[[], Program], tmp_path: Path) -> None:
    (tmp_path / "store").rename(tmp_path / "away")
    program = start()
    until(lambda: program.problem() is not None)

    code, body = ask(program.predict_port)

    assert code == 503
    assert json.loads(body)["error"]["reason"] in {"ModelLoading", "BucketMissing"}
    (tmp_path / "away").rename(tmp_path / "store")
    until(lambda: ask(program.predict_port)[0] == 200)


def test_where_it_is_off_nobody_listens(stream: Stream, start: Callable[[], Program]) -> None:
    stream.change(http=False)
    program = start()
    until(program.is_ready)

    with pytest.raises(ConnectionRefusedError):
        ask(program.predict_port)
