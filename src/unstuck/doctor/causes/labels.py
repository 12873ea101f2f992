"""Labels that do not belong to their inputs: all of them, those of a stretch, or single ones here and there."""

from __future__ import annotations

from collections.abc import Callable, Sized
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from unstuck.doctor.case import Case, Suspicion, Verdict
from unstuck.doctor.causes.lags import lag_of, lasting, sliding
from unstuck.doctor.causes.splits import in_another_form
from unstuck.doctor.given import Given, given_to, held_out, keys_of, samples_of
from unstuck.doctor.probes import by_halves, score_error
from unstuck.doctor.recording import LossCall
from unstuck.doctor.rerun import Batch, Change
from unstuck.doctor.retrials import rows_of, taken
from unstuck.doctor.scores import Score, of_shares
from unstuck.doctor.watch.sites import Site
from unstuck.inspection.labels import misaligned_split, misaligned_training, noise_finding, suspects_frame
from unstuck.inspection.look import Look
from unstuck.inspection.probes import Probed, probe
from unstuck.inspection.reading import Samples

__all__ = ["JUDGES"]

_PASSES = 64  # the last ones, in which two targets of a sample are compared
_LEAST = 100  # samples, below which chance and a weak signal look alike
_PROBED = 1500  # samples: enough for both probes, in about a second
_WIDEST = 4000  # features of a sample
_GOOD = 0.97  # a score on held-out samples that no misaligned or noisy labels leave
_GAP = 0.12  # by which a model may do better on an evaluation than in training, of an easier draw
_ALIKE = 0.05  # of what guessing reaches: two sets of samples that hold classes in the same shares
_LOST = 0.3  # of what a model knows of samples it has not seen, in labels like those it learnt from
_AS_LABELLED = 0.5  # of the disputed samples that a model names as they are labelled: no noise
_NOISE = 0.05  # of the labels: what is wrong in many a clean set does no harm
_DISPUTED = 0.08  # of the number of wrong labels that is estimated: fewer disputed ones, and the probes know too little
_STRETCH = 0.12  # of the samples: a stretch of them in which labels are at chance
_WINDOW = 40  # samples of a stretch that are judged together
_CLEARLY = 4.0  # standard errors, as the stretch is the worst of many
_REPEATED = 0.01  # of the rows of a batch that occur in it twice: then the same input may well have several targets

_FIX = (
    "Look where inputs and targets are loaded, sorted, filtered, augmented, shuffled or cut into batches: both must go "
    "through it together, with the same indices."
)
_CONTRADICTED = (
    "Look at training labels that the model contradicts, and correct or drop them; where did they come from?"
)
_FOLLOW = (
    "overfitting", "under_capacity", "too_few_steps", "lr_too_low", "lr_too_high", "label_noise", "class_imbalance",
    "dropout_too_strong", "vanishing_gradients", "inputs_not_normalised",
)  # fmt: skip


def labels_misaligned(case: Case) -> Suspicion | None:
    """Tell targets that are not those of their inputs: other ones in every epoch, in a stretch, or all."""
    given = given_to(case)
    if (found := _contradictory(case, given)) is not None:
        return found
    if not given.rowwise or case.stream.interleaved or _several_targets(case) or _several_inputs(case):
        return None
    if not given.aligned or case.targets_of_a_model:
        return None
    for judge in (_changing, _lagging, _stretch, _at_chance, _evaluation):
        found = judge(case, given)
        if found is not None:
            return found
    return None


