"""What the script evaluates on, beside what it trains on: prepared otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor

from unstuck.doctor.case import Case, EvaluationSet, Suspicion, Verdict
from unstuck.doctor.causes.lags import lasting
from unstuck.doctor.causes.sequences import laid_out_otherwise
from unstuck.doctor.given import given_to, held_out, keys_of, maker_of, statistics_of
from unstuck.doctor.probes import by_halves, score_error
from unstuck.doctor.rerun import Change
from unstuck.doctor.retrials import mapped_score
from unstuck.doctor.scores import Score
from unstuck.inspection.mismatch import Difference, compare, mismatch_finding
from unstuck.inspection.moments import Moments, images

__all__ = ["JUDGES", "in_another_form"]

_MOST = 4000  # samples that are compared
_GAIN = 0.05  # of the score, that a change of the evaluation's inputs must bring; and so many standard errors
_ERRORS = 3.0
_LONG = 8  # numbers of a sample, from which on a mean of 0 and a deviation of 1 are no accident
_COLUMNS = 300  # of a table, that are matched by their values
_LEARNT = 0.6  # of what there is to learn, by a model that knows its training samples
_LOST = 0.6  # of that, in an evaluation in other terms
_SUFFERS = 0.85  # of what training knows: less of an evaluation that is scaled by itself, and it is no trifle
_OWN = 0.7  # of what a half of training's samples tell of the other half, by a half of the evaluation's


def train_test_preprocessing_mismatch(case: Case) -> Suspicion | None:
    """Tell an evaluation whose samples mean something else to the model than those it was trained on."""
    return in_another_form(case) or laid_out_otherwise(case) or _in_other_terms(case)


def in_another_form(case: Case) -> Suspicion | None:
    """Tell evaluation inputs that the model understands once they are brought into the form of the training inputs."""
    given = given_to(case)
    if not given.numeric or given.distinct is None or case.stream.interleaved:
        return None
    if case.values_to_come:
        return None  # states that an agent comes to: others, the better it is
    train = given.distinct[0][:_MOST].float()
    if train.ndim < 2 or len(train) < 10 or not bool(torch.isfinite(train).all()):
        return None
    for evaluated in held_out(case):
        x = evaluated.x
        if x is None or x.shape[1:] != train.shape[1:] or not bool(torch.isfinite(x).all()) or len(x) < 10:
            continue
        found = _mismatched(case, evaluated, train, x[:_MOST].float())
        if found is not None:
            return found
    return _unlike(case, train) or _by_itself(case, train) or _each_by_itself(case, train)


def _in_other_terms(case: Case) -> Suspicion | None:
    """Suspect inputs that are coded otherwise, as by a vocabulary of their own, so that no statistic shows it."""
    given, (train, evaluation) = given_to(case), case.scores
    if train is None or evaluation is None or train.kind != evaluation.kind or case.stream.interleaved:
        return None
    if not given.rowwise or not given.aligned or train.skill < _LEARNT or evaluation.skill > _LOST * train.skill:
        return None
    if given.origin is not None and lasting(given.origin[1], case.task):
        return None  # neighbours in a series are alike: half of them tell the other half, and nothing of later ones
    sets = held_out(case, most=0.01)
    scores = [next(reversed(one.scores.values()), None) for one in sets]
    if not sets or any(score is None or score.skill > _LOST * train.skill for score in scores):
        return None
    if case.task == "numbers" and any(one.y is not None and lasting(one.y, case.task) for one in sets):
        return None  # likewise
    return Suspicion(
        "train_test_preprocessing_mismatch",
        case.guessed(0.6),
        f"The model has {train} on what it was trained on and {evaluation.value:.2f} in the evaluation, although "
        "it would know training samples that it has not seen.",
        {"train": train.value, "evaluation": evaluation.value},
        "Prepare the inputs of training and evaluation by the same code, with the vocabulary, the encoder and the "
        "statistics of the training set.",
        maker_of(case, sets[0].x) or sets[0].site,  # type: ignore[arg-type]
        probe=lambda: _of_its_own(case, sets[0], train) or Verdict(False, ""),
        consequences=("overfitting", "under_capacity", "dropout_too_strong", "too_few_steps"),
    )


def _of_its_own(case: Case, evaluated: EvaluationSet, train: Score) -> Verdict | None:
    """Ask a model of half the training samples for the others, and one of half the evaluation's for its others."""
    found, again = by_halves(case), case.rerun
    if found is None or again is None:
        return None
    other, evaluation, _ = found
    if other.skill < 0.5 * train.skill or evaluation.skill > _LOST * other.skill:
        return Verdict(False, "")
    x_key, y_key = again.program.first_input, again.program.first_target
    x, y = evaluated.x, evaluated.y
    if x is None or y is None or x_key is None or y_key is None or set(again.batches[0]) != {x_key, y_key}:
        return None
    like = again.batches[0][y_key]
    rows = {x_key: x, y_key: y.to(like.dtype).reshape(len(x), *like.shape[1:])}
    half, rest = np.array_split(np.random.default_rng(0).permutation(len(x)), 2)
    mine = [{key: value[part] for key, value in rows.items()} for part in torch.split(torch.as_tensor(half), len(like))]
    name = "trained on half of the evaluation's samples"
    tried = case.try_out(name, Change(batches=lambda _: mine))
    others = {key: value[rest[:_MOST]] for key, value in rows.items()}
    alone = again.scores(tried.models, batches=[others])[0] if tried is not None else None
    if alone is None:
        return None
    return Verdict(
        bool(alone.skill > max(_OWN * other.skill, evaluation.skill + _GAIN)),
        f"trained on one half of the samples: {other} on the other half, {evaluation.value:.2f} in the evaluation; "
        f"{name}: {alone.value:.2f} on the rest of them",
    )


