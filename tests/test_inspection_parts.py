"""The statistics behind a report, against simulation, NumPy and sums done by hand; and what a report shows."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from bs4 import BeautifulSoup
from numpy.typing import NDArray
from sklearn.datasets import load_wine

from unstuck import inspect_data, load
from unstuck.inspection import chance, labels, look, order, probes, twins
from unstuck.inspection.mismatch import compare
from unstuck.inspection.moments import Moments, images
from unstuck.inspection.reading import Samples
from unstuck.inspection.targets import Targets

Array = NDArray[Any]
CLASSES = Targets(("a", "b", "c"), declared=True)


def samples(x: Array, y: Array) -> Samples:
    return Samples(np.asarray(x, dtype=float), np.asarray(y), np.arange(len(x)))


# moments


@pytest.mark.parametrize("shape", [(50, 3, 4, 4), (50, 7), (50, 5, 6), (50,)])
def test_moments_are_numpys_by_channel(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).standard_normal(shape) * 3 + 1
    by_channel = x[:, None] if len(shape) == 3 else x.reshape(50, -1) if len(shape) == 1 else x
    axes = (0, *range(2, by_channel.ndim))
    found = Moments(x)
    np.testing.assert_allclose(found.mean, by_channel.mean(axes))
    np.testing.assert_allclose(found.std, by_channel.std(axes))
    assert found.overall_std == pytest.approx(x.std())
    np.testing.assert_allclose(found.spread_around(found.mean)[0], by_channel.var(axes))
    standardised = found.standardised().reshape(by_channel.shape)
    np.testing.assert_allclose(standardised.mean(axes), 0, atol=1e-12)
    np.testing.assert_allclose(standardised.std(axes), 1)


def test_moments_of_many_samples_are_those_of_their_parts_together(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).standard_normal((97, 1, 5, 5))
    whole = Moments(x)
    expected = whole.mean, whole.std, *whole.picture  # type: ignore[misc]
    monkeypatch.setitem(Moments._parts.__globals__, "_AT_ONCE", 60)  # of this class, however often it was imported
    parts = Moments(x)
    for found, wanted in zip((parts.mean, parts.std, *parts.picture), expected, strict=True):  # type: ignore[misc]
        np.testing.assert_allclose(found, wanted)
    np.testing.assert_allclose(parts.picture[1], x.var(axis=0).reshape(1, 25) / 97)  # type: ignore[index]


def test_an_error_of_the_mean_is_what_it_strays_by() -> None:
    g = np.random.default_rng(0)
    means = [g.standard_normal((100, 2)).mean(axis=0) for _ in range(2000)]
    found = Moments(g.standard_normal((100, 2)))
    np.testing.assert_allclose(found.mean_error, np.std(means, axis=0), rtol=0.15)


@pytest.mark.parametrize(
    ("shape", "channels_first"),
    [
        ((9, 8, 8), (9, 1, 8, 8)),
        ((9, 3, 8, 8), (9, 3, 8, 8)),
        ((9, 8, 6, 3), (9, 3, 8, 6)),
        ((9, 8, 8, 8), None),
        ((9, 64), None),
        ((9, 100, 2), None),
    ],
)
def test_what_an_image_is(shape: tuple[int, ...], channels_first: tuple[int, ...] | None) -> None:
    found = images(np.zeros(shape))
    assert (None if found is None else found.shape) == channels_first


# order


def test_the_spread_of_neighbours_alike_in_a_random_order_is_the_formulas() -> None:
    y = np.repeat([0, 1, 2], [100, 60, 40])
    g = np.random.default_rng(0)
    alike = [int((shuffled[1:] == shuffled[:-1]).sum()) for shuffled in (g.permutation(y) for _ in range(4000))]
    shares = np.array([0.5, 0.3, 0.2])
    chance_, cubes = (shares**2).sum(), (shares**3).sum()
    assert np.mean(alike) == pytest.approx(199 * chance_, rel=0.02)
    assert np.var(alike) == pytest.approx(199 * (chance_ + chance_**2 - 2 * cubes), rel=0.1)
    (finding,) = order.order_findings(samples(np.zeros((200, 1)), y), "train", CLASSES)
    z = (197 / 199 - chance_) * np.sqrt(199 / (chance_ + chance_**2 - 2 * cubes))
    assert finding.evidence["z"] == pytest.approx(z)
    assert finding.evidence["effect"] == pytest.approx((197 / 199 - chance_) / (1 - chance_))


# the signal of a probe


def test_labels_that_have_nothing_to_do_with_a_probe_make_a_standard_normal() -> None:
    g = np.random.default_rng(0)
    for tilt in (0.0, 2.0):  # also where a probe gives nearly all to one class
        guesses = g.dirichlet([1 + 5 * tilt, 1, 1], 300)
        y = g.permutation(np.repeat([0, 1, 2], [200, 60, 40]))
        z = [probes.signal(g.permutation(y), guesses, np.arange(3)) for _ in range(2000)]
        assert abs(np.mean(z)) < 0.1
        assert np.std(z) == pytest.approx(1, abs=0.06)


def test_a_weak_signal_in_a_rare_class_is_seen_though_the_accuracy_shows_none() -> None:
    g = np.random.default_rng(0)
    y = (g.random(3000) < 0.05).astype(int)
    odds = np.exp(g.standard_normal(3000) + y) / 30
    guesses = np.stack([1 / (1 + odds), odds / (1 + odds)], axis=1)
    assert (guesses.argmax(axis=1) == y).mean() <= 0.955
    assert probes.signal(y, guesses, np.arange(2)) > 5


def test_for_numbers_it_is_the_correlation_of_the_best_output() -> None:
    g = np.random.default_rng(0)
    targets = g.standard_normal((400, 2))
    guesses = np.stack([g.standard_normal(400), targets[:, 1] + g.standard_normal(400)], axis=1)
    r = np.corrcoef(targets[:, 1], guesses[:, 1])[0, 1]
    assert probes.signal(targets, guesses, None) == pytest.approx(20 * r)


def test_a_probe_never_sees_the_label_that_it_predicts() -> None:
    """Where labels are noise, every sample is predicted from the others alone, so no better than by chance."""
    signals, floors = [], []
    for seed in range(20):
        g = np.random.default_rng(seed)
        y = g.integers(0, 2, 400)
        seen = look.Look(samples(g.standard_normal((400, 3)), y), y)
        probed = probes.probe(seen, np.arange(400), classes=True, limit=400, seed=0)
        assert probed is not None
        signals.append(probed.signal)
        floors.append(list(probed.floors.values()))
    assert max(signals) < 4
    np.testing.assert_allclose(np.mean(floors, axis=0), 0.5, atol=0.025)  # 0.6 and more, if it saw its own


# disputed labels


def test_the_estimate_of_wrong_labels_is_right_on_average() -> None:
    g = np.random.default_rng(0)
    estimates = []
    for seed in range(10):
        truth = g.integers(0, 3, 800)
        wrong = g.random(800) < 0.08
        y = np.where(wrong, (truth + g.integers(1, 3, 800)) % 3, truth)
        seen = look.Look(samples(2.5 * np.eye(3)[truth] + g.standard_normal((800, 3)) / 2, y), y)
        probed = probes.probe(seen, np.arange(800), classes=True, limit=800, seed=seed)
        assert probed is not None
        finding = labels.noise_finding(probed, "train", labels.suspects_frame(probed))
        assert finding is not None
        estimates.append(float(finding.evidence["estimate"]) - wrong.mean())
    assert abs(np.mean(estimates)) < 0.006


def probed_circles(spread: float, seed: int) -> probes.Probed:
    """Return the probes of three Gaussians on a circle, that overlap the more the larger their spread."""
    g = np.random.default_rng(seed)
    y = g.integers(0, 3, 4000)
    angle = y * 2 * np.pi / 3
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1) + spread * g.standard_normal((4000, 2))
    probed = probes.probe(look.Look(samples(x, y), y), np.arange(4000), classes=True, limit=4000, seed=seed)
    assert probed is not None
    return probed


def test_errors_that_grow_towards_a_border_are_no_wrong_labels() -> None:
    for seed in range(3):
        probed = probed_circles(0.6, seed)
        dispute = labels._Dispute.of(probed)
        half = np.argsort(-np.where(dispute.agreed, dispute.sure, -1))[: dispute.agreed.sum() // 2]
        assert (dispute.named[half] != probed.codes[half]).mean() > 0.01  # as many as wrong labels would make
        assert labels._skill(probed, 0.02) > 0.8  # and the set is easy enough to tell
        assert labels.noise_finding(probed, "train", labels.suspects_frame(probed)) is None


def test_what_wrong_labels_take_from_a_probe_is_given_back_to_it_unless_little_is_left() -> None:
    codes = np.repeat(np.arange(10), 10)
    nothing = np.zeros((100, 10))

    def skill(accuracy: float, noise: float) -> float:
        floors = {"linear": accuracy, "neighbours": 0.1, "shuffled": 0.1}
        given = samples(nothing, codes)
        return labels._skill(probes.Probed(given, codes, codes, nothing, nothing, floors, 9.0, lambda x: (x, x)), noise)

    assert skill(1.0, 0.0) == pytest.approx(1)
    assert skill(0.7, 0.3) == pytest.approx(1)  # right about every label that is right
    assert skill(0.1, 0.3) == pytest.approx(0)
    assert skill(0.3, 0.7) == 0  # one that is wrong about most labels may as well be a bad probe


# copies


def test_points_of_a_coarse_grid_coincide_about_as_often_as_is_expected() -> None:
    g = np.random.default_rng(0)
    met = surprises = 0
    for _ in range(40):
        x = np.round(2 * g.standard_normal((150, 4)))  # steps of half a standard deviation
        copies = int(pd.DataFrame(x).duplicated().sum())
        met += copies
        surprises += copies > 0 and not chance.by_chance(copies, x, x, np.zeros(150), np.zeros(150), within=True)
        assert not chance.by_chance(10 * copies + 10, x, x, np.zeros(150), np.zeros(150), within=True)
    assert met > 40
    assert surprises == 0


def test_a_single_copy_among_continuous_rows_is_a_surprise() -> None:
    x = np.random.default_rng(0).standard_normal((500, 4))
    x[3] = x[400]
    assert not chance.by_chance(1, x, x, np.zeros(500), np.zeros(500), within=True)


@pytest.mark.parametrize(("count", "expected", "surprise"), [(1, 0.0, True), (1, 0.1, False), (9, 2.0, True)])
def test_a_surprise_is_a_poisson_tail(count: int, expected: float, surprise: bool) -> None:
    tail = 1 - sum(np.exp(-expected) * expected**k / np.prod(np.arange(1, k + 1)) for k in range(count))
    assert (tail < 1e-3) == surprise
    assert chance.surprising(count, expected) == surprise


def test_twins_are_found_up_to_scale_offset_and_sign_and_nothing_else_is() -> None:
    g = np.random.default_rng(0)
    a = g.standard_normal((300, 3, 4, 4)).astype(np.float32)
    b = g.standard_normal((200, 3, 4, 4)).astype(np.float32)
    scale = np.array([0.5, 2, 3], dtype=np.float32)[:, None, None]
    b[10], b[20], b[30] = scale * a[7] + 4, -3 * a[8], a[9]
    found = {tuple(pair) for pair in twins.twins(a, b).tolist()}
    assert found == {(7, 10), (8, 20), (9, 30)}
    b[40] = a[11] + 0.1 * g.standard_normal((3, 4, 4))
    assert (11, 40) not in {tuple(pair) for pair in twins.twins(a, b).tolist()}
    assert len(twins.twins(a[:, 0, 0], b[:, 0, 0])) == 0  # four numbers are too few to tell


# comparisons


def test_splits_of_one_source_are_hardly_ever_off() -> None:
    g = np.random.default_rng(0)
    for size in (10, 30, 300):
        for _ in range(50):
            train, test = (np.exp(g.standard_normal((n, 20))) for n in (500, size))  # skewed, as incomes are
            rare = (g.random((500 + size, 20)) < 0.03).astype(float)
            assert not compare(Moments(train), Moments(test)).found  # type: ignore[union-attr]
            assert not compare(Moments(rare[:500]), Moments(rare[500:])).found  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("features", "shift", "found"), [(3, 0.6, False), (3, 1.5, True), (30, 0.6, True), (30, 0.1, False)]
)
def test_a_few_of_many_features_may_differ_a_little_as_other_peoples_do(
    features: int, shift: float, found: bool
) -> None:
    g = np.random.default_rng(0)
    train, test = g.standard_normal((2000, 100)), g.standard_normal((2000, 100))
    test[:, :features] += shift
    difference = compare(Moments(train), Moments(test))
    assert difference is not None
    assert difference.off == features * found
    if found:
        assert difference.shift == pytest.approx(shift, abs=0.15)


@pytest.mark.parametrize(("ratio", "found"), [(0.7, True), (0.9, False), (1.1, False), (1.4, True)])
def test_a_spread_alone_may_be_off(ratio: float, found: bool) -> None:
    g = np.random.default_rng(0)
    difference = compare(Moments(g.standard_normal((500, 1, 8, 8))), Moments(ratio * g.standard_normal((500, 1, 8, 8))))
    assert difference is not None
    assert difference.found == found


@pytest.mark.parametrize("channels", list(permutations(range(3))))
def test_every_order_of_channels_is_told(channels: tuple[int, ...]) -> None:
    g = np.random.default_rng(0)
    x = g.standard_normal((400, 3, 6, 6)) + np.stack([np.eye(6), np.eye(6)[::-1], np.tri(6)])
    found = compare(Moments(x[:300]), Moments(x[300:][:, channels]))
    assert found is not None
    if channels == (0, 1, 2):
        assert not found.found
    else:
        np.testing.assert_array_equal(found.undone(x[300:][:, channels]), x[300:])


# the report


def noisy_digits() -> tuple[torch.Tensor, torch.Tensor]:
    x, y = load("digits").train
    rows = torch.arange(0, len(y), 30)
    return x, y.index_put((rows,), (y[rows] + 3) % 10)


def test_a_report_says_all_in_a_terminal_and_in_a_notebook() -> None:
    x, y = noisy_digits()
    x = x.clone()
    x[17] = torch.inf
    report = inspect_data({"train": (x, y), "<test>": load("digits").test})
    text, page = str(report), BeautifulSoup(report._repr_html_(), "html.parser")
    assert text.startswith("2 findings, the gravest first.")
    assert "1. nonfinite_input (train)" in text
    assert "2. label_noise (train)" in text
    for said in ("nonfinite_input (train)", "Row 17.", "label_noise (train)", " more.", "Fix:", "Floors to beat"):
        assert said in text
        assert said in page.get_text()
    assert max(map(len, text.splitlines())) < 120
    assert len(page.find_all("li")) == 2
    assert len(page.find_all("table")) == 2
    assert "<test>" in page.get_text()  # escaped, and not a tag
    assert not page.find_all(style=lambda style: style and "color" in style)
    clean = inspect_data(load("digits"))
    assert str(clean).startswith("Nothing found")
    assert "e-0" not in str(clean)  # digits of rounding, which differ between machines


def test_a_report_is_json_whatever_is_in_it() -> None:
    report = inspect_data({"train": noisy_digits(), "test": load("digits").test}).to_dict()
    again = json.loads(json.dumps(report, allow_nan=False))
    assert again["clean"] is False
    assert again["findings"][0]["cause"] == "label_noise"
    assert again["findings"][0]["rows"] == [record["row"] for record in again["suspects"]]
    assert again["splits"]["test"]["samples"] == 360
    assert sum(row["test"] for row in again["classes"].values()) == 360
    assert set(again["floors"]) == {"majority", "entropy", "linear", "neighbours", "shuffled"}


def test_images_are_drawn_by_class_with_those_in_doubt_beside_them() -> None:
    x, y = noisy_digits()
    report = inspect_data((x, y))
    figure = report.figure()
    drawn = [axis for axis in figure.axes if axis.images]
    worst = report.suspects.groupby("label").head(3)
    assert len(drawn) == 80 + len(worst)
    said = [axis.get_title() for axis in drawn if axis.get_title()]
    assert sorted(said) == sorted(f"{named}?" for named in worst["predicted"])
    plain = len([axis for axis in inspect_data(load("digits")).figure().axes if axis.images])
    assert plain == 80 + len(inspect_data(load("digits")).suspects)
    plt.close("all")


def test_points_tables_and_lines_are_drawn_as_what_they_are() -> None:
    blobs = inspect_data(load("blobs"))
    (axis,) = blobs.figure().axes
    assert sum(len(points.get_offsets()) for points in axis.collections) == 600 + len(blobs.suspects)
    wine = inspect_data(load_wine(return_X_y=True)).figure()
    assert [axis.get_xlabel() for axis in wine.axes] == [f"feature {number}" for number in range(12)]
    (line,) = inspect_data(load("line")).figure().axes
    assert (line.get_xlabel(), line.get_ylabel()) == ("input", "target")
    colour = np.random.default_rng(0).random((60, 3, 8, 8)), np.arange(60) % 2
    assert inspect_data(colour).figure().axes[0].images[0].get_array().shape == (8, 8, 3)  # type: ignore[union-attr]
    plt.close("all")