def _contradictory(case: Case, given: Given) -> Suspicion | None:
    """Find samples of which one loss is given the class, and another shares of classes that know nothing of it."""
    classes, likeliest = [], []
    for done in case.stream.passes[-_PASSES:]:
        calls = [call for call in done.loss_calls if call.target.numel() and call.input.ndim == 2]
        hard = next((c for c in calls if c.target.ndim == 1 and not c.target.is_floating_point()), None)
        soft = next((c for c in calls if c.target.shape == c.input.shape and c.target.is_floating_point()), None)
        if hard is None or soft is None or not _of_one_output(hard, soft) or not of_shares(soft.target):
            continue
        known = (hard.target >= 0) & (hard.target < soft.target.shape[1])
        classes.append(hard.target[known])
        likeliest.append(soft.target.argmax(1)[known])
    if not classes:
        return None
    y, other = torch.cat(classes), torch.cat(likeliest)
    if len(y) < _LEAST or len(torch.unique(other)) < 2:
        return None
    size = int(max(y.max(), other.max())) + 1
    chance = float((y.bincount(minlength=size) / len(y) * other.bincount(minlength=size) / len(y)).sum())
    agreed = float((y == other).float().mean())
    if agreed > chance + _ALIKE or chance > 1 - _GAP:
        return None
    return _suspicion(
        0.93,
        f"Of {len(y)} samples {agreed:.0%} have the class that one loss is given as the likeliest of the shares that "
        f"another is given, and {chance:.0%} would by chance: one of the two is not in the samples' order.",
        {"agreement": agreed, "by_chance": chance, "samples": len(y)},
        given.source(given.y_chain),
    )


def _of_one_output(one: LossCall, other: LossCall) -> bool:
    """Whether two losses are given the same scores of classes, a temperature or a logarithm apart."""
    alike = one.input.shape == other.input.shape and one.input.numel() > 0
    return alike and torch.equal(one.input.argmax(1), other.input.argmax(1))


def _several_targets(case: Case) -> bool:
    """Whether an input is held against several targets at once, as in mixup: each fits only in part."""
    done = case.stream.passes[-1]
    return len(done.loss_calls) > 1 or len(done.calls) != 1


def _several_inputs(case: Case) -> bool:
    """Whether a target belongs to several inputs together, as to a pair: it says little of the first alone."""
    call = case.stream.passes[-1].calls[0]
    others = call.given[1:]
    return any(other.ndim > 1 and other.dtype != torch.bool for other in others)  # a mask or lengths are no inputs


def _suspicion(confidence: float, summary: str, evidence: dict[str, float | int], where: Site | None) -> Suspicion:
    return Suspicion("labels_misaligned", confidence, summary, evidence, _FIX, where, consequences=_FOLLOW)


def _changing(case: Case, given: Given) -> Suspicion | None:
    """Find inputs that come with one target in one epoch and with another in the next."""
    pairs = given.pairs[: len(given.keys)]
    ys = [keys_of(y.reshape(len(y), -1)) for _, y in pairs]
    within = sum(len(keys) - len(np.unique(keys)) for keys in given.keys) / max(sum(map(len, given.keys)), 1)
    x, y = np.concatenate(given.keys), np.concatenate(ys)
    inputs, codes = np.unique(x, return_inverse=True)
    if within > _REPEATED or len(x) < 1.5 * len(inputs) or len(inputs) < 20 or len(np.unique(y)) < 2:
        return None
    first = np.zeros(len(inputs), dtype=np.uint64)
    first[codes[::-1]] = y[::-1]  # the target at the first time
    again = np.ones(len(x), dtype=bool)
    again[np.unique(x, return_index=True)[1]] = False
    others = float((y != first[codes])[again].mean())
    shares = np.unique(y, return_counts=True)[1] / len(y)
    chance = float(1 - (shares**2).sum())  # of another target, if it were drawn
    known = float(np.isin(y[again], first).mean())  # targets computed anew in every epoch are no one else's
    if others < 0.3 * chance or known < 0.95:
        return None
    rows = keys_of(given.ordered[0]) if given.ordered else x[:0]
    held = len(np.unique(rows)) < 0.9 * len(rows)
    said = "the copies of a sample do not keep its target" if held else "batches of both are taken by different indices"
    return _suspicion(
        0.96,
        f"The same input comes with another target in {others:.0%} of the cases when it comes again, and targets drawn "
        f"at random would differ in {chance:.0%}: {said}.",
        {"changed": others, "by_chance": chance, "inputs": len(inputs)},
        given.source(given.y_chain) if held else given.taking(given.y_chain),
    )


