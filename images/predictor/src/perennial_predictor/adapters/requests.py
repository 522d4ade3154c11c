"""Port of `POST /predict`, apart from that of the probes: requests must not keep these waiting."""

from __future__ import annotations

from typing import Final

from perennial_contract.runtime.http.posts import Post
from perennial_contract.runtime.http.server import Server
from perennial_predictor.requests.predict import LARGEST, PATH, Predict

CONNECTIONS: Final = 128  # whose bodies, as large as they may be, fit into memory together
SPARED: Final = 1.0  # seconds: all that wait are answered in less


def serve(port: int, predict: Predict, host: str = "") -> Server:
    """Raises OSError where the port cannot be had."""
    post = Post(LARGEST, predict.admit, predict.answer)
    return Server(
        port,
        {},
        connections=CONNECTIONS,
        host=host,
        posts={PATH: post},
        spared=SPARED,
        told=predict.count,
    )
