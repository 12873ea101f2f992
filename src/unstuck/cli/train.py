"""``unstuck train``: from settings to a folder of weights, history and picture."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Literal

import typer

from unstuck.cli.carrying import carry_out
from unstuck.cli.folder import RECORD, Record, RunFolder
from unstuck.cli.options import (
    COMPUTING,
    LEAVING,
    TRAINING,
    BatchSizeOption,
    DataOption,
    DeviceOption,
    EngineOption,
    EpochsOption,
    HiddenOption,
    JsonOption,
    LrOption,
    ModelOption,
    MomentumOption,
    OptimizerOption,
    PrecisionOption,
    QuietOption,
    ScheduleOption,
    SeedOption,
    WarmupOption,
    WeightDecayOption,
    at_least,
)
from unstuck.cli.output import of_main, say_json, warn
from unstuck.cli.settings import Settings, given, load_once
from unstuck.distributed import join

__all__ = ["train"]

INTERRUPTED = 130  # the exit code that shells give a Ctrl-C


def train(
    context: typer.Context,
    *,
    data: DataOption = "digits",
    model: ModelOption = "mlp",
    hidden: HiddenOption = None,
    optimizer: OptimizerOption = "adam",
    lr: LrOption = 1e-3,
    momentum: MomentumOption = None,
    weight_decay: WeightDecayOption = None,
    schedule: ScheduleOption = "constant",
    warmup: WarmupOption = 0.0,
    epochs: EpochsOption = 5,
    batch_size: BatchSizeOption = 64,
    label_smoothing: Annotated[
        float,
        typer.Option(help="The share of the belief that is spread over all classes.", rich_help_panel=TRAINING),
    ] = 0.0,
    clip: Annotated[
        float | None,
        typer.Option(help="The largest norm of the gradients; longer ones are cut.", rich_help_panel=TRAINING),
    ] = None,
    accumulate: Annotated[
        int,
        typer.Option(
            callback=at_least(1), help="Into how many parts to cut a batch to save memory.", rich_help_panel=TRAINING
        ),
    ] = 1,
    ema: Annotated[
        float | None,
        typer.Option(help="Keep a moving average of the weights too, with this decay: 0.99.", rich_help_panel=TRAINING),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            callback=at_least(1),
            help="Stop after so many epochs without a lower validation loss, and leave the best weights.",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    nonfinite: Annotated[
        Literal["stop", "ignore"],
        typer.Option(help="What to do when the loss becomes NaN or infinite.", rich_help_panel=TRAINING),
    ] = "stop",
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    engine: EngineOption = "eager",
    precision: PrecisionOption = "float32",
    channels_last: Annotated[
        bool,
        typer.Option("--channels-last", help="Lay images out with the channels innermost.", rich_help_panel=COMPUTING),
    ] = False,
    out: Annotated[Path, typer.Option(help="The folder for what the run leaves.", rich_help_panel=LEAVING)],
    checkpoint_every: Annotated[
        int, typer.Option(callback=at_least(1), help="Save a checkpoint after so many epochs.", rich_help_panel=LEAVING)
    ] = 1,
    checkpoint_every_steps: Annotated[
        int | None,
        typer.Option(callback=at_least(1), help="Save one after so many steps as well.", rich_help_panel=LEAVING),
    ] = None,
    keep_last: Annotated[
        int,
        typer.Option(
            callback=at_least(1), help="How many checkpoints to keep, beside the best one.", rich_help_panel=LEAVING
        ),
    ] = 3,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write event files for TensorBoard.", rich_help_panel=LEAVING)
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the run in --out, with its settings; --epochs may grow. Begin it if it is not there yet.",
            rich_help_panel=LEAVING,
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Remove what a run has left in --out, and begin anew.", rich_help_panel=LEAVING),
    ] = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Train a model, and leave its weights, history and picture in a folder.

    Ctrl-C ends the run at the end of a step, and saves it: --resume goes on from there.
    Started by torchrun, several processes train the model together.
    """
    processes = join()
    folder = RunFolder(out)
    found = of_main(processes, lambda: folder.claim(resume=resume, force=force))
    names = [field.name for field in fields(Settings)]
    if found is None:
        settings = Settings(**{name: context.params[name] for name in names}).resolved()
    else:
        place = str(out / RECORD)
        settings = Settings.read(found, place).agreed_with(given(context, names), place)
        if settings.schedule != "constant" and settings.epochs != found["settings"]["epochs"]:
            warn(f"The schedule now spans {settings.epochs} epochs: the rate jumps to its place in the new length")
    checkpoint = of_main(processes, lambda: folder.last_checkpoint() if found else None)
    arguments = settings.prepare(load_once(settings.data, processes))
    record = Record(folder, asdict(settings), fresh=checkpoint is None)
    try:
        run = carry_out(settings, arguments, record, checkpoint, quiet=quiet, talk=not (quiet or json))
    finally:
        if json and record.content.get("outcome"):
            say_json({"out": out, **record.content})
    if run.interrupted:
        warn(f"Interrupted at step {run.step}, and saved. To go on: unstuck train --out {out} --resume")
        raise typer.Exit(INTERRUPTED)
