"""Command `perennial`; it alone reads the environment."""

from __future__ import annotations

import typer

from perennial import __doc__ as about

app = typer.Typer(no_args_is_help=True, help=about)


@app.callback()
def main_options() -> None:
    """Options of all commands."""


def main() -> None:
    """Runs the command that the arguments name; its exit code is the process's."""
    app()


if __name__ == "__main__":
    main()
