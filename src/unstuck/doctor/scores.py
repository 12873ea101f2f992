"""How good predictions are, by a measure that a wrong last activation does not change: accuracy, ranking, R squared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["QUANTITIES", "Score", "axis_of_classes", "of_shares", "score_of"]

QUANTITIES = 8
"""Targets of a sample, at most, that are each a quantity of its own, rather than the parts of a whole."""

_APART = 10.0  # times that one of them may vary as much as another; more, and it alone would decide the score
_WHOLE = 1e-3  # how far the shares of a distribution may lie from one, together


@dataclass(frozen=True)
class Score:
    """A score: 1 is perfect.

    Attributes
    ----------
    kind
        ``accuracy``: the share of rows whose largest output is at the target's class; ``auc``: the share of pairs of a
        positive and a negative that are ranked rightly; ``r2``: the share of the targets' variance that is explained.
    chance
        What knowing nothing of the inputs reaches.
    by_line
        Of ``r2``, whether it is what the best line through outputs and targets explains.
    """

    kind: str
    value: float
    chance: float
    samples: int
    by_line: bool = False

    @property
    def skill(self) -> float:
        """What share of the way from knowing nothing to a perfect score it goes."""
        return (self.value - self.chance) / max(1 - self.chance, 1e-6)

    @property
    def nothing(self) -> bool:
        """Whether it is an R² no better than the mean's, however bad another one was."""
        return self.kind == "r2" and self.value <= 0

    def __str__(self) -> str:
        """Return the score for a sentence."""
        return f"{self.name} {self.value:.2f}"

    @property
    def name(self) -> str:
        """Its name in a sentence."""
        if self.by_line:
            return "squared correlation"
        return {"accuracy": "accuracy", "auc": "ranking (AUC)", "r2": "R²"}[self.kind]


def score_of(
    outputs: Sequence[Tensor],
    targets: Sequence[Tensor],
    *,
    link: Callable[[Tensor], Tensor] | None = None,
    ignored: int = -100,
    of_classes: bool = False,
    near: bool = True,
    unit: bool = False,
) -> Score | None:
    """Score outputs against targets; None where no measure fits their shapes.

    Parameters
    ----------
    outputs
        Batches of shape ``(batch, classes)``, ``(batch, classes, ...)`` or ``(batch, ..., classes)`` for class indices,
        of the target's shape for numbers and for probabilities or logits of a yes.
    targets
        Batches of class indices (integers), of zeros (or minus ones) and ones, or of numbers.
    link
        What the loss does with outputs before it holds them against numbers, such as a sigmoid.
    ignored
        A class index that does not count, as that of what fills a sequence up; negative ones never count.
    of_classes
        Whether rows of numbers are scores of classes: targets that are distributions, or their logarithms, then stand
        for their largest class.
    near
        Whether outputs are to be close to numbers; otherwise they may be so on another scale, as logarithms or ranks.
    unit
        Whether rows of numbers are directions, of which the length does not count.
    """
    pairs = [
        (output.detach().float(), target.detach())
        for output, target in zip(outputs, targets, strict=False)
        if output.numel() and target.numel()
    ]
    if not pairs:
        return None
    if all(not t.is_floating_point() and t.ndim == 2 and t.shape[1] == 1 for _, t in pairs):  # as gather wants them
        pairs = [(o, t.squeeze(1)) if o.ndim == 2 and o.shape[1] > 1 else (o, t) for o, t in pairs]
    output, target = pairs[0]
    if not target.is_floating_point() and (axes := _axes_of_classes(output, target)):
        found = [
            _accuracy([(o.movedim(axis, -1).flatten(0, -2), t.flatten()) for o, t in pairs], ignored) for axis in axes
        ]
        return max(found, key=lambda score: score.value)  # of as many places as classes, either axis may be theirs
    if output.ndim == 2 and output.shape == target.shape and output.shape[1] > 1 and _one_hot(target):
        return _accuracy([(o, t.argmax(1)) for o, t in pairs], -1)
    if of_classes and output.shape == target.shape and output.ndim > 1 and output.shape[1] > 1 and of_shares(target):
        return _accuracy([(o.movedim(1, -1).flatten(0, -2), t.argmax(1).flatten()) for o, t in pairs], -1)
    if output.numel() != target.numel():
        return None
    if unit and output.shape == target.shape and output.ndim > 1:
        pairs = [(F.normalize(o, dim=1), F.normalize(t.float(), dim=1)) for o, t in pairs]
    x, y = torch.cat([o.flatten() for o, _ in pairs]), torch.cat([t.flatten().float() for _, t in pairs])
    low, high = y.min(), y.max()
    if low != high and high == 1 and low in (0, -1) and bool(((y == low) | (y == high)).all()):
        return _auc(x, (y > 0).float())
    if not near:
        return _by_line(x, y)
    if link is not None:
        x = link(x)
    if target.ndim == 2 and 1 < target.shape[1] <= QUANTITIES and output.shape == target.shape:
        x, y = x.view(-1, target.shape[1]), y.view(-1, target.shape[1])
        scales = y.std(0, correction=0)
        if float(scales.min()) > 0 and float(scales.max() / scales.min()) > _APART and torch.isfinite(x).all():
            x, y = x / scales, y / scales  # each counts alike, as each is a quantity of its own
            return Score("r2", 1 - float(((x - y) ** 2).mean()), 0.0, y.numel())
        x, y = x.flatten(), y.flatten()
    variance = float(y.var(correction=0))
    if variance == 0 or not torch.isfinite(x).all():
        return Score("r2", float("-inf"), 0.0, len(y)) if variance else None
    return Score("r2", 1 - float(((x - y) ** 2).mean()) / variance, 0.0, len(y))


