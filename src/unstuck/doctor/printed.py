"""The numbers that a script prints, with the words before them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from unstuck.doctor.recording import Printed
from unstuck.doctor.watch.sites import Site

__all__ = ["LARGE_IS_GOOD", "Reading", "Series", "label_of", "series_of"]

# A recall of all alone may fall as a precision rises; at some rank ("recall@5 0.31") neither has a reason to.
LARGE_IS_GOOD = re.compile(
    r"\bacc(uracy)?\b|\bcorrect|\bhits?\b|recall/|precision/|\bf1\b|f-1|\bauc\b|\bap\b|\bmap\b|\biou\b|\bdice\b|"
    r"ndcg|\bmrr\b|c-index|concordance|\bnn\b|\br\^?[2²]\b|spearman|pearson"
)
"""What scores are called of which more is better."""
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?\s?%?")
_OF = re.compile(r"\s?(?:/|(?:out )?of)\s?(\d+)(?![\d.])")  # of how many: "719/800"
_KINDS = (  # the first that fits
    ("other", r"balanced|macro|top[- ]?\d|f1|f-1|recall|precision|auc|\bap\b|moving|\bema\b|baseline|best|lr\b"),
    ("r2", r"\br\^?[2²]\b|r[-_ ]?squared|\br2"),
    ("accuracy", r"acc|\bcorrect|hit rate"),
    ("error", r"error rate|\berr\b"),
    ("squares", r"\bmse\b|rmse|\bmae\b"),
    ("loss", r"loss|\bnll\b|\bbce\b|\bce\b|cross[- ]?entropy|\bcost\b|objective|likelihood|\bnats\b|elbo"),
)  # fmt: skip
_MOST = 24  # readings of a series
_TRAINING = re.compile(r"train|\btr\b")
_TEST = re.compile(r"test|\bval|valid|\bdev\b|held|eval|\bte\b")


@dataclass(frozen=True)
class Reading:
    """One number of a printed line: what it says, to how many digits, and after which step."""

    step: int
    value: float
    half: float  # of the last digit that is printed
    percent: bool


@dataclass(frozen=True)
class Series:
    """The numbers that one place of one print gave.

    Attributes
    ----------
    label
        The words before it, in lower case.
    kind
        ``accuracy``, ``error``, ``loss``, ``squares``, ``r2``, ``other`` or ``""``, from the words.
    split
        ``train``, ``test`` or ``""``, likewise; where the same words stand several times in a line, from those before.
    place
        Of the numbers in a line before which the same words stand, which this is: 0 for the first.
    """

    label: str
    kind: str
    split: str
    site: Site | None
    readings: tuple[Reading, ...]
    place: int = 0


def series_of(printed: Iterable[Printed]) -> list[Series]:
    """Sort the numbers that were printed by the line and the words before them."""
    found: dict[tuple[Site | None, str, int], list[Reading]] = {}
    splits: dict[tuple[Site | None, str, int], str] = {}  # by the words before, further left
    for line in printed:
        end, before, split = 0, "", ""
        places: dict[str, int] = {}
        for match in _NUMBER.finditer(line.text):
            label = label_of(line.text[end : match.start()])
            end = match.end()
            text = match.group().rstrip("% ")
            if not label:
                label = before + "/"  # "train 0.31/0.95": the second of a pair
            before = label
            mantissa = text.lower().split("e")
            digits = len(mantissa[0].partition(".")[2]) - (int(mantissa[1]) if len(mantissa) > 1 else 0)
            whole = _OF.match(line.text, end) if text.isdigit() else None
            of = float(whole.group(1)) if whole and float(whole.group(1)) >= float(text) > 0 else 1.0
            key = line.site, label, places.setdefault(label, 0)
            places[label] += 1
            split = _meaning(label)[1] or split
            splits[key] = split
            found.setdefault(key, []).append(
                Reading(line.step, float(text) / of, 0.5 * 10.0**-digits / of, match.group().endswith("%"))
            )
    several = {key[:2] for key in found if key[2]}
    series = []
    for key, readings in found.items():
        (site, label, place), (kind, split) = key, _meaning(key[1])
        split = split or (splits[key] if key[:2] in several else "")
        series.append(Series(label, kind, split, site, _some(readings), place))
    return series


def _some(readings: list[Reading]) -> tuple[Reading, ...]:
    """Return at most some dozens of the readings, evenly, the last among them."""
    every = -(-len(readings) // _MOST)
    return tuple(readings[len(readings) - 1 :: -every][::-1])


def label_of(text: str) -> str:
    """Return the last words of a text, in lower case."""
    return " ".join(re.sub(r"[^\w²^ -]", " ", text.lower()).split()[-5:])


def _meaning(label: str) -> tuple[str, str]:
    kind = next((name for name, pattern in _KINDS if re.search(pattern, label)), "")
    last = [(m.start(), "train") for m in _TRAINING.finditer(label)] + [
        (m.start(), "test") for m in _TEST.finditer(label)
    ]
    return kind, max(last)[1] if last else ""
