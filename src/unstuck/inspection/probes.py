"""Two probes that need no training loop, and what they say of the labels: floors to beat, and labels to doubt."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from unstuck.inspection.findings import Finding
from unstuck.inspection.reading import Array, Samples
from unstuck.inspection.scales import moments

__all__ = ["Probed", "misaligned_split", "misaligned_training", "noise_finding", "probe", "suspects_frame"]

# scikit-learn is imported where it is needed: it takes as long as PyTorch.

_FOLDS = 5
_NEIGHBOURS = 10
_COMPONENTS = 64  # principal components that stand for more inputs: as good for both probes, and several times faster
_LEAST = 100  # samples, below which chance and a weak signal look alike
_SIGNAL = 4.0  # standard errors above chance: a probe that has found something
_MARGIN = 0.5  # of probability, by which both probes must prefer the class they name to the one given
# The share of other labels among the samples that the probes are surest of. Over 10 draws each, it was at most
# 0.6 % on clean digits, MNIST (of 2,000 and 5,000 samples), spirals, blobs, iris and wine; at 3 % of wrong labels it
# was 1.6 % or more on digits and MNIST.
_NOISE = 0.01
_FEWEST = 5  # disputed labels among the surest, below which a small set's overlapping classes look the same


@dataclass(frozen=True)
class Probed:
    """Out-of-fold predictions of two probes on a part of the training split.

    Parameters
    ----------
    samples
        The samples probed.
    codes
        Their classes, numbered without gaps; the numbers to predict in regression.
    labels
        The class index of each code; None in regression.
    linear, neighbours
        Predictions made without the sample's own target: probabilities, ``(samples, classes)``, or numbers.
    floors
        What to beat, by name.
    """

    samples: Samples
    codes: Array
    labels: Array | None
    linear: Array
    neighbours: Array
    floors: dict[str, float]
    signal: float
    fitted: Any


def probe(samples: Samples, *, classes: bool, unique: Array, limit: int, seed: int) -> Probed | None:
    """Fit both probes to a draw of training samples, and predict each from the others.

    The linear probe is a logistic regression (ridge regression for numbers), out of fold; that of the neighbours is
    the vote of the nearest ones other than the sample itself.
    Inputs are standardised, and many are replaced by their principal components, which know nothing of the targets.

    Parameters
    ----------
    samples
        The training split.
    classes
        Whether targets are classes.
    unique
        A mask of samples to use: copies would be predicted by themselves.
    limit
        The most samples to draw.
    seed
        Of the draw, the folds and the shuffled twin.

    Returns
    -------
    Probed or None
        None where there is too little to predict.
    """
    places = np.flatnonzero(unique)
    if classes:  # every fold needs every class
        counts = pd.Series(samples.y[places]).groupby(samples.y[places]).transform("size").to_numpy()
        places = places[counts >= _FOLDS]
    generator = np.random.default_rng(seed)
    places = np.sort(generator.permutation(places)[:limit])
    if classes:
        counts = pd.Series(samples.y[places]).groupby(samples.y[places]).transform("size").to_numpy()
        places = places[counts >= _FOLDS]
    chosen = samples.take(places)
    if len(chosen) < 4 * _FOLDS:
        return None
    labels, codes = np.unique(chosen.y, return_inverse=True) if classes else (None, chosen.y)
    if (labels is not None and len(labels) < 2) or (labels is None and (codes.std(axis=0) == 0).any()):
        return None
    with _quiet():
        return _probe(chosen, codes, labels, generator, seed)


def _probe(samples: Samples, codes: Array, labels: Array | None, generator: np.random.Generator, seed: int) -> Probed:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
    from sklearn.neighbors import NearestNeighbors

    project = _Projection(samples.x, seed)
    x = project(samples.x)
    if labels is not None:
        folds: Any = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
        model, method = LogisticRegression(C=0.1, max_iter=200), "predict_proba"
    else:
        folds = KFold(_FOLDS, shuffle=True, random_state=seed)
        model, method = Ridge(1.0), "predict"
    votes = _votes(codes, labels)
    linear = cross_val_predict(model, x, codes, cv=folds, method=method).reshape(len(x), -1)
    shuffled = generator.permutation(len(codes))
    twin = cross_val_predict(model, x, codes[shuffled], cv=folds, method=method).reshape(len(x), -1)
    search = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(x) - 1)).fit(x)
    neighbours = votes[search.kneighbors(return_distance=False)].mean(axis=1)
    if labels is not None:
        floors = {
            "linear": float((linear.argmax(axis=1) == codes).mean()),
            "neighbours": float((neighbours.argmax(axis=1) == codes).mean()),
            "shuffled": float((twin.argmax(axis=1) == codes[shuffled]).mean()),
        }
    else:
        floors = {
            "linear": _explained(codes, linear),
            "neighbours": _explained(codes, neighbours),
            "shuffled": _explained(codes[shuffled], twin),
        }
    signal = max(_signal(codes, linear, labels), _signal(codes, neighbours, labels))
    fitted = _Fitted(project, model.fit(x, codes), search, votes, method)
    return Probed(samples, codes, labels, linear, neighbours, floors, signal, fitted)


class _Projection:
    """Standardise inputs, by channel, and keep the principal components of many."""

    def __init__(self, x: Array, seed: int) -> None:
        from sklearn.decomposition import PCA

        flat = moments(x).standardise(x)
        few = flat.shape[1] <= _COMPONENTS or len(x) <= _COMPONENTS
        self.pca = None if few else PCA(_COMPONENTS, random_state=seed).fit(flat)

    def __call__(self, x: Array) -> Array:
        """Return the features of inputs; those of another split are standardised by their own moments."""
        flat = moments(x).standardise(x)
        projected: Array = flat if self.pca is None else self.pca.transform(flat)
        return projected


@dataclass(frozen=True)
class _Fitted:
    """The probes, fitted to all that was drawn, for samples of other splits."""

    project: _Projection
    model: Any
    search: Any
    votes: Array
    method: str

    def __call__(self, x: Array) -> tuple[Array, Array]:
        features = self.project(x)
        linear = getattr(self.model, self.method)(features).reshape(len(x), -1)
        return linear, self.votes[self.search.kneighbors(features, return_distance=False)].mean(axis=1)


def _votes(codes: Array, labels: Array | None) -> Array:
    if labels is None:
        return codes
    one_hot: Array = np.eye(len(labels))[codes]
    return one_hot


def _explained(targets: Array, predictions: Array) -> float:
    """Return the share of the targets' variance that predictions explain."""
    return float(1 - ((targets - predictions) ** 2).sum() / ((targets - targets.mean(axis=0)) ** 2).sum())


