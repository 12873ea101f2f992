"""What the targets are, classes or numbers, and whether they are coded, balanced and ordered as training needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unstuck.data import DataError
from unstuck.inspection.findings import Finding
from unstuck.inspection.reading import Array, Samples

__all__ = ["Targets", "balance_findings", "coding_findings", "order_findings", "understand"]

_IMBALANCE = 10  # the commonest class over the rarest
_SIGNIFICANT = 5.0  # standard errors: beyond what chance does in any of the many comparisons
_ABSENCE = 1e-3  # the chance, at most, with which a class that is there may be missing from a split
_ORDER = 0.2  # of the way from a random order (0) to sorted classes (1); batches of sorted samples are far above it
_SERIES = 0.3  # the correlation of a number to predict with the one before


@dataclass(frozen=True)
class Targets:
    """The classes of a data set; or none, where its targets are numbers to predict.

    Parameters
    ----------
    names
        Of the classes that there are to be, or that the training split has; None where targets are numbers.
    declared
        Whether somebody said so, or it was inferred.
    """

    names: tuple[str, ...] | None
    declared: bool

    @property
    def are_classes(self) -> bool:
        """Whether the targets are class indices."""
        return self.names is not None


def understand(
    splits: Mapping[str, Samples], classes: int | Sequence[str] | None
) -> tuple[Targets, dict[str, Samples]]:
    """Tell class indices from numbers, and bring them into one form.

    Integers are class indices, and so are rows with a single one among zeros, and, where `classes` says so, floats.
    Integers more than half of which are different are numbers, unless `classes` says otherwise.

    Returns
    -------
    Targets
        The classes, if any.
    dict
        The splits, with targets of shape ``(samples,)`` for classes, and ``(samples, outputs)`` for numbers.

    Raises
    ------
    DataError
        If targets have an unusable shape, or `classes` is negative or a single class.
    """
    declared = tuple(map(str, range(classes) if isinstance(classes, int) else classes)) if classes is not None else None
    if (isinstance(classes, int) and classes < 0) or (declared is not None and len(declared) == 1):
        raise DataError(f"classes must be at least 2, or 0 for numbers to predict, got {classes!r}")
    flat = {name: _flattened(name, samples.y) for name, samples in splits.items()}
    are_classes = all(map(_looks_like_classes, flat.values())) if declared is None else bool(declared)
    if not are_classes:
        numbers = {name: y.reshape(len(y), -1).astype(np.float64) for name, y in flat.items()}
        return Targets(None, declared is not None), _with_targets(splits, numbers)
    if wrong := [name for name, y in flat.items() if y.ndim > 1]:
        raise DataError(
            f"class indices must have shape (samples,), or be one-hot rows; those of the {wrong[0]} split have "
            f"{splits[wrong[0]].y.shape}"
        )
    if declared is None:
        first = next(iter(flat.values()))
        first = first[np.isfinite(first)]
        declared_or_seen = tuple(str(index) for index in range(int(first.max(initial=0)) + 1))
    else:
        declared_or_seen = declared
    return Targets(declared_or_seen, declared is not None), _with_targets(splits, flat)


def _flattened(name: str, y: Array) -> Array:
    """Return targets without needless axes; one-hot rows as class indices."""
    if y.ndim > 2 and np.prod(y.shape[1:]) != 1:
        raise DataError(
            f"targets must have shape (samples,) or (samples, outputs); those of the {name} split: {y.shape}"
        )
    y = y.reshape(len(y), -1)
    if y.shape[1] == 1:
        return y[:, 0]
    if np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all():
        y = y.argmax(axis=1)
    return y


def _looks_like_classes(y: Array) -> bool:
    return y.ndim == 1 and y.dtype.kind in "biu" and len(np.unique(y)) <= max(2, len(y) / 2)


def _with_targets(splits: Mapping[str, Samples], targets: Mapping[str, Array]) -> dict[str, Samples]:
    return {name: Samples(samples.x, targets[name], samples.rows) for name, samples in splits.items()}


def coding_findings(splits: Mapping[str, Samples], targets: Targets) -> list[Finding]:
    """Find class indices that no loss takes, or that leave an output without a class."""
    names = targets.names or ()
    train = next(iter(splits))
    trained = set(np.unique(splits[train].y).tolist())
    findings = []
    for split, samples in splits.items():
        seen = set(np.unique(samples.y).tolist())
        low, high = min(seen), max(seen)
        broken = (samples.y != np.floor(samples.y)) | (samples.y < 0)
        beyond = samples.y >= len(names)
        # where nobody said how many classes there are, a class that training lacks is missing there, not wrong here
        if not targets.declared and split != train and not (low > min(trained) and high == max(trained) + 1):
            beyond = np.zeros_like(beyond)
        gaps = sorted(set(range(len(names))) - seen) if split == train and not targets.declared else []
        wrong = broken | beyond
        if not wrong.any() and not gaps:
            continue
        if broken.any():
            said = f"{int(broken.sum())} labels are no class indices: they are negative or no whole numbers"
        elif low == 1 and high == len(names) and beyond.any():
            said = f"the labels run from 1 to {high:g}, and indices begin at 0"
        elif beyond.any():
            said = f"{int(beyond.sum())} labels are beyond the last of {len(names)} classes, {len(names) - 1}"
        elif gaps == list(range(int(low))):
            said = f"the labels run from {low:g} to {high:g}: class 0 has no sample, and indices begin at 0"
        else:
            said = f"the labels leave out {', '.join(map(str, gaps[:8]))} between 0 and {high:g}"
        findings.append(
            Finding(
                "label_index_error",
                split,
                f"In the {split} split {said}.",
                {
                    "lowest": float(low),
                    "highest": float(high),
                    "classes": len(names),
                    "wrong": int(wrong.sum()),
                    "gaps": len(gaps),
                },
                tuple(samples.rows[wrong].tolist()),
                "Number the classes from 0 to C - 1 without gaps, with the same numbers in every split.",
            )
        )
    return findings


def balance_findings(splits: Mapping[str, Samples], targets: Targets) -> list[Finding]:
    """Find classes without samples, and classes with too few beside the commonest."""
    names = targets.names or ()
    train = next(iter(splits))
    counts = {split: class_counts(samples, len(names)) for split, samples in splits.items()}
    width = max(map(len, counts.values()))
    padded = {split: np.pad(row, (0, width - len(row))) for split, row in counts.items()}
    everywhere = np.sum(list(padded.values()), axis=0)
    findings = []
    for split, row in padded.items():
        absent = (row == 0) & ((everywhere > 0) | (np.arange(width) < len(names) if targets.declared else False))
        if split != train:  # a small split may lack a rare class by chance
            expected = len(splits[split]) * padded[train] / padded[train].sum()
            absent &= np.exp(-expected) < _ABSENCE
        if absent.any():
            lost = [names[index] if index < len(names) else str(index) for index in np.flatnonzero(absent)]
            findings.append(
                Finding(
                    "missing_class",
                    split,
                    f"The {split} split has no sample of {'class' if len(lost) == 1 else 'the classes'} "
                    f"{', '.join(lost[:8])}"
                    + (
                        f", which other splits have {int(everywhere[absent].sum())} samples of."
                        if everywhere[absent].any()
                        else "."
                    ),
                    {
                        "class": lost[0],
                        "missing": len(lost),
                        "elsewhere": int(everywhere[absent].sum()),
                        "samples": len(splits[split]),
                    },
                    (),
                    "Split with the classes in equal shares (train_test_split's stratify), and check what filtered "
                    "the samples.",
                )
            )
    row = padded[train]
    common, rare = int(row.max()), int(row[row > 0].min(initial=row.max()))
    if common >= _IMBALANCE * rare and (common - rare) / np.sqrt(common + rare) > _SIGNIFICANT:
        which = int(np.where(row > 0, row, row.max() + 1).argmin())
        majority = common / row.sum()
        findings.append(
            Finding(
                "class_imbalance",
                train,
                f"The commonest class of the {train} split has {common} samples, class "
                f"{names[which] if which < len(names) else which} only {rare}: guessing the commonest is right in "
                f"{majority:.1%} of all cases.",
                {"commonest": common, "rarest": rare, "ratio": common / rare, "majority": float(majority)},
                (),
                "Judge by a metric that counts every class alike (balanced accuracy), and weigh the loss or the "
                "sampling by the class shares.",
            )
        )
    return findings


def class_counts(samples: Samples, classes: int) -> Array:
    """Return the samples a class; longer than `classes` where there are labels beyond, negative ones left out."""
    whole = samples.y[(samples.y >= 0) & (samples.y == np.floor(samples.y))].astype(np.int64)
    counts: Array = np.bincount(whole, minlength=classes)
    return counts


def order_findings(samples: Samples, split: str, targets: Targets) -> list[Finding]:
    r"""Find samples that come in the order of their targets.

    For classes, the share of samples with the label of the one before is compared with that of a random order.
    With class shares :math:`\pi_c` and :math:`n` pairs of neighbours, their number :math:`E` has

    .. math::

        \mathbb E[E] = n \sum_c \pi_c^2, \qquad
        \operatorname{Var}[E] \approx n \Big(\sum_c \pi_c^2 + \big(\sum_c \pi_c^2\big)^2 - 2 \sum_c \pi_c^3\Big).

    For numbers it is their correlation with the one before.
    """
    pairs = len(samples) - 1
    if pairs < 10:
        return []
    if not targets.are_classes:
        first = samples.y[:, 0]
        if first[1:].std() == 0 or first[:-1].std() == 0:
            return []
        r = float(np.corrcoef(first[1:], first[:-1])[0, 1])
        if r < _SERIES or r * np.sqrt(pairs) < _SIGNIFICANT:
            return []
        said = f"The targets of the {split} split follow one another: each correlates with the one before by {r:.2f}."
        evidence: dict[str, float | int | str] = {"correlation": r, "z": r * float(np.sqrt(pairs))}
    else:
        shares = np.unique(samples.y, return_counts=True)[1] / len(samples)
        chance, cubes = float((shares**2).sum()), float((shares**3).sum())
        if chance == 1:
            return []
        same = float((samples.y[1:] == samples.y[:-1]).mean())
        z = (same - chance) * np.sqrt(pairs / max(chance + chance**2 - 2 * cubes, 1e-12))
        effect = (same - chance) / (1 - chance)
        if z < _SIGNIFICANT or effect < _ORDER:
            return []
        said = (
            f"Samples of the {split} split come in the order of their labels: {same:.0%} have the label of the one "
            f"before, and in a random order {chance:.0%} would."
        )
        evidence = {"same_as_before": same, "by_chance": chance, "effect": effect, "z": float(z)}
    fix = "Let the loader shuffle the training samples anew for every epoch (shuffle=True)."
    return [Finding("no_shuffle", split, said, evidence, (), fix)]