def axis_of_classes(output: Tensor, target: Tensor) -> int | None:
    """Return the axis that the target lacks: the second, as the losses take it, or the last; None for neither."""
    return next(iter(_axes_of_classes(output, target)), None)


def _axes_of_classes(output: Tensor, target: Tensor) -> list[int]:
    if output.ndim != target.ndim + 1:
        return []
    return [
        axis
        for axis in dict.fromkeys((1, output.ndim - 1))
        if output.shape[axis] > 1 and (*output.shape[:axis], *output.shape[axis + 1 :]) == target.shape
    ]


def _one_hot(target: Tensor) -> bool:
    return bool(((target == 0) | (target == 1)).all()) and bool((target.sum(1) == 1).all())


def of_shares(target: Tensor) -> bool:
    """Whether rows are distributions over classes, or their logarithms."""
    target = target.float()
    shares = target if bool((target >= 0).all()) else target.exp()
    return bool(((shares.sum(1) - 1).abs() < _WHOLE).all())


def _by_line(x: Tensor, y: Tensor) -> Score | None:
    """Return the squared correlation of outputs and targets."""
    if not torch.isfinite(x).all():
        return Score("r2", float("-inf"), 0.0, len(y), by_line=True)
    if float(y.var(correction=0)) == 0:
        return None
    along = float(torch.corrcoef(torch.stack([x, y]))[0, 1].nan_to_num())
    return Score("r2", along**2, 0.0, len(y), by_line=True)


def _accuracy(pairs: list[tuple[Tensor, Tensor]], ignored: int) -> Score:
    x, y = torch.cat([o for o, _ in pairs]), torch.cat([t for _, t in pairs])
    known = (y >= 0) & (y < x.shape[1]) & (y != ignored)
    x, y = x[known], y[known]
    if not len(y):
        return Score("accuracy", float("nan"), float("nan"), 0)
    right = (x.argmax(1) == y) & torch.isfinite(x).all(1)
    return Score("accuracy", float(right.float().mean()), float(y.bincount().max()) / len(y), len(y))


def _auc(x: Tensor, y: Tensor) -> Score:
    from sklearn.metrics import roc_auc_score

    value = float(roc_auc_score(y.cpu().numpy(), x.nan_to_num().cpu().numpy()))
    return Score("auc", value, 0.5, len(y))
