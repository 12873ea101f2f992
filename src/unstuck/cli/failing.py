"""How each command fails: with a sentence and an exit code, and without a traceback."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
import typer
from typer.core import TyperGroup

from unstuck.cli.output import is_main
from unstuck.history import DivergedError

__all__ = ["Commands"]

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