def _by_itself(case: Case, train: Tensor) -> Suspicion | None:
    """Tell inputs that were scaled by their own statistics, unless a score says that it is harmless.

    Samples that are scaled by the statistics of others are never so exactly, however much they are alike.
    """
    whole = given_to(case).origin
    if not _standardised(whole[0].float() if whole is not None else train):
        return None
    mine = given_to(case).all_keys
    train_score, score = case.scores
    suffers = train_score is not None and score is not None and score.skill < _SUFFERS * train_score.skill
    for evaluated in _of_first(case):
        if (evaluated.y is not None and not suffers) or not evaluated.inputs or evaluated.several:
            continue
        if any(np.isin(keys_of(x), mine).any() for x in evaluated.inputs):
            continue
        if all(len(x) >= 10 and _standardised(x.float()) for x in evaluated.inputs):
            sizes = [len(x) for x in evaluated.inputs]
            return Suspicion(
                "train_test_preprocessing_mismatch",
                0.8 if suffers else 0.6,
                f"In each of {len(sizes)} evaluations of {min(sizes)} samples or more every column has a mean of "
                "exactly 0 and a deviation of exactly 1: they were scaled by their own statistics, not by training's.",
                {"evaluations": len(sizes), "samples": sum(sizes)},
                "Fit the scaler to the training samples alone, and only transform the others.",
                maker_of(case, evaluated.inputs[0]) or evaluated.site,
                consequences=("overfitting",),
            )
    return None


def _each_by_itself(case: Case, train: Tensor) -> Suspicion | None:
    """Tell samples of an evaluation that are scaled each by its own statistics, as those of training are not."""
    whole = given_to(case).origin  # of which what is given may be a noisy copy
    if _each_standardised(train) or (whole is not None and _each_standardised(whole[0][:_MOST].float())):
        return None
    for evaluated in _of_first(case):
        x = evaluated.x
        if x is None or evaluated.y is not None or evaluated.several or not _each_standardised(x[:_MOST].float()):
            continue
        return Suspicion(
            "train_test_preprocessing_mismatch",
            0.75,
            f"Each of the {len(x)} samples of the evaluation has a mean of exactly 0 and a deviation of exactly 1, as "
            "those of training have not: they were scaled by their own statistics, one by one.",
            {"samples": len(x)},
            "Prepare the inputs of training and evaluation by the same code, with the statistics of the training set.",
            maker_of(case, x) or evaluated.site,
        )
    return None


def _each_standardised(x: Tensor) -> bool:
    """Whether every sample, or every channel of each, has a mean of 0 and a deviation of 1 by its own numbers."""
    return any(_each_alone(x, start) for start in (1, 2) if start < x.ndim)