def _lagging(case: Case, given: Given) -> Suspicion | None:
    """Find a series whose labels are those of some rows before, by as many throughout or by more and more."""
    if given.origin is None or not given.numeric or given.origin[0].ndim < 2 or not lasting(given.origin[1], case.task):
        return None
    x, y = given.origin
    found, fitted = lag_of(x, y, case.task), "a linear function"
    if found is None:
        out, fitted = case.quietly(lambda: _outputs(case, x)), "what the model makes of them"
        found = lag_of(out, y, case.task) if out is not None else None
    if found is None:
        return _sliding(case, given, x, y)
    lag, there, here = found
    return _suspicion(
        0.85,
        f"In the order in which the script holds them, targets fit the inputs {lag} rows before them far better than "
        f"their own: {fitted} explains {there:.0%} of them there, and {here:.0%} where they stand.",
        {"rows": lag, "explained_there": there, "explained_here": here},
        given.source(given.y_chain),
    )


def _sliding(case: Case, given: Given, x: Tensor, y: Tensor) -> Suspicion | None:
    found = sliding(x, y, case.task)
    if found is None:
        return None
    lag, there, here = found
    return _suspicion(
        0.9,
        f"In the order in which the script holds them, targets slide away from their inputs, by {lag} rows in the end: "
        f"a linear function explains {there:.0%} of them where they fit best, and {here:.0%} where they stand.",
        {"rows": lag, "explained_there": there, "explained_here": here},
        given.source(given.y_chain),
    )


def _outputs(case: Case, x: Tensor) -> Tensor | None:
    """Return what the model makes of all samples in the end; of classes, as shares."""
    models = list(case.rerun.final().values()) if case.rerun is not None else []
    if len(models) != 1:
        return None
    with torch.no_grad():
        out = torch.cat([models[0].eval()(part) for part in torch.split(x, 1000)])
    return out.softmax(1) if case.task == "classes" and out.ndim == 2 else out


# -- probes on the samples ---------------------------------------------------------------------------------------------


def _probed(case: Case, given: Given) -> Probed | None:
    """Fit the probes of the inspection of data to the samples, once; rows are numbered as in the script if known."""
    if "probed" not in case.known:
        case.known["probed"] = case.quietly(lambda: _fit(case, given))
    found: Probed | None = case.known["probed"]
    return found


def _fit(case: Case, given: Given) -> Probed | None:
    pair = given.ordered or _epoch(case, given)
    if pair is None or case.task == "unknown":
        return None
    x, y = pair[0][:20_000], pair[1][:20_000]
    if y[0].numel() != 1 and case.task != "numbers":
        return None
    case.known["probed inputs"] = x
    features = _features(x)
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
    return probe(look, look.distinct, classes=classes, limit=_PROBED, seed=0)


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


