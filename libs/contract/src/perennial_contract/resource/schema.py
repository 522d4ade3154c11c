"""Section `schema`: what is predicted, and from which features."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from perennial_contract.resource.values import Name, Path, Section

LONGEST_LABEL: Final = 253  # characters
Label = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_LABEL)]


class Task(StrEnum):
    BINARY = "Binary"


class FeatureType(StrEnum):
    NUMBER = "Number"
    CATEGORY = "Category"


class BinaryLabel(Section):
    positive: Label
    """The label of the positive class."""
    negative: Label
    """The label of the negative class."""
    aliases: Annotated[dict[str, Label], Field(max_length=64)] = Field(default_factory=dict)
    """Other spellings: what is written, and the label it means."""

    @model_validator(mode="after")
    def two_classes(self) -> Self:
        if self.positive == self.negative:
            raise ValueError("label.positive and label.negative must differ")
        for written, meant in self.aliases.items():
            if meant not in (self.positive, self.negative):
                raise ValueError(f"label.aliases: {written} means {meant}, which is neither class")
        return self


class Feature(Section):
    name: Name
    """The feature's name, and its column in the dataset."""
    type: FeatureType
    """Number or Category."""
    path: Path | None = None
    """Dotted path in the record; by default the name."""
    missing: Annotated[str, StringConstraints(max_length=253)] | None = None
    """A further text that means that the value is missing."""
    fill: Annotated[str, StringConstraints(min_length=1, max_length=253)] | None = None
    """What replaces a missing value."""


class Schema(Section):
    label: BinaryLabel | None = None
    """The two classes. By default the two values of the dataset's label column, the second in
    sorted order as the positive one; status.label names them once a trainer has found them."""
    features: Annotated[list[Feature], Field(max_length=1000)] = Field(default_factory=list)
    """The features; by default inferred from the dataset."""
    exclude: Annotated[list[Name], Field(max_length=1000)] = Field(default_factory=list)
    """Columns that are not features."""
    crosses: Annotated[
        list[Annotated[list[Name], Field(min_length=2, max_length=4)]], Field(max_length=32)
    ] = Field(default_factory=list)
    """Groups of category features whose combinations are a further feature."""
