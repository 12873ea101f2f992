"""The checklist: every look at a data set, in an order in which one fault is not reported as five."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from unstuck.data import Data, DataError
from unstuck.inspection.copies import copies_within, digests, duplicate_finding, leak_finding, shared_rows
from unstuck.inspection.findings import Finding, gravest_first
from unstuck.inspection.probes import (
    Probed,
    misaligned_split,
    misaligned_training,
    noise_finding,
    probe,
    suspects_frame,
)
from unstuck.inspection.reading import Array, Samples, read
from unstuck.inspection.report import DataReport
from unstuck.inspection.scales import input_finding, mismatch_finding, target_finding
from unstuck.inspection.targets import (
    Targets,
    balance_findings,
    class_counts,
    coding_findings,
    order_findings,
    understand,
)

__all__ = ["inspect_data"]

_BLANK = 16  # numbers a sample, from which on it is no coincidence that all are the same


def inspect_data(
    data: object, *, classes: int | Sequence[str] | None = None, samples: int = 5000, seed: int = 0
) -> DataReport:
    """Look for what is wrong with a data set before a network is blamed for it.

    Nothing is changed, and no random number of the program is used up.

    Parameters
    ----------
    data
        A :class:`~unstuck.data.Data`; or a mapping of names to splits, the training split first, whatever its name; or
        one split alone, which is then that of training.
        A split is a :class:`~unstuck.data.Split`, a pair ``(inputs, targets)`` of tensors or arrays, a
        :class:`torch.utils.data.Dataset`, a :class:`~torch.utils.data.DataLoader` or another iterable of such batches.
        Inputs have the shape ``(samples, *in_shape)``, targets ``(samples,)`` for class indices (integers) and
        ``(samples, outputs)`` or ``(samples,)`` for numbers (floats); one-hot rows are read as classes.
        All samples are read, once, into the CPU's memory.
        A loader is read as it delivers: its order counts, and the rows of the report are numbers in that order.
    classes
        How many classes there are to be, or their names; 0 for numbers to predict.
        By default the classes of a :class:`~unstuck.data.Data`, and of anything else as many as the training split has.
    samples
        The most training samples that the probes are fitted to: what they cost grows with its square, and they doubt
        only labels of samples that they were shown.
    seed
        Seeds the draw of those samples, the folds, and what a data set or loader draws while it is read.

    Returns
    -------
    DataReport
        Findings, the gravest first; tables; floors that a model has to beat; and a picture.

    Raises
    ------
    DataError
        If something cannot be read as inputs and targets, or a setting is out of range.

    Examples
    --------
    >>> from unstuck.data import load
    >>> data = load("digits")
    >>> report = inspect_data(data)
    >>> report.clean, report.floors["linear"] > 0.9
    (True, True)
    >>> shuffled = data.train.y[torch.randperm(1197, generator=torch.Generator().manual_seed(0))]
    >>> [finding.cause for finding in inspect_data((data.train.x, shuffled)).findings]
    ['labels_misaligned']

    References
    ----------
    Northcutt, Jiang and Chuang (2021), "Confident learning: estimating uncertainty in dataset labels".
    Chapter: Data and preprocessing.
    """
    if samples < 20:
        raise DataError(f"samples must be at least 20, got {samples}")
    if classes is None and isinstance(data, Data):
        classes = data.classes
    given = read(data, seed)
    whole, findings = _finite(given)
    targets, whole = understand(whole, classes)
    train = next(iter(whole))
    codes = {split: (part.y if targets.are_classes else np.zeros(len(part))) for split, part in whole.items()}

    miscoded = set()
    if targets.are_classes:
        coding = coding_findings(whole, targets)
        miscoded = {finding.split for finding in coding}
        findings += coding if coding else balance_findings(whole, targets)
    else:
        findings += _some(target_finding(whole[train], train))
    findings += order_findings(whole[train], train, targets)

    keys = {split: digests(part.x) for split, part in whole.items()}
    blanks = {split: _blank(part.x) for split, part in whole.items()}
    shared = {}
    for split, part in whole.items():
        findings += _some(_blank_finding(part, split, blanks[split]))
        findings += _some(duplicate_finding(part, split, keys[split], blanks[split], codes[split]))
        if split != train:
            pair = shared_rows(whole[train].x, part.x, (keys[train], keys[split]), (blanks[train], blanks[split]))
            shared[split] = int(pair[0].sum() + pair[1].sum())
            findings += _some(leak_finding(whole[train], part, split, pair, (codes[train], codes[split])))

    mismatches = [_some(mismatch_finding(whole[train], part, split)) for split, part in whole.items() if split != train]
    findings += [finding for found in mismatches for finding in found]
    off = input_finding(whole[train], train)
    if off:
        findings.append(off)

    unique = ~pd.Series(keys[train]).duplicated().to_numpy() & ~blanks[train]
    probed = probe(whole[train], classes=targets.are_classes, unique=unique, limit=samples, seed=seed)
    suspects = suspects_frame(probed)
    if probed:
        shuffled = misaligned_training(probed, train)
        if shuffled:  # what the probes say of single labels, or of other splits, then means nothing
            findings.append(shuffled)
            suspects = suspects.iloc[:0]
        else:
            findings += _some(noise_finding(probed, train, suspects))
            for split, part in whole.items():
                comparable = part.x.shape[1:] == whole[train].x.shape[1:] and split not in miscoded | {train}
                if comparable and train not in miscoded:
                    findings += _some(misaligned_split(probed, part, split, samples, seed))
    return DataReport(
        gravest_first(findings),
        _splits_frame(given, whole, keys, blanks, shared),
        _classes_frame(whole, targets),
        _floors(whole[train], targets, probed),
        suspects.reset_index(drop=True),
        whole[train],
        targets.names,
    )


def _some(finding: Finding | None) -> list[Finding]:
    return [] if finding is None else [finding]


def _finite(splits: dict[str, Samples]) -> tuple[dict[str, Samples], list[Finding]]:
    """Return the splits without samples that hold NaN or infinity, and a finding for each that does."""
    kept, findings = {}, []
    for split, samples in splits.items():
        in_x = ~np.isfinite(samples.x).reshape(len(samples), -1).all(axis=1)
        in_y = ~np.isfinite(samples.y).reshape(len(samples), -1).all(axis=1)
        broken: Array = np.asarray(in_x | in_y)
        if broken.all():
            raise DataError(
                f"every sample of the {split} split holds NaN or infinity: there is nothing else to look at"
            )
        kept[split] = samples.take(~broken) if broken.any() else samples
        if broken.any():
            findings.append(
                Finding(
                    "nonfinite_input",
                    split,
                    f"{int(broken.sum())} of the {len(samples)} samples of the {split} split hold NaN or infinity: "
                    f"{int(in_x.sum())} in their inputs, {int(in_y.sum())} in their targets.",
                    {
                        "samples": int(broken.sum()),
                        "inputs": int(in_x.sum()),
                        "targets": int(in_y.sum()),
                        "share": float(broken.mean()),
                    },
                    tuple(samples.rows[broken].tolist()),
                    "Find where they come from (a missing value, a division by zero); drop those samples, or fill "
                    "them in.",
                )
            )
    return kept, findings


def _blank(x: Array) -> Array:
    """Return a mask of the samples that are one constant; none where samples are too small for that to mean much."""
    flat = x.reshape(len(x), -1)
    if flat.shape[1] < _BLANK:
        return np.zeros(len(x), dtype=bool)
    constant: Array = flat.min(axis=1) == flat.max(axis=1)
    return constant if not constant.all() else np.zeros_like(constant)


def _blank_finding(samples: Samples, split: str, blank: Array) -> Finding | None:
    count = int(blank.sum())
    if not count:
        return None
    return Finding(
        "constant_inputs",
        split,
        f"{count} of the {len(samples)} samples of the {split} split are blank: one constant, and nothing to see.",
        {"blank": count, "samples": len(samples), "share": count / len(samples)},
        tuple(samples.rows[blank].tolist()),
        "Look whether they were read from broken or empty files, and drop them.",
    )


def _splits_frame(
    given: dict[str, Samples],
    whole: dict[str, Samples],
    keys: dict[str, Array],
    blanks: dict[str, Array],
    shared: dict[str, int],
) -> pd.DataFrame:
    rows = {}
    for split, samples in whole.items():
        rows[split] = {
            "samples": len(given[split]),
            "shape": samples.x.shape[1:],
            "dtype": str(samples.x.dtype),
            "min": float(samples.x.min()),
            "max": float(samples.x.max()),
            "mean": float(samples.x.mean(dtype=np.float64)),
            "std": float(samples.x.std(dtype=np.float64)),
            "nonfinite": len(given[split]) - len(samples),
            "blank": int(blanks[split].sum()),
            "duplicates": len(copies_within(keys[split], blanks[split])),
            "shared": shared.get(split, 0),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _classes_frame(whole: dict[str, Samples], targets: Targets) -> pd.DataFrame:
    if targets.names is None:
        return pd.DataFrame(columns=list(whole))
    counts = {split: class_counts(samples, len(targets.names)) for split, samples in whole.items()}
    width = max(map(len, counts.values()))
    index = [*targets.names, *map(str, range(len(targets.names), width))]
    return pd.DataFrame({split: np.pad(row, (0, width - len(row))) for split, row in counts.items()}, index=index)


def _floors(train: Samples, targets: Targets, probed: Probed | None) -> dict[str, float]:
    if targets.are_classes:
        shares = np.unique(train.y, return_counts=True)[1] / len(train)
        floors = {"majority": float(shares.max()), "entropy": float(-(shares * np.log(shares)).sum())}
    else:
        floors = {"variance": float(train.y.var(axis=0).mean())}
    return floors | (probed.floors if probed else dict.fromkeys(("linear", "neighbours", "shuffled"), float("nan")))
