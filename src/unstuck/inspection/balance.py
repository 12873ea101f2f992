"""Class indices that no loss takes, classes without samples, and classes with too few."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from unstuck.inspection.findings import Finding
from unstuck.inspection.reading import Samples
from unstuck.inspection.targets import Targets, class_counts

__all__ = ["balance_findings", "coding_findings"]

_IMBALANCE = 10  # the commonest class over the rarest
_SIGNIFICANT = 5.0  # standard errors: beyond what chance does in any of the many comparisons
_ABSENCE = 1e-3  # the chance, at most, with which a class that is there may be missing from a split


def coding_findings(splits: Mapping[str, Samples], targets: Targets) -> list[Finding]:
    """Find class indices that no loss takes, or that leave an output without a class."""
    names = targets.names or ()
    train = next(iter(splits))
    trained = set(np.unique(splits[train].y).tolist())
    anywhere = {label for samples in splits.values() for label in np.unique(samples.y).tolist()}
    findings = []
    for split, samples in splits.items():
        seen = set(np.unique(samples.y).tolist())
        low, high = min(seen), max(seen)
        broken = (samples.y != np.floor(samples.y)) | (samples.y < 0)
        beyond = samples.y >= len(names)
        # where nobody said how many classes there are, a class that training lacks is missing there, not wrong here
        if not targets.declared and split != train and not (low > min(trained) and high == max(trained) + 1):
            beyond = np.zeros_like(beyond)
        gaps = sorted(set(range(len(names))) - anywhere) if split == train and not targets.declared else []
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
        wanted = (everywhere > 0) | (targets.declared & (np.arange(width) < len(names)))
        absent = wanted & (row == 0)
        if split != train:  # a small split may lack a rare class by chance
            expected = len(splits[split]) * padded[train] / padded[train].sum()
            absent &= np.exp(-expected) < _ABSENCE
        if absent.any():
            lost = [names[index] if index < len(names) else str(index) for index in np.flatnonzero(absent)]
            elsewhere = int(everywhere[absent].sum())
            findings.append(
                Finding(
                    "missing_class",
                    split,
                    f"The {split} split has no sample of {'class' if len(lost) == 1 else 'the classes'} "
                    f"{', '.join(lost[:8])}"
                    + (f", which other splits have {elsewhere} samples of." if elsewhere else "."),
                    {
                        "class": lost[0],
                        "missing": len(lost),
                        "elsewhere": elsewhere,
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
