"""The order in which samples come: sorted by what is to be learnt, or the same few again and again."""

from __future__ import annotations

from collections.abc import Callable, Sized

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, SequentialSampler, Subset, TensorDataset

from unstuck.doctor.case import Case, Suspicion
from unstuck.doctor.given import Given, given_to, keys_of
from unstuck.doctor.probes import cured
from unstuck.doctor.rerun import Batch, Change
from unstuck.doctor.retrials import taken
from unstuck.doctor.sources import line_beside
from unstuck.doctor.watch.sites import Site

__all__ = ["JUDGES"]

_SORTED = 0.25  # of the way from batches drawn at random (0) to batches of one class, or of one value, each (1)
_CLEAR = 0.6
_FEW = 0.5  # of all samples that there are: what a loop that goes through them would have passed
_GAP = 0.25  # of what the loss falls by, between samples fed and others
_HANDFUL = 4  # batches
_LONGEST = 20_000  # rows of a sequence whose windows are told apart
_REGULAR = 0.7  # of windows, as many steps after the one before: a loop goes through the sequence
_SEEDING = r"default_rng\(|RandomState\(|(?<!torch)\.manual_seed\("  # of a generator that draws the samples of a batch
_AGAIN = 4  # times that a batch must have come again, for it to be no matter of a short run


def no_shuffle(case: Case) -> Suspicion | None:
    """Batches that differ in their targets more than batches drawn at random do."""
    given = given_to(case)
    if not given.rowwise or len(given.pairs) < 4 or case.task == "unknown" or case.stream.interleaved:
        return None
    effect, kinds = _sorted(given, case.task)
    if effect < _SORTED:
        return None

    def dealt(batches: list[Batch]) -> list[Batch]:
        return taken(batches, lambda rows: torch.randperm(len(next(iter(rows.values())))))

    what = (
        f"a batch of {len(given.pairs[0][0])} holds {kinds:.1f} classes on average"
        if case.task != "numbers"
        else "the targets of a batch lie close together"
    )
    return Suspicion(
        "no_shuffle",
        (0.75 if effect > _CLEAR else 0.55) if case.task != "numbers" else case.guessed(0.49),  # drifts look alike
        f"Samples come in the order of their targets: {what}, and batches are {effect:.0%} of the way from a random "
        "order to a sorted one.",
        {"effect": effect, "batch": len(given.pairs[0][0]), "classes_in_a_batch": kinds},
        "Let the loader shuffle the training samples anew for every epoch (shuffle=True), or permute their indices.",
        _sequential_loader(case, given) or given.taking(given.x_chain),
        probe=lambda: cured(case, "with the samples shuffled", Change(batches=dealt), 0.2, least=0.02, errors=1.0),
        consequences=(
            "lr_too_high", "lr_too_low", "under_capacity", "too_few_steps", "overfitting", "class_imbalance",
            "momentum_too_high", "labels_misaligned", "exploding_gradients", "batch_norm_tiny_batch",
        ),
        certain=effect > _CLEAR and case.task != "numbers",  # of numbers, a series in time may well come in order
    )  # fmt: skip


def _sorted(given: Given, task: str) -> tuple[float, float]:
    """Return how far batches are from a random draw, and how many classes one holds on average.

    For classes it is what two samples of a batch have in common: the chance of one class, against that in all.
    For numbers it is the share of their variance that lies between batches, against that of random ones.
    """
    ys = [y.reshape(len(y), -1) for _, y in given.pairs if len(y) > 1]
    if not ys or sum(map(len, ys)) < 40 or len({y.shape[1] for y in ys}) != 1:
        return 0.0, 0.0
    if task == "numbers":
        ys = [y[:, :1].double() for y in ys]
        within = float(sum(((y - y.mean()) ** 2).sum() for y in ys)) / sum(len(y) - 1 for y in ys)
        total = float(torch.cat(ys).var())
        return (1 - within / total if total > 0 and np.isfinite(total) else 0.0), 0.0
    if ys[0].shape[1] != 1:
        return 0.0, 0.0
    pooled = torch.cat(ys).flatten().long()
    _, codes = torch.unique(pooled, return_inverse=True)
    classes = int(codes.max()) + 1
    if classes < 2 or classes > len(pooled) / 4:
        return 0.0, 0.0
    shares = torch.bincount(codes).double() / len(codes)
    chance = float((shares**2).sum())
    same = pairs = kinds = 0.0
    for part in codes.split([len(y) for y in ys]):
        counts = torch.bincount(part, minlength=classes).double()
        same += float((counts * (counts - 1)).sum())
        pairs += len(part) * (len(part) - 1)
        kinds += float((counts > 0).sum())
    return (same / pairs - chance) / (1 - chance), kinds / len(ys)


