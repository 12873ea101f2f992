"""What a sweep has measured, by the names of what was swept."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor, nn

from unstuck.sweeps.grid import Axes, Trial
from unstuck.sweeps.program import make_model

__all__ = ["Sweep"]

Array = NDArray[np.float64]


class Sweep:
    """The runs of a sweep, as arrays whose axes are named after the settings.

    Attributes
    ----------
    axes : dict
        The values of every axis, by name; the last is ``"seed"``.
    history : dict
        ``loss`` and the metrics of every epoch, shape ``(*axes, epochs)``; the columns of
        :class:`~unstuck.history.History`.
    steps : dict
        ``loss`` and ``lr`` of every step, shape ``(*axes, steps)``; NaN after the end of a run that took fewer steps.
    """

    def __init__(
        self,
        axes: Axes,
        trials: Sequence[Trial],
        history: Mapping[str, Array],
        steps: Mapping[str, Array],
        states: Sequence[Mapping[str, Tensor]],
    ) -> None:
        self.axes = axes
        self.history = dict(history)
        self.steps = dict(steps)
        self._trials, self._states = np.empty(self.shape, dtype=object), np.empty(self.shape, dtype=object)
        for place, trial, state in zip(np.ndindex(self.shape), trials, states, strict=True):
            self._trials[place], self._states[place] = trial, state

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return tuple(map(len, self.axes.values()))

    def __len__(self) -> int:
        """Return the number of runs."""
        return int(np.prod(self.shape))

    def __repr__(self) -> str:
        axes = " x ".join(f"{name} ({len(labels)})" for name, labels in self.axes.items())
        epochs, lost = self.history["loss"].shape[-1], len(self.diverged)
        return f"<Sweep of {len(self)} runs: {axes}; {epochs} epochs" + (f"; {lost} diverged>" if lost else ">")

    def sel(self, **labels: Any) -> Sweep:
        """Choose a part of the runs.

        Parameters
        ----------
        **labels
            For an axis, one of its values, and the axis goes; or a list of them, and it stays.

        Raises
        ------
        KeyError
            If there is no such axis or value; the message lists those there are.

        Examples
        --------
        >>> result.sel(lr=0.1).axes  # doctest: +SKIP
        {'seed': (0, 1, 2)}
        """
        part = self
        for name, wanted in labels.items():
            part = part._select(name, wanted)
        return part

    def final(self, name: str) -> pd.Series:
        """Return a column after the last epoch, one number a run, indexed by the axes.

        ``final("test_accuracy").groupby("lr").median()`` and ``.unstack("seed")`` do the rest.
        """
        index = pd.MultiIndex.from_frame(self._runs()) if self.axes else None
        return pd.Series(self._column(name)[..., -1].ravel(), index=index, name=name)

    def best(self, name: str = "validation_loss", mode: str | None = None) -> dict[str, Any]:
        """Return the settings with the best median over the seeds after the last epoch, by the names of their axes.

        A run that diverged counts as the worst.

        Parameters
        ----------
        name
            A column of the history.
        mode
            ``"min"`` or ``"max"``; by default the largest of an accuracy, and the smallest of anything else.

        Returns
        -------
        dict
            A value for every axis but the seed; ``sel(**best())`` has that setting's runs.

        Raises
        ------
        ValueError
            If every setting diverged, or `mode` is neither.
        """
        mode = mode or ("max" if name.endswith("accuracy") else "min")
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")
        costs = self._column(name)[..., -1] * (1 if mode == "min" else -1)
        costs = np.where(np.isfinite(costs), costs, np.inf)
        medians = np.median(costs, axis=-1) if "seed" in self.axes else costs
        if not np.isfinite(medians).any():
            raise ValueError(f"there is no best {name}: most runs of every setting diverged")
        place = np.unravel_index(int(medians.argmin()), medians.shape)
        names = [axis for axis in self.axes if axis != "seed"]
        return {axis: self.axes[axis][index] for axis, index in zip(names, place, strict=True)}

    def band(self, name: str, **labels: Any) -> Array:
        """Return a column of one setting's runs, shape ``(seeds, epochs)``, as :func:`unstuck.plots.band` draws it.

        Parameters
        ----------
        name
            A column of the history.
        **labels
            As for :meth:`sel`; what is left must be the seed alone.

        Raises
        ------
        ValueError
            If more axes are left.
        """
        part = self.sel(**labels)
        if left := [axis for axis, length in zip(part.axes, part.shape, strict=True) if axis != "seed" and length > 1]:
            raise ValueError(f"a band is over seeds alone: choose a value for {', '.join(left)}")
        values = part._column(name)
        return values.reshape(-1, values.shape[-1])

    def to_frame(self) -> pd.DataFrame:
        """Return the history as a frame, one row a run and epoch: the axes, ``epoch`` from 1, and the columns."""
        epochs = self.history["loss"].shape[-1]
        runs = self._runs()
        frame = runs.loc[runs.index.repeat(epochs)].reset_index(drop=True)
        frame["epoch"] = np.tile(np.arange(1, epochs + 1), len(self))
        return frame.assign(**{name: values.ravel() for name, values in self.history.items()})

    @property
    def diverged(self) -> pd.DataFrame:
        """The runs whose loss became NaN or infinite: the axes, and the ``step`` at which it did, counted from 0."""
        losses = self.steps["loss"]
        # Shorter runs are filled up with NaN, but have no rate there.
        lost = (~np.isfinite(losses) & np.isfinite(self.steps["lr"])).reshape(len(self), -1)
        frame = self._runs().assign(step=lost.argmax(axis=1))
        return frame.iloc[np.flatnonzero(lost.any(axis=1))].reset_index(drop=True)

    def model(self, **labels: Any) -> nn.Module:
        """Return the trained model of one run, on the CPU.

        Parameters
        ----------
        **labels
            As for :meth:`sel`; what is left must be one run.

        Raises
        ------
        ValueError
            If more runs are left.
        """
        part = self.sel(**labels)
        if len(part) > 1:
            left = [axis for axis, length in zip(part.axes, part.shape, strict=True) if length > 1]
            raise ValueError(f"{len(part)} runs have a model each: choose a value for {', '.join(left)}")
        model = make_model(part._trials.flat[0])
        model.load_state_dict(part._states.flat[0])
        return model

    def plot(self, name: str = "test_loss", by: str | None = None) -> Figure:
        """Draw a column over the epochs, a band for each value of an axis; see :func:`unstuck.plots.sweep_curves`."""
        from unstuck import plots  # here, as drawing is not what most sweeps are for

        return plots.sweep_curves(self, name, by)

    def plot_final(self, name: str = "test_accuracy", over: str = "lr", by: str | None = None) -> Figure:
        """Draw a column after the last epoch over a numeric axis; see :func:`unstuck.plots.sweep_final`."""
        from unstuck import plots

        return plots.sweep_final(self, name, over, by)

    def _column(self, name: str) -> Array:
        if name not in self.history:
            raise KeyError(f"no column {name!r} in this sweep; it has {', '.join(self.history)}")
        return self.history[name]

    def _runs(self) -> pd.DataFrame:
        """Return a row a run, a column an axis."""
        return pd.DataFrame(list(itertools.product(*self.axes.values())), columns=list(self.axes))

    def _select(self, name: str, wanted: Any) -> Sweep:
        if name not in self.axes:
            raise KeyError(f"no axis {name!r} in this sweep; it has {', '.join(self.axes)}")
        several = isinstance(wanted, list)
        places = [self._place(name, label) for label in (wanted if several else [wanted])]
        at = list(self.axes).index(name)
        axes = {**self.axes, name: tuple(self.axes[name][place] for place in places)}
        if not several:
            del axes[name]

        def take(values: NDArray[Any]) -> NDArray[Any]:
            return np.take(values, places, axis=at).reshape((*map(len, axes.values()), *values.shape[len(self.axes) :]))

        return Sweep(
            axes,
            take(self._trials).ravel().tolist(),
            {column: take(values) for column, values in self.history.items()},
            {column: take(values) for column, values in self.steps.items()},
            take(self._states).ravel().tolist(),
        )

    def _place(self, name: str, label: Any) -> int:
        for place, known in enumerate(self.axes[name]):
            if known == label or (_is_number(known) and _is_number(label) and math.isclose(known, label)):
                return place  # rates that were computed are found by what they print as
        raise KeyError(f"no {name} {label!r} in this sweep; it has {', '.join(map(str, self.axes[name]))}")


def _is_number(label: object) -> bool:
    return isinstance(label, (int, float))
