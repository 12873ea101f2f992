"""What an inspection has found: findings, tables, floors and a picture, for a terminal, a notebook or a program."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from unstuck.inspection.findings import Finding
from unstuck.inspection.reading import Samples

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DataReport"]

_WIDTH = 100  # characters of a line of text
_SHOWN = 5  # rows that a text names


@dataclass(frozen=True)
class DataReport:
    """What :func:`unstuck.inspect_data` has found; shows itself in a terminal and in a notebook.

    Attributes
    ----------
    findings : tuple of Finding
        The gravest first; empty where nothing is wrong.
    splits : DataFrame
        A row a split: ``samples``, ``shape`` of one, its ``dtype``, ``min``, ``max``, ``mean``,
        ``std`` of the inputs that are finite; and how many samples are ``nonfinite``, ``blank`` (one constant),
        ``duplicates`` of earlier ones, and ``shared`` with training.
    classes : DataFrame
        A row a class, by name, and a column a split: how many samples it has; empty in regression.
    floors : dict
        What a model has to beat.
        For classes: ``majority``, the accuracy of always guessing the commonest; ``entropy``, the loss in nats of
        knowing the class shares and nothing else, which a network fed zeros can reach; ``linear`` and ``neighbours``,
        the accuracies of two probes out of fold; ``shuffled``, that of the linear one on shuffled labels.
        For numbers: ``variance``, the squared error of always guessing the mean; the others are shares of
        it that are explained.
        NaN where there are too few samples to tell.
    suspects : DataFrame
        Training samples whose label both probes dispute, the worst first: ``row``, ``label``, ``predicted``,
        ``confidence``: by how much the class ``predicted`` is more probable than the label, to the less sure probe.
    """

    findings: tuple[Finding, ...]
    splits: pd.DataFrame
    classes: pd.DataFrame
    floors: dict[str, float]
    suspects: pd.DataFrame
    _train: Samples = field(repr=False, compare=False)
    _names: tuple[str, ...] | None = field(repr=False, compare=False)

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def figure(self) -> Figure:
        """Draw samples of the training split: images by class, points of the plane, or the spread of features.

        Images come a class a row; to the right of a gap stand up to three whose label is disputed, under the
        class that the probes name.
        """
        from unstuck.inspection.pictures import picture  # here, as drawing is not what most inspections are for

        return picture(self._train, self._names, self.suspects)

    def to_dict(self) -> dict[str, Any]:
        """Return all but the picture as values that JSON knows; None for a number that is not finite."""
        report: dict[str, Any] = {
            "clean": self.clean,
            "findings": [asdict(finding) for finding in self.findings],
            "splits": self.splits.to_dict("index"),
            "classes": {str(name): row for name, row in self.classes.to_dict("index").items()},
            "floors": self.floors,
            "suspects": self.suspects.to_dict("records"),
        }
        plain: dict[str, Any] = _plain(report)
        return plain

    def __str__(self) -> str:
        """Return the report as text."""
        parts = [self._verdict()]
        for number, finding in enumerate(self.findings, 1):
            first, rest = f"{number}. ", " " * len(f"{number}. ")
            lines = [f"{finding.cause} ({finding.split})", finding.summary + _rows_said(finding), f"Fix: {finding.fix}"]
            parts.append(
                "\n".join(
                    textwrap.fill(line, _WIDTH, initial_indent=rest if index else first, subsequent_indent=rest)
                    for index, line in enumerate(lines)
                )
            )
        parts.append(_table(self.splits).to_string())
        if len(self.classes):
            parts.append("Samples of each class\n" + self.classes.T.to_string())
        parts.append(self._floors_said())
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        """Return the report for a notebook: plain elements, in the colours of the page."""
        parts = [f"<p><strong>{escape(self._verdict())}</strong></p>"]
        if self.findings:
            items = (
                f"<li><p><code>{escape(finding.cause)}</code> ({escape(finding.split)}). "
                f"{escape(finding.summary + _rows_said(finding))}<br><em>Fix:</em> {escape(finding.fix)}</p></li>"
                for finding in self.findings
            )
            parts.append(f"<ol>{''.join(items)}</ol>")
        parts.append(_table(self.splits).T.to_html(border=0))  # upright: it fits a phone
        if len(self.classes):
            parts.append(self.classes.T.to_html(border=0))
        parts.append(f"<p>{escape(self._floors_said())}</p>")
        return "\n".join(parts)

    def _verdict(self) -> str:
        if self.clean:
            return "Nothing found: the data looks like what a network can be trained on."
        return f"{len(self.findings)} finding{'s' * (len(self.findings) > 1)}, the gravest first."

    def _floors_said(self) -> str:
        said = "; ".join(
            f"{name} {'not measured' if math.isnan(value) else format(value, '.3f')}"
            for name, value in self.floors.items()
        )
        return f"Floors to beat: {said}."


def _rows_said(finding: Finding) -> str:
    if not finding.rows:
        return ""
    more = f" and {len(finding.rows) - _SHOWN} more" if len(finding.rows) > _SHOWN else ""
    return f" {'Rows' if len(finding.rows) > 1 else 'Row'} {', '.join(map(str, finding.rows[:_SHOWN]))}{more}."


def _table(splits: pd.DataFrame) -> pd.DataFrame:
    """Return the table of splits with its numbers as texts of few digits."""
    shown = splits.copy()
    sizes = splits[["min", "max"]].abs().max(axis=1)
    for name in ("min", "max", "mean", "std"):
        # a mean of zero up to rounding is zero: its digits differ between machines
        rounded = [0.0 if abs(value) < 1e-6 * size else value for value, size in zip(splits[name], sizes, strict=True)]
        shown[name] = [f"{value:.3g}" for value in rounded]
    return shown


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
