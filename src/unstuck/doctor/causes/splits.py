"""What the script evaluates on, beside what it trains on: prepared otherwise, or the same samples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from unstuck.doctor.case import Case, EvaluationSet, Suspicion, Verdict
from unstuck.doctor.causes.lags import lasting
from unstuck.doctor.given import Given, given_to, held_out, keys_of, maker_of, samples_of, statistics_of
from unstuck.doctor.probes import by_halves, score_error
from unstuck.doctor.rerun import Change
from unstuck.doctor.retrials import mapped_score
from unstuck.doctor.scores import Score
from unstuck.doctor.watch.sites import Site
from unstuck.inspection.copies import leak_finding, shared_rows
from unstuck.inspection.look import Look
from unstuck.inspection.mismatch import Difference, compare, mismatch_finding
from unstuck.inspection.moments import Moments, images

__all__ = ["JUDGES", "called_a_test", "in_another_form", "unused_loader"]

_MOST = 4000  # samples that are compared
_GAIN = 0.05  # of the score, that a change of the evaluation's inputs must bring; and so many standard errors
_ERRORS = 3.0
_SHARE = 0.02  # of an evaluation's samples; below it, a data set may hold a copy or two of its own
_MOST_ROWS = 20_000
_DISTINCT = 0.2  # of an evaluation's samples; with fewer, each comes again and again by nature
_NEARLY = 0.8  # of the samples in common
_ALL = 0.99  # from which on the evaluation is one of the training set, which many scripts print beside the other
_LONG = 8  # numbers of a sample, from which on a mean of 0 and a deviation of 1 are no accident
_COLUMNS = 300  # of a table, that are matched by their values
_SPREAD = 4  # features: on a line or in a plane, gaps around some samples are nothing rare
_GAP = 4.0  # times as near as its next neighbour lie a sample's copies; of samples at random, 1 in 256 has such a gap
_LEARNT = 0.6  # of what there is to learn, by a model that knows its training samples
_LOST = 0.35  # of that, in an evaluation in other terms
_NEAR = 0.5  # of an evaluation's samples


def train_test_preprocessing_mismatch(case: Case) -> Suspicion | None:
    """Tell an evaluation whose samples mean something else to the model than those it was trained on."""
    return in_another_form(case) or _in_other_terms(case)


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
    if not given.rowwise or not given.aligned or _skill(train) < _LEARNT or _skill(evaluation) > _LOST * _skill(train):
        return None
    if given.origin is not None and lasting(given.origin[1], case.task):
        return None  # neighbours in a series are alike: half of them tell the other half, and nothing of later ones
    sets = held_out(case, most=0.01)
    scores = [next(reversed(one.scores.values()), None) for one in sets]
    if not sets or any(score is None or _skill(score) > _LOST * _skill(train) for score in scores):
        return None
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
    if _skill(other) < 0.5 * _skill(train) or _skill(evaluation) > _LOST * _skill(other):
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
        bool(_skill(alone) > 2 * _LOST * _skill(other)),
        f"trained on one half of the samples: {other} on the other half, {evaluation.value:.2f} in the evaluation; "
        f"{name}: {alone.value:.2f} on the rest of them",
    )


def _by_itself(case: Case, train: Tensor) -> Suspicion | None:
    """Tell inputs that were scaled by their own statistics, where no targets were seen: every column is exactly so.

    Samples that are scaled by the statistics of others are never so exactly, however much they are alike.
    """
    whole = given_to(case).origin
    if not _standardised(whole[0].float() if whole is not None else train):
        return None
    mine = given_to(case).all_keys
    for evaluated in _of_first(case):
        if evaluated.y is not None or not evaluated.inputs or evaluated.several:
            continue
        if any(np.isin(keys_of(x), mine).any() for x in evaluated.inputs):
            continue
        if all(len(x) >= 10 and _standardised(x.float()) for x in evaluated.inputs):
            sizes = [len(x) for x in evaluated.inputs]
            return Suspicion(
                "train_test_preprocessing_mismatch",
                0.6,
                f"In each of {len(sizes)} evaluations of {min(sizes)} samples or more every column has a mean of "
                "exactly 0 and a deviation of exactly 1: they were scaled by their own statistics, not by training's.",
                {"evaluations": len(sizes), "samples": sum(sizes)},
                "Fit the scaler to the training samples alone, and only transform the others.",
                maker_of(case, evaluated.inputs[0]) or evaluated.site,
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
    if x.ndim < 2:
        return False
    for rows in (x.flatten(1), x.flatten(2)) if x.ndim > 2 else (x,):
        rows = rows.cpu().double()
        if rows.shape[-1] >= _LONG and len(x) >= 10:
            deviations = [(rows.std(-1, correction=one) - 1).abs().max() for one in (0, 1)]
            if float(rows.mean(-1).abs().max()) < 1e-4 and float(min(deviations)) < 1e-3:
                return True
    return False


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
    if learnt is None or not _skill(learnt) > 0 or value < after.chance + needed:
        return None  # nothing is learnt, or nothing told
    if _skill(after) < 0.5 * _skill(learnt):
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


def _skill(score: Score) -> float:
    return (score.value - score.chance) / max(1 - score.chance, 1e-6)


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


def train_test_leak(case: Case) -> Suspicion | None:
    """Tell evaluation samples that were trained on, where the evaluation is not one of the training set itself."""
    given = given_to(case)
    if given.distinct is None or len(given.distinct[0]) < 10 or case.stream.interleaved:
        return None
    if case.values_to_come:
        return None  # states of a game, say, of which there are no others
    if not bool(torch.isfinite(given.distinct[0].float()).all()):
        return None
    train = Look(samples_of(*given.distinct), _groups(given.distinct[1]))
    separate = held_out(case)
    scored = any(one.y is not None for one in case.evaluation_sets)
    for evaluated in case.evaluation_sets:
        x, y = _beside_training(evaluated, given)
        if (
            x is None
            or (evaluated.y is None and (scored or _unmixed(evaluated, given)))  # features, say, or labels to be
            or evaluated.several  # a sample is then more than its first tensor
            or x.shape[1:] != given.distinct[0].shape[1:]
            or len(x) < 5
            or not bool(torch.isfinite(x.float()).all())
            or len(np.unique(keys_of(x))) < _DISTINCT * len(x)  # such as the states of a game: there are no others
        ):
            continue
        like = y is not None and y.shape[1:] == given.distinct[1].shape[1:]
        y = y if y is not None else torch.zeros(len(x))
        other = Look(samples_of(x, y), _groups(y) if like else np.zeros(len(x)))
        shared = shared_rows(train, other)
        found = leak_finding(train, other, "evaluation", shared)
        mask = shared[0] | shared[1]
        share, count = (float(mask.mean()), int(mask.sum())) if found else (0.0, 0)
        if (share < _ALL and _one_value(x, mask)) or share < 2 * _recurring(given):
            continue
        if share >= _ALL or _whole_training(given, x):
            alone = not separate and not any(_apart(one, given) for one in case.evaluation_sets)
            if alone and called_a_test(case, evaluated) and unused_loader(case) is None:
                said = "all of them" if share >= _ALL else f"{count} of {len(x)}"
                return _leak(case, evaluated, share, len(x), f"{said}, and it is called a test")
            continue
        if share >= _SHARE:
            return _leak(case, evaluated, share, len(x), f"{count} of {round(count / share)}")
        near = _near_copies(train.x, other.x) if given.numeric and share < _SHARE else 0.0
        if near >= _NEAR:
            return _leak(case, evaluated, near, len(x), f"{near:.0%} of them nearly so, as copies with a little noise")
    return None


def _unmixed(evaluated: EvaluationSet, given: Given) -> bool:
    """Whether each call is given samples of one kind alone, trained on or not, and some are of either."""
    shares = [float(np.isin(keys_of(x), given.all_keys).mean()) for x in evaluated.inputs]
    return 0 in shares and max(shares) > 0.5 and all(share == 0 or share > 0.5 for share in shares)


def _apart(evaluated: EvaluationSet, given: Given) -> bool:
    """Whether an evaluation, be it of outputs alone, is of samples that were not trained on."""
    x = evaluated.x
    like = x is not None and bool(given.pairs) and x.shape[1:] == given.pairs[0][0].shape[1:]
    return x is not None and like and not np.isin(keys_of(x[:_MOST]), given.all_keys).any()


def _one_value(x: Tensor, shared: NDArray[np.bool_]) -> bool:
    """Whether the samples in common are nearly all the same one: an empty input is drawn anew again and again."""
    counts = np.unique(keys_of(x)[shared], return_counts=True)[1]
    return int(shared.sum()) > 2 and counts.max() > _NEARLY * counts.sum()


def _whole_training(given: Given, x: Tensor) -> bool:
    """Whether samples are all of the tensor that batches are drawn from, of which a run need not have seen the last."""
    keys, whole = keys_of(x), _drawn_from(given, x)
    return bool(np.isin(keys, whole).all()) and float(np.isin(given.all_keys, keys).mean()) > 0.9


def _drawn_from(given: Given, like: Tensor) -> NDArray[np.uint64]:
    """Return the keys of the tensor that batches are drawn from; none where its samples are not like others."""
    base = given.base_x
    alike = base is not None and base.shape[1:] == like.shape[1:] and base.dtype == like.dtype
    return keys_of(base) if base is not None and alike else np.zeros(0, dtype=np.uint64)


def _recurring(given: Given) -> float:
    """Return the share of index rows, such as short contexts of tokens, that recur among the training samples."""
    if given.numeric:
        return 0.0
    if given.base_x is not None and given.base_x.shape[1:] == given.pairs[0][0].shape[1:]:
        counts = np.unique(keys_of(given.base_x[:_MOST_ROWS]), return_counts=True)[1]
        return float(counts[counts > 1].sum() / counts.sum())
    rows = np.concatenate(given.keys)[: len(given.all_keys)]  # within the first epoch
    first, second = np.array_split(rows, 2)
    return float(np.isin(second, first).mean()) if len(second) else 0.0


def _groups(y: Tensor) -> NDArray[np.float64]:
    flat = y.reshape(len(y), -1)
    classes = not y.is_floating_point() and flat.shape[1] == 1
    return (flat[:, 0].cpu().double() if classes else torch.zeros(len(y))).numpy().astype(np.float64)


def _beside_training(evaluated: EvaluationSet, given: Given) -> tuple[Tensor | None, Tensor | None]:
    """Return what is evaluated, less the training set itself where the same line evaluates both."""
    x, y = evaluated.x, evaluated.y
    if x is None:
        return None, None
    keys, sizes = keys_of(x), [len(one) for one in evaluated.inputs]
    mine = np.union1d(given.all_keys, _drawn_from(given, x))  # a run whose passes are not all kept shows a part
    known = np.split(np.isin(keys, mine), np.cumsum(sizes)[:-1])
    whole = np.repeat([bool(part.all()) for part in known], sizes)
    if whole.all() or np.isin(given.all_keys, keys[whole]).mean() <= 0.9:
        return x, y
    rest = torch.as_tensor(~whole)
    return x[rest], y[rest] if y is not None else None


def unused_loader(case: Case) -> Site | None:
    """Return the line that made a loader of samples that nothing has ever gone through; None where there is none."""
    loaders = [made for made in case.seen.made.values() if isinstance(made.thing, DataLoader)]
    used = [made.thing.dataset for made in loaders if id(made.thing) in case.seen.iterated]
    for made in loaders:
        if used and id(made.thing) not in case.seen.iterated and all(made.thing.dataset is not data for data in used):
            return made.site
    return None


def called_a_test(case: Case, evaluated: EvaluationSet) -> bool:
    """Whether what is printed beside an evaluation speaks of a test, and not of training."""
    texts = [one.text.lower() for one in case.seen.printed if one.step in evaluated.phases]
    return any(
        re.search(r"\b(test|val|valid|validation|held[- ]out|dev)", text) and not re.search(r"\btrain\w* acc", text)
        for text in texts
    )


def _near_copies(train: NDArray[np.float64], x: NDArray[np.float64]) -> float:
    """Return the share of samples that have training samples far nearer than the next of their neighbours.

    Noisy copies of a sample lie together, with a gap around them; in samples drawn at random such gaps are rare.
    """
    from sklearn.neighbors import NearestNeighbors

    if len(train) < 50 or train[0].size < _SPREAD:
        return 0.0
    ours, some = train.reshape(len(train), -1)[:_MOST], x.reshape(len(x), -1)[:400]
    distances = NearestNeighbors(n_neighbors=12).fit(ours).kneighbors(some)[0]
    known = distances[:, :-1] > 1e-6 * float(ours.std() or 1.0)
    gaps = (distances[:, 1:] > _GAP * distances[:, :-1]) & known
    return float(gaps.any(axis=1).mean())


def _leak(case: Case, evaluated: EvaluationSet, share: float, samples: int, said: str) -> Suspicion:
    x = evaluated.x
    return Suspicion(
        "train_test_leak",
        0.93 if share >= 0.05 else 0.75,
        f"Samples of the evaluation are in the training set: {said}. What is measured on them is memory.",
        {"share": share, "samples": samples},
        "Drop copies first and split afterwards; split by person, recording or source where several samples share one.",
        (maker_of(case, x) if x is not None else None) or evaluated.site,
        certain=True,
    )


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "train_test_preprocessing_mismatch": train_test_preprocessing_mismatch,
    "train_test_leak": train_test_leak,
}