def _each_alone(x: Tensor, start: int) -> bool:
    """Likewise from an axis on: 1 for samples, 2 for channels of each."""
    rows = x.flatten(start).cpu().double()
    if rows.shape[-1] < _LONG or len(x) < 10:
        return False
    deviations = [(rows.std(-1, correction=one) - 1).abs().max() for one in (0, 1)]
    return float(rows.mean(-1).abs().max()) < 1e-4 and float(min(deviations)) < 1e-3


def _alone(x: Tensor, start: int) -> Tensor:
    """Bring every sample, or every channel of each, to a mean of 0 and a deviation of 1."""
    rows = x.flatten(start)
    return ((rows - rows.mean(-1, keepdim=True)) / rows.std(-1, keepdim=True).clamp(min=1e-12)).reshape(x.shape)


def _of_first(case: Case) -> Iterator[EvaluationSet]:
    """Yield the evaluations but for those of modules that are given, in training, what another one returned."""
    passes = [[id(call.module) for call in done.calls] for done in case.stream.passes]
    behind = {module for modules in passes for module in modules[1:]} - {modules[0] for modules in passes if modules}
    for evaluated in case.evaluation_sets:
        if not any(id(call.module) in behind for calls in evaluated.phases.values() for call in calls):
            yield evaluated


def _standardised(x: Tensor) -> bool:
    """Whether every column of a table has a mean of 0 and a deviation of 1, by its own numbers."""
    if x.ndim != 2 or len(x) < 10 or x.shape[1] < 2:
        return False
    mean, std = x.double().mean(0), x.double().std(0, correction=0)
    exact = (std - 1).abs() < 1e-4
    sample = (x.double().std(0) - 1).abs() < 1e-4
    return bool((mean.abs() < 1e-4).all() and (exact | sample | (std < 1e-6)).all())


def _mismatched(case: Case, evaluated: EvaluationSet, train: Tensor, x: Tensor) -> Suspicion | None:
    """Try what a script may have done otherwise, on the final model: no training is needed to see it."""
    before = mapped_score(case, evaluated, lambda batch: batch)
    if before is None or not np.isfinite(before.value):
        return None
    best: tuple[float, str, Score] | None = None
    for name, undo in _undoings(train, x):
        after = mapped_score(case, evaluated, undo)
        if after is not None and np.isfinite(after.value) and (best is None or after.value > best[0]):
            best = after.value, name, after
    if best is None:
        return None
    value, name, after = best
    low = max(before.value, before.chance - 1)
    difference = compare(Moments(train.cpu().numpy()), Moments(x.cpu().numpy()))
    plain = difference is not None and _far_apart(difference)  # then a model that bears it well is no excuse
    needed = score_error(after, len(x)) if plain else max(_GAIN, _ERRORS * score_error(after, len(x)))
    if value - low < needed or value - low < (0.3 if plain else 0.2) * (1 - low):
        return None
    learnt = case.scores[0]
    if learnt is None or not learnt.skill > 0 or value < after.chance + needed:
        return None  # nothing is learnt, or nothing told
    if after.skill < 0.5 * learnt.skill:
        return None  # what is learnt in training would show
    said = _said(train, x, difference) or "are not in the form of the training inputs"
    return Suspicion(
        "train_test_preprocessing_mismatch",
        0.85,
        f"The inputs of the evaluation {said}: {name}, they score {after.name} {value:.2f} with the trained model, "
        f"and as they are {before.value:.2f}.",
        {"score_as_given": before.value, "score_undone": value, **_numbers(difference)},
        "Prepare the inputs of training and evaluation by the same code, with the statistics of the training set.",
        maker_of(case, evaluated.x) or evaluated.site,  # type: ignore[arg-type]
        probe=lambda: Verdict(True, f"evaluation inputs {name}: {before} -> {value:.2f}, with no training"),
        consequences=("overfitting", "wrong_train_eval_mode", "labels_misaligned", "dropout_too_strong"),
    )


def _said(train: Tensor, x: Tensor, difference: Difference | None) -> str:
    """Say what differs in the words of the inspection of data."""
    if difference is None or not difference.found:
        return ""
    found = mismatch_finding(Moments(train.cpu().numpy()), Moments(x.cpu().numpy()), "evaluation", difference)
    if found is None:
        return ""
    said = found.summary.removeprefix("The evaluation split ").rstrip(".")
    for singular, plural in (
        ("has another", "have another"),
        ("is inverted: its", "are inverted: their"),
        ("has its", "have their"),
    ):
        said = said.replace(singular, plural, 1)
    return said


