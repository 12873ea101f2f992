"""What a question about data asks of a rerun: other batches or inputs, and outputs on an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unstuck.doctor.case import Case, EvaluationSet
from unstuck.doctor.given import held_out
from unstuck.doctor.ragged import in_line, in_rows, padded, starts_of
from unstuck.doctor.rerun import Batch
from unstuck.doctor.scores import Score

__all__ = [
    "Rows", "before_model", "held_loss", "loss_function", "loss_of", "mapped_score", "outputs_on", "rows_of", "taken",
]  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """The samples of a stream.

    Attributes
    ----------
    values
        All batches in one, row by row.
    in_line
        The keys of what lies one sample after the other in a batch, and of where each begins, which are rows here and
        their lengths; None where nothing does.
    """

    values: Batch
    in_line: tuple[int, int] | None = None

    def batch(self, places: Tensor) -> Batch:
        """Return a batch of the rows at some places."""
        found = {key: value[places] for key, value in self.values.items()}
        if self.in_line is not None:
            flat, starts = self.in_line
            found[flat], found[starts] = in_line(found[flat], found[starts])
        return found


def rows_of(batches: Sequence[Batch]) -> Rows | None:
    """Return the batches of a stream in one; None where their tensors do not share their rows."""
    if not batches:
        return None
    keys = list(batches[0])
    if any(key not in batch or not batch[key].ndim for key in keys for batch in batches):
        return None
    place = starts_of([batches[0][key] for key in keys])
    pair = None if place is None else (keys[0], keys[place])
    if pair is not None:
        batches = [_in_rows(batch, *pair) for batch in batches]
    if any(len({len(batch[key]) for key in keys}) != 1 for batch in batches):
        return None
    parts = {key: padded([batch[key] for batch in batches]) for key in keys}
    if any(len({part.shape[1:] for part in of_key}) != 1 for of_key in parts.values()):
        return None
    return Rows({key: torch.cat(of_key) for key, of_key in parts.items()}, pair)


def _in_rows(batch: Batch, flat: int, starts: int) -> Batch:
    rows, lengths = in_rows(batch[flat], batch[starts])
    return {**batch, flat: rows, starts: lengths}


def taken(batches: Sequence[Batch], choose: Callable[[dict[int, Tensor]], Tensor]) -> list[Batch]:
    """Return batches of the same sizes from rows that are chosen among all of theirs; as they are where that fails.

    ``choose`` is called with all rows, and returns the places of those to take, in order.
    """
    rows = rows_of(batches)
    if rows is None:
        return list(batches)
    places = choose(rows.values)
    size = min(len(value) for value in batches[0].values())
    parts = [part for part in torch.split(places, size) if len(part) == size] or [places]
    return [rows.batch(part) for part in parts]


def before_model(model: nn.Module, prepare: Callable[[Tensor], Tensor]) -> None:
    """Let the first tensor that a model is given be prepared first."""

    def prepared(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        if args and isinstance(args[0], Tensor):
            return (prepare(args[0]), *args[1:]), kwargs
        name = next((name for name, value in kwargs.items() if isinstance(value, Tensor)), None)
        return args, {**kwargs, name: prepare(kwargs[name])} if name else kwargs

    model.register_forward_pre_hook(prepared, with_kwargs=True)


def outputs_on(
    case: Case,
    models: dict[int, nn.Module],
    evaluated: EvaluationSet,
    prepare: Callable[[Tensor], Tensor] | None = None,
) -> tuple[list[Tensor], list[Tensor]] | None:
    """Return what copies of the models say of an evaluation's last kept phase, and what that was held against."""
    for calls in reversed(evaluated.phases.values()):
        kept = [call for call in calls if call.target is not None and call.kept]
        if len(kept) != len(calls) or not kept or id(kept[0].module) not in models:
            continue
        outputs, targets = [], []
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            for call in kept:
                model = models[id(call.module)].train(call.training)
                args = call.args if prepare is None else (prepare(call.args[0]), *call.args[1:])
                out = model(*args, **call.kwargs)
                if not isinstance(out, Tensor) or call.target is None:
                    return None
                outputs.append(out)
                targets.append(call.target)
        return outputs, targets
    return None


def loss_function(case: Case) -> Callable[..., Tensor] | None:
    """Return the function that says how far outputs are from targets; None for a loss by hand of another kind."""
    if case.loss_name:
        found: Callable[..., Tensor] | None = getattr(F, case.loss_name, None)
        return found
    return F.mse_loss if case.rerun is not None and case.rerun.program.by_distance else None


def loss_of(loss: Callable[..., Tensor], output: Tensor, target: Tensor | None) -> Tensor:
    """Return a loss of outputs whose numbers may stand in another shape than the targets'."""
    assert target is not None
    if target.is_floating_point() and output.shape != target.shape and output.numel() == target.numel():
        target = target.reshape(output.shape)
    return loss(output, target.to(output.dtype) if target.is_floating_point() else target)


def held_loss(case: Case, models: dict[int, nn.Module]) -> float | None:
    """Return the mean loss of copies of the models on samples that were not trained on; None where none are known."""
    again, loss = case.rerun, loss_function(case)
    if again is None:
        return None
    if again.unseen_batches:
        return again.loss_on(models, again.unseen_batches)
    if loss is None or len(models) != 1:
        return None
    for evaluated in held_out(case):
        found = case.quietly(lambda evaluated=evaluated: outputs_on(case, models, evaluated))  # type: ignore[misc]
        if found:
            parts = [(float(loss_of(loss, out, y)), len(y)) for out, y in zip(*found, strict=True)]
            return sum(value * rows for value, rows in parts) / sum(rows for _, rows in parts)
    return None


def mapped_score(case: Case, evaluated: EvaluationSet, prepare: Callable[[Tensor], Tensor]) -> Score | None:
    """Return the score of the final models on an evaluation whose inputs are prepared in some way."""
    again = case.rerun
    if again is None:
        return None
    found = case.quietly(lambda: outputs_on(case, again.final(), evaluated, prepare))
    score = evaluated.measure(*found) if found else None
    if not found or score is None or score.kind != "auc":
        return score
    # ranking does not see an offset, which takes every sample to the same side of the threshold
    out, y = (torch.cat([part.flatten() for part in parts]) for parts in found)
    threshold = 0.5 if case.loss_name == "binary_cross_entropy" else 0.0
    right = float(((out > threshold) == (y > 0.5)).float().mean())
    share = float((y > 0.5).float().mean())
    return Score("accuracy", right, max(share, 1 - share), len(y))
