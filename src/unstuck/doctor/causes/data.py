"""The values that the model is fed: broken, or far from unit scale; and all judges of data and of measurement."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes import (
    imbalance,
    labels,
    leaks,
    measure,
    mixing,
    noisy_labels,
    order,
    reshaping,
    scale,
    splits,
)
from unstuck.doctor.findings import Number
from unstuck.doctor.given import given_to, statistics_of
from unstuck.doctor.probes import cured, in_units
from unstuck.doctor.rerun import Batch, Change
from unstuck.doctor.retrials import before_model
from unstuck.doctor.scores import QUANTITIES
from unstuck.doctor.watch.sites import Site
from unstuck.inspection.moments import Moments
from unstuck.inspection.reading import Samples
from unstuck.inspection.scales import input_finding, target_finding

__all__ = ["JUDGES"]

_DONE = 0.97  # a score from which on the scale of the data does no harm that could be shown
_SEVERE = 20.0  # units of root mean square: past it, an ordinary rate no longer fits an ordinary initialisation


def nonfinite_input(case: Case) -> Suspicion | None:
    """NaN or infinity in what the model is given, or in the targets, from which on the loss is lost."""
    losses = case.losses
    for place, done in enumerate(case.stream.passes):
        x, y = done.calls[0].first if done.calls else None, None
        if done.loss_calls and done.loss_calls[0].target.is_floating_point():
            y = done.loss_calls[0].target
        bad_x, bad_y = _broken(x), _broken(y)
        if not bad_x and not bad_y:
            if not np.isfinite(losses[place]):
                return None  # whatever is not finite later comes from here
            continue
        if np.isfinite(losses[place : place + 2]).all():
            continue  # the script knows of missing values, and leaves them out
        where = given_to(case)
        return _nonfinite(
            f"In step {done.step + 1}, {bad_x} of {_length(x)} inputs and {bad_y} of as many targets hold NaN or "
            f"infinity, and the loss is {losses[place]:.4g}; the {place} losses before were finite.",
            {"inputs": bad_x, "targets": bad_y, "samples": _length(x), "step": done.step + 1},
            where.source(where.x_chain if bad_x else where.y_chain) or case.seen.sites.get("not a number"),
        )
    return _nonfinite_evaluation(case)


def _nonfinite_evaluation(case: Case) -> Suspicion | None:
    if not np.isfinite(case.losses).all():
        return None
    for evaluated in case.evaluation_sets:
        for step, calls in evaluated.phases.items():
            bad = sum(_broken(call.first) for call in calls)
            lost = any(isinstance(c.output, Tensor) and _broken(c.output) for c in calls)
            if bad and lost:
                return _nonfinite(
                    f"In the evaluation after step {step}, {bad} inputs hold NaN or infinity, and so does what the "
                    f"model makes of them; the losses that were minimised are finite.",
                    {"inputs": bad, "targets": 0, "step": step},
                    case.seen.sites.get("not a number") or calls[0].site,
                )
    return None


def _nonfinite(summary: str, evidence: dict[str, Number], where: Site | None) -> Suspicion:
    return Suspicion(
        "nonfinite_input",
        0.98,
        summary,
        evidence,
        "Find where they come from (a missing value, a logarithm of 0, a division by a deviation of 0), and drop or "
        "fill in those samples before training.",
        where,
        consequences=(
            "lr_too_high", "exploding_gradients", "dying_relu", "inputs_not_normalised", "targets_not_scaled",
            "vanishing_gradients", "init_too_large", "too_few_steps", "under_capacity", "momentum_too_high",
            "labels_misaligned",
        ),
        certain=True,
    )  # fmt: skip


def _broken(x: Tensor | None) -> int:
    """Return how many rows hold NaN or infinity."""
    if x is None or not x.is_floating_point() or not x.numel():
        return 0
    finite = torch.isfinite(x)
    return 0 if bool(finite.all()) else int((~finite.reshape(len(x) if x.ndim else 1, -1).all(1)).sum())


def _length(x: Tensor | None) -> int:
    return len(x) if x is not None and x.ndim else 0


def inputs_not_normalised(case: Case) -> Suspicion | None:
    """Tell inputs far from unit scale, in a run that standardised inputs would cure."""
    given = given_to(case)
    if not given.numeric or _good(case) or case.stream.interleaved:
        return None
    x = torch.cat([x for x, _ in given.pairs[:64] if x.shape[1:] == given.pairs[0][0].shape[1:]])[:2000].float()
    if not bool(torch.isfinite(x).all()) or x.ndim < 2:
        return None
    found = input_finding(Moments(x.cpu().numpy()), "training")
    if found is None:
        return None
    size = float(x.square().mean(0).sqrt().max())
    mean, std = statistics_of(x)

    def standardised(models: dict[int, nn.Module]) -> None:
        first = models.get(id(case.stream.models[0]))
        if first is not None:
            before_model(first, lambda batch: (batch - mean.to(batch)) / std.to(batch))

    return Suspicion(
        "inputs_not_normalised",
        0.75 if size > _SEVERE else 0.6,
        f"The inputs are far from unit scale: {found.evidence['off']}; all lie between {float(x.min()):.4g} and "
        f"{float(x.max()):.4g}.",
        {"min": float(x.min()), "max": float(x.max()), "mean": float(x.mean()), "std": float(x.std()), "rms": size},
        "Subtract the training set's mean and divide by its standard deviation, feature by feature or channel by "
        "channel, in training and in evaluation.",
        given.source(given.x_chain),
        probe=lambda: cured(case, "with standardised inputs", Change(model=standardised)),
        consequences=(
            "lr_too_high", "lr_too_low", "dying_relu", "exploding_gradients", "vanishing_gradients", "init_too_large",
            "too_few_steps", "under_capacity", "momentum_too_high", "clip_too_small", "overfitting",
            "weight_decay_too_strong",
        ),
    )  # fmt: skip


def _good(case: Case) -> bool:
    """Whether the run reached what can be reached, so that nothing about the data did harm."""
    train, evaluation = case.scores
    best = evaluation or train
    return best is not None and best.value >= _DONE


def targets_not_scaled(case: Case) -> Suspicion | None:
    """Numbers to predict that are far from unit scale, in a run that scaled targets would cure."""
    given = given_to(case)
    if case.task != "numbers" or not given.pairs or _good(case) or case.stream.interleaved or case.rerun is None:
        return None
    if case.rerun.program.of_classes or not case.rerun.program.by_distance:
        return None  # shares of classes, or counts, of which the logarithm is learnt
    y = torch.cat([y.reshape(len(y), -1) for _, y in given.pairs[:64] if y.shape[1:] == given.pairs[0][1].shape[1:]])
    y = y[:4000].double().cpu()
    if not bool(torch.isfinite(y).all()) or len(y) < 2:
        return None
    found = target_finding(Samples(np.zeros((len(y), 1)), y.numpy(), np.arange(len(y))), "training")
    if found is None:
        return None
    mean, std = float(y.mean()), float(y.std()) or 1.0
    # Several quantities are brought to one scale, each by itself.
    shape = given.pairs[0][1].shape[1:]
    by_column = len(shape) == 1 and shape[0] <= QUANTITIES and all(out.shape[1:] == shape for out in case.given)
    means, stds = (y.mean(0), y.std(0)) if by_column else (y.mean(), y.std())
    means, stds = means.float(), torch.where(stds > 0, stds, 1.0).float()
    program = case.rerun.program
    values = program.values
    keys = [key for key in program.targets if values[key].is_floating_point() and values[key].shape[1:] == shape]

    def scaled(batches: list[Batch]) -> list[Batch]:
        return [{k: (v - means.to(v)) / stds.to(v) if k in keys else v for k, v in batch.items()} for batch in batches]

    def unscaled_at_the_end(models: dict[int, nn.Module]) -> None:
        last = models[id(case.stream.models[-1])]

        def undo(_: nn.Module, __: object, out: object) -> object:
            if not isinstance(out, Tensor) or torch.is_grad_enabled():
                return out
            return out * stds.to(out) + means.to(out)

        last.register_forward_hook(undo)

    return Suspicion(
        "targets_not_scaled",
        0.75 if abs(mean) + std > 10 * _SEVERE else 0.6,
        f"The numbers to predict are far from unit scale: {found.evidence['off']}; a model's first outputs, near 0, "
        "are far from all of them.",
        {"mean": mean, "std": std, "largest": float(y.abs().max())},
        "Train on (target - mean) / std of the training set, and undo that for what the model predicts.",
        given.source(given.y_chain),
        probe=lambda: (
            cured(case, "with scaled targets", Change(model=unscaled_at_the_end, batches=scaled))
            or in_units(case, "with scaled targets", Change(batches=scaled), float(stds.double().prod()), keys)
            or Verdict(False, "")
        ),
        consequences=(
            "lr_too_high", "lr_too_low", "exploding_gradients", "too_few_steps", "under_capacity", "dying_relu",
            "clip_too_small", "momentum_too_high", "init_too_large", "inputs_not_normalised", "weight_decay_too_strong",
        ),
    )  # fmt: skip


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "nonfinite_input": nonfinite_input,
    "inputs_not_normalised": inputs_not_normalised,
    "targets_not_scaled": targets_not_scaled,
    **imbalance.JUDGES,
    **order.JUDGES,
    **labels.JUDGES,
    **noisy_labels.JUDGES,
    **splits.JUDGES,
    **leaks.JUDGES,
    **mixing.JUDGES,
    **reshaping.JUDGES,
    **measure.JUDGES,
    **scale.JUDGES,
}
