"""Labels that are wrong here and there: the inputs say that they are others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes.probed import at_chance, numbers_of, probed_of, several_inputs, several_targets
from unstuck.doctor.given import Given, given_to, held_out, keys_of
from unstuck.doctor.probes import by_halves, score_error
from unstuck.doctor.rerun import Batch, Change
from unstuck.doctor.retrials import rows_of, taken
from unstuck.inspection.labels import noise_finding, suspects_frame

__all__ = ["JUDGES"]

_LEAST = 100  # samples, below which chance and a weak signal look alike
_GOOD = 0.97  # a score on held-out samples that no misaligned or noisy labels leave
_GAP = 0.12  # by which a model may do better on an evaluation than in training, of an easier draw
_ALIKE = 0.05  # of what guessing reaches: two sets of samples that hold classes in the same shares
_LOST = 0.3  # of what a model knows of samples it has not seen, in labels like those it learnt from
_AS_LABELLED = 0.5  # of the disputed samples that a model names as they are labelled: no noise
_SURELY = 0.5  # of the share of wrong labels: where a model is sure, they are as many as elsewhere
_BY_HEART, _EASIER = 0.03, 0.02  # of a score, by which training samples may be known better than others, or worse
_NOISE = 0.05  # of the labels: what is wrong in many a clean set does no harm
_DISPUTED = 0.08  # of the number of wrong labels that is estimated: fewer disputed ones, and the probes know too little

_CONTRADICTED = (
    "Look at training labels that the model contradicts, and correct or drop them; where did they come from?"
)


def label_noise(case: Case) -> Suspicion | None:
    """Tell a share of labels that probes which have not seen them contradict, however sure they are."""
    given = given_to(case)
    _, evaluation = case.scores
    if case.task not in ("classes", "binary") or not given.rowwise or several_targets(case) or case.stream.interleaved:
        return None
    several = several_inputs(case)  # some of which recur, as indices do
    if (evaluation is not None and evaluation.value >= _GOOD) or (not several and len(given.all_keys) < _LEAST):
        return None
    probed = probed_of(case, given)
    if probed is None:
        return None if several else _worse_unseen(case, given)
    suspects = suspects_frame(probed)
    found = noise_finding(probed, "training", suspects)
    estimate = float(found.evidence["estimate"]) if found else 0.0
    if found is None or estimate < _NOISE or len(suspects) < _DISPUTED * estimate * len(probed.codes):
        return None if several else _better_elsewhere(case, given) or _worse_unseen(case, given)
    disputed = case.known["probed inputs"][suspects["row"].to_numpy()]
    return Suspicion(
        "label_noise",
        0.8 if estimate > 0.1 else 0.49,
        found.summary.replace(" of the training split", ""),
        {name: value for name, value in found.evidence.items() if not isinstance(value, str)},
        "Correct or drop the labels that probes dispute (unstuck.inspect_data lists them), or use label smoothing and "
        "stop early.",
        given.source(given.y_chain),
        probe=partial(_without, case, disputed, estimate),
        consequences=(
            "overfitting",
            "under_capacity",
            "too_few_steps",
            "lr_too_high",
            "dropout_too_strong",
            "lr_too_low",
        ),
    )


def _better_elsewhere(case: Case, given: Given) -> Suspicion | None:
    """Tell a model that names held-out labels far better than those it was trained on, of which it has seen all."""
    train, evaluation = case.scores
    sizes = [len(one.x) for one in held_out(case) if one.x is not None]
    if train is None or evaluation is None or not sizes or not train.kind == evaluation.kind == "accuracy":
        return None
    rows = sum(len(x) for x, _ in given.pairs[: len(given.keys)])
    again = rows > 1.5 * len(given.all_keys)  # inputs that are never the same twice are augmented, and harder for it
    error = np.hypot(score_error(train), score_error(evaluation, max(sizes)))
    gap = evaluation.value - train.value
    if not again or gap < max(_GAP, 4 * error):
        return None
    return Suspicion(
        "label_noise",
        0.75,
        f"In evaluation mode the model has {train} on the very samples that it was trained on, and "
        f"{evaluation.value:.2f} on others: the labels of training say less of their inputs.",
        {"train": train.value, "evaluation": evaluation.value},
        _CONTRADICTED,
        given.source(given.y_chain),
        consequences=("under_capacity", "too_few_steps", "lr_too_high", "lr_too_low", "dropout_too_strong"),
    )


def _worse_unseen(case: Case, given: Given) -> Suspicion | None:
    """Suspect labels of training that fit their inputs less than those of the evaluation do.

    A probe tells: the model learns from one half of the samples, and names the other half and the evaluation's.
    """
    train, evaluation = case.scores
    sizes = [len(one.x) for one in held_out(case, most=0.01) if one.x is not None]
    if train is None or evaluation is None or not sizes or not train.kind == evaluation.kind == "accuracy":
        return None
    rows = sum(len(x) for x, _ in given.pairs[: len(given.keys)])
    balanced = abs(train.chance - evaluation.chance) < _ALIKE  # else the one is easier than the other by its shares
    if rows < 1.5 * len(given.all_keys) or not balanced or at_chance(evaluation, max(sizes)):
        return None
    return Suspicion(
        "label_noise",
        case.guessed(0.49),
        f"The labels of training say less of their inputs than those of the evaluation do ({evaluation}).",
        {"train": train.value, "evaluation": evaluation.value},
        _CONTRADICTED,
        given.source(given.y_chain),
        probe=lambda: _by_halves(case, max(sizes)),
        consequences=("overfitting", "under_capacity", "too_few_steps", "lr_too_high", "lr_too_low"),
    )


def _by_halves(case: Case, size: int) -> Verdict | None:
    """Train on one half of the samples, and compare how many of the other half and of the evaluation are right."""
    found = by_halves(case)
    if found is None or found[0].kind != "accuracy":
        return None
    other, evaluation, distinct = found
    gap, error = evaluation.value - other.value, np.hypot(score_error(other, distinct), score_error(evaluation, size))
    known = evaluation.value - evaluation.chance  # of which wrong labels take their share away
    return Verdict(
        bool(gap > max(_LOST * known, 4 * error, 0.05)),
        f"trained on one half of the samples: the labels of the other half are named with {other}, those of the "
        f"evaluation with {evaluation}",
    )


def _without(case: Case, disputed: Tensor, estimate: float) -> Verdict | None:
    """Train without the disputed samples; where the evaluation's own labels are as noisy, that need not show.

    A model that has not seen them, and names them as they are labelled, tells more of them than the probes do; and
    one that is hardly ever wrong where it is sure, that it is unsure of classes which overlap.
    """
    again = case.rerun
    if again is None or not len(disputed):
        return None
    keys = keys_of(disputed.float())

    def among(rows: Batch) -> NDArray[np.bool_]:
        return np.isin(keys_of(numbers_of(case, rows)), keys)

    def cleaned(batches: list[Batch]) -> list[Batch]:
        return taken(batches, lambda rows: torch.as_tensor(np.flatnonzero(~among(rows))))

    name = f"without {len(disputed)} disputed samples"
    gain, tried, rows = case.gain(name, Change(batches=cleaned)), case.try_out(name), rows_of(again.batches)
    if tried is not None and rows is not None:
        batch = rows.batch(torch.as_tensor(np.flatnonzero(among(rows.values))))
        score = case.quietly(lambda: again.scores(tried.models, batches=[batch])[0])
        if score is not None and score.kind == "accuracy" and score.value > _AS_LABELLED:
            return Verdict(False, f"{name}: {score.value:.0%} of them are named as they are labelled all the same")
    if gain is None or gain[2].value < gain[1].value + max(0.01, score_error(gain[1])):
        wrong = _wrong_where_sure(case)
        if wrong is None or wrong > _SURELY * estimate:
            return None
        return Verdict(False, f"where the model is surest, {wrong:.1%} of the labels are others: the classes overlap")
    return Verdict(True, f"{name}: {gain[1]} -> {gain[2].value:.2f} after {case.probe_steps} steps")


def _wrong_where_sure(case: Case) -> float | None:
    """Return the share of other labels among the third of the training samples of which the final model is surest.

    None of a model that knows its training samples by heart, wrong labels and all, or others better than them.
    """
    train, evaluation = case.scores
    if case.rerun is None or train is None or evaluation is None:
        return None
    if not -_EASIER <= train.value - evaluation.value <= _BY_HEART:
        return None
    outputs, targets = case.rerun.answers(case.rerun.final())
    if not outputs or any(out.ndim != 2 or y.shape != out.shape[:1] for out, y in zip(outputs, targets, strict=True)):
        return None
    best = torch.cat(outputs).softmax(1).max(1)
    surest = best.values.argsort(descending=True)[: len(best.values) // 3]
    return float((best.indices[surest] != torch.cat(targets)[surest]).float().mean())


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {"label_noise": label_noise}
