from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.perennial.api_server import ApiServer, serving


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """One that the kubeconfig names; the context's namespace is `team`."""
    with serving() as api:
        monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path, namespace="team")))
        yield api
