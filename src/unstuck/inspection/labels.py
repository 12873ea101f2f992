"""Labels that do not belong to their inputs: all of a split, or single ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from unstuck.inspection.findings import Finding
from unstuck.inspection.probes import Probed, explained, signal
from unstuck.inspection.reading import Array, Samples

__all__ = ["misaligned_split", "misaligned_training", "noise_finding", "suspects_frame"]

_LEAST = 100  # samples, below which chance and a weak signal look alike
_SIGNAL = 4.0  # standard errors above chance, of which shuffled labels give up to 3.2: a probe has found something
_CLEAR = 8.0  # standard errors that a probe should be above chance on a split, to wonder if it is not
_MARGIN = 0.6  # of a probe's usual probability, by which it must prefer the class it names to the one given
# The limits of label noise were set on draws of digits, MNIST, blobs, iris, wine and the breast-cancer set, as they
# are and with wrong labels planted, and on sets made hard by noise in their inputs or by classes that overlap.
_NOISE = 0.01  # clean sets reach 0.7 % of other labels among the surest; 3 % of wrong ones hardly come below 1.5 %
_SKILL = 0.8  # of the way from always guessing the commonest class to no error: below it, what overlaps looks wrong
_FEWEST = 5  # disputed labels among the surest ...
_FEWEST_ABOVE = 3  # ... and among the surer half of these
_FLAT = 2.5  # standard errors by which their share may grow from the surer to the less sure ...
_STEEP = 3  # ... and times that it is as large there: beyond both, classes overlap
_LEFT = 0.3  # of what probes are better than chance by, that wrong labels must leave for anything to be told


def misaligned_training(probed: Probed, split: str) -> Finding | None:
    """Find targets that neither probe can predict any better than it can predict shuffled ones."""
    if len(probed.codes) < _LEAST or probed.signal >= _SIGNAL:
        return None
    floors = probed.floors
    unit = "accuracies of" if probed.labels is not None else "an R² of"
    return Finding(
        "labels_misaligned",
        split,
        f"In the {split} split nothing ties the targets to the inputs: a linear probe and one of nearest neighbours "
        f"reach {unit} {floors['linear']:.3f} and {floors['neighbours']:.3f} out of fold, and on shuffled targets "
        f"{floors['shuffled']:.3f} is reached.",
        {**floors, "z": probed.signal, "samples": len(probed.codes)},
        (),
        "Look where inputs and targets are loaded, sorted, filtered or shuffled: both must go through it together.",
    )


def misaligned_split(probed: Probed, other: Samples, split: str, limit: int, seed: int) -> Finding | None:
    """Find a split on which the probes are at chance, though they have learnt something from training."""
    if probed.signal < _CLEAR:
        return None
    places = np.sort(np.random.default_rng(seed).permutation(len(other))[:limit])
    part = other.take(places)
    if probed.labels is not None:
        part = part.take(np.isin(part.y, probed.labels))
    if len(part) < _LEAST:
        return None
    codes = np.searchsorted(probed.labels, part.y) if probed.labels is not None else part.y
    predictions = probed.fitted(part.x)
    found = max(signal(codes, guess, probed.labels) for guess in predictions)
    # what training's signal would be on as few samples
    promised = probed.signal * float(np.sqrt(len(part) / len(probed.codes)))
    if found >= _SIGNAL or promised < _CLEAR:
        return None
    if probed.labels is not None:
        linear, neighbours = (float((guess.argmax(axis=1) == codes).mean()) for guess in predictions)
    else:
        linear, neighbours = (explained(codes, guess) for guess in predictions)
    return Finding(
        "labels_misaligned",
        split,
        f"In the {split} split nothing ties the targets to the inputs: probes fitted to training score "
        f"{linear:.3f} and {neighbours:.3f} there, "
        f"and {probed.floors['linear']:.3f} and {probed.floors['neighbours']:.3f} in training.",
        {"linear": linear, "neighbours": neighbours, "z": found, "samples": len(part)},
        (),
        "Look where the inputs and targets of this split are loaded, sorted or filtered; and whether its classes are "
        "numbered as in training.",
    )


@dataclass(frozen=True)
class _Dispute:
    """What both probes say of each sample.

    Parameters
    ----------
    named
        The class that the linear probe names.
    agreed
        Whether the other names the same.
    sure
        The product of the probabilities that both give to it.
    margin
        By how much that probability exceeds the label's, with the probe for which it is less.
    disputed
        Whether both probes prefer it clearly to the label.
    """

    named: Array
    agreed: Array
    sure: Array
    margin: Array
    disputed: Array

    @classmethod
    def of(cls, probed: Probed) -> _Dispute:
        rows = np.arange(len(probed.codes))
        named, other = probed.linear.argmax(axis=1), probed.neighbours.argmax(axis=1)
        agreed = named == other
        given_named = np.stack([guess[rows, named] for guess in (probed.linear, probed.neighbours)])
        given_label = np.stack([guess[rows, probed.codes] for guess in (probed.linear, probed.neighbours)])
        usual = given_named[:, agreed].mean(axis=1, keepdims=True) if agreed.any() else 1.0
        margins = given_named - given_label
        disputed = agreed & (margins > _MARGIN * usual).all(axis=0)
        return cls(named, agreed, given_named.prod(axis=0), margins.min(axis=0), disputed)


def suspects_frame(probed: Probed | None) -> pd.DataFrame:
    """Return the samples whose label both probes dispute, the worst first.

    A label is disputed where both, without having seen it, name the same other class, and to each that class is
    likelier than the label by more than 0.6 of the probability that it gives, on average, to a class it names.
    """
    columns = {"row": "int64", "label": "int64", "predicted": "int64", "confidence": "float64"}
    if probed is None or probed.labels is None:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    dispute = _Dispute.of(probed)
    disputed = np.flatnonzero(dispute.disputed)
    order = disputed[np.argsort(-dispute.margin[disputed], kind="stable")]
    return pd.DataFrame(
        {
            "row": probed.samples.rows[order],
            "label": probed.labels[probed.codes[order]].astype(np.int64),
            "predicted": probed.labels[dispute.named[order]].astype(np.int64),
            "confidence": dispute.margin[order],
        }
    )


def noise_finding(probed: Probed, split: str, suspects: pd.DataFrame) -> Finding | None:
    """Find a share of wrong labels, from the samples about which the probes are surest.

    Of the samples for which both probes name the same class, the surer half is taken.
    Who is in it does not depend on the sample's own label, so a wrong label is as likely there as anywhere, and the
    share of other labels estimates that of wrong ones, with no correction for what the probes miss.
    Classes that overlap make probes err as well: only a share that stays the same among the surest, on a set that the
    probes would nearly master without it, is that of wrong labels.
    """
    if probed.labels is None:
        return None
    dispute = _Dispute.of(probed)
    agreed = np.flatnonzero(dispute.agreed)
    surest = agreed[np.argsort(-dispute.sure[agreed], kind="stable")][: len(agreed) // 2]
    wrong = dispute.named[surest] != probed.codes[surest]
    above, below = (int(part.sum()) for part in np.array_split(wrong, 2))
    if above + below < max(_FEWEST, _NOISE * len(surest)) or above < _FEWEST_ABOVE:
        return None
    estimate = float(wrong.mean())
    if _skill(probed, estimate) < _SKILL:
        return None
    if below - above > _FLAT * np.sqrt(above + below) and below > _STEEP * above:
        return None
    error = float(np.sqrt(estimate * (1 - estimate) / len(surest)))
    return Finding(
        "label_noise",
        split,
        f"About {estimate:.1%} (± {error:.1%}) of the labels of the {split} split look wrong: two probes that have not "
        f"seen them name the same other class. Of {len(probed.codes)} samples probed, {len(suspects)} are disputed.",
        {
            "estimate": estimate,
            "standard_error": error,
            "disputed": len(suspects),
            "disputed_share": len(suspects) / len(probed.codes),
            "samples": len(probed.codes),
        },
        tuple(suspects["row"].tolist()),
        "Look at report.suspects, the worst first, and correct or drop what is wrong; smooth the labels for the rest.",
    )


def _skill(probed: Probed, noise: float) -> float:
    r"""Return how far the better probe is from always guessing the commonest class (0) to no error (1), but for noise.

    Labels that are wrong with probability :math:`\nu`, and then any other of :math:`C` classes, take
    :math:`\nu C / (C - 1)` of what a probe is better than chance by; where they take nearly all, 0 is returned.
    """
    counts = np.bincount(probed.codes)
    commonest = counts.max() / len(probed.codes)
    skill = (max(probed.floors["linear"], probed.floors["neighbours"]) - commonest) / (1 - commonest)
    left = 1 - noise * len(counts) / (len(counts) - 1)
    return float(skill / left) if left > _LEFT else 0.0