def _signal(codes: Array, predictions: Array, labels: Array | None) -> float:
    r"""Return by how many standard errors predictions know more of the targets than chance.

    For classes the probability given to the right one is compared with what it would be if labels were drawn from
    their shares :math:`\pi_c`, whatever the sample:

    .. math::

        z = \frac{\sum_i \big(p_{i y_i} - \sum_c \pi_c p_{ic}\big)}
                 {\sqrt{\sum_i \big(\sum_c \pi_c p_{ic}^2 - (\sum_c \pi_c p_{ic})^2\big)}} .

    Unlike the accuracy it tells a weak signal from none also where one class has nearly all samples.
    For numbers it is the correlation, times the root of their count, of the output with the largest.
    """
    if labels is None:
        scores = [
            float(np.corrcoef(targets, guesses)[0, 1]) if targets.std() > 0 and guesses.std() > 0 else 0.0
            for targets, guesses in zip(codes.T, predictions.T, strict=True)
        ]
        return max(scores) * float(np.sqrt(len(codes)))
    shares = np.bincount(codes, minlength=len(labels)) / len(codes)
    expected = predictions @ shares
    variance = (predictions**2) @ shares - expected**2
    surplus = predictions[np.arange(len(codes)), codes] - expected
    return float(surplus.sum() / np.sqrt(max(variance.sum(), 1e-12)))


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
    if probed.signal < 2 * _SIGNAL:
        return None
    places = np.sort(np.random.default_rng(seed).permutation(len(other))[:limit])
    part = other.take(places)
    if probed.labels is not None:
        part = part.take(np.isin(part.y, probed.labels))
    if len(part) < _LEAST:
        return None
    codes = np.searchsorted(probed.labels, part.y) if probed.labels is not None else part.y
    with _quiet():
        predictions = probed.fitted(part.x)
    signal = max(_signal(codes, guess, probed.labels) for guess in predictions)
    # what training's signal would be on as few samples
    promised = probed.signal * float(np.sqrt(len(part) / len(probed.codes)))
    if signal >= _SIGNAL or promised < 2 * _SIGNAL:
        return None
    if probed.labels is not None:
        linear, neighbours = (float((guess.argmax(axis=1) == codes).mean()) for guess in predictions)
    else:
        linear, neighbours = (_explained(codes, guess) for guess in predictions)
    return Finding(
        "labels_misaligned",
        split,
        f"In the {split} split nothing ties the targets to the inputs: probes fitted to training score "
        f"{linear:.3f} and {neighbours:.3f} there, "
        f"and {probed.floors['linear']:.3f} and {probed.floors['neighbours']:.3f} in training.",
        {"linear": linear, "neighbours": neighbours, "z": signal, "samples": len(part)},
        (),
        "Look where the inputs and targets of this split are loaded, sorted or filtered; and whether its classes are "
        "numbered as in training.",
    )


