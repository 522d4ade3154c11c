"""Sections on training: dataset, retrain, optimizer, promotion, model, tracking."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from perennial_contract.resource.file_uri import check_file_uri
from perennial_contract.resource.values import Duration, Name, Section


class Dataset(Section):
    uri: Annotated[
        str,
        StringConstraints(
            max_length=1024, pattern=r"^(s3://[^/]+/|file:).+\.(csv|csv\.gz|parquet)$"
        ),
        AfterValidator(check_file_uri),
    ]
    """s3://bucket/key of a csv, csv.gz or parquet file; without a cluster also file:///path."""
    label: Name
    """The column that holds the label."""
    time_column: Annotated[str, StringConstraints(max_length=253)] = ""
    """The column that orders the rows; without one their order means nothing."""


class Engine(StrEnum):
    HYPEROPT = "Hyperopt"


class Algorithm(StrEnum):
    TPE = "TPE"
    RANDOM = "Random"


class Optimizer(Section):
    engine: Engine = Engine.HYPEROPT
    """The library that searches."""
    algorithm: Algorithm = Algorithm.TPE
    """How the next trial is chosen."""
    max_evals: Annotated[int, Field(ge=1, le=1000)] = 25
    """Trials of one search."""
    timeout: Duration = timedelta(minutes=15)
    """How long a search may take."""
    search_every: Annotated[int, Field(ge=1, le=1000)] = 5
    """One attempt in so many searches the parameters again; the others keep the champion's."""


class PromotionMode(StrEnum):
    AUTOMATIC = "Automatic"
    MANUAL = "Manual"


class Promotion(Section):
    mode: PromotionMode = PromotionMode.AUTOMATIC
    """Automatic: a better model serves at once; Manual: it waits as the candidate."""
    approve: Annotated[str, StringConstraints(max_length=128)] = ""
    """The candidate's version, to let it serve."""
    min_improvement: Annotated[float, Field(ge=0, le=10)] = 0.0
    """By how much the mean loss must fall for a challenger to be promoted."""
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.8
    """One-sided confidence that the gain is real."""
    min_judged: Annotated[int, Field(ge=50, le=1_000_000)] = 300
    """How many rows a judgement needs."""


class Schedule(Section):
    cron: Annotated[str, StringConstraints(min_length=9, max_length=253)]
    """Minute, hour, day of month, month, day of week, such as 0 3 * * *."""
    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "UTC"
    """The IANA time zone that it is read in, such as Europe/Berlin."""


class Retrain(Section):
    threshold: Annotated[int, Field(ge=100, le=100_000_000)] = 5000
    """Labelled observations since the last attempt that start the next one."""
    schedule: Schedule | None = None
    """When an attempt starts whatever the number of observations; missed times are made up for
    once."""
    min_interval: Duration = timedelta(0)
    """The least time between the starts of two attempts; a change of request or of the schema
    does not wait."""
    request: Annotated[str, StringConstraints(max_length=253)] = ""
    """Change it to retrain now."""
    suspend: bool = False
    """Whether no attempt starts; one that runs ends, and its verdict waits."""


class Model(Section):
    pin: Annotated[str, StringConstraints(max_length=128)] = ""
    """A version to stay on, or to go back to; empty to serve what was promoted last."""
    forgive: Annotated[str, StringConstraints(max_length=128)] = ""
    """A version of status.badVersions that may be tried once more, if it is pinned."""


class Tracking(Section):
    uri: Annotated[
        str, StringConstraints(max_length=1024, pattern=r"^(https?://.+|sqlite:////.+)$")
    ]
    """Address of an MLflow server; without a cluster also sqlite:////path of MLflow's database."""
    experiment: Annotated[str, StringConstraints(max_length=253)] = ""
    """The experiment that holds a run per attempt; by default namespace/name."""
