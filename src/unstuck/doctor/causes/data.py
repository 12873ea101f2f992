"""The values that the model is fed: broken, far from unit scale, or hardly ever of one class."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from unstuck.doctor.case import Case, EvaluationSet, Suspicion, Verdict
from unstuck.doctor.causes import labels, measure, mixing, order, scale, splits
from unstuck.doctor.findings import Number
from unstuck.doctor.given import given_to, held_out, statistics_of
from unstuck.doctor.rerun import Batch, Change
from unstuck.doctor.retrials import before_model, cured, outputs_on, taken
from unstuck.doctor.watch.sites import Site
from unstuck.doctor.watch.tape import tensors_in
from unstuck.inspection.moments import Moments
from unstuck.inspection.reading import Samples
from unstuck.inspection.scales import input_finding, target_finding

__all__ = ["JUDGES"]

_DONE = 0.97  # a score from which on the scale of the data does no harm that could be shown
_SEVERE = 20.0  # units of root mean square: past it, an ordinary rate no longer fits an ordinary initialisation
_RARE = 0.25  # of the commonest class's share
_MISSED = 0.5  # of a rare class that is recalled, and of its number that is predicted: below, its share decides
_HARDLY = 0.3  # recall, of a class that is given up for the others
_KNOWN = 0.7  # recall of the others: where they are not learnt either, the share of one is not what is wrong


def nonfinite_input(case: Case) -> Suspicion | None:
    """NaN or infinity in what the model is given, or in the targets, from which on the loss is lost."""
    losses = case.losses
    for place, done in enumerate(case.stream.passes):
        x, y = _first_input(done.calls[0]) if done.calls else None, None
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
            where.source(where.x_chain if bad_x else where.y_chain),
        )
    return _nonfinite_evaluation(case)


def _nonfinite_evaluation(case: Case) -> Suspicion | None:
    if not np.isfinite(case.losses).all():
        return None
    for evaluated in case.evaluation_sets:
        for step, calls in evaluated.phases.items():
            bad = sum(_broken(_first_input(call)) for call in calls)
            lost = any(isinstance(c.output, Tensor) and _broken(c.output) for c in calls)
            if bad and lost:
                return _nonfinite(
                    f"In the evaluation after step {step}, {bad} inputs hold NaN or infinity, and so does what the "
                    f"model makes of them; in training there is none.",
                    {"inputs": bad, "targets": 0, "step": step},
                    calls[0].site,
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


def _first_input(call: object) -> Tensor | None:
    return next(iter(tensors_in((call.args, call.kwargs))), None)  # type: ignore[attr-defined]


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
    y = torch.cat([y.reshape(len(y), -1) for _, y in given.pairs[:64] if y.shape[1:] == given.pairs[0][1].shape[1:]])
    y = y[:4000].double().cpu()
    if not bool(torch.isfinite(y).all()) or len(y) < 2:
        return None
    found = target_finding(Samples(np.zeros((len(y), 1)), y.numpy(), np.arange(len(y))), "training")
    if found is None:
        return None
    mean, std = float(y.mean()), float(y.std()) or 1.0
    program = case.rerun.program
    keys = [key for key in program.targets if program.values[key].is_floating_point()]

    def scaled(batches: list[Batch]) -> list[Batch]:
        return [{k: (v - mean) / std if k in keys else v for k, v in batch.items()} for batch in batches]

    def unscaled_at_the_end(models: dict[int, nn.Module]) -> None:
        last = models[id(case.stream.models[-1])]

        def undo(_: nn.Module, __: object, out: object) -> object:
            return out * std + mean if isinstance(out, Tensor) and not torch.is_grad_enabled() else out

        last.register_forward_hook(undo)

    return Suspicion(
        "targets_not_scaled",
        0.75 if abs(mean) + std > 10 * _SEVERE else 0.6,
        f"The numbers to predict are far from unit scale: {found.evidence['off']}; a model's first outputs, near 0, "
        "are far from all of them.",
        {"mean": mean, "std": std, "largest": float(y.abs().max())},
        "Train on (target - mean) / std of the training set, and undo that for what the model predicts.",
        given.source(given.y_chain),
        probe=lambda: cured(case, "with scaled targets", Change(model=unscaled_at_the_end, batches=scaled)),
        consequences=(
            "lr_too_high", "lr_too_low", "exploding_gradients", "too_few_steps", "under_capacity", "dying_relu",
            "clip_too_small", "momentum_too_high", "init_too_large", "inputs_not_normalised", "weight_decay_too_strong",
        ),
    )  # fmt: skip


def class_imbalance(case: Case) -> Suspicion | None:
    """Tell a class that is rare in training, and is hardly ever predicted, though it can be told from the others."""
    given = given_to(case)
    if (
        case.task not in ("classes", "binary")
        or not given.rowwise
        or any(y[0].numel() != 1 for _, y in given.pairs[:1])
    ):
        return None
    counts = torch.bincount(torch.cat([y.flatten().long() for _, y in given.pairs]).clamp(min=0))
    shares = counts / counts.sum()
    for evaluated in held_out(case):
        found = case.quietly(lambda one=evaluated: outputs_on(case, case.rerun.final(), one))  # type: ignore[misc,union-attr]
        if not found:
            continue
        recalls, _, actual, predicted = _by_class(*found, len(shares))
        rare = (shares > 0) & (shares < _RARE * shares.max()) & (actual >= 3)
        known = (shares >= _RARE * shares.max()) & (actual > 0)
        missed = rare & (recalls < _MISSED) & (predicted < _MISSED * actual)
        if not missed.any() or not known.any() or float(recalls[known].mean()) < _KNOWN:
            continue
        worst = int(torch.where(missed, recalls, 2.0).argmin())
        loader = _loader_of(case)
        return Suspicion(
            "class_imbalance",
            0.72,
            f"Class {worst} has {float(shares[worst]):.1%} of the training samples, the commonest "
            f"{float(shares.max()):.1%}: of the {int(actual[worst])} that are evaluated, {float(recalls[worst]):.0%} "
            f"are recognised, of the frequent classes {float(recalls[known].mean()):.0%}.",
            {
                "share": float(shares[worst]),
                "recall": float(recalls[worst]),
                "recall_of_frequent": float(recalls[known].mean()),
                "classes_missed": int(missed.sum()),
            },
            "Weigh the classes in the loss, or draw the rare ones more often (WeightedRandomSampler), and judge by a "
            "metric that counts every class alike.",
            loader or case.loss_site,
            probe=partial(_resampled, case, evaluated, missed, len(shares)),
            consequences=("under_capacity", "too_few_steps", "lr_too_low", "overfitting", "dropout_too_strong"),
        )
    return None


def _loader_of(case: Case) -> Site | None:
    from torch.utils.data import DataLoader

    rows = len(given_to(case).pairs[0][0])
    return next(
        (m.site for m in case.seen.made.values() if isinstance(m.thing, DataLoader) and m.thing.batch_size == rows),
        None,
    )


def _by_class(outputs: list[Tensor], targets: list[Tensor], classes: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return recall, precision, and how many there are and are predicted, of each class."""
    y = torch.cat([t.flatten() for t in targets]).long().clamp(min=0)  # -1 stands for no, in a hinge loss
    if outputs[0].ndim > 1 and outputs[0].shape[1] > 1:
        guess = torch.cat([o.argmax(1).flatten() for o in outputs])
    else:
        flat = torch.cat([o.flatten() for o in outputs])
        guess = (flat > (0.5 if bool(((flat >= 0) & (flat <= 1)).all()) else 0.0)).long()
    classes = max(classes, int(y.max()) + 1, int(guess.max()) + 1)
    hits = torch.bincount(y[guess == y], minlength=classes).float()
    actual, predicted = torch.bincount(y, minlength=classes).float(), torch.bincount(guess, minlength=classes).float()
    short = slice(0, classes)
    return (hits / actual.clamp(min=1))[short], hits / predicted.clamp(min=1), actual, predicted


