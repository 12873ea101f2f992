"""The learning-rate range test: a hundred steps, each at a higher rate, that show where training begins and breaks."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.optim import Optimizer

from unstuck.feed import Batch, Feed, training_batches
from unstuck.loop import MakeOptimizer, Transform, pick_device, seeded
from unstuck.losses import cross_entropy
from unstuck.optim import SGD
from unstuck.plots import COLOURS, GREY
from unstuck.schedules import exponential
from unstuck.step import Loss, Penalty, check_batch, make_step

__all__ = ["RangeTest", "lr_range_test"]

_REACH = 0.5  # decades to each side of a rate over which the slope there is fitted: wide enough not to follow noise
_MARGIN = 0.25  # of the rate with the lowest loss: the most that is suggested


@dataclass(frozen=True)
class RangeTest:
    """What a range test has measured, a number a step, up to the last finite loss.

    Attributes
    ----------
    lrs
        The rates, growing by one factor from step to step.
    losses
        The loss of each step's batch, before its update.
    smoothed
        Their exponential average.
    """

    lrs: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]

    @property
    def suggestion(self) -> float:
        """Return the rate at which the smoothed loss fell most steeply, at most a quarter of that with the lowest loss.

        The slope at a rate, per decade of it, is that of a straight line fitted to half a decade on each side.
        The first tenth of the test, where the average still follows single batches, is left out.

        The rule was chosen by training anew at what it suggests: an MLP and a ConvNet on the digits and a straight
        line, under SGD, momentum and Adam, over several seeds, against the best rate of a grid.
        In runs of one to three epochs it came clearly closer to the best than the other common rule, a tenth of the
        rate with the lowest loss, which is too cautious there; in runs four times as long the two were level on the
        validation loss, and this one ended lower on the training loss.
        Without the limit, the steepest slope did as well in the short runs, but at times it is that of a rate about to
        diverge, which cost the ConvNet under momentum dearly in the long ones.

        Raises
        ------
        ValueError
            If the loss never fell: by less than twice the spread of single batches, or never before it diverged.
        """
        start = max(len(self.losses) // 10, 2)
        first = np.asarray(self.losses[:start])
        lowest = int(np.argmin(self.smoothed))
        if not self.smoothed[lowest] < first.mean() - 2 * first.std():
            raise ValueError(
                f"no rate to suggest: the loss never fell between {self.lrs[0]:.1e} and {self.lrs[-1]:.1e} (from "
                f"{first.mean():.4g} to {self.smoothed[lowest]:.4g} at best). Does the model learn at all, and is the "
                "range wide enough?"
            )
        decades, smoothed = np.log10(self.lrs), np.asarray(self.smoothed)
        last = max(int(np.searchsorted(self.lrs, _MARGIN * self.lrs[lowest], side="right")) - 1, 0)
        slopes = {}
        for index in range(min(start, last), last + 1):
            near = np.abs(decades - decades[index]) <= max(_REACH, 1.01 * (decades[1] - decades[0]))
            slopes[index] = np.polyfit(decades[near], smoothed[near], deg=1)[0]
        return self.lrs[min(slopes, key=slopes.__getitem__)]

    def plot(self) -> Figure:
        """Draw the loss against the rate: single batches in grey, their average as a line, the suggestion marked."""
        figure, axis = plt.subplots()
        axis.plot(self.lrs, self.losses, color=GREY, alpha=0.45, linewidth=1.0, label="each batch")
        axis.plot(self.lrs, self.smoothed, color=COLOURS[0], label="smoothed")
        low, high = min(self.losses), max(self.losses[: max(len(self.losses) // 10, 2)])
        margin = 0.25 * abs(high - low) or 1.0
        # the fall is what matters, and the leap behind it, however high, would press it flat
        axis.set(xscale="log", xlabel="learning rate", ylabel="loss", ylim=(low - margin, max(low, high) + margin))
        axis.legend(loc="lower left")
        try:
            suggestion = self.suggestion
        except ValueError:
            axis.set_title("the loss never fell: no rate to suggest")
            return figure
        height = self.smoothed[self.lrs.index(suggestion)]
        axis.plot(suggestion, height, marker="o", markersize=8, color=COLOURS[1], linestyle="none")
        axis.annotate(
            f"suggestion: {suggestion:.2g}",
            (suggestion, height),
            xytext=(-8, -12),
            textcoords="offset points",
            ha="right",
            va="center",
            color=COLOURS[1],
        )
        return figure


def lr_range_test(
    model: nn.Module,
    data: Feed,
    loss: Loss = cross_entropy,
    optimizer: MakeOptimizer | None = None,
    *,
    lowest: float = 1e-6,
    highest: float = 10.0,
    steps: int = 100,
    batch_size: int = 64,
    smoothing: float = 0.9,
    stop_at: float = 4.0,
    device: torch.device | str = "auto",
    seed: int = 0,
    penalty: Penalty | None = None,
    transform: Transform | None = None,
) -> RangeTest:
    r"""Train a copy of a model for some steps, each at a higher rate, and note the loss.

    Step :math:`i` of :math:`n` has the rate :math:`\eta_i = a (b/a)^{i/(n-1)}` and the loss :math:`L_i`, smoothed with
    the bias of its start taken out:

    .. math::

        m_i = \beta m_{i-1} + (1 - \beta) L_i, \qquad \hat m_i = \frac{m_i}{1 - \beta^{i+1}}, \qquad m_{-1} = 0.

    The test ends early at a loss that is NaN or infinite, or when :math:`\hat m_i` has risen far above its lowest.
    The model itself is never touched, even if the test is broken off: weights, buffers, gradients, modes and device
    stay as they are, and so does the program's random state.

    Parameters
    ----------
    model
        Any module that :func:`copy.deepcopy` can copy.
    data
        What :func:`~unstuck.loop.fit` takes; only the training batches are used, walked over anew as often as needed.
    loss
        Maps ``(model(x), y)`` to the mean over the batch.
    optimizer
        A function that makes an optimiser of parameters, ``partial(SGD, momentum=0.9)``; its rate is overwritten.
        By default :class:`~unstuck.optim.SGD`.
    lowest, highest
        The first rate :math:`a` and the last one :math:`b`, above 0.
    steps
        How many, :math:`n`, at least 10.
    batch_size
        Samples a step, where `data` is a :class:`~unstuck.data.Data`.
    smoothing
        :math:`\beta`, from 0 (none) to below 1.
    stop_at
        End when the smoothed loss is more than this many times its lowest, above 1.
    device
        A device, or ``"auto"``, as in :func:`~unstuck.loop.fit`.
    seed
        Seeds the order of the batches and what `transform` and the model draw, such as dropout.
    penalty, transform
        As for :func:`~unstuck.loop.fit`.

    Returns
    -------
    RangeTest
        The rates, the losses, a suggested rate and a plot.

    Raises
    ------
    ValueError
        If a setting is out of range, the first batch cannot be trained on, there is no batch, or the loss is not finite
        at the first steps already.
    TypeError
        If `optimizer` is an optimiser, which is tied to the model itself, and not a function that makes one.

    Examples
    --------
    >>> from unstuck.data import load
    >>> from unstuck.models import Linear
    >>> test = lr_range_test(Linear(), load("digits"))
    >>> 0.01 < test.suggestion < 1
    True

    References
    ----------
    Smith (2017), "Cyclical learning rates for training neural networks", section 3.3.
    Chapter: Learning-rate decay.
    """
    _check(lowest, highest, steps, smoothing, stop_at)
    if isinstance(optimizer, Optimizer):
        raise TypeError(
            "optimizer must be a function that makes one, partial(SGD, momentum=0.9), as a copy of the model is trained"
        )
    device = pick_device(device)
    batches = _endless(training_batches(data, batch_size, seed, device))
    growth = exponential((highest / lowest) ** (1 / (steps - 1)))
    lrs: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    average = 0.0

    with seeded(seed, device):
        # a copy, and not the model set back afterwards: nothing can be forgotten, whatever the model holds
        trained = copy.deepcopy(model).to(device).train()
        stepped = (optimizer or SGD)(trained.parameters())
        step = make_step(trained, loss, stepped, penalty=penalty)
        for index in range(steps):
            x, y = (part.to(device, non_blocking=True) for part in next(batches))
            if transform:
                x, y = transform(x, y)
            if index == 0:
                check_batch(trained, loss, x, y)
            lr = lowest * growth(index)
            for group in stepped.param_groups:
                group["lr"] = lr
            value = step(x, y).item()  # sync: every step, as it may be the last
            if not math.isfinite(value):
                break
            average = smoothing * average + (1 - smoothing) * value
            lrs.append(lr)
            losses.append(value)
            smoothed.append(average / (1 - smoothing ** (index + 1)))
            best = min(smoothed)
            if smoothed[-1] > best + (stop_at - 1) * abs(best):  # stop_at * best, for a loss below 0 too
                break
    if len(lrs) < 2:
        raise ValueError(f"the loss is not finite after {len(lrs)} steps, at rates from {lowest:.1e}: lower `lowest`")
    return RangeTest(tuple(lrs), tuple(losses), tuple(smoothed))


def _endless(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Walk over the batches again and again."""
    while True:
        batch = None
        for batch in batches:
            yield batch
        if batch is None:
            raise ValueError("the training data yielded no batch (generators yield once)")


def _check(lowest: float, highest: float, steps: int, smoothing: float, stop_at: float) -> None:
    if not 0 < lowest < highest < math.inf:
        raise ValueError(f"lowest and highest must be above 0, finite, and in this order, got {lowest} and {highest}")
    if steps < 10:
        raise ValueError(f"steps must be at least 10, got {steps}")
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing must be from 0 to below 1, got {smoothing}")
    if not stop_at > 1:
        raise ValueError(f"stop_at must be above 1, got {stop_at}")
