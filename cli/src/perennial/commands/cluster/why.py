"""Command `why`: the verdict of one attempt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
import typer
from pydantic import ValidationError

from perennial.adapters.kubeconfig.trouble import Forbidden, NotFound
from perennial.adapters.store import StoreTrouble
from perennial.adapters.wall_clock import WallClock
from perennial.client.progress import status_of
from perennial.commands.cluster.look import Place, place
from perennial.commands.cluster.options import Context, Folder, Name, Namespace
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.output import Chosen, Output
from perennial.display import verdict as table
from perennial_contract.resource.training import Promotion
from perennial_contract.status import Score
from perennial_operator.api.attempts import HistoryEntry
from perennial_operator.api.names import Manifest

_WHICH: Final = re.compile(r"#?\d+|v\d+(-[0-9a-f]{8})?")
Which = Annotated[
    str,
    typer.Argument(
        help="A version, such as v7-3fa9c1d2 or v7, or an attempt's number.",
        show_default="the newest attempt",
    ),
]
Endpoint = Annotated[
    str,
    typer.Option("--s3", help="Where this machine reaches S3, in the place of storage.endpoint."),
]


def why(  # noqa: PLR0913  the options that a user has
    name: Name = "",
    which: Which = "",
    *,
    s3: Endpoint = "",
    folder: Folder = None,
    context: Context = "",
    namespace: Namespace = "",
    output: Chosen = Output.TEXT,
) -> None:
    """Explain why a version serves, or why an attempt brought none.

    The status holds how it ended; what each candidate lost stands in the verdict on S3, which is
    read with the Secret of storage.secretRef. Where S3 is not reached it is said, and the exit
    code is 0 all the same.

        perennial why loans v7
        perennial why loans 12 --s3 http://127.0.0.1:9000
    """
    if name and not which and _WHICH.fullmatch(name):
        name, which = "", name
    with exits_on_trouble(stopped="stopped"):
        where = place(name, folder, context, namespace)
        resource = where.resource()
        entry = _find(status_of(resource).history, which)
        scores, missing = _scores(where, resource, entry.number, s3)
        if output is Output.JSON:
            typer.echo(msgspec.json.encode(_document(entry, scores, missing)))
            return
        now = datetime.fromtimestamp(WallClock().now(), UTC)
        print("\n".join(table.lines(entry, scores, _promotion(resource), now)))
        if missing:
            print(f"\nwhat the candidates lost is not known here: {missing}")


def _find(history: Sequence[HistoryEntry], which: str) -> HistoryEntry:
    number = which.removeprefix("#")
    for entry in reversed(history):
        names = {str(entry.number), entry.version, entry.version.partition("-")[0]} - {""}
        if not which or number in names:
            return entry
    there = ", ".join(f"{e.number} ({e.version})" if e.version else str(e.number) for e in history)
    what = f"no attempt {which} in the status" if which else "no attempt that has ended"
    raise NotFound(f"there is {what}, which holds {there or 'none'}")


def _scores(
    where: Place, resource: Manifest, number: int, endpoint: str
) -> tuple[list[Score], str]:
    """What each candidate lost, or why that is not known."""
    try:
        verdict = where.verdict(resource, number, endpoint)
    except StoreTrouble as trouble:
        return [], f"{trouble}; --s3 names an address that this machine reaches"
    except Forbidden as trouble:  # the Secret is not for everybody who may see the pipeline
        return [], str(trouble)
    if verdict is None:
        return [], f"attempt {number} has left no verdict in the storage"
    return verdict.scores, "" if verdict.scores else "the verdict names no candidate"


def _promotion(resource: Manifest) -> Promotion | None:
    """None where a later version has written it."""
    try:
        return Promotion.model_validate(resource["spec"].get("promotion", {}), extra="ignore")
    except ValidationError:
        return None


def _document(entry: HistoryEntry, scores: Sequence[Score], missing: str) -> dict[str, object]:
    return {
        "attempt": entry.model_dump(mode="json", exclude_none=True),
        "candidates": [each.model_dump(mode="json", exclude_none=True) for each in scores],
        "missing": missing,
    }