def _resampled(case: Case, evaluated: EvaluationSet, missed: Tensor, classes: int) -> Verdict | None:
    """Train on batches in which every class is as frequent, and see whether the rare ones are recognised.

    Resampling always trades recall for false alarms: only where hardly any are recognised may that cost precision.
    """
    again = case.rerun
    if again is None:
        return None
    y_key = next((key for key in again.program.targets), None)

    def balanced(batches: list[Batch]) -> list[Batch]:
        def choose(rows: dict[int, Tensor]) -> Tensor:
            y = rows[y_key or 0].flatten().long()
            weights = 1 / torch.bincount(y).clamp(min=1).float()
            return torch.multinomial(weights[y], len(y), replacement=True)

        return taken(batches, choose)

    before, after = case.baseline, case.try_out("with balanced classes", Change(batches=balanced))
    if before is None or after is None:
        return None
    scores = []
    for tried in (before, after):
        models = tried.models
        found = case.quietly(lambda models=models: outputs_on(case, models, evaluated))  # type: ignore[misc]
        if not found:
            return None
        recall, precision, _, _ = _by_class(*found, classes)
        recall, precision = recall[: len(missed)][missed], precision[: len(missed)][missed]
        f1 = 2 * recall * precision / (recall + precision).clamp(min=1e-9)
        scores.append((float(recall.mean()), float(f1.mean())))
    (recall_before, f1_before), (recall_after, f1_after) = scores
    return Verdict(
        recall_after > recall_before + 0.15
        and (f1_after > f1_before + 0.1 or (recall_before < _HARDLY and f1_after > f1_before - 0.1)),
        f"with balanced classes: recall of the rare classes {recall_before:.2f} -> {recall_after:.2f}, F1 "
        f"{f1_before:.2f} -> {f1_after:.2f} after {case.probe_steps} steps",
        {"recall_before": recall_before, "recall_after": recall_after},
    )


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "nonfinite_input": nonfinite_input,
    "inputs_not_normalised": inputs_not_normalised,
    "targets_not_scaled": targets_not_scaled,
    "class_imbalance": class_imbalance,
    **order.JUDGES,
    **labels.JUDGES,
    **splits.JUDGES,
    **mixing.JUDGES,
    **measure.JUDGES,
    **scale.JUDGES,
}
