import pytest
from pydantic import ValidationError

from perennial_contract.resource.schema import BinaryLabel


@pytest.mark.parametrize(
    ("negative", "aliases", "words"),
    [
        ("yes", {}, "must differ"),
        ("no", {"nope": "No"}, "nope means No, which is neither class"),
    ],
)
def test_a_binary_label_has_two_classes_and_no_third(
    negative: str, aliases: dict[str, str], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        BinaryLabel(positive="yes", negative=negative, aliases=aliases)
