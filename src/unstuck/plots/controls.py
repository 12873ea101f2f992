"""What a reader turns: a slider or a list, each over values that were computed beforehand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Control", "choice", "slider", "typeset"]


@dataclass(frozen=True)
class Control:
    """A setting with a handful of values, of which one is chosen.

    Attributes
    ----------
    name
        An identifier, by which expressions of the chart call the index of the chosen value.
    label
        What it is, for readers.
    texts
        The values, as readers see them.
    start
        Which one is chosen at first.
    kind
        How it looks.
    """

    name: str
    label: str
    texts: tuple[str, ...]
    start: int
    kind: Literal["slider", "choice"]

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"name must be an identifier, got {self.name!r}")
        if len(self.texts) < 2:
            raise ValueError(f"{self.name} needs at least two values, got {len(self.texts)}")
        if not 0 <= self.start < len(self.texts):
            raise ValueError(f"start of {self.name} must be from 0 to {len(self.texts) - 1}, got {self.start}")

    def __len__(self) -> int:
        return len(self.texts)


def slider(
    name: str, label: str, values: Sequence[float] | Sequence[str], start: int = 0, text: str = "{:g}"
) -> Control:
    """Let readers drag through values in their order.

    Parameters
    ----------
    name
        An identifier.
    label
        What it is, with its unit.
    values
        Numbers, or texts.
    start
        The index of the first value shown.
    text
        How a number is written.

    Returns
    -------
    Control
        For :func:`~unstuck.plots.interactive` and for what depends on it.

    Raises
    ------
    ValueError
        If the name is no identifier, there are fewer than two values or `start` is none of them.

    Examples
    --------
    >>> slider("lr", "learning rate η", [0.1, 0.2], start=1).texts
    ('0.1', '0.2')
    """
    texts = tuple(value if isinstance(value, str) else typeset(text.format(float(value))) for value in values)
    return Control(name, label, texts, start, "slider")


def choice(name: str, label: str, options: Sequence[str], start: int = 0) -> Control:
    """Let readers choose from a list.

    Parameters
    ----------
    name
        An identifier.
    label
        What is chosen.
    options
        Texts.
    start
        The index of the first one shown.

    Returns
    -------
    Control
        For :func:`~unstuck.plots.interactive` and for what depends on it.

    Raises
    ------
    ValueError
        If the name is no identifier, there are fewer than two options or `start` is none of them.
    """
    return Control(name, label, tuple(options), start, "choice")


def typeset(text: str) -> str:
    """Write the numbers in a text as they are printed: with a minus sign, and powers of ten raised.

    Parameters
    ----------
    text
        With numbers as Python formats them.

    Returns
    -------
    str
        The same with other signs.

    Examples
    --------
    >>> typeset("from -2.5 to 3e-05")
    'from −2.5 to 3 × 10⁻⁵'
    """
    raised = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    powers = re.sub(r"(?<=\d)e([+-]\d+)\b", lambda power: f" × 10{str(int(power[1])).translate(raised)}", text)
    return re.sub(r"(?<![\w.])-(?=\d)", "−", powers)
