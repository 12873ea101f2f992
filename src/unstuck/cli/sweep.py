"""``unstuck sweep``: many settings and seeds, side by side."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import numpy as np
import typer

from unstuck.cli.names import (
    OptimizerName,
    ScheduleName,
    make_loss,
    make_model,
    make_schedule,
    own_settings,
    steps_of,
    usable_device,
)
from unstuck.cli.options import (
    LEAVING,
    TRAINING,
    BatchSizeOption,
    DataOption,
    DeviceOption,
    EpochsOption,
    ForceOption,
    HiddenOption,
    JsonOption,
    ModelOption,
    PlotOption,
    QuietOption,
    WarmupOption,
    at_least,
)
from unstuck.cli.output import (
    PICTURES,
    as_json,
    check_choices,
    check_files,
    is_main,
    of_main,
    say,
    say_json,
    show_table,
    write_text,
)
from unstuck.cli.settings import load_once
from unstuck.distributed import join
from unstuck.schedules import Schedule

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unstuck.sweeps import Sweep

__all__ = ["sweep"]

_JUDGE = "validation_loss"


def sweep(
    data: DataOption = "digits",
    model: ModelOption = "mlp",
    hidden: HiddenOption = None,
    optimizer: Annotated[
        list[str] | None,
        typer.Option(
            help=f"An optimiser, one of {', '.join(get_args(OptimizerName))}; several times for several.",
            show_default="adam",
            autocompletion=lambda: list(get_args(OptimizerName)),
            rich_help_panel=TRAINING,
        ),
    ] = None,
    lr: Annotated[
        list[float] | None,
        typer.Option(
            help="A learning rate; several times for several.", show_default="0.001", rich_help_panel=TRAINING
        ),
    ] = None,
    momentum: Annotated[
        list[float] | None,
        typer.Option(
            help="A momentum of sgd or rmsprop; several times for several.",
            show_default="0",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    weight_decay: Annotated[
        list[float] | None,
        typer.Option(
            help="A weight decay; several times for several.",
            show_default="the optimiser's own: 0.01 for adamw, else 0",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    schedule: Annotated[
        list[str] | None,
        typer.Option(
            help=f"A schedule, one of {', '.join(get_args(ScheduleName))}; several times for several.",
            show_default="constant",
            autocompletion=lambda: list(get_args(ScheduleName)),
            rich_help_panel=TRAINING,
        ),
    ] = None,
    warmup: WarmupOption = 0.0,
    epochs: EpochsOption = 5,
    batch_size: BatchSizeOption = 64,
    seeds: Annotated[
        int,
        typer.Option(
            callback=at_least(1), help="How many seeds each setting is trained with.", rich_help_panel=TRAINING
        ),
    ] = 8,
    device: DeviceOption = "auto",
    out: Annotated[
        Path | None,
        typer.Option(help="A file for what was measured: .csv, or .json.", rich_help_panel=LEAVING),
    ] = None,
    plot: PlotOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Train every combination of the listed settings with several seeds, as one program.

    Prints the median over the seeds, with the lowest and the highest value, and the setting with the best one.
    """
    from unstuck.plots import draw  # here, as no other command has to wait for what draws and makes tables
    from unstuck.sweeps import sweep as train_all

    processes = join()
    files = {"--out": out, "--plot": plot}
    of_main(processes, lambda: check_files(files, {"--out": (".csv", ".json"), "--plot": PICTURES}, force=force))
    optimizers, schedules = optimizer or ["adam"], schedule or ["constant"]
    check_choices("--optimizer", optimizers, get_args(OptimizerName))
    check_choices("--schedule", schedules, get_args(ScheduleName))
    numbers: dict[str, list[float]] = {
        "lr": lr or [1e-3],
        "momentum": momentum or [],
        "weight_decay": weight_decay or [],
    }
    for name, (setting, values) in itertools.product(optimizers, numbers.items()):
        for value in values:
            own_settings(name, {setting: value})  # type: ignore[arg-type]  # checked above
    axes: dict[str, Sequence[object]] = {"optimizer": optimizers, "schedule": schedules, **numbers}
    if plot and len(several := [name for name, values in axes.items() if len(values) > 1]) > 1 + ("lr" in several):
        raise ValueError(f"--plot draws the rates and one other setting, but there are several of {', '.join(several)}")
    where, used = usable_device(device), load_once(data, processes)
    listed: dict[str, Any] = {
        name: values if name == "lr" else _one_or_all(values) for name, values in numbers.items() if values
    }
    steps = steps_of(used, batch_size, epochs)
    made = {name: make_schedule(name, steps, warmup) for name in schedules}  # type: ignore[arg-type]
    result = train_all(
        make_model(model, hidden or (), used),
        used,
        make_loss(used),
        _one_or_all(optimizers),
        _one_or_named(made),
        epochs,
        seeds=seeds,
        batch_size=batch_size,
        device=where,
        progress=False if quiet or not is_main() else None,
        **listed,
    )
    if not is_main():
        return
    summary = _summary(result)
    if out:
        text = result.to_frame().to_csv(index=False) if out.suffix == ".csv" else as_json(_with_runs(summary, result))
        write_text(text, out)
    if plot:
        draw(lambda: _picture(result), plot)
    if json:
        say_json(summary)
    elif not quiet:
        _show(summary, result)


