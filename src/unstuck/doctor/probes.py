"""Experiments that several judges make: something left out of every pass, or a setting changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from unstuck.doctor.case import Case, Verdict
from unstuck.doctor.given import held_out, keys_of
from unstuck.doctor.rerun import Batch, Change, Rerun
from unstuck.doctor.retrials import rows_of, taken
from unstuck.doctor.scores import Score
from unstuck.doctor.watch.tape import Op

__all__ = [
    "WORTH",
    "by_halves",
    "by_loss",
    "changed",
    "cured",
    "falls_further",
    "in_units",
    "lifted",
    "replacing",
    "score_error",
    "set_right",
    "skipping",
    "trains_better",
    "without_op",
]

WORTH = 0.05
"""By how much a score must rise, beyond going half the way to a perfect one, for a setting to be a better one."""


def changed(case: Case, name: str, change: Change, enough: float = 0.3) -> Verdict | None:
    """Rerun with a change; it confirms where it goes so much of the way from the score without to a perfect one.

    ``name`` says what was changed, as a clause: "with a tenth of the rate".
    """
    found = case.gain(name, change)
    if found is None:
        return by_loss(case, name, change)
    share, before, after = found
    tried = f"{name}: {before} -> {after.value:.2f} after {case.probe_steps} steps"
    return Verdict(share > enough, tried, ruins=_ruins(case, name))


def _ruins(case: Case, name: str) -> bool:
    """Whether a rerun with a change no longer learns what one without it learns."""
    old, new = case.baseline, case.try_out(name)
    if old is None or new is None or old.train is None or new.train is None:
        return False
    learnt, left = old.train.value - old.train.chance, new.train.value - new.train.chance
    return learnt > _LEARNT and left < _LEFT * learnt


def lifted(
    case: Case, name: str, change: Change, enough: float = 0.25, least: float = 0.03, *, by_loss: bool = False
) -> Verdict | None:
    """Rerun with a change; it confirms where the score rises clearly, or, where there is none, the loss falls.

    Parameters
    ----------
    case, name, change
        As :func:`changed` takes them.
    enough
        The share of the way from the score without to a perfect one, or of the loss.
    least
        The rise itself, which must also be more than two standard errors of a share of so many samples.
    by_loss
        Whether to leave scores out, as of a loss with several targets: a score is of the first of them alone.
    """
    before, after = case.baseline, case.try_out(name, change)
    if before is None or after is None:
        return None
    for old, new in () if by_loss else case.compared(before, after):
        if old is not None and new is not None and np.isfinite(new.value):
            low = old.value if np.isfinite(old.value) else old.chance
            rise = new.value - low
            noise = 2 * np.sqrt(0.25 / max(old.samples, 1)) if old.kind != "r2" else 0.0
            share = rise / max(1 - low, 1e-6)
            return Verdict(
                bool(share > enough and rise > max(least, noise) and not new.nothing),
                f"{name}: {old} -> {new.value:.2f} after {case.probe_steps} steps",
            )
    if not np.isfinite(after.last):
        return None
    left = before.last > max(_NOTHING * case.loss_around(0), 0.0)
    fallen = 1.0 if not np.isfinite(before.last) else 1 - after.last / before.last if left else 0.0
    return Verdict(
        fallen > enough, f"{name}: loss {before.last:.3g} -> {after.last:.3g} after {case.probe_steps} steps"
    )


class Skipping(TorchFunctionMode):
    """Leaves out one call of a function in a pass: its input is returned.

    Which one is said by its number among the calls of that name, as an attention calls softmax too.
    """

    def __init__(self, name: str, which: int) -> None:
        super().__init__()
        self.name, self.which, self.count = name, which, 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the function, or hand back what it was given."""
        if getattr(func, "__name__", "") == self.name:
            self.count += 1
            if self.count - 1 == self.which:
                return next(value for value in (*args, *(kwargs or {}).values()) if isinstance(value, Tensor))
        return func(*args, **(kwargs or {}))


