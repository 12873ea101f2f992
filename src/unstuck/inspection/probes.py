"""Two probes that need no training loop: what they reach is a floor for a network, and they judge the labels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from unstuck.inspection.look import Look
from unstuck.inspection.moments import Moments
from unstuck.inspection.reading import Array, Samples

__all__ = ["Probed", "explained", "probe", "signal"]

# scikit-learn is imported where it is needed: it takes as long as PyTorch.

_FOLDS = 5
_NEIGHBOURS = 10
_COMPONENTS = 64  # principal components that stand for more inputs: as good for both probes, and several times faster


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
    signal
        Of the stronger probe; see :func:`signal`.
    fitted
        Maps inputs of other splits to the predictions of both probes.
    """

    samples: Samples
    codes: Array
    labels: Array | None
    linear: Array
    neighbours: Array
    floors: dict[str, float]
    signal: float
    fitted: Callable[[Array], tuple[Array, Array]]


def probe(train: Look, places: Array, *, classes: bool, limit: int, seed: int) -> Probed | None:
    """Fit both probes to a draw of training samples, and predict each from the others.

    The linear probe is a logistic regression (ridge regression for numbers), out of fold; that of the neighbours is
    the vote of the nearest ones other than the sample itself.
    Inputs are standardised, and many are replaced by their principal components, which know nothing of the targets.

    Parameters
    ----------
    train
        The training split.
    places
        Of its samples that may be drawn; of copies only one should be, as the others would predict it.
    classes
        Whether targets are classes.
    limit
        The most samples to draw.
    seed
        Of the draw, the folds and the shuffled twin.

    Returns
    -------
    Probed or None
        None where there is too little to predict.
    """
    generator = np.random.default_rng((seed, len(places)))  # not the draw of who planted something with the same seed
    places = np.sort(generator.permutation(places)[:limit])
    if classes:  # every fold needs every class
        drawn = pd.Series(train.samples.y[places])
        places = places[drawn.groupby(drawn).transform("size").to_numpy() >= _FOLDS]
    chosen = train.samples.take(places)
    if len(chosen) < 4 * _FOLDS:
        return None
    labels, codes = np.unique(chosen.y, return_inverse=True) if classes else (None, chosen.y)
    if (labels is not None and len(labels) < 2) or (labels is None and (codes.std(axis=0) == 0).any()):
        return None
    with _quiet_on_one_thread():
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
            "linear": explained(codes, linear),
            "neighbours": explained(codes, neighbours),
            "shuffled": explained(codes[shuffled], twin),
        }
    strongest = max(signal(codes, guess, labels) for guess in (linear, neighbours))
    fitted = _Fitted(project, model.fit(x, codes), search, votes, method)
    return Probed(samples, codes, labels, linear, neighbours, floors, strongest, fitted)


class _Projection:
    """Standardise inputs, by channel, and keep the principal components of many."""

    def __init__(self, x: Array, seed: int) -> None:
        from sklearn.decomposition import PCA

        flat = Moments(x).standardised()
        few = flat.shape[1] <= _COMPONENTS or len(x) <= _COMPONENTS
        self.pca = None if few else PCA(_COMPONENTS, random_state=seed).fit(flat)

    def __call__(self, x: Array) -> Array:
        """Return the features of inputs; those of another split are standardised by their own moments."""
        flat = Moments(x).standardised()
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
        with _quiet_on_one_thread():
            features = self.project(x)
            linear = getattr(self.model, self.method)(features).reshape(len(x), -1)
            return linear, self.votes[self.search.kneighbors(features, return_distance=False)].mean(axis=1)


def _votes(codes: Array, labels: Array | None) -> Array:
    if labels is None:
        return codes
    one_hot: Array = np.eye(len(labels))[codes]
    return one_hot


def explained(targets: Array, predictions: Array) -> float:
    """Return the share of the targets' variance that predictions explain."""
    return float(1 - ((targets - predictions) ** 2).sum() / ((targets - targets.mean(axis=0)) ** 2).sum())


def signal(codes: Array, predictions: Array, labels: Array | None) -> float:
    r"""Return by how many standard errors predictions know more of the targets than chance.

    For classes, with :math:`q_{ic}` the probability of class :math:`c` for sample :math:`i`, less its mean over the
    samples, and class shares :math:`\pi_c`, labels that have nothing to do with the samples make a standard normal of

    .. math::

        z = \frac{\sum_i q_{i y_i}}
                 {\sqrt{\sum_i \big(\sum_c \pi_c q_{ic}^2 - (\sum_c \pi_c q_{ic})^2\big)}} .

    Predictions out of fold depend on the labels of the others, which widens it: up to a deviation of 1.6, for two
    classes.
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
    centred = predictions - predictions.mean(axis=0)
    variance = (centred**2) @ shares - (centred @ shares) ** 2
    surplus = centred[np.arange(len(codes)), codes].sum()
    return float(surplus / np.sqrt(max(variance.sum(), 1e-12)))


@contextmanager
def _quiet_on_one_thread() -> Iterator[None]:
    """Let a probe stop before it has converged, without a word, as it is a floor and no model; and on one thread.

    The matrices are small: two threads gain nothing, and where other programs hold the cores, wait for each other.
    """
    import sklearn.linear_model  # noqa: F401  so that the libraries are loaded whose threads are limited
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
