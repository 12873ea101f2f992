"""Samples that hold no number, or nothing to see."""

from __future__ import annotations

import numpy as np

from unstuck.data import DataError
from unstuck.inspection.findings import Finding
from unstuck.inspection.reading import Array, Samples

__all__ = ["blank_finding", "finite"]


def finite(splits: dict[str, Samples]) -> tuple[dict[str, Samples], list[Finding]]:
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


def blank_finding(samples: Samples, split: str, blank: Array) -> Finding | None:
    """Find samples that are one constant, of which `blank` is a mask."""
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