def _numbers(difference: Difference | None) -> dict[str, float | int]:
    if difference is None:
        return {}
    return {"shift": difference.shift, "ratio": difference.ratio, "channels_off": difference.off}


def _undoings(train: Tensor, x: Tensor) -> Iterator[tuple[str, Callable[[Tensor], Tensor]]]:
    """Return ways to bring inputs into training's form, and their names as participles."""
    (mean, std), (mean2, std2) = statistics_of(train), statistics_of(x)
    yield "brought to training's mean and deviation", lambda b: (b - mean2.to(b)) / std2.to(b) * std.to(b) + mean.to(b)
    yield "inverted", lambda b: mean.to(b) - (b - mean2.to(b)) / std2.to(b) * std.to(b)
    for start in (1, 2):
        if start < x.ndim and _each_alone(train, start) and not _each_standardised(x):
            yield "each brought to a mean of 0 and a deviation of 1", partial(_alone, start=start)
    side = round(x.shape[1] ** 0.5)
    if x.ndim >= 3 and x.shape[-1] == x.shape[-2] > 3:
        yield "transposed", lambda b: b.transpose(-1, -2)
    elif x.ndim == 2 and side > 3 and side**2 == x.shape[1]:
        yield "transposed as images", lambda b: b.reshape(-1, side, side).transpose(1, 2).reshape(b.shape)
    if x.ndim >= 3 and images(x[:1].cpu().numpy()) is not None:
        yield "mirrored", lambda b: b.flip(-1)
        yield "turned upside down", lambda b: b.flip(-2)
    if x.ndim == 4 and x.shape[1] == 3:
        yield "with their channels reversed", lambda b: b.flip(1)
    if x.ndim == 2 and 2 < x.shape[1] <= _COLUMNS:
        order = _column_order(train, x)
        if order is not None:
            yield "with their columns in the order of training's", lambda b: b[:, order]


def _column_order(train: Tensor, x: Tensor) -> Tensor | None:
    """Return which column of the evaluation is which of training, by their distributions; None where all fit."""
    from scipy.optimize import linear_sum_assignment

    levels = torch.linspace(0.02, 0.98, 25, dtype=train.dtype, device=train.device)
    ours, theirs = (torch.quantile(part[:_MOST], levels, dim=0) for part in (train, x.to(train)))
    cost = torch.cdist(ours.T.contiguous(), theirs.T.contiguous()) / train.std(0).clamp(min=1e-6)[:, None]
    order = torch.as_tensor(linear_sum_assignment(cost.cpu().numpy())[1])
    return None if bool((order == torch.arange(len(order))).all()) else order


def _far_apart(found: Difference) -> bool:
    """Whether most channels are at twice the scale, or a whole deviation off: no matter of how samples were drawn."""
    return found.off > found.channels / 2 and (abs(np.log(found.ratio)) > 0.7 or abs(found.shift) > 1)


def _unlike(case: Case, train: Tensor) -> Suspicion | None:
    """Tell inputs of another scale where no targets were seen, so that nothing can be scored."""
    mine = given_to(case).all_keys
    ours = Moments(train.cpu().numpy())
    for evaluated in _of_first(case):
        x = evaluated.x
        if x is None or evaluated.y is not None or x.shape[1:] != train.shape[1:] or len(x) < 10:
            continue
        if not bool(torch.isfinite(x).all()) or np.isin(keys_of(x[:_MOST]), mine).mean() > 0.5:
            continue
        theirs = Moments(x[:_MOST].float().cpu().numpy())
        found = compare(ours, theirs)
        if found is None or not _far_apart(found):
            continue
        return Suspicion(
            "train_test_preprocessing_mismatch",
            0.65,
            f"The inputs of the evaluation {_said(train, x[:_MOST].float(), found)}.",
            _numbers(found),
            "Prepare the inputs of training and evaluation by the same code, with the statistics of the training set.",
            maker_of(case, x) or evaluated.site,
        )
    return None


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "train_test_preprocessing_mismatch": train_test_preprocessing_mismatch
}
