"""API server of the tests: objects over HTTP, as the real one says them; no TLS and no rights."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

Json = dict[str, Any]
PIPELINES = "/apis/perennial.dev/v1alpha1/namespaces/team/modelpipelines"
NO_SUCH_PATH = "404 page not found\n"


@dataclass
class ApiServer:
    """What it holds, what it says to single requests, and what it was asked."""

    objects: dict[str, Json] = field(default_factory=dict)
    """By path."""
    answers: dict[tuple[str, str], tuple[int, Json | str]] = field(default_factory=dict)
    """By method and path: a status and a body, in the place of what it would say."""
    asked: list[tuple[str, str, dict[str, str], Json | None]] = field(default_factory=list)
    """Method, path, query and body."""
    tables: dict[str, Json] = field(default_factory=dict)
    """By path: what it says to who accepts a Table."""
    operator: Callable[[Json], Json] = dict
    """What becomes of an object that somebody has changed."""
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def hold(self, *pipelines: Json) -> None:
        for each in pipelines:
            self.objects[f"{PIPELINES}/{each['metadata']['name']}"] = each

    def kubeconfig(self, folder: Path, **context: str) -> Path:
        """A file whose context `it`, with these fields, names this server."""
        file = folder / "kubeconfig"
        config = {
            "current-context": "it",
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it", **context}}],
            "clusters": [{"name": "it", "cluster": {"server": self.address}}],
            "users": [{"name": "it", "user": {"token": "secret"}}],
        }
        file.write_text(yaml.safe_dump(config))
        return file

    def patched(self, path: str, patch: Json) -> Json:
        """What it answers to a patch."""
        now = merged(self.objects.get(path, {}), patch)
        now["metadata"] = {**now.get("metadata", {}), "resourceVersion": str(len(self.asked))}
        self.objects[path] = self.operator(now)
        return dict(now)

    def answer(
        self, method: str, path: str, query: dict[str, str], body: Json | None
    ) -> tuple[int, Json | str]:
        self.asked.append((method, path, query, body))
        if said := self.answers.get((method, path)):
            return said
        if method == "GET" and path in self.objects:
            return HTTPStatus.OK, self.objects[path]
        if method == "PATCH":
            return HTTPStatus.OK, self.patched(path, body or {})
        if method == "DELETE" and path in self.objects:
            return HTTPStatus.OK, self.objects.pop(path)
        below = [each for at, each in self.objects.items() if at.rpartition("/")[0] == path]
        if method == "GET" and (below or path.endswith(("/modelpipelines", "/secrets"))):
            return HTTPStatus.OK, {"kind": "List", "items": below}
        return not_found(path)


def merged(old: Any, new: Any) -> Any:
    """A merge patch (RFC 7386): what is null goes."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    changed = {key: merged(old.get(key, {}), value) for key, value in new.items()}
    return {key: value for key, value in {**old, **changed}.items() if value is not None}


def not_found(path: str) -> tuple[int, Json]:
    plural, name = path.split("/")[-2:]
    return refusal(HTTPStatus.NOT_FOUND, "NotFound", f'{plural}.perennial.dev "{name}" not found')


def refusal(status: int, reason: str, message: str, **details: Any) -> tuple[int, Json]:
    """A Status, as the API server answers with one."""
    said = {"kind": "Status", "status": "Failure", "message": message, "reason": reason}
    return status, {**said, "details": details, "code": int(status)}


@contextmanager
def serving() -> Iterator[ApiServer]:
    api = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            at = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query = {name: values[-1] for name, values in parse_qs(at.query).items()}
            body = json.loads(sent) if sent else None
            status, said = api.answer(self.command, at.path, query, body)
            if "as=Table" in self.headers["Accept"]:
                said = api.tables[at.path]
            content = (said if isinstance(said, str) else json.dumps(said)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PATCH = do_DELETE = do_POST = answer  # noqa: N815  http.server's names

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
