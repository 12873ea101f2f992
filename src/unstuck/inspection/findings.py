"""What an inspection accuses the data of, and which accusation comes first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["CAUSES", "Finding", "Number", "gravest_first"]

Number = float | int | str

# From what makes every other number meaningless to what only costs a little: the order of a report.
CAUSES = (
    "nonfinite_input",
    "label_index_error",
    "labels_misaligned",
    "train_test_leak",
    "train_test_preprocessing_mismatch",
    "missing_class",
    "inputs_not_normalised",
    "targets_not_scaled",
    "label_noise",
    "no_shuffle",
    "duplicates",
    "constant_inputs",
    "class_imbalance",
)

_MINOR = 1e-3  # a fault in fewer than one sample in a thousand comes after those that concern the whole
_LOCAL = ("train_test_leak", "duplicates", "constant_inputs")  # faults of single samples, that may be so few


@dataclass(frozen=True)
class Finding:
    """One fault of a data set, with what was measured and what to do about it.

    Parameters
    ----------
    cause
        One of :data:`CAUSES`.
    split
        Where it is.
    summary
        A sentence with the numbers.
    evidence
        What was measured, by name.
    rows
        The samples concerned, as numbers within the split, in the order in which it was given; empty where the fault
        is that of the whole split.
    fix
        What to do.

    Raises
    ------
    ValueError
        If the cause is none of those there are.
    """

    cause: str
    split: str
    summary: str
    evidence: dict[str, Number]
    rows: tuple[int, ...]
    fix: str

    def __post_init__(self) -> None:
        """Refuse a cause that no report could rank."""
        if self.cause not in CAUSES:
            raise ValueError(f"cause must be one of {', '.join(CAUSES)}, got {self.cause!r}")


def gravest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order of a report: as :data:`CAUSES` has it, but those of very few samples last."""

    def place(finding: Finding) -> tuple[bool, int]:
        few = finding.cause in _LOCAL and float(finding.evidence.get("share", 1.0)) < _MINOR
        return few, CAUSES.index(finding.cause)

    return tuple(sorted(findings, key=place))
