"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from unstuck.cli.names import DataName, ModelName, OptimizerName, ScheduleName
from unstuck.engines import Engine
from unstuck.step import Precision

__all__ = [
    "COMPUTING",
    "LEAVING",
    "TRAINING",
    "WHAT",
    "BatchSizeOption",
    "DataOption",
    "DeviceOption",
    "EngineOption",
    "EpochsOption",
    "ForceOption",
    "HiddenOption",
    "JsonOption",
    "LrOption",
    "ModelOption",
    "MomentumOption",
    "OptimizerOption",
    "PlotOption",
    "PrecisionOption",
    "QuietOption",
    "ScheduleOption",
    "SeedOption",
    "WarmupOption",
    "WeightDecayOption",
    "at_least",
]

T = TypeVar("T", bound=Any)

WHAT, TRAINING = "What is trained", "How it is trained"
COMPUTING, LEAVING = "How it is computed", "What it tells and leaves"


def at_least(least: int) -> Callable[[T], T]:
    """Return a check of an option's number, or of each of its numbers; Typer's own does not name the value."""

    def check(value: T) -> T:
        for number in value if isinstance(value, list) else [value]:
            if number is not None and number < least:
                raise typer.BadParameter(f"must be at least {least}, got {number}")
        return value

    return check


DataOption = Annotated[
    DataName,
    typer.Option(help="The data set; mnist, fashion_mnist and cifar10 are downloaded once.", rich_help_panel=WHAT),
]
ModelOption = Annotated[ModelName, typer.Option(help="The network.", rich_help_panel=WHAT)]
HiddenOption = Annotated[
    list[int] | None,
    typer.Option(
        callback=at_least(1),
        help="The width of a hidden layer of the mlp; once for each layer.",
        show_default="128",
        rich_help_panel=WHAT,
    ),
]
OptimizerOption = Annotated[OptimizerName, typer.Option(help="The optimiser.", rich_help_panel=TRAINING)]
LrOption = Annotated[float, typer.Option(help="The learning rate.", rich_help_panel=TRAINING)]
MomentumOption = Annotated[
    float | None,
    typer.Option(help="The momentum of sgd and rmsprop.", show_default="0", rich_help_panel=TRAINING),
]
WeightDecayOption = Annotated[
    float | None,
    typer.Option(
        help="How strongly weights are drawn to zero.",
        show_default="the optimiser's own: 0.01 for adamw, else 0",
        rich_help_panel=TRAINING,
    ),
]
ScheduleOption = Annotated[
    ScheduleName, typer.Option(help="How the rate changes over the steps of the run.", rich_help_panel=TRAINING)
]
WarmupOption = Annotated[
    float,
    typer.Option(
        help="Climb to the rate first: for a share of the run below 1, or a number of steps.", rich_help_panel=TRAINING
    ),
]
EpochsOption = Annotated[
    int, typer.Option(callback=at_least(1), help="How often to go over the training data.", rich_help_panel=TRAINING)
]
BatchSizeOption = Annotated[int, typer.Option(callback=at_least(1), help="Samples a step.", rich_help_panel=TRAINING)]
SeedOption = Annotated[
    int,
    typer.Option(
        callback=at_least(0), help="Seeds the weights, the order of the data and dropout.", rich_help_panel=TRAINING
    ),
]
DeviceOption = Annotated[
    str,
    typer.Option(help="auto (CUDA, else MPS, else the CPU), cpu, cuda, cuda:1, mps.", rich_help_panel=COMPUTING),
]
EngineOption = Annotated[
    Engine,
    typer.Option(help="What runs a step; graphed needs an NVIDIA GPU.", rich_help_panel=COMPUTING),
]
PrecisionOption = Annotated[
    Precision,
    typer.Option(help="What a step computes in; tf32 needs an NVIDIA GPU.", rich_help_panel=COMPUTING),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object, and nothing else.", rich_help_panel=LEAVING)
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.", rich_help_panel=LEAVING)]
PlotOption = Annotated[
    Path | None, typer.Option(help="Draw it into a file: .svg, .png or .pdf.", rich_help_panel=LEAVING)
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Replace a file that is there already.", rich_help_panel=LEAVING)
]
