"""``unstuck doctor`` without the other commands, which take a second to load that would be counted as its cost."""

from __future__ import annotations

import typer

from unstuck.cli.doctor import doctor
from unstuck.cli.failing import Commands

__all__ = ["app"]

app = typer.Typer(
    cls=Commands, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
)


@app.callback()
def main() -> None:
    """Keep the doctor a command among others."""


app.command(context_settings={"allow_interspersed_args": False})(doctor)
