"""``unstuck doctor``: why a script's training does not work."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unstuck.cli.options import LEAVING, at_least
from unstuck.cli.output import as_json, is_main, write_text

if TYPE_CHECKING:
    from unstuck.doctor import Doctor
    from unstuck.doctor.findings import Report

__all__ = ["doctor"]

FAULT, RAISED = 1, 3  # exit codes

WATCHING = "How long it is watched"


def doctor(
    script: Annotated[str, typer.Argument(metavar="SCRIPT", help="A PyTorch training script.", show_default=False)],
    args: Annotated[
        list[str] | None,
        typer.Argument(metavar="ARG", help="What the script is given, options included.", show_default=False),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the report as JSON.", rich_help_panel=LEAVING)] = None,
    html: Annotated[Path | None, typer.Option(help="Write it as a page.", rich_help_panel=LEAVING)] = None,
    max_steps: Annotated[
        int | None,
        typer.Option(callback=at_least(1), help="End the script after so many steps.", rich_help_panel=WATCHING),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(help="End the script after so many seconds.", rich_help_panel=WATCHING)
    ] = None,
    no_probes: Annotated[
        bool,
        typer.Option(
            "--no-probes",
            help="Do not re-run parts of it, or fit anything to its data, afterwards.",
            rich_help_panel=WATCHING,
        ),
    ] = False,
) -> None:
    """Run a training script, watch it, and name what keeps it from learning, with the line and the fix.

    The script needs no change, and computes and prints what it would unwatched; the report goes to standard error.

    Ends with 0 where no fault was found, with 1 where one was, and with 3 where the script itself failed.
    """
    from unstuck.doctor import Doctor  # here, as no other command has to wait for it
    from unstuck.doctor.script import as_main, read_script, run_script

    if seconds is not None and not seconds > 0:
        raise typer.BadParameter(f"must be above 0, got {seconds:g}", param_hint="--seconds")
    outputs = {option: path and path.absolute() for option, path in (("--json", json), ("--html", html))}
    for option, path in outputs.items():
        _check(option, path)
    source = read_script(script)
    with as_main(script, args or ()) as module:
        watcher = Doctor(probes=not no_probes, max_steps=max_steps, seconds=seconds)
        ending = run_script(source, module, watcher)
        report = _report(watcher)
    # What failed before its end is not declared healthy.
    verdict = "uncertain" if ending.failed and not report.findings else report.verdict
    report = replace(report, verdict=verdict, script=script, ended=ending.said)
    if is_main():
        if outputs["--json"]:
            write_text(as_json(report.to_dict()) + "\n", outputs["--json"])
        if outputs["--html"]:
            write_text(report.html(), outputs["--html"])
        _print(report)
    if ending.failed:
        raise typer.Exit(RAISED)
    if report.findings:
        raise typer.Exit(FAULT)


def _report(watcher: Doctor) -> Report:
    """Return the report; what the script's own code prints when parts of it run again has been printed before."""
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            try:
                return watcher.report()
            except KeyboardInterrupt:  # who does not want to wait for the re-runs still wants the report
                watcher.probes = False
                return watcher.report()
    except (ValueError, OSError, ImportError) as error:  # which would be taken for faults of the arguments
        raise RuntimeError("the doctor failed to judge what it had seen") from error


def _check(option: str, path: Path | None) -> None:
    """Refuse a file that could not be written at the end, before the script has run."""
    if path is None:
        return
    if not path.parent.is_dir():
        raise ValueError(f"{option} {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise ValueError(f"{option} must be a file, and {path} is a folder")


def _print(report: Report) -> None:
    from rich.console import Console

    Console(file=sys.stderr, highlight=False).print(report)
