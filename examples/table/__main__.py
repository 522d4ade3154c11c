"""A table of your own as a stream.

    python -m examples.table COMMAND FILE COLUMN

    check     whether it can be streamed, and with which sizes
    manifest  write the ModelPipeline for it to a file, and print that file's path
    dataset   write its first rows to S3 as the base dataset
    run       send the others as events with late labels, and follow the attempts

FILE is a csv or csv.gz with a header, COLUMN holds the label, which has two values.
`make demo DATA=FILE LABEL=COLUMN` does it all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from examples.demo.adapters import store
from examples.demo.adapters.cluster import Cluster
from examples.demo.commands import print_next_steps, run_guarded
from examples.demo.display.screen import choose_screen
from examples.demo.facts import read_facts
from examples.demo.follow import WallClock
from examples.demo.pipeline import parse
from examples.demo.report import count
from examples.demo.stream import open_stream
from examples.table.csv_lines import TableRefused
from examples.table.dataset import base_dataset, unusable
from examples.table.manifest import manifest, name_of, text
from examples.table.report import report
from examples.table.run import TableRun
from examples.table.sizes import Sizes, sizes
from examples.table.table import Table, read

_ARGUMENTS: Final = 3


def check(table: Table, chosen: Sizes) -> int:
    rows, label = len(table.rows), table.classes
    some = "the first " if table.cut else ""
    print(
        f"{table.path.name}: {some}{rows:,} rows, {len(table.columns)} columns and {table.label},"
        f" {label.positive!r} or {label.negative!r}"
    )
    print(
        f"  the first {chosen.base:,} rows are the dataset, the others the stream,"
        f" {chosen.rate:.0f} a second; {chosen.threshold:,} labels start an attempt"
    )
    for name, why in unusable(table, chosen.base).items():
        print(f"  left out: {name}: {why}")
    return 0


def write_manifest(table: Table, chosen: Sizes) -> int:
    file = file_of(table)
    file.parent.mkdir(parents=True, exist_ok=True)
    made = manifest(table, chosen, unusable(table, chosen.base))
    file.write_text(text(made, table))
    print(file)
    return 0


def file_of(table: Table) -> Path:
    """Where the manifest is kept: with what else is made on this machine."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "perennial" / "demo" / f"{name_of(table.path)}.yaml"


def dataset(table: Table, chosen: Sizes) -> int:
    pipeline = parse(manifest(table, chosen, {}))
    store.put(pipeline.dataset, base_dataset(table, chosen.base))
    print(f"{pipeline.dataset}: {chosen.base:,} rows")
    return 0


def run(table: Table, chosen: Sizes) -> int:
    pipeline = parse(manifest(table, chosen, {}))
    rows = table.rows[chosen.base :]
    source = open_stream(pipeline, iter(rows), chosen.rate)
    cluster = Cluster(pipeline.name)
    table_run = TableRun(cluster, source, choose_screen(), WallClock(), len(rows), chosen.threshold)
    try:
        table_run.run()
    finally:
        source.close()
    facts = read_facts(pipeline, list(table_run.ended.values()))
    lines = report(facts, table_run.accuracy.grades, table, chosen.base)
    print("\n" + "\n".join(lines) + "\n")
    print_next_steps(pipeline, file_of(table))
    return 0 if count(facts).whole else 1


_COMMANDS: Final = {"check": check, "manifest": write_manifest, "dataset": dataset, "run": run}


def main(arguments: Sequence[str]) -> int:
    """Run as a command."""
    if len(arguments) != _ARGUMENTS or arguments[0] not in _COMMANDS:
        print(__doc__)
        return 2
    command, path, label = arguments
    try:
        table = read(Path(path).expanduser(), label)
        chosen = sizes(table)
        return run_guarded(lambda: _COMMANDS[command](table, chosen))
    except TableRefused as refused:
        print(f"demo: {refused}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
