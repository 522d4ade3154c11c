"""Command `dead-letters replay`: events that could not be answered are sent again, each once."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from perennial.adapters.brokers.connection import Connection
from perennial.adapters.brokers.topic import Topic
from perennial.adapters.brokers.transactions import Transactions
from perennial.adapters.wall_clock import WallClock
from perennial.commands.cluster.options import Context, Namespace
from perennial.commands.cluster.source import Bootstrap, Folder, Name, Options, Secrets, find
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.output import Chosen, Output
from perennial.messages import dead_letters
from perennial.messages.newest import Edges
from perennial.messages.topics import Topics
from perennial.replay.fates import REFUSED, Fate, Fates
from perennial.replay.replay import Done, Replay
from perennial.replay.selection import Selection, Span, moment
from perennial_contract.reasons import DeadLetter

_TOLD: Final = {
    Fate.ALREADY_REPLAYED: "were sent again before",
    Fate.SAME_EVENT: "are of an event that another one is of, too",
    Fate.FAILED_AGAIN: "were sent again before and failed once more: --again sends them, too",
    Fate.CUT: "hold only a part of their event, which stands where perennial-source says",
    Fate.ANOTHER_TOPIC: "came from a topic that the pipeline reads no more",
    Fate.REFUSED: "are refused by the brokers, such as for their size",
}
_WIDTH: Final = 160  # characters of a sample
Reasons = Annotated[
    list[DeadLetter] | None, typer.Option("--reason", help="Only of that reason; may be repeated.")
]
Since = Annotated[
    str, typer.Option(help="Only from that time on: 2026-09-21T14:00Z, or 2h for two hours ago.")
]
Until = Annotated[str, typer.Option(help="Only before that time, written likewise.")]
Spans = Annotated[
    list[str] | None,
    typer.Option(
        "--at",
        help="Only where they stand: PARTITION, PARTITION/OFFSET or PARTITION/FIRST-LAST of the"
        " dead letters topic; may be repeated.",
    ),
]
Again = Annotated[
    bool, typer.Option("--again", help="Also what was sent again before and failed once more.")
]
Dry = Annotated[bool, typer.Option("--dry-run", help="Count them and show some; send nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def replay(  # noqa: PLR0913, PLR0917  the options that a user has
    name: Name = "",
    reason: Reasons = None,
    since: Since = "",
    until: Until = "",
    at: Spans = None,
    again: Again = False,  # noqa: FBT002  an option
    dry_run: Dry = False,  # noqa: FBT002
    yes: Yes = False,  # noqa: FBT002
    folder: Folder = None,
    secrets: Secrets = None,
    bootstrap: Bootstrap = "",
    context: Context = "",
    namespace: Namespace = "",
    output: Chosen = Output.TEXT,
) -> None:
    """Send the events of dead letters again, each once, when what they failed for is mended.

    Key, value and headers are those of the event, with the header perennial-replayed beside them.
    It may be ended, killed and repeated: what was sent is not sent once more, since a receipt for
    it stands on the dead letters topic. The exit code is 1 if one that was chosen cannot be sent.

        perennial dead-letters replay loans --reason NotJson --since 2h --dry-run
    """
    with exits_on_trouble(stopped="stopped: what was not sent can be sent by the same command"):
        selection = Selection(
            frozenset(reason or ()),
            _moment("--since", since),
            _moment("--until", until),
            tuple(map(_span, at or ())),
            again,
        )
        topics, connection = find(Options(name, folder, secrets, bootstrap, context, namespace))
        with Topic(connection, topics.dead_letters) as topic:
            fates, edges = _look(topic, topics, selection)
            shown = _Shown(topics, fates, output)
            shown.chosen(samples=dry_run)
            if dry_run:
                left: Mapping[Fate, int] = fates.left()
            else:
                if fates.to_send():
                    shown.ask(yes=yes)
                left = _run(connection, topics, topic, fates, edges, shown).left
        if left.keys() & REFUSED:
            raise typer.Exit(1)


def _look(topic: Topic, topics: Topics, selection: Selection) -> tuple[Fates, Mapping[int, Edges]]:
    """All of the topic is read: a receipt may stand on another partition than a dead letter."""
    fates = Fates(selection, topics.id_prefix, topics.events)
    edges = topic.edges()
    for record in topic.scan(edges):
        fates.read(record)
    return fates, edges


def _run(  # noqa: PLR0913, PLR0917  the parts of a replay
    connection: Connection,
    topics: Topics,
    topic: Topic,
    fates: Fates,
    edges: Mapping[int, Edges],
    shown: _Shown,
) -> Done:
    due = sum(fates.to_send().values())
    if not due:
        done = Done({}, fates.left())
        shown.done(done)
        return done
    with Topic(connection, topics.events) as events:
        partitions = len(events.partitions())
    columns = TextColumn("sent again"), BarColumn(), MofNCompleteColumn()
    console = Console(stderr=True)
    with (
        Transactions(connection, f"{topics.id_prefix}.replay") as transactions,
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task("", total=due)
        told = lambda sent: bar.update(task, completed=sent)  # noqa: E731
        done = Replay(fates, topic, edges, transactions, partitions).run(told)
    shown.done(done)
    return done


class _Shown:
    """What is said of a replay, to a person or to a program."""

    def __init__(self, topics: Topics, fates: Fates, output: Output) -> None:
        self._topics, self._fates, self._output = topics, fates, output

    def chosen(self, *, samples: bool) -> None:
        """What would be sent; with `samples` that is all that is said."""
        records = self._fates.samples() if samples else []
        if self._output is Output.JSON:
            if samples:
                found = {"toSend": self._fates.to_send(), "left": self._fates.left()}
                self._print(**found, samples=[dead_letters.fields(each) for each in records])
            return
        counts = self._fates.to_send()
        way = f"from {self._topics.dead_letters} to {self._topics.events}"
        print(f"events to send again {way}: {sum(counts.values()):,}")
        for reason, count in counts.items():
            print(f"{count:9,}  {reason}")
        if samples:
            self._print_left(self._fates.left())
        for record in records:
            print(f"{record.source}  {dead_letters.text(record)}"[:_WIDTH])

    def ask(self, *, yes: bool) -> None:
        """Ends the command unless a person says yes."""
        if yes:
            return
        if not sys.stdin.isatty():
            raise typer.BadParameter("nobody can be asked here: say --yes, or look by --dry-run")
        typer.confirm("Send them?", abort=True, err=True)

    def done(self, done: Done) -> None:
        if self._output is Output.JSON:
            self._print(sent=done.sent, left=done.left)
            return
        print(f"sent again: {sum(done.sent.values()):,}")
        self._print_left(done.left)

    @staticmethod
    def _print_left(left: Mapping[Fate, int]) -> None:
        for fate, count in left.items():
            print(f"{count:9,}  not sent: {_TOLD[fate]}")

    def _print(self, **found: Any) -> None:
        topics = {"deadLetters": self._topics.dead_letters, "events": self._topics.events}
        print(json.dumps({**topics, **found}, ensure_ascii=False))


def _moment(option: str, text: str) -> int | None:
    try:
        return moment(text, WallClock().now()) if text else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def _span(text: str) -> Span:
    try:
        return Span.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from error
