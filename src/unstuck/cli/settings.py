"""The settings of a run, as the command line gives them and its folder keeps them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, Literal

import typer
from torch.optim.lr_scheduler import LambdaLR

from unstuck.cli.names import (
    DEFAULT_HIDDEN,
    DataName,
    ModelName,
    OptimizerName,
    ScheduleName,
    make_loss,
    make_model,
    make_optimizer,
    make_schedule,
    own_settings,
    steps_of,
    usable_device,
)
from unstuck.cli.output import of_main
from unstuck.data import Data, load
from unstuck.distributed import Processes
from unstuck.engines import Engine
from unstuck.step import Precision, check_batch

__all__ = ["Settings", "given", "load_once"]


@dataclass(frozen=True)
class Settings:
    """All that decides how a run goes; the options of ``unstuck train`` explain each.

    Raises
    ------
    ValueError
        If the optimiser does not have one of its settings, or a number is out of range; the message names the option.
    """

    data: DataName
    model: ModelName
    hidden: list[int] | None
    optimizer: OptimizerName
    lr: float
    momentum: float | None
    weight_decay: float | None
    schedule: ScheduleName
    warmup: float
    epochs: int
    batch_size: int
    label_smoothing: float
    clip: float | None
    accumulate: int
    ema: float | None
    patience: int | None
    nonfinite: Literal["stop", "ignore"]
    seed: int
    device: str
    engine: Engine
    precision: Precision
    channels_last: bool
    checkpoint_every: int
    checkpoint_every_steps: int | None
    keep_last: int
    tensorboard: bool

    def __post_init__(self) -> None:
        """Check what can be checked without the data."""
        own_settings(self.optimizer, self.of_optimizer)
        if self.ema is not None and not 0 < self.ema < 1:
            raise ValueError(f"--ema must be above 0 and below 1, got {self.ema}")
        if self.clip is not None and not self.clip > 0:
            raise ValueError(f"--clip must be above 0, got {self.clip}")

    @property
    def of_optimizer(self) -> dict[str, float | None]:
        """The settings of the optimiser; none where it is left to the optimiser's own."""
        return {"lr": self.lr, "momentum": self.momentum, "weight_decay": self.weight_decay}

    def resolved(self) -> Settings:
        """Return the same settings with the defaults of the model and of the optimiser written out."""
        own = own_settings(self.optimizer, self.of_optimizer)
        hidden = list(self.hidden or DEFAULT_HIDDEN) if self.model == "mlp" else self.hidden
        return replace(self, hidden=hidden, momentum=own.get("momentum"), weight_decay=own.get("weight_decay"))

    def agreed_with(self, told: Mapping[str, Any], place: str) -> Settings:
        """Return these settings, of a run that is taken up again, with those that were told once more.

        Parameters
        ----------
        told
            What the command line names, of all settings; only ``epochs`` may differ, and only be more.
        place
            Where these settings come from, for the message.

        Raises
        ------
        ValueError
            If one differs.
        """
        for name, value in told.items():
            own = getattr(self, name)
            option = "--" + name.replace("_", "-")
            if name == "epochs" and value < own:
                raise ValueError(f"--epochs may grow with --resume, but not shrink: {place} has {own}, got {value}")
            if name != "epochs" and value != own:
                raise ValueError(f"{option} must be that of the run that is resumed: {place} has {own}, got {value}")
        return replace(self, epochs=told.get("epochs", self.epochs))

    @classmethod
    def read(cls, record: object, place: str) -> Settings:
        """Return the settings that a run's record holds.

        Raises
        ------
        ValueError
            If it does not hold exactly these.
        """
        held = record.get("settings") if isinstance(record, dict) else None
        names = {field.name for field in fields(cls)}
        if not isinstance(held, dict) or held.keys() != names:
            raise ValueError(f"{place} does not hold the settings of a run of this version of unstuck")
        try:
            return cls(**held)
        except (KeyError, TypeError) as error:  # of a name or a type that no option would have let in
            raise ValueError(f"{place} is damaged: {error}") from error

    def prepare(self, data: Data) -> dict[str, Any]:
        """Return what :func:`~unstuck.loop.fit` is to be called with; the model is yet to be made, by ``"model"``.

        Raises
        ------
        ValueError
            If settings do not fit together, or not the data; the message names the option.
        """
        device = usable_device(self.device)
        maker, loss = make_model(self.model, self.hidden or (), data), make_loss(data, self.label_smoothing)
        schedule = make_schedule(self.schedule, steps_of(data, self.batch_size, self.epochs), self.warmup)
        check_batch(maker(), loss, data.train.x[: self.batch_size], data.train.y[: self.batch_size])
        return {
            "model": maker,
            "data": data,
            "loss": loss,
            "optimizer": make_optimizer(self.optimizer, self.of_optimizer, device),
            "schedule": None
            if self.schedule == "constant" and not self.warmup
            else partial(LambdaLR, lr_lambda=schedule),
            "schedule_every": "step",
            "device": device,
            **{name: getattr(self, name) for name in _AS_THEY_ARE},
        }


_AS_THEY_ARE = (
    "epochs",
    "batch_size",
    "seed",
    "engine",
    "precision",
    "channels_last",
    "clip",
    "accumulate",
    "ema",
    "nonfinite",
)


def given(context: typer.Context, names: Collection[str]) -> dict[str, Any]:
    """Return the options that stand on the command line itself, of those named: all others are defaults."""
    sources = {name: context.get_parameter_source(name) for name in names}
    return {name: context.params[name] for name, source in sources.items() if source and source.name == "COMMANDLINE"}


def load_once(name: str, processes: Processes) -> Data:
    """Load a data set; where processes share the run, the main one first, so that one alone downloads it."""
    if processes.count > 1:
        of_main(processes, lambda: load(name).name)
    return load(name)
