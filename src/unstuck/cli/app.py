"""The commands, and how each of them fails: with a sentence and an exit code, and without a traceback."""

from __future__ import annotations

from typing import Annotated, Any

import torch
import torch.distributed as dist
import typer
from typer.core import TyperGroup

from unstuck.cli.bench import bench
from unstuck.cli.doctor import doctor
from unstuck.cli.evaluate import evaluate
from unstuck.cli.info import info
from unstuck.cli.lr_find import lr_find
from unstuck.cli.output import is_main
from unstuck.cli.sweep import sweep
from unstuck.cli.train import train
from unstuck.history import DivergedError

__all__ = ["app"]

FAILED, UNUSABLE = 1, 2  # exit codes

_UNUSABLE_FILES = (FileNotFoundError, FileExistsError, PermissionError, NotADirectoryError, IsADirectoryError)


class Commands(TyperGroup):
    """Turns what a command raises into a sentence on standard error and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except DivergedError as error:
            raise _end(
                FAILED,
                f"the loss became {error.loss} at step {error.step}, at a learning rate of {error.lr:.4g}. A lower "
                "--lr, --warmup or --clip may help (unstuck lr-find suggests a rate); --nonfinite ignore goes on",
            ) from error
        except (ValueError, ImportError, *_UNUSABLE_FILES) as error:
            raise _end(UNUSABLE, str(error)) from error
        except (OSError, torch.OutOfMemoryError) as error:
            raise _end(FAILED, str(error)) from error
        except RuntimeError as error:
            if not (dist.is_initialized() and dist.get_world_size() > 1):
                raise  # a fault of the program, of which all should be seen
            reason = str(error).splitlines()[0]
            text = f"process {dist.get_rank()} lost one of the others, or failed itself, and the run with it: {reason}"
            raise _end(FAILED, text, everywhere=True) from error


def _end(code: int, text: str, *, everywhere: bool = False) -> typer.Exit:
    """Say why a command ends; where processes share the run, once, unless it is about one of them."""
    if everywhere or is_main() or not dist.is_initialized():
        typer.echo(f"Error: {text}", err=True)
    return typer.Exit(code)


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