def _one_or_all(values: Sequence[Any]) -> Any:
    return list(values) if len(values) > 1 else values[0]


def _one_or_named(schedules: dict[str, Schedule]) -> Any:
    return schedules if len(schedules) > 1 else next(iter(schedules.values()))


def _summary(result: Sweep) -> dict[str, Any]:
    """Return the medians and the spans over the seeds of every setting, and the best setting."""
    names = [axis for axis in result.axes if axis != "seed"]
    columns = [name for name in (_JUDGE, "validation_accuracy", "test_loss", "test_accuracy") if name in result.history]
    settings = []
    for values in itertools.product(*(result.axes[name] for name in names)):
        part = result.sel(**dict(zip(names, values, strict=True)))
        spans = {column: _span(part.history[column][:, -1]) for column in columns}
        settings.append({**dict(zip(names, values, strict=True)), **spans, "diverged": len(part.diverged)})
    try:
        best = result.best(_JUDGE)
    except ValueError:  # most runs of every setting diverged
        best = None
    epochs = int(result.history["loss"].shape[-1])
    return {
        "runs": len(result),
        "seeds": len(result.axes["seed"]),
        "epochs": epochs,
        "settings": settings,
        "best": best,
    }


def _span(values: Any) -> dict[str, float]:
    """Return the median, the lowest and the highest of the seeds' values; infinite for those that diverged."""
    values = np.where(np.isfinite(values), values, np.inf)
    return {"median": float(np.median(values)), "lowest": float(values.min()), "highest": float(values.max())}


def _with_runs(summary: dict[str, Any], result: Sweep) -> dict[str, Any]:
    return {**summary, "history": result.to_frame().to_dict(orient="list")}


def _show(summary: dict[str, Any], result: Sweep) -> None:
    names = [axis for axis in result.axes if axis != "seed"]
    shown = [name for name in (_JUDGE, "test_accuracy", "test_loss") if name in result.history][:2]
    say("{runs} runs of {epochs} epochs: the median over {seeds} seeds, and their span".format(**summary))
    rows = [
        [
            *(f"{row[name]:g}" if isinstance(row[name], float) else str(row[name]) for name in names),
            *(_cell(row[name], percent=name.endswith("accuracy")) for name in shown),
            str(row["diverged"]),
        ]
        for row in summary["settings"]
    ]
    show_table([*names, *(name.replace("_", " ") for name in shown), "diverged"], rows)
    if summary["best"] is None:
        say("No setting is best: most runs of each diverged.")
    else:
        told = ", ".join(f"{name} {value}" for name, value in summary["best"].items())
        say(f"Best by the validation loss: {told}")


def _cell(span: dict[str, float], *, percent: bool) -> str:
    median, lowest, highest = (
        "diverged" if not np.isfinite(value) else f"{100 * value:.2f}" if percent else f"{value:.4g}"
        for value in (span["median"], span["lowest"], span["highest"])
    )
    return f"{median}{' %' if percent else ''} ({lowest} to {highest})"


def _picture(result: Sweep) -> Figure:
    """Draw the validation loss: at the end over the rates, where there are several, or else over the epochs."""
    single = {name: labels[0] for name, labels in result.axes.items() if len(labels) == 1 and name != "seed"}
    part = result.sel(**single)
    return part.plot_final(_JUDGE) if "lr" in part.axes else part.plot(_JUDGE)
