"""The commands."""

from __future__ import annotations

from typing import Annotated

import typer

from unstuck.cli.bench import bench
from unstuck.cli.doctor import doctor
from unstuck.cli.evaluate import evaluate
from unstuck.cli.failing import Commands
from unstuck.cli.info import info
from unstuck.cli.lr_find import lr_find
from unstuck.cli.sweep import sweep
from unstuck.cli.train import train

__all__ = ["app"]

app = typer.Typer(
    name="unstuck",
    cls=Commands,
    help="Train small networks, measure them, and see why they train or get stuck.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from unstuck import __version__  # here, as the package need not know its commands

        typer.echo(f"unstuck {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Train small networks, measure them, and see why they train or get stuck."""


app.command()(train)
app.command()(evaluate)
app.command()(sweep)
app.command("lr-find")(lr_find)
app.command()(bench)
app.command(context_settings={"allow_interspersed_args": False})(doctor)  # what follows SCRIPT is the script's
app.command()(info)
