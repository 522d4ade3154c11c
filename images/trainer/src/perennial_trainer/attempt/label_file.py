"""Label of a pipeline whose schema leaves it out: label.json, written once, with the first model.

Later attempts read it, whatever becomes of that model or of the dataset's column.
"""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError

from perennial_contract.messages.spellings import canonical
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.runtime.objects import Objects, Put, StoreError
from perennial_contract.status import FoundLabel
from perennial_model.refusals import DataRefused
from perennial_trainer.models.published import PublishedModel

LABEL: Final = "label.json"


def check_label(champion: PublishedModel | None, declared: BinaryLabel | None) -> None:
    """Raises DataRefused: the champion gives the probability of another class than is declared."""
    if champion is None or declared is None:
        return
    ours, theirs = declared.positive, champion.manifest.label.positive
    if canonical(ours) != canonical(theirs):
        raise DataRefused(
            f"schema.label.positive is {ours!r}, but {champion.version} answers with the"
            f" probability of {theirs!r}: a positive class stays for good; delete the"
            " ModelPipeline, and create it with this one"
        )


def known_label(champion: PublishedModel | None, store: Objects) -> BinaryLabel | None:
    """The label that stands: the champion's, else the first model's; None before there is any.

    Raises:
        DataRefused: It cannot be read.
        StoreError: S3 is away.
    """
    if champion:
        return champion.manifest.label
    standing = store.get(LABEL)
    if standing is None:
        return None
    try:
        return FoundLabel.model_validate_json(standing).as_declared()
    except ValidationError as error:
        raise DataRefused(f"{LABEL} cannot be read: {error}") from error


def settle_label(champion: PublishedModel | None, store: Objects, found: BinaryLabel) -> None:
    """Writes the label that an attempt is about to publish a model with.

    A champion's may be another than stands: it was declared for a while, or by another resource.

    Raises:
        StoreError: Another one stands, which another run has found meanwhile; or S3 is away.
    """
    data = FoundLabel.of(found).model_dump_json(exclude_defaults=True).encode()
    if store.put_new(LABEL, data) is Put.TAKEN and known_label(champion, store) != found:
        raise StoreError(f"{LABEL} holds another label than was found: another run was faster")