def _sequential_loader(case: Case, given: Given) -> Site | None:
    """Return the line that made the loader that does not shuffle, and that has so large batches."""
    rows = len(given.pairs[0][0])
    loaders = [m for m in case.seen.made.values() if isinstance(m.thing, DataLoader)]
    for made in loaders:
        loader = made.thing
        used = id(loader) in case.seen.iterated and loader.batch_size == rows
        if used and isinstance(loader.sampler, SequentialSampler):
            return made.site
    return next(
        (m.site for m in loaders if m.thing.batch_size in (rows, None) and id(m.thing) in case.seen.iterated), None
    )


def repeated_batch(case: Case) -> Suspicion | None:
    """Tell a few batches that are fed over and over, of a data set that has many more samples."""
    given = given_to(case)
    if not given.pairs:
        return _repeated_without_targets(case)
    of_rows = all(len(y) % max(len(x), 1) == 0 for x, y in given.pairs)  # a sequence's targets may be flattened
    of_rows = of_rows or all(x.ndim == 2 and y.ndim == 1 and len(y) < x.numel() for x, y in given.pairs)  # some places
    of_rows = of_rows or len(case.stream.passes[-1].calls) > 1  # targets of what a later call is given, such as queries
    if len(given.pairs) < 2 * _AGAIN or not of_rows or case.stream.interleaved:
        return None
    seen, batches = _distinct(given)
    if batches * _AGAIN > len(given.keys):
        return None
    total, where = _there_are(case, given)
    if total is None and batches <= _HANDFUL:  # more may be a small data set, in its own order
        total, where = _made_anew(case, given)
    if total is None or seen > _FEW * total or _fed_besides(case) or _a_check(case, batches):
        return None
    kind = "batch" if batches == 1 else "batches"
    return Suspicion(
        "repeated_batch",
        0.95,
        f"{len(case.stream.passes)} passes were made with {batches} different {kind}: {seen} of the "
        f"{total} samples that there are.",
        {"batches": batches, "passes": len(case.stream.passes), "samples_seen": seen, "samples": total},
        "Take the next batch in every step: loop over the loader itself, and draw new indices for every batch.",
        line_beside(given.drawn_from[1], _SEEDING) or where,
        consequences=(
            "overfitting", "no_shuffle", "too_few_steps", "class_imbalance", "under_capacity", "lr_too_low",
            "labels_misaligned", "label_noise", "train_test_preprocessing_mismatch", "dropout_too_strong",
        ),
        certain=True,
    )  # fmt: skip


def _repeated_without_targets(case: Case) -> Suspicion | None:
    """Tell a few batches fed over and over where no targets are known: what else is evaluated goes far worse."""
    inputs, again, given = [x for x in case.inputs if x.ndim], case.rerun, given_to(case)
    if len(inputs) < 2 * _AGAIN or again is None or case.stream.interleaved:
        return None
    keys = [keys_of(x) for x in inputs]
    batches, seen = len({key.tobytes() for key in keys}), len(np.unique(np.concatenate(keys)))
    unseen = again.unseen_batches
    x_key = again.program.first_input
    if batches * _AGAIN > len(inputs) or not unseen or x_key is None:
        return None
    total = len(np.unique(np.concatenate([keys_of(batch[x_key]) for batch in unseen])))
    if seen > _FEW * total:
        return None
    models = case.quietly(again.final)
    if models is None:
        return None
    trained, tested = again.loss_on(models, again.batches[-1:]), again.loss_on(models, unseen)
    fallen = float(case.losses[0]) - trained
    if not tested - trained > _GAP * fallen > 0:
        return None
    kind = "batch" if batches == 1 else "batches"
    return Suspicion(
        "repeated_batch",
        0.9,
        f"{len(case.stream.passes)} passes were made with {batches} different {kind}, of {seen} samples, on which the "
        f"loss ends at {trained:.3g}; on {total} others it is {tested:.3g}.",
        {"batches": batches, "passes": len(case.stream.passes), "samples_seen": seen, "samples_evaluated": total},
        "Take the next batch in every step: loop over the loader itself, and draw new indices for every batch.",
        line_beside(given.drawn_from[1], _SEEDING) or given.drawn_from[1] or case.stream.passes[-1].site,
        consequences=("overfitting", "too_few_steps", "under_capacity", "lr_too_low", "lr_too_high"),
        certain=True,
    )


def _fed_besides(case: Case) -> bool:
    """Whether the model is given new samples in each pass too, as beside a few that are labelled."""
    later: dict[int, set[bytes]] = {}
    for done in case.stream.passes:
        for place, call in enumerate(done.calls[1:]):
            given = call.first
            if call.module is done.calls[0].module and given is not None and given.numel() and given.ndim:
                later.setdefault(place, set()).add(keys_of(given).tobytes())
    return any(len(keys) > len(case.stream.passes) / 2 for keys in later.values())


