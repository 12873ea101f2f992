"""Samples that are evaluated and were trained on."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from unstuck.doctor.case import Case, EvaluationSet, Suspicion
from unstuck.doctor.given import Given, given_to, held_out, keys_of, maker_of, samples_of
from unstuck.doctor.recording import ModelCall
from unstuck.doctor.watch.sites import Site
from unstuck.inspection.copies import leak_finding, shared_rows
from unstuck.inspection.look import Look

__all__ = ["JUDGES", "called_a_test", "unused_loader"]

_MOST = 4000  # samples that are compared
_SHARE = 0.02  # of an evaluation's samples; below it, a data set may hold a copy or two of its own
_MOST_ROWS = 20_000
_DISTINCT = 0.2  # of an evaluation's samples; with fewer, each comes again and again by nature
_NEARLY = 0.8  # of the samples in common
_ALL = 0.99  # from which on the evaluation is one of the training set, which many scripts print beside the other
_SPREAD = 4  # features: on a line or in a plane, gaps around some samples are nothing rare
_GAP = 4.0  # times as near as its next neighbour lie a sample's copies; of samples at random, 1 in 256 has such a gap
_ENOUGH = 50  # pairs
_BEYOND = 0.3  # of the evaluated pairs, more than those that recur by chance
_NEAR = 0.5  # of an evaluation's samples


def train_test_leak(case: Case) -> Suspicion | None:
    """Tell evaluation samples that were trained on, where the evaluation is not one of the training set itself."""
    if case.stream.interleaved:
        return None
    return _same_combinations(case) or _same_samples(case)


def _same_samples(case: Case) -> Suspicion | None:
    """Tell inputs that are evaluated and trained on, or that are nearly the same."""
    given = given_to(case)
    if given.distinct is None or len(given.distinct[0]) < 10:
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


def _same_combinations(case: Case) -> Suspicion | None:
    """Tell pairs of indices, as of users and items, that are evaluated and trained on, far more than chance has it.

    One evaluation of training's own pairs, beside, is no leak.
    """
    passes = [rows for done in case.stream.passes if done.calls and (rows := _combined(done.calls[0])) is not None]
    if not passes or len({rows.shape[1] for rows in passes}) != 1:
        return None
    trained = torch.cat(passes)
    keys, kinds = np.unique(keys_of(trained)), math.prod(len(column.unique()) for column in trained.T)
    density = len(keys) / max(kinds, 1)
    for evaluated in case.evaluation_sets:
        for call in next(reversed(evaluated.phases.values())):
            rows = _combined(call)
            if call.target is None or rows is None or rows.shape[1] != trained.shape[1] or len(rows) < _ENOUGH:
                continue
            share = float(np.isin(keys_of(rows), keys).mean())
            if density + _BEYOND < share < _ALL:
                return _leak(case, evaluated, share, len(rows), f"{round(share * len(rows))} of {len(rows)}")
    return None


def _combined(call: ModelCall) -> Tensor | None:
    """Return the indices that a model was given, side by side; None where it was given something else."""
    given = call.given
    if len(given) < 2 or not call.kept or any(t.ndim != 1 or t.is_floating_point() or not len(t) for t in given):
        return None
    return torch.stack([t.long() for t in given], 1) if len({len(t) for t in given}) == 1 else None


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


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {"train_test_leak": train_test_leak}
