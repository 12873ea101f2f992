"""A class that is given up for the others, because there is so little of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.given import given_to, held_out
from unstuck.doctor.probes import replacing
from unstuck.doctor.rerun import Batch, Change
from unstuck.doctor.retrials import outputs_on, taken
from unstuck.doctor.watch.sites import Site

__all__ = ["JUDGES"]

_RARE = 0.25  # of the commonest class's share
_MISSED = 0.5  # of a rare class that is recalled, and of its number that is predicted: below, its share decides
_MISSED_BY_CLASS = 0.7  # likewise where the script itself prints a measure that counts every class alike
_TOLD = 0.15  # F1 of a class that can be told from the others at all
_HARDLY = 0.3  # recall, of a class that is given up for the others
_RANKING = ("roc_auc_score", "average_precision_score")  # metrics that ask for no threshold
_SEVERAL, _TAIL = 12, 0.03  # classes, and the share of samples that those given up must have where there are more
_KNOWN = 0.7  # recall of the others: where they are not learnt either, the share of one is not what is wrong


def class_imbalance(case: Case) -> Suspicion | None:
    """Tell a class that is rare in training, and is hardly ever predicted, though it can be told from the others."""
    given = given_to(case)
    if case.task not in ("classes", "binary") or case.rerun is None or not (given.rowwise or _of_some_rows(case)):
        return None
    targets = [y for _, y in given.pairs] if given.rowwise else case.targets
    first = targets[0]
    pixels = (first.ndim == 4 and first.shape[1] == 1) or (first.ndim == 3 and not first.is_floating_point())
    if first[0].numel() != 1 and not pixels:
        return None  # of several labels at once each has a share of its own
    by_class = _counts_classes_alike(case)
    if not by_class and _ranks(case):
        return None  # by the order of the outputs: a class may be rare, and its probability rightly below a half
    missed_below = _MISSED_BY_CLASS if by_class else _MISSED
    counts = torch.bincount(torch.cat([y.flatten().long() for y in targets]).clamp(min=0))
    shares = counts / counts.sum()
    sets: list[Answers] = [partial(outputs_on, case, evaluated=one) for one in held_out(case)] if given.rowwise else []
    if not sets and (by_class or not given.rowwise):
        sets = [case.rerun.answers]  # on what was trained on, where no other targets are known
    for answers in sets:
        found = case.quietly(lambda ask=answers: ask(case.rerun.final()))  # type: ignore[misc]
        if not found:
            continue
        recalls, _, actual, predicted = _by_class(found[0], found[1], len(shares))
        shares = F.pad(shares, (0, len(actual) - len(shares)))  # a class that training has none of is not rare
        rare = (shares > 0) & (shares < _RARE * shares.max()) & (actual >= 3)
        known = (shares >= _RARE * shares.max()) & (actual > 0)
        missed = rare & (recalls < missed_below) & (predicted < missed_below * actual)
        if int((actual > 0).sum()) > _SEVERAL and not by_class and float(actual[missed].sum()) < _TAIL * actual.sum():
            continue  # of many classes some are hardly ever wanted
        if not missed.any() or not known.any() or float(recalls[known].mean()) < _KNOWN:
            continue
        worst = int(torch.where(missed, recalls, 2.0).argmin())
        what = "pixels" if pixels else "samples"
        return Suspicion(
            "class_imbalance",
            0.48 if pixels else 0.72,  # small things are found last, and whatever ends a run too early loses them
            f"Class {worst} has {float(shares[worst]):.1%} of the training {what}, the commonest "
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
            _line_of_loss(case),
            probe=partial(
                _resampled, case, answers, missed, shares, by_class=by_class, weigh=pixels or not given.rowwise
            ),
            consequences=("under_capacity", "too_few_steps", "lr_too_low", "overfitting", "dropout_too_strong"),
        )
    return None


Answers = Callable[[dict[int, nn.Module]], tuple[list[Tensor], list[Tensor]] | None]


def _of_some_rows(case: Case) -> bool:
    """Whether the loss is given some rows of what the model returns, as of a graph of which some nodes are known."""
    return bool(case.given and case.targets) and len(case.given[-1]) == len(case.targets[-1])


def _counts_classes_alike(case: Case) -> bool:
    """Whether the script judges itself by a mean over classes, in which a rare one weighs as much as any."""
    return any(re.search(r"\bbalanced|\bmacro|\bg-?mean|mean recall", one.text.lower()) for one in case.seen.printed)


def _ranks(case: Case) -> bool:
    """Whether the script judges itself by the order of its outputs, to which the share of a class is nothing."""
    return any(one.name in _RANKING for one in case.seen.metrics) or any(
        re.search(r"\bau(ro|pr)?c\b|average precision", one.text.lower()) for one in case.seen.printed
    )


def _line_of_loss(case: Case) -> Site | None:
    """Return the line that makes the loss, which may weigh the classes, or calls its function."""
    name = case.loss_name.replace("_", "").replace("binarycrossentropy", "bce") + "loss"
    made = [one.site for one in case.seen.made.values() if type(one.thing).__name__.lower() == name]
    return made[0] if len(made) == 1 else case.loss_site


def _by_class(outputs: list[Tensor], targets: list[Tensor], classes: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return recall, precision, and how many there are and are predicted, of each class."""
    y = torch.cat([t.flatten() for t in targets]).long().clamp(min=0)  # -1 stands for no, in a hinge loss
    if outputs[0].ndim > 1 and outputs[0].shape[1] > 1 and outputs[0].shape != targets[0].shape:
        guess = torch.cat([o.argmax(1).flatten() for o in outputs])
    else:
        flat = torch.cat([o.flatten() for o in outputs])
        guess = (flat > (0.5 if bool(((flat >= 0) & (flat <= 1)).all()) else 0.0)).long()
    classes = max(classes, int(y.max()) + 1, int(guess.max()) + 1)
    hits = torch.bincount(y[guess == y], minlength=classes).float()
    actual, predicted = torch.bincount(y, minlength=classes).float(), torch.bincount(guess, minlength=classes).float()
    return hits / actual.clamp(min=1), hits / predicted.clamp(min=1), actual, predicted