def _a_check(case: Case, batches: int) -> bool:
    """Whether a model like this one is trained on many more batches elsewhere: then it was to learn these by heart."""
    shapes = [parameter.shape for parameter in case.stream.parameters.values()]
    for other in case.stream.others:
        if [parameter.shape for parameter in other.parameters.values()] != shapes:
            continue
        firsts = [done.calls[0].first for done in other.passes if done.calls]
        keys = {keys_of(x).tobytes() for x in firsts if x is not None and x.numel() and x.ndim}
        if len(keys) > _AGAIN * batches:
            return True
    return False


def _distinct(given: Given) -> tuple[int, int]:
    """Return how many different samples and batches there were; augmented ones are told by their targets."""
    batches = {keys.tobytes() for keys in given.keys}
    samples = len(given.all_keys)
    if given.rowwise and not given.places and len(batches) > len(given.keys) / 2:
        targets = {keys_of(y).tobytes() for _, y in given.pairs[: len(given.keys)]}
        # a batch of as many targets in the same order, drawn anew, is out of the question
        if len(given.pairs[0][1]) >= 8 and len(torch.unique(given.pairs[0][1])) > 2 and len(targets) < len(batches) / 2:
            return min(samples, len(targets) * len(given.pairs[0][1])), len(targets)
    return samples, len(batches)


def _there_are(case: Case, given: Given) -> tuple[int | None, Site | None]:
    """Return how many different samples the script could have fed, and the line that takes a batch of them."""
    rows = len(given.pairs[0][0])
    for made in case.seen.made.values():
        loader = made.thing
        if not isinstance(loader, DataLoader) or loader.batch_size != rows or id(loader) not in case.seen.iterated:
            continue
        held = _tensor_of(loader.dataset)
        if held is not None and not _among(given.pairs[0][0], held):
            continue
        if held is not None or isinstance(loader.dataset, Sized):
            count = len(np.unique(keys_of(held))) if held is not None else len(loader.dataset)  # type: ignore[arg-type]
            return count, case.seen.iterated[id(loader)][1]
    base, where = given.drawn_from
    x = given.pairs[0][0]
    if base is not None and x.ndim > 1 and base.shape[1:] == x.shape[2:]:  # windows of a sequence
        return _windows(given, base, x.shape[1]), where
    if base is None or base.shape[1:] != x.shape[1:]:
        return None, None
    tested = [keys_of(one.x) for one in case.evaluation_sets if one.x is not None and one.x.shape[1:] == base.shape[1:]]
    tested = [keys for keys in tested if not np.isin(given.all_keys, keys).all()]  # one of the training set itself
    return len(np.setdiff1d(keys_of(base), np.concatenate([*tested, np.zeros(0, dtype=np.uint64)]))), where


def _windows(given: Given, base: Tensor, length: int) -> int:
    """Return how many windows of a sequence there are: beside each other, or, where those fed lie anyhow, all."""
    apart = len(base) // length
    if len(base) > _LONGEST or base.ndim > 2:
        return apart
    every = base.unfold(0, length, 1)
    places = np.flatnonzero(np.isin(keys_of(every if base.ndim == 1 else every.transpose(1, 2)), given.all_keys))
    steps = np.diff(places)
    regular = len(steps) < 2 or float((steps == np.bincount(steps).argmax()).mean()) > _REGULAR
    return apart if regular else len(every)


def _made_anew(case: Case, given: Given) -> tuple[int | None, Site | None]:
    """Return how many samples are evaluated, and where the script makes its batch, where it makes one in every pass.

    Whoever trains on all samples that there are holds them in one tensor, or in a data set.
    """
    looks = case.stream.looks
    inputs = [op.inputs[0] for look in looks for op in look.ops if isinstance(op.func, nn.Module) and op.grad]
    loads = any(isinstance(made.thing, DataLoader) for made in case.seen.made.values())
    anew = len({x.data_ptr() for x in inputs}) == len(inputs) > 1
    if loads or given.base_x is not None or not anew:
        return None, None
    sizes = [len(one.x) for one in case.evaluation_sets if one.x is not None and one.x.shape[1:] == inputs[0].shape[1:]]
    return max(sizes, default=None), given.source(given.x_chain) or case.stream.passes[-1].site


def _tensor_of(data: object) -> Tensor | None:
    """Return the inputs of a data set that holds them in a tensor; None for others, of which nothing is asked."""
    if isinstance(data, Subset):
        whole = _tensor_of(data.dataset)
        return None if whole is None else whole[torch.as_tensor(list(data.indices))]
    return data.tensors[0].detach() if isinstance(data, TensorDataset) else None


def _among(batch: Tensor, held: Tensor) -> bool:
    """Whether the first sample of a batch is one of a data set's; True where something was done to it."""
    if held.shape[1:] != batch.shape[1:] or held.dtype != batch.dtype:
        return True
    return bool(np.isin(keys_of(batch), keys_of(held)).mean() > 0.5)


JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "no_shuffle": no_shuffle,
    "repeated_batch": repeated_batch,
}