def _stretch(case: Case, given: Given) -> Suspicion | None:
    """Find a stretch of the samples in which labels are at chance, while they fit elsewhere."""
    probed = _probed(case, given)
    if given.ordered is None or probed is None or probed.labels is None or len(probed.codes) < 4 * _WINDOW:
        return None
    better = probed.linear if probed.floors["linear"] > probed.floors["neighbours"] else probed.neighbours
    order = np.argsort(probed.samples.rows)
    named, codes = better.argmax(axis=1)[order], probed.codes[order]
    right = (named == codes).astype(float)
    by_class = np.bincount(codes, right) / np.maximum(np.bincount(codes), 1)
    usual = by_class[codes]  # a class that is hard to tell is no stretch, where samples come sorted
    kernel = np.ones(_WINDOW)
    hits, promised = (np.convolve(values, kernel, "valid") / _WINDOW for values in (right, usual))
    chance = np.array(
        [
            float(
                (
                    np.bincount(named[i : i + _WINDOW], minlength=len(by_class))
                    * np.bincount(codes[i : i + _WINDOW], minlength=len(by_class))
                ).sum()
            )
            / _WINDOW**2
            for i in range(len(hits))
        ]
    )
    error = np.sqrt(chance * (1 - chance) / _WINDOW)
    lost = (hits < chance + 2 * error) & (hits < promised - 2 * error) & (chance < 0.7)
    fine = hits > chance + 0.5 * (1 - chance)
    longest, place = _run(lost)
    if longest + _WINDOW < _STRETCH * len(codes) or longest < _WINDOW or fine.mean() < 0.05:
        return None
    rows = probed.samples.rows[order]
    inside = slice(place + _WINDOW // 2, place + longest + _WINDOW // 2)
    begin, end = int(rows[inside][0]), int(rows[inside][-1])
    outside = float(np.delete(right, np.r_[inside]).mean())
    within = float(right[inside].mean())
    if outside - within < _CLEARLY * np.sqrt(outside * (1 - outside) / len(right[inside])):
        return None
    return _suspicion(
        0.92,
        f"From about sample {begin} to {end}, labels do not fit their inputs: a probe that has not seen them names "
        f"{within:.0%} of them, and {outside:.0%} elsewhere.",
        {"begin": begin, "end": end, "agreement_within": within, "agreement_elsewhere": outside},
        given.source(given.y_chain),
    )


def _run(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the length and the place of the longest run of a mask, gaps of less than half a window filled."""
    filled = mask.copy()
    places = np.flatnonzero(mask)
    for a, b in pairwise(places):
        if b - a < _WINDOW // 2:
            filled[a:b] = True
    best, start, place = 0, None, 0
    for i, value in enumerate([*filled, False]):
        if value and start is None:
            start = i
        elif not value and start is not None:
            if i - start > best:
                best, place = i - start, start
            start = None
    return best, place


def _chance(score: Score, samples: int) -> bool:
    """Whether a score is what knowing nothing reaches."""
    return not np.isfinite(score.value) or score.value < score.chance + max(4 * score_error(score, samples), 0.05)


def _at_chance(case: Case, given: Given) -> Suspicion | None:
    """Find targets that no probe can predict, and the model only where it has seen them."""
    train, evaluation = case.scores
    sizes = [len(one.x) for one in held_out(case) if one.x is not None]
    if train is None or (
        # indices of a small vocabulary recur in the evaluation, which is no evaluation of training samples for that
        evaluation is not None and (sizes or not given.numeric) and not _chance(evaluation, max(sizes, default=1000))
    ):  # fmt: skip
        return None
    probed = _probed(case, given)
    found = misaligned_training(probed, "training") if probed else None
    if found is None or probed is None:
        return None
    learnt = not _chance(train, len(probed.codes))
    plain = given.numeric and given.pairs[0][0].ndim != 3  # of sequences and indices, the probes know less
    if evaluation is None and learnt and not plain:
        return None
    return _suspicion(
        (0.9 if learnt else 0.62) if plain else (0.6 if learnt else 0.4),
        found.summary.replace("In the training split nothing", "Nothing")
        + (f" The model has {train} on what it was trained on" if learnt else f" So does the model ({train})")
        + (f", and {evaluation.value:.2f} on other samples." if evaluation and sizes else "."),
        {name: value for name, value in found.evidence.items() if not isinstance(value, str)},
        given.source(given.y_chain),
    )


def _evaluation(case: Case, given: Given) -> Suspicion | None:
    """Find an evaluation whose targets are at chance, though training's can be predicted."""
    train, _ = case.scores
    if train is None or not given.numeric or in_another_form(case) is not None:
        return None
    for evaluated in held_out(case):
        x, y = evaluated.x, evaluated.y
        score = next(reversed(evaluated.scores.values()), None)
        if x is None or y is None or score is None or (y[0].numel() != 1 and case.task != "numbers"):
            continue
        if (
            not _chance(score, len(x))
            or _chance(train, min(train.samples, 1000))
            or not bool(torch.isfinite(x.float()).all())
        ):
            continue
        probed = _probed(case, given)
        if probed is None or probed.samples.x.shape[1:] != x.shape[1:]:
            return None
        other = samples_of(x, y.reshape(len(y), -1))
        labels = other.y[:, 0].astype(np.int64) if probed.labels is not None else other.y
        found = misaligned_split(probed, Samples(other.x, labels, other.rows), "evaluation", _PROBED, 0)
        if found is not None:
            return _suspicion(
                0.9,
                f"{found.summary} The model has {train} in training and {score.value:.2f} there.",
                {name: value for name, value in found.evidence.items() if not isinstance(value, str)},
                evaluated.site,
            )
    return None


def label_noise(case: Case) -> Suspicion | None:
    """Tell a share of labels that probes which have not seen them contradict, however sure they are."""
    given = given_to(case)
    _, evaluation = case.scores
    if case.task not in ("classes", "binary") or not given.rowwise or _several_targets(case) or case.stream.interleaved:
        return None
    if (evaluation is not None and evaluation.value >= _GOOD) or len(given.all_keys) < _LEAST or _several_inputs(case):
        return None
    probed = _probed(case, given)
    if probed is None:
        return _worse_unseen(case, given)
    suspects = suspects_frame(probed)
    found = noise_finding(probed, "training", suspects)
    estimate = float(found.evidence["estimate"]) if found else 0.0
    if found is None or estimate < _NOISE or len(suspects) < _DISPUTED * estimate * len(probed.codes):
        return _better_elsewhere(case, given) or _worse_unseen(case, given)
    disputed = case.known["probed inputs"][suspects["row"].to_numpy()]
    return Suspicion(
        "label_noise",
        0.8 if estimate > 0.1 else 0.49,
        found.summary.replace(" of the training split", ""),
        {name: value for name, value in found.evidence.items() if not isinstance(value, str)},
        "Correct or drop the labels that probes dispute (unstuck.inspect_data lists them), or use label smoothing and "
        "stop early.",
        given.source(given.y_chain),
        probe=partial(_without, case, disputed),
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
    if rows < 1.5 * len(given.all_keys) or not balanced or _chance(evaluation, max(sizes)):
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


def _without(case: Case, disputed: Tensor) -> Verdict | None:
    """Train without the disputed samples; where the evaluation's own labels are as noisy, that need not show.

    A model that has not seen them, and names them as they are labelled, tells more of them than the probes do.
    """
    again = case.rerun
    if again is None or not len(disputed):
        return None
    keys = keys_of(disputed.float())
    x_key = again.program.first_input or 0

    def among(rows: Batch) -> NDArray[np.bool_]:
        return np.isin(keys_of(rows[x_key].float()), keys)

    def cleaned(batches: list[Batch]) -> list[Batch]:
        return taken(batches, lambda rows: torch.as_tensor(np.flatnonzero(~among(rows))))

    name = f"without {len(disputed)} disputed samples"
    gain, tried, rows = case.gain(name, Change(batches=cleaned)), case.try_out(name), rows_of(again.batches)
    if tried is not None and rows is not None:
        places = torch.as_tensor(np.flatnonzero(among(rows)))
        batch = {key: value[places] for key, value in rows.items()}
        score = case.quietly(lambda: again.scores(tried.models, batches=[batch])[0])
        if score is not None and score.kind == "accuracy" and score.value > _AS_LABELLED:
            return Verdict(False, f"{name}: {score.value:.0%} of them are named as they are labelled all the same")
    if gain is None or gain[2].value < gain[1].value + max(0.01, score_error(gain[1])):
        return None
    return Verdict(True, f"{name}: {gain[1]} -> {gain[2].value:.2f} after {case.probe_steps} steps")


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "labels_misaligned": labels_misaligned,
    "label_noise": label_noise,
}