def _weighted(shares: Tensor) -> Callable[[], AbstractContextManager[Any]]:
    """Return what makes a context in which every class weighs as much in the loss."""
    weights = float((shares > 0).sum()) ** -1 / shares.clamp(min=1e-6)

    def binary(output: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return F.binary_cross_entropy_with_logits(output, target, pos_weight=(weights[1] / weights[0]).to(output))

    def several(output: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        several_weights = F.pad(weights, (0, max(output.shape[1] - len(weights), 0)), value=1.0)[: output.shape[1]]
        return F.cross_entropy(output, target, **{**kwargs, "weight": several_weights.to(output)})

    return replacing({"binary_cross_entropy_with_logits": binary, "cross_entropy": several})


def _resampled(
    case: Case, answers: Answers, missed: Tensor, shares: Tensor, *, by_class: bool, weigh: bool
) -> Verdict | None:
    """Train on batches in which every class is as frequent, and see whether the rare ones are recognised.

    Pixels and nodes of a graph, which come together, are weighed instead. Resampling always trades recall for false
    alarms: only where hardly any are recognised, or where the script counts every class alike, may that cost precision.
    """
    again, classes = case.rerun, len(shares)
    if again is None:
        return None
    y_key = again.program.first_target

    def balanced(batches: list[Batch]) -> list[Batch]:
        def choose(rows: dict[int, Tensor]) -> Tensor:
            y = rows[y_key or 0].flatten().long()
            weights = 1 / torch.bincount(y).clamp(min=1).float()
            return torch.multinomial(weights[y], len(y), replacement=True)

        return taken(batches, choose)

    change = Change(mode=_weighted(shares)) if weigh else Change(batches=balanced)
    before, after = case.baseline, case.try_out("with balanced classes", change)
    if before is None or after is None:
        return None
    scores = []
    for tried in (before, after):
        models = tried.models
        found = case.quietly(lambda models=models: answers(models))  # type: ignore[misc]
        if not found:
            return None
        recall, precision, actual, _ = _by_class(*found, classes)
        of_all = float(recall[actual > 0].mean())
        recall, precision = recall[: len(missed)][missed], precision[: len(missed)][missed]
        f1 = 2 * recall * precision / (recall + precision).clamp(min=1e-9)
        scores.append((float(recall.mean()), float(f1.mean()), of_all))
    (recall_before, f1_before, all_before), (recall_after, f1_after, all_after) = scores
    rescued = recall_before < _HARDLY and f1_after > f1_before - 0.1 and f1_after > _TOLD
    worth = f1_after > f1_before + 0.1 or rescued
    return Verdict(
        recall_after > recall_before + 0.15 and (worth or (by_class and all_after > all_before + 0.05)),
        f"with balanced classes: recall of the rare classes {recall_before:.2f} -> {recall_after:.2f}, F1 "
        f"{f1_before:.2f} -> {f1_after:.2f} after {case.probe_steps} steps",
        {"recall_before": recall_before, "recall_after": recall_after},
    )


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {"class_imbalance": class_imbalance}
