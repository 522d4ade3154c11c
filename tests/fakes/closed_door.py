"""Server that closes every connection at once, and counts them."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class ClosedDoor:
    address: str = ""
    knocks: int = 0


@contextmanager
def closed_door() -> Iterator[ClosedDoor]:
    door = ClosedDoor()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            door.knocks += 1

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        door.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield door
        server.shutdown()
        thread.join()
