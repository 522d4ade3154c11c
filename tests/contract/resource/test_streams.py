from typing import Any

import pytest
from pydantic import ValidationError

from perennial_contract.resource.streams import Labels, Reference


@pytest.mark.parametrize(
    "parts", [{}, {"key": False}, {"path": "a", "key": True}, {"path": "a", "header": "b"}]
)
def test_a_reference_is_exactly_one_of_path_key_and_header(parts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="exactly one of path, key: true and header"):
        Reference(**parts)


@pytest.mark.parametrize("parts", [{}, {"topic": "labels", "path": "label"}])
def test_labels_have_exactly_one_source(parts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="exactly one label source"):
        Labels(**parts)
