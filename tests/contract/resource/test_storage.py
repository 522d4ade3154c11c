import pytest
from pydantic import ValidationError

from perennial_contract.resource.storage import Storage


@pytest.mark.parametrize("prefix", ["/a", "a/", "/"])
def test_a_prefix_neither_begins_nor_ends_with_a_slash(prefix: str) -> None:
    with pytest.raises(ValidationError, match="prefix"):
        Storage.model_validate({"bucket": "abc", "prefix": prefix, "secretRef": {"name": "s"}})