@dataclass(frozen=True)
class _Dispute:
    """What both probes say of each sample: the class that both name, by how much, and how sure they are."""

    named: Array
    agreed: Array
    sure: Array
    margin: Array

    @classmethod
    def of(cls, probed: Probed) -> _Dispute:
        rows = np.arange(len(probed.codes))
        named, other = probed.linear.argmax(axis=1), probed.neighbours.argmax(axis=1)
        both = (probed.linear, probed.neighbours)
        sure = np.prod([guess[rows, named] for guess in both], axis=0)
        margin = np.min([guess[rows, named] - guess[rows, probed.codes] for guess in both], axis=0)
        return cls(named, named == other, sure, margin)


def suspects_frame(probed: Probed | None) -> pd.DataFrame:
    """Return the samples whose label both probes dispute, the worst first.

    A label is disputed where both, without having seen it, name the same other class, and each gives that class a
    probability that is larger by half than that of the label.
    """
    columns = {"row": "int64", "label": "int64", "predicted": "int64", "confidence": "float64"}
    if probed is None or probed.labels is None:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    dispute = _Dispute.of(probed)
    disputed = np.flatnonzero(dispute.agreed & (dispute.margin > _MARGIN))
    order = disputed[np.argsort(-dispute.margin[disputed], kind="stable")]
    return pd.DataFrame(
        {
            "row": probed.samples.rows[order],
            "label": probed.labels[probed.codes[order]].astype(np.int64),
            "predicted": probed.labels[dispute.named[order]].astype(np.int64),
            "confidence": dispute.sure[order],
        }
    )


def noise_finding(probed: Probed, split: str, suspects: pd.DataFrame) -> Finding | None:
    """Find a share of wrong labels, from the samples about which the probes are surest.

    Classes that overlap make probes err too, but near their borders, where they are unsure.
    Of the samples for which both probes name the same class, the surer half is taken; who is in it does not depend on
    the sample's own label, so a wrong label is as likely there as anywhere, and the share of other labels estimates
    that of wrong ones with no correction for what the probes miss.
    """
    if probed.labels is None:
        return None
    dispute = _Dispute.of(probed)
    agreed = np.flatnonzero(dispute.agreed)
    if len(agreed) < _LEAST // 2:
        return None
    surest = agreed[dispute.sure[agreed] >= np.median(dispute.sure[agreed])]
    wrong = int((dispute.named != probed.codes)[surest].sum())
    estimate = wrong / len(surest)
    if estimate <= _NOISE or wrong < _FEWEST:
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


@contextmanager
def _quiet() -> Iterator[None]:
    """Let a probe stop before it has converged, without a word: it is a floor, and no model."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