_NOTHING = 0.03  # of a first loss: what is left of it is not worth a cure
_HALF = 0.5  # of the way to a perfect score: what a better setting must go to count as a cure
_LEARNT, _LEFT = 0.3, 0.3  # of a score above chance, and the share of it that is left: less, and it is ruined
_TWICE, _NEARLY = 2.0, 0.02  # a unit tried out, and how near to a whole number its power lies
_FURTHER = 1 / 3  # of what a loss falls by: more, and it was held back
_ASKED = 2000  # samples of the other half, in one batch
_LEAST = 0.03  # of a score: two runs of the same script with other seeds differ by as much


def cured(
    case: Case, name: str, change: Change, enough: float = 0.3, least: float = _LEAST, errors: float = 2.0
) -> Verdict | None:
    """Rerun with a change; it confirms where it goes so much of the way to a perfect score, beyond what luck does.

    Unlike :func:`changed` it takes a run that is good already for healthy: of the way from 0.97 to 1 chance goes a
    third.
    """
    found = case.gain(name, change)
    if found is None:
        return None
    share, before, after = found
    held = held_out(case)
    error = score_error(before, len(held[0].x) if held and held[0].x is not None else None)
    gained = after.value - (before.value if np.isfinite(before.value) else before.chance)
    return Verdict(
        share > enough and gained > max(least, errors * error),
        f"{name}: {before} -> {after.value:.2f} after {case.probe_steps} steps",
        {"score_before": before.value, "score_after": after.value},
    )


def set_right(case: Case, name: str, change: Change, enough: float = _HALF, least: float = WORTH) -> Verdict | None:
    """Rerun with another setting, which must go half the way to a perfect score, and be better on training data too."""
    verdict = cured(case, name, change, enough, least, errors=0.0) or by_loss(case, name, change)
    if verdict is not None and verdict.confirmed and not trains_better(case, name):
        return Verdict(False, verdict.tried, verdict.evidence)
    return verdict


def by_loss(case: Case, name: str, change: Change) -> Verdict | None:
    """Rerun with another setting where nothing can be scored; it confirms where the loss falls much further with it.

    None where a score is known, or the loss is another one.
    """
    if any(score is not None for score in case.scores) or change.loss is not None:
        return None
    return falls_further(case, name, change)


