import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from perennial_operator.api.pods.reserved import RESERVED_FOLDERS
from perennial_operator.api.pods.template import PodTemplate
from tests.support.operator.additions import ADDITIONS, REFUSED, Json


def where(error: ValidationError) -> str:
    """As users write it, with what pydantic says of it."""
    first = error.errors()[0]
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    return f"{''.join(parts)[1:]} {first['msg']}"


def test_all_that_may_be_added_is_read_and_written_as_it_was() -> None:
    read = PodTemplate.model_validate(ADDITIONS)

    assert read.model_dump(mode="json", exclude_defaults=True) == ADDITIONS


@pytest.mark.parametrize(("template", "named"), REFUSED)
def test_what_is_ours_or_no_part_of_the_set_is_refused_by_name(template: Json, named: str) -> None:
    with pytest.raises(ValidationError) as refused:
        PodTemplate.model_validate(template)

    assert named in where(refused.value)


@given(st.lists(st.sampled_from(["tmp", "dev", "etc", "perennial", "var", "lib", "a"]), min_size=1))
def test_no_folder_that_is_taken_lies_in_or_hides_one_of_ours(parts: list[str]) -> None:
    path = "".join(f"/{part}" for part in parts)
    volume = {"name": "ca", "mountPath": path, "secret": {"secretName": "ca"}}
    clash = [
        ours
        for ours in RESERVED_FOLDERS
        if re.match(rf"{re.escape(ours)}(/|$)", path) or re.match(rf"{re.escape(path)}(/|$)", ours)
    ]

    try:
        PodTemplate.model_validate({"volumes": [volume]})
    except ValidationError:
        assert clash
    else:
        assert not clash
