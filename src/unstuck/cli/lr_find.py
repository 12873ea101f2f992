"""``unstuck lr-find``: a learning rate to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from unstuck.cli.names import make_loss, make_model, make_optimizer, usable_device
from unstuck.cli.options import (
    TRAINING,
    BatchSizeOption,
    DataOption,
    DeviceOption,
    ForceOption,
    HiddenOption,
    JsonOption,
    ModelOption,
    MomentumOption,
    OptimizerOption,
    PlotOption,
    SeedOption,
    WeightDecayOption,
    at_least,
)
from unstuck.cli.output import PICTURES, check_files, say, say_json, warn
from unstuck.data import load
from unstuck.loop import seeded

if TYPE_CHECKING:
    from unstuck.lr_range import RangeTest

__all__ = ["lr_find"]


def lr_find(
    data: DataOption = "digits",
    model: ModelOption = "mlp",
    hidden: HiddenOption = None,
    optimizer: OptimizerOption = "adam",
    momentum: MomentumOption = None,
    weight_decay: WeightDecayOption = None,
    lowest: Annotated[float, typer.Option(help="The first rate.", rich_help_panel=TRAINING)] = 1e-6,
    highest: Annotated[float, typer.Option(help="The last rate.", rich_help_panel=TRAINING)] = 10.0,
    steps: Annotated[
        int, typer.Option(callback=at_least(10), help="How many rates to try.", rich_help_panel=TRAINING)
    ] = 100,
    batch_size: BatchSizeOption = 64,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    plot: PlotOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Suggest a learning rate: train a hundred steps, each at a higher rate, and see where the loss falls fastest."""
    from unstuck.lr_range import lr_range_test  # here, as no other command has to wait for what draws
    from unstuck.plots import draw

    check_files({"--plot": plot}, {"--plot": PICTURES}, force=force)
    where, used = usable_device(device), load(data)
    settings = {"lr": None, "momentum": momentum, "weight_decay": weight_decay}
    maker = make_model(model, hidden or (), used)
    with seeded(seed, where):
        made = maker()
    test = lr_range_test(
        made,
        used,
        make_loss(used),
        make_optimizer(optimizer, settings, where),
        lowest=lowest,
        highest=highest,
        steps=steps,
        batch_size=batch_size,
        device=where,
        seed=seed,
    )
    if plot:
        draw(test.plot, plot)
    suggestion = _suggestion(test)
    if json:
        measured = {"lrs": test.lrs, "losses": test.losses, "smoothed": test.smoothed}
        say_json({"suggestion": suggestion, **measured})
    elif suggestion is not None:
        say(f"{len(test.lrs)} steps, at rates from {test.lrs[0]:.1e} to {test.lrs[-1]:.1e}")
        fall = f"{test.smoothed[0]:.3g} to {min(test.smoothed):.3g}"
        say(f"The loss fell from {fall} at best, and fastest at the suggestion:")
        say(f"--lr {suggestion:.2g}")
    if suggestion is None:
        raise typer.Exit(1)


def _suggestion(test: RangeTest) -> float | None:
    try:
        return test.suggestion
    except ValueError as error:
        warn(f"Error: {error}")
        return None