def falls_further(case: Case, name: str, change: Change) -> Verdict | None:
    """Rerun with another setting; it confirms where the training loss falls much further with it.

    None where what a pass was given is known of few: those are learnt by heart at any setting.
    """
    again = case.rerun
    if again is None or again.of_looks or case.values_to_come:
        return None
    before, after = case.baseline, case.try_out(name, change)
    if before is None or after is None or not len(before.losses) or not np.isfinite(after.last):
        return None
    first, tail = float(before.losses[0]), after.losses[-max(len(after.losses) // 10, 1) :]
    fell = first - before.last if np.isfinite(before.last) else 0.0
    falls, noise = first - after.last, 3 * float(tail.std()) / math.sqrt(len(tail))
    return Verdict(
        falls > 0 and falls > (1 + _FURTHER) * fell + noise,
        f"{name}: loss {before.last:.3g} -> {after.last:.3g} after {case.probe_steps} steps, from {first:.3g}",
    )


def in_units(case: Case, name: str, change: Change, unit: float, targets: Sequence[int]) -> Verdict | None:
    """Rerun with targets in another unit, where nothing can be scored; it confirms where the loss ends far lower.

    Losses are compared in the unit of before: those of squares, say, go with the square of the unit.
    None for a loss that goes with no power of the unit.

    Parameters
    ----------
    unit
        What the targets are divided by.
    targets
        Their ids in the program.
    """
    again = case.rerun
    if again is None or again.of_looks or any(score is not None for score in case.scores):
        return None
    power = case.quietly(lambda: _power(case, again, targets))
    before, after = case.baseline, case.try_out(name, change)
    if power is None or before is None or after is None or not np.isfinite(after.last):
        return None
    if abs(power - round(power)) > _NEARLY:
        return None
    first, last = float(before.losses[0]), after.last * unit ** round(power)
    return Verdict(
        last < (1 - _FURTHER) * before.last,
        f"{name}: loss {before.last:.3g} -> {last:.3g}, in the same unit, after {case.probe_steps} steps, "
        f"from {first:.3g}",
    )


def _power(case: Case, again: Rerun, targets: Sequence[int]) -> float:
    """Return the power of the unit of outputs and targets with which the loss goes."""
    batch = again.batches[-1]
    larger = {key: value * _TWICE if key in targets else value for key, value in batch.items()}
    models = again.final()
    plain = again.loss_on(models, [batch])
    models[id(case.stream.models[-1])].register_forward_hook(lambda _, __, out: out * _TWICE)
    return math.log(again.loss_on(models, [larger]) / plain, _TWICE)


def by_halves(case: Case) -> tuple[Score, Score, int] | None:
    """Train on one half of the samples.

    Returns
    -------
    tuple or None
        The scores on the other half and on what the script evaluates on, and how many samples the other half has.
    """
    again = case.rerun
    x_key = again.program.first_input if again is not None else None
    if again is None or x_key is None:
        return None

    def half(rows: Batch, which: int) -> Tensor:
        return torch.as_tensor(np.flatnonzero(keys_of(rows[x_key].float()) % 2 == which))

    change = Change(batches=lambda batches: taken(batches, lambda rows: half(rows, 0)))
    tried, rows = case.try_out("trained on one half of the samples", change), rows_of(again.batches)
    if tried is None or tried.evaluation is None or rows is None:
        return None
    places = half(rows.values, 1)[:_ASKED]
    other = again.scores(tried.models, batches=[rows.batch(places)])[0] if len(places) else None
    if other is None or other.kind != tried.evaluation.kind:
        return None
    return other, tried.evaluation, len(np.unique(keys_of(rows.values[x_key][places].float())))


def score_error(score: Score, samples: int | None = None) -> float:
    """Return the standard error of a score; of R squared, roughly."""
    count = max(min(score.samples, samples or score.samples), 1)
    share = min(max(score.value, 0.05), 0.95)
    return math.sqrt(share * (1 - share) / count)


def trains_better(case: Case, name: str) -> bool:
    """Whether a change that was tried is better on training data, too: by the score, or by the loss where none is."""
    old, new = case.baseline, case.try_out(name)
    if old is None or new is None:
        return True
    if old.train is None or new.train is None:
        return not new.last > old.last  # one that broke down is no number
    return new.train.value > old.train.value or not np.isfinite(old.train.value)


def skipping(case: Case, op: Op) -> Callable[[], AbstractContextManager[Any]]:
    """Return what makes a context in which that call of a pass is left out."""
    alike = [other for other in case.pass_ops if other.name == op.name and not isinstance(other.func, nn.Module)]
    place = alike.index(op)
    return lambda: Skipping(op.name, place)


def without_op(case: Case, op: Op, what: str, enough: float = 0.15) -> Verdict | None:
    """Leave a call out, and see whether the score rises, or the loss falls where it could not go with it."""
    name = f"without {what}"
    found = case.gain(name, Change(mode=skipping(case, op)))
    before, after = case.baseline, case.try_out(name)
    if found is None or before is None or after is None:
        return None
    share, old, new = found
    lower = math.isfinite(after.last) and after.last < 0.8 * before.last
    return Verdict(
        share > enough or lower,
        f"{name}: {old} -> {new.value:.2f}, loss {before.last:.3g} -> {after.last:.3g} after {case.probe_steps} steps",
    )


class Replacing(TorchFunctionMode):
    """Calls other functions in place of those of a name."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__()
        self.functions = functions

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the function, or what stands in for it."""
        return self.functions.get(getattr(func, "__name__", ""), func)(*args, **(kwargs or {}))


def replacing(functions: Mapping[str, Callable[..., Any]]) -> Callable[[], AbstractContextManager[Any]]:
    """Return what makes a context in which other functions are called in place of those of a name."""
    return lambda: Replacing(functions)
