"""What probes make of the samples of a stream, of which the judges of its labels ask."""

from __future__ import annotations

from collections.abc import Sized

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from unstuck.doctor.case import Case
from unstuck.doctor.given import Given, keys_of, samples_of
from unstuck.doctor.probes import score_error
from unstuck.doctor.rerun import Batch
from unstuck.doctor.retrials import rows_of
from unstuck.doctor.scores import Score
from unstuck.inspection.look import Look
from unstuck.inspection.probes import Probed, probe
from unstuck.inspection.reading import Samples

__all__ = ["PROBED", "at_chance", "numbers_of", "probed_of", "several_inputs", "several_targets"]

PROBED = 1500
"""Samples: enough for both probes, in about a second."""
_WIDEST = 4000  # features of a sample
_MOST = 20_000  # samples that are looked at


def probed_of(case: Case, given: Given) -> Probed | None:
    """Fit the probes of the inspection of data to the samples, once; rows are numbered as in the script if known.

    None, too, where no probes may be made.
    """
    if "probed" not in case.known:
        case.known["probed"] = case.quietly(lambda: _fit(case, given)) if case.budget is not None else None
    found: Probed | None = case.known["probed"]
    return found


def _fit(case: Case, given: Given) -> Probed | None:
    found = _joined(case) if several_inputs(case) else _single(case, given)
    if found is None or case.task == "unknown":
        return None
    x, features, y = found
    if y[0].numel() != 1 and case.task != "numbers":
        return None
    case.known["probed inputs"] = x
    whole = torch.isfinite(features.reshape(len(features), -1)).all(1) & torch.isfinite(
        y.float().reshape(len(y), -1)
    ).all(1)
    if features[0].numel() > _WIDEST or not bool(whole.all()):
        return None
    classes = case.task != "numbers"
    samples = samples_of(features, y.reshape(len(y), -1))
    labels = samples.y[:, 0].astype(np.int64) if classes else samples.y
    samples = Samples(samples.x, labels, samples.rows)
    look = Look(samples, labels if classes else np.zeros(len(samples)))
    return probe(look, look.distinct, classes=classes, limit=PROBED, seed=0)


def _single(case: Case, given: Given) -> tuple[Tensor, Tensor, Tensor] | None:
    """Return the only input of the samples, what probes are given of it, and the targets."""
    pair = given.ordered or _epoch(case, given)
    return (pair[0][:_MOST], _features(pair[0][:_MOST]), pair[1][:_MOST]) if pair is not None else None


def _joined(case: Case) -> tuple[Tensor, Tensor, Tensor] | None:
    """Likewise of several inputs that are given together, side by side."""
    found = rows_of(case.rerun.batches) if case.rerun is not None else None
    target = case.rerun.program.first_target if case.rerun is not None else None
    if found is None or target is None:
        return None
    rows = found.values
    numbers = numbers_of(case, rows)
    places = np.sort(np.unique(keys_of(numbers), return_index=True)[1])[:_MOST]
    parts = [_features(rows[key][places]).reshape(len(places), -1) for key in _inputs_of(case)]
    return numbers[places], torch.cat(parts, 1), rows[target][places]


def numbers_of(case: Case, rows: Batch) -> Tensor:
    """Return what a model is given of each row as numbers, that of several inputs side by side."""
    parts = [rows[key].float() for key in _inputs_of(case)]
    return parts[0] if len(parts) == 1 else torch.cat([part.reshape(len(part), -1) for part in parts], 1)


def _inputs_of(case: Case) -> list[int]:
    """Return the ids of what the model is given of a batch: of one input alone where the others say how long it is."""
    assert case.rerun is not None
    keys = [key for key, what in case.rerun.program.outside.items() if what[0] == "call"]
    return keys if several_inputs(case) else keys[:1]


def _epoch(case: Case, given: Given) -> tuple[Tensor, Tensor] | None:
    """Return the samples of about one epoch: augmented copies of a sample would give away its label."""
    if given.distinct is None:
        return None
    x, y = given.distinct
    rows = len(given.pairs[0][0])
    loaders = [m.thing for m in case.seen.made.values() if isinstance(m.thing, DataLoader)]
    used = [one.dataset for one in loaders if id(one) in case.seen.iterated and one.batch_size == rows]
    sizes = [len(data) for data in used if isinstance(data, Sized)]
    if sizes and max(sizes) < 0.7 * len(x):
        return x[: max(sizes)], y[: max(sizes)]
    return x, y


def _features(x: Tensor) -> Tensor:
    """Return inputs as numbers: of indices, how often each occurs, and where."""
    if x.is_floating_point() or x.ndim != 2:
        return x.float()
    known, codes = torch.unique(x, return_inverse=True)
    if len(known) > _WIDEST:
        return x.float()
    hot = torch.nn.functional.one_hot(codes, len(known)).float()
    bag = hot.sum(1)
    return torch.cat([bag, hot.flatten(1)], 1) if hot[0].numel() + len(known) <= _WIDEST else bag


def several_targets(case: Case) -> bool:
    """Whether an input is held against several targets at once, as in mixup: each fits only in part."""
    done = case.stream.passes[-1]
    return len(done.loss_calls) > 1 or len(done.calls) != 1


def several_inputs(case: Case) -> bool:
    """Whether a target belongs to several inputs together, as to a pair: it says little of the first alone."""
    call = case.stream.passes[-1].calls[0]
    others = call.given[1:]
    return any(other.ndim > 1 and other.dtype != torch.bool for other in others)  # a mask or lengths are no inputs


def at_chance(score: Score, samples: int) -> bool:
    """Whether a score is what knowing nothing reaches."""
    return not np.isfinite(score.value) or score.value < score.chance + max(4 * score_error(score, samples), 0.05)
