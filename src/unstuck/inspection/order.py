"""Samples that come in the order of their targets."""

from __future__ import annotations

import numpy as np

from unstuck.inspection.findings import Finding
from unstuck.inspection.reading import Samples
from unstuck.inspection.targets import Targets

__all__ = ["order_findings"]

_SIGNIFICANT = 5.0  # standard errors: beyond what chance does in any of the many comparisons
_ORDER = 0.2  # of the way from a random order (0) to sorted classes (1); batches of sorted samples are far above it
_SERIES = 0.3  # the correlation of a number to predict with the one before


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
