"""The checklist: every look at a data set, in an order in which one fault is not reported as five."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from unstuck.data import Data, DataError
from unstuck.inspection.balance import balance_findings, coding_findings
from unstuck.inspection.broken import blank_finding, finite
from unstuck.inspection.copies import duplicate_finding, leak_finding, shared_rows
from unstuck.inspection.findings import Finding, gravest_first
from unstuck.inspection.labels import misaligned_split, misaligned_training, noise_finding, suspects_frame
from unstuck.inspection.look import Look
from unstuck.inspection.mismatch import compare, mismatch_finding
from unstuck.inspection.order import order_findings
from unstuck.inspection.probes import probe
from unstuck.inspection.reading import read
from unstuck.inspection.report import DataReport
from unstuck.inspection.scales import input_finding, target_finding
from unstuck.inspection.tables import classes_frame, floors_of, splits_frame
from unstuck.inspection.targets import understand

__all__ = ["inspect_data"]

_FEWEST = 20


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
        ``(samples, outputs)`` or ``(samples,)`` for numbers (floats); one-hot rows, and floats that are all 0 or 1, are
        read as classes.
        All samples are read, once, into the CPU's memory.
        A loader is read as it delivers: its order counts, and the rows of the report are numbers in that order.
    classes
        How many classes there are to be, or their names; 0 for numbers to predict.
        By default the classes of a :class:`~unstuck.data.Data`, and of anything else as many as the training split has.
    samples
        The most training samples that the probes are fitted to: what they cost grows with its square, and only the
        labels of these are doubted.
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
    >>> import torch
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
    if samples < _FEWEST:
        raise DataError(f"samples must be at least {_FEWEST}, got {samples}")
    if classes is None and isinstance(data, Data):
        classes = data.classes
    given = read(data, seed)
    kept, findings = finite(given)
    targets, kept = understand(kept, classes)
    looks = {split: Look.at(part, targets) for split, part in kept.items()}
    name, train = next(iter(looks.items()))
    others = {split: look for split, look in looks.items() if split != name}

    coding = coding_findings(kept, targets) if targets.are_classes else []
    findings += coding
    if targets.are_classes and not coding:  # with wrong indices, classes seem to be missing
        findings += balance_findings(kept, targets)
    findings += order_findings(train.samples, name, targets)
    findings += _found(input_finding(train.moments, name))
    if not targets.are_classes:
        findings += _found(target_finding(train.samples, name))

    copies: dict[str, Finding | None] = {}
    for split, look in looks.items():
        findings += _found(blank_finding(look.samples, split, look.blank))
        copies[split] = duplicate_finding(look, split)
        findings += _found(copies[split])
    shared = {split: shared_rows(train, look) for split, look in others.items()}
    differences = {split: compare(train.moments, look.moments) for split, look in others.items()}
    for split, look in others.items():
        findings += _found(leak_finding(train, look, split, shared[split]))
        findings += _found(mismatch_finding(train.moments, look.moments, split, differences[split]))

    # rows that coincide by chance, in a table of few distinct values, are samples like others
    places = train.distinct if copies[name] else np.flatnonzero(~train.blank)
    probed = probe(train, places, classes=targets.are_classes, limit=samples, seed=seed)
    suspects = suspects_frame(probed)
    shuffled = misaligned_training(probed, name) if probed else None
    if shuffled:  # what the probes say of single labels, and of other splits, then means nothing
        findings.append(shuffled)
        suspects = suspects.iloc[:0]
    elif probed:
        findings += _found(noise_finding(probed, name, suspects))
        miscoded = {finding.split for finding in coding}
        for split, difference in differences.items():
            if difference and not miscoded & {name, split}:
                as_training = replace(kept[split], x=difference.undone(kept[split].x))
                findings += _found(misaligned_split(probed, as_training, split, samples, seed))
    return DataReport(
        gravest_first(findings),
        splits_frame(
            given, looks, {split: int(exact.sum() + scaled.sum()) for split, (exact, scaled) in shared.items()}
        ),
        classes_frame(kept, targets),
        floors_of(train.samples, targets, probed),
        suspects,
        train.samples,
        targets.names,
    )


def _found(finding: Finding | None) -> list[Finding]:
    return [] if finding is None else [finding]
