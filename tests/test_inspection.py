"""A data set is inspected: each planted flaw is the first finding, and clean data has none."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn import datasets
from torch.utils.data import DataLoader, TensorDataset

from unstuck import inspect_data, load
from unstuck.inspection import DataReport, Finding
from unstuck.inspection.findings import gravest_first

Array = NDArray[np.float64]
Splits = dict[str, tuple[Array, Array]]
MNIST = "mnist"
needs_mnist = pytest.mark.skipif(
    not (Path(os.environ.get("UNSTUCK_DATA") or "nowhere") / "MNIST" / "raw").is_dir(),
    reason="UNSTUCK_DATA names no folder with MNIST's files",
)
SETS = ["digits", pytest.param(MNIST, marks=needs_mnist)]


@cache
def _pristine(name: str) -> Splits:
    """Return the splits of a data set as arrays; of MNIST a part, as what is planted is found in that as well."""
    sizes = {"train": 3000, "validation": 600, "test": 600}
    data = load(name, download=False)
    return {
        split: (part.x[: sizes[split]].numpy(), part.y[: sizes[split]].numpy()) for split, part in data.splits.items()
    }


def splits_of(name: str) -> Splits:
    return {split: (x.copy(), y.copy()) for split, (x, y) in _pristine(name).items()}


def inspect(splits: Splits, name: str = "digits") -> DataReport:
    return inspect_data(splits, samples=2000 if name == MNIST else 5000)


def causes(report: DataReport) -> list[tuple[str, str]]:
    return [(finding.cause, finding.split) for finding in report.findings]


# Each plants a flaw, and returns the rows that it touched.


def leak(splits: Splits, g: np.random.Generator) -> set[int]:
    count = len(splits["test"][1]) // 20
    ours, theirs = g.permutation(len(splits["train"][1]))[:count], g.permutation(len(splits["test"][1]))[:count]
    for part in (0, 1):
        splits["test"][part][theirs] = splits["train"][part][ours]
    return set(theirs.tolist())


def duplicates(splits: Splits, g: np.random.Generator) -> set[int]:
    x, y = splits["train"]
    count = len(y) // 20
    first, again = np.split(g.permutation(len(y))[: 2 * count], 2)
    x[again], y[again] = x[first], y[first]
    return set(np.maximum(first, again).tolist())


def shuffled_labels(splits: Splits, g: np.random.Generator) -> set[int]:
    splits["train"][1][:] = g.permutation(splits["train"][1])
    return set()


def wrong_labels(splits: Splits, g: np.random.Generator) -> set[int]:
    y = splits["train"][1]
    rows = g.permutation(len(y))[: round(0.03 * len(y))]
    y[rows] = (y[rows] + g.integers(1, 10, len(rows))) % 10
    return set(rows.tolist())


def not_a_number(splits: Splits, g: np.random.Generator) -> set[int]:
    row = int(g.integers(len(splits["train"][1])))
    splits["train"][0][row, 0, 3, 3] = np.nan
    return {row}


def other_scale(splits: Splits, g: np.random.Generator) -> set[int]:
    x = splits["test"][0]
    x -= x.min()
    x /= x.max()
    return set()


def missing_class(splits: Splits, g: np.random.Generator) -> set[int]:
    x, y = splits["train"]
    kept = y != g.integers(10)
    splits["train"] = x[kept], y[kept]
    return set()


def sorted_order(splits: Splits, g: np.random.Generator) -> set[int]:
    x, y = splits["train"]
    order = np.argsort(y, kind="stable")
    splits["train"] = x[order], y[order]
    return set()


FLAWS: dict[str, tuple[Callable[[Splits, np.random.Generator], set[int]], str]] = {
    "train_test_leak": (leak, "test"),
    "duplicates": (duplicates, "train"),
    "labels_misaligned": (shuffled_labels, "train"),
    "label_noise": (wrong_labels, "train"),
    "nonfinite_input": (not_a_number, "train"),
    "train_test_preprocessing_mismatch": (other_scale, "test"),
    "missing_class": (missing_class, "train"),
    "no_shuffle": (sorted_order, "train"),
}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("cause", FLAWS)
def test_each_planted_flaw_is_found_and_nothing_else(cause: str, name: str) -> None:
    plant, split = FLAWS[cause]
    for seed in range(3 if name == "digits" else 1):
        splits = splits_of(name)
        rows = plant(splits, np.random.default_rng(seed))
        report = inspect(splits, name)
        assert causes(report) == [(cause, split)]
        assert not report.clean
        if cause != "label_noise":
            assert set(report.findings[0].rows) == rows


@pytest.mark.parametrize("name", SETS)
def test_clean_sets_have_no_findings(name: str) -> None:
    splits = splits_of(name)
    assert causes(inspect(splits, name)) == []
    raw = {split: ((x - x.min()) / (x.max() - x.min()), y) for split, (x, y) in splits.items()}
    assert causes(inspect(raw, name)) == []  # pixels from 0 to 1 are near enough to unit scale
    flat = {split: (x.reshape(len(x), -1), y) for split, (x, y) in splits.items()}
    assert causes(inspect(flat, name)) == []  # and a table of pixels is no worse than images


@needs_mnist
def test_all_of_mnist_is_clean() -> None:
    report = inspect_data(load("mnist", download=False), samples=2000)
    assert report.clean
    assert report.splits.loc["train", "samples"] == 50_000
    assert report.splits.loc["test", "shared"] == 0


@pytest.mark.parametrize("name", ["spirals", "blobs", "line"])
def test_made_sets_are_clean(name: str) -> None:
    assert causes(inspect_data(load(name))) == []


@pytest.mark.parametrize("make", [datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer])
def test_small_tables_are_clean_once_standardised_and_shuffled(make: Callable[..., tuple[Array, Array]]) -> None:
    x, y = make(return_X_y=True)
    for seed in range(5):
        rows = np.random.default_rng(seed).permutation(len(y))
        train, test = np.split(rows, [len(rows) * 7 // 10])
        scaled = (x - x[train].mean(0)) / x[train].std(0)
        assert causes(inspect_data({"train": (scaled[train], y[train]), "test": (scaled[test], y[test])})) == []


def test_the_two_equal_flowers_of_iris_are_counted_but_no_surprise() -> None:
    x, y = datasets.load_iris(return_X_y=True)
    assert len(np.unique(x, axis=0)) == 149
    report = inspect_data((x, y))
    assert causes(report) == [("inputs_not_normalised", "train"), ("no_shuffle", "train")]  # it comes sorted, in cm
    assert report.splits.loc["train", "duplicates"] == 1
    x[:8] = x[50:58]  # this many do not coincide by chance
    assert ("duplicates", "train") in causes(inspect_data((x, y)))


def test_rows_of_few_distinct_values_coincide_without_being_copies() -> None:
    g = np.random.default_rng(0)
    categories = [g.integers(0, count, 1500) for count in (3, 4, 2, 5)]
    table = np.concatenate([np.eye(count)[column] for count, column in zip((3, 4, 2, 5), categories, strict=True)], 1)
    report = inspect_data({"train": (table[:1000], categories[0][:1000]), "test": (table[1000:], categories[0][1000:])})
    assert report.clean
    assert report.splits.loc["train", "duplicates"] > 800
    assert report.splits.loc["test", "shared"] > 400
    wrong = g.random(1500) < 0.1
    (finding,) = inspect_data((table, np.where(wrong, (categories[0] + 1) % 3, categories[0]))).findings
    assert finding.cause == "label_noise"  # told from all the rows, though only 120 of them are distinct
    assert finding.evidence["samples"] == 1500
    assert abs(float(finding.evidence["estimate"]) - 0.1) < 3 * float(finding.evidence["standard_error"])


@pytest.mark.parametrize("scale", [0.1, -1.0, 255.0])
def test_a_leak_is_found_in_another_scale_too(scale: float) -> None:
    splits = splits_of("digits")
    rows = leak(splits, np.random.default_rng(0))
    x, y = splits["test"]
    splits["test"] = (scale * x + 0.3).astype(np.float32), y
    report = inspect(splits)
    assert causes(report) == [("train_test_leak", "test"), ("train_test_preprocessing_mismatch", "test")]
    assert set(report.findings[0].rows) == rows
    assert report.findings[0].evidence["rescaled"] == len(rows)


def test_points_of_the_plane_are_not_taken_for_one_another_in_another_scale() -> None:
    blobs = load("blobs")  # standardised by itself, every point is (-1, 1) or (1, -1)
    assert causes(inspect_data({"train": blobs.train, "test": (3 * blobs.test.x + 1, blobs.test.y)})) == [
        ("train_test_preprocessing_mismatch", "test")
    ]


def test_a_leaked_point_is_found_among_them() -> None:
    blobs = load("blobs")
    x = blobs.test.x.clone()
    x[[3, 40]] = blobs.train.x[[7, 8]]
    (finding,) = inspect_data({"train": blobs.train, "test": (x, blobs.test.y)}).findings
    assert (finding.cause, finding.rows) == ("train_test_leak", (3, 40))


def test_duplicates_tell_how_many_contradict_each_other() -> None:
    splits = splits_of("digits")
    x, y = splits["train"]
    x[100:110] = x[200:210]
    y[100:110] = y[200:210]
    y[100:103] = (y[100:103] + 1) % 10
    (finding,) = inspect(splits).findings
    assert finding.cause == "duplicates"
    assert finding.evidence["copies"] == 10
    assert finding.evidence["contradicting"] == 6


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: x / 255, "divided by 255 once more"),
        (lambda x: x * 255, "not divided by 255"),
        (lambda x: 0.6 * x - 0.4, "another scale"),
        (lambda x: -x, "inverted"),
    ],
)
def test_a_split_of_other_preprocessing_is_the_only_finding(change: Callable[[Array], Array], said: str) -> None:
    splits = splits_of("digits")
    splits["test"] = change(splits["test"][0]), splits["test"][1]
    report = inspect(splits)
    assert causes(report) == [("train_test_preprocessing_mismatch", "test")]
    assert said in report.findings[0].summary


def colour_images(count: int, g: np.random.Generator) -> tuple[Array, Array]:
    """Return images, brighter to the left in red and to the top in green, with a blue column that tells the class."""
    y = g.integers(0, 5, count)
    x = 0.1 * g.standard_normal((count, 3, 8, 8)) + 0.4
    x[:, 0] += np.linspace(0.3, 0, 8)
    x[:, 1] += np.linspace(0.3, 0, 8)[:, None]
    x[np.arange(count), 2, :, y] += 0.4
    return x, y


def test_swapped_channels_are_told_and_undone_before_the_labels_are_judged() -> None:
    g = np.random.default_rng(0)
    train, (x, y) = colour_images(1000, g), colour_images(400, g)
    assert causes(inspect_data({"train": train, "test": (x, y)})) == []
    report = inspect_data({"train": train, "test": (x[:, ::-1], y)})
    assert causes(report) == [("train_test_preprocessing_mismatch", "test")]
    assert report.findings[0].evidence["order"] == "(2, 1, 0)"
    last = inspect_data({"train": train, "test": (np.moveaxis(x, 1, 3), y)})
    assert causes(last) == [("train_test_preprocessing_mismatch", "test")]
    assert "(8, 8, 3)" in last.findings[0].summary


def test_labels_shuffled_in_the_test_split_alone_are_found_in_whatever_scale_it_is() -> None:
    splits = splits_of("digits")
    x, y = splits["test"]
    splits["test"] = x, np.random.default_rng(0).permutation(y)
    assert causes(inspect(splits)) == [("labels_misaligned", "test")]
    splits["test"] = x / 10, splits["test"][1]
    assert causes(inspect(splits)) == [("labels_misaligned", "test"), ("train_test_preprocessing_mismatch", "test")]


def test_two_flaws_are_two_findings() -> None:
    splits = splits_of("digits")
    wrong_labels(splits, np.random.default_rng(0))
    not_a_number(splits, np.random.default_rng(1))
    sorted_order(splits, np.random.default_rng(2))
    assert [cause for cause, _ in causes(inspect(splits))] == ["nonfinite_input", "label_noise", "no_shuffle"]


def test_wrong_labels_are_estimated_and_listed() -> None:
    estimates, errors, precisions, recalls = [], [], [], []
    for seed in range(5):
        splits = splits_of("digits")
        rows = wrong_labels(splits, np.random.default_rng(seed))
        report = inspect(splits)
        (finding,) = report.findings
        estimates.append(float(finding.evidence["estimate"]))
        errors.append(float(finding.evidence["standard_error"]))
        found = set(report.suspects["row"])
        assert found == set(finding.rows)
        precisions.append(len(found & rows) / len(found))
        recalls.append(len(found & rows) / len(rows))
        truth = _pristine("digits")["train"][1]
        right = [row in rows and truth[row] == named for row, named in report.suspects[["row", "predicted"]].to_numpy()]
        assert all(right[:5])
        assert report.suspects["confidence"].is_monotonic_decreasing
    assert abs(np.mean(estimates) - 0.03) < 2 * np.mean(errors) / np.sqrt(5)
    assert np.mean(precisions) > 0.85
    assert np.mean(recalls) > 0.8


def test_sets_that_are_too_hard_for_the_probes_are_not_accused() -> None:
    for seed in range(3):
        g = np.random.default_rng(seed)
        x, y = _pristine("digits")["train"]
        drowned = x + 2 * g.standard_normal(x.shape)  # half of the probes' answers are wrong
        report = inspect_data((drowned / drowned.std(), y))
        assert report.clean
        assert report.floors["linear"] < 0.6


@pytest.mark.parametrize("classes", [2, 3])
def test_classes_that_overlap_are_not_taken_for_wrong_labels(classes: int) -> None:
    accused, suspects = 0, 0
    for seed in range(20):
        g = np.random.default_rng(seed)
        y = g.integers(0, classes, 600)
        x = 1.2 * np.eye(classes)[y] + g.standard_normal((600, classes))
        report = inspect_data((x, y))
        assert report.floors["linear"] < 0.85
        accused += not report.clean
        suspects += len(report.suspects)
    assert accused == 0
    assert suspects > 20  # though there are labels to doubt


def test_a_rare_class_that_is_hard_to_tell_is_imbalance_and_no_noise() -> None:
    for seed in range(3):
        g = np.random.default_rng(seed)
        y = (g.random(3000) < 0.05).astype(int)
        x = g.standard_normal((3000, 8))
        x[:, 0] += y
        assert causes(inspect_data((x, y))) == [("class_imbalance", "train")]


@pytest.mark.parametrize(
    ("labels", "classes", "said"),
    [
        (lambda y: y + 1, None, "class 0 has no sample"),
        (lambda y: y + 1, 10, "run from 1 to 10"),
        (lambda y: np.where(y == 3, -1, y), 10, "negative"),
        (lambda y: y + 0.5 * (y == 3), 10, "no whole numbers"),
        (lambda y: np.where(y > 4, y + 1, y), None, "leave out 5"),
        (lambda y: y, 8, "beyond the last of 8"),
    ],
)
def test_wrong_class_indices_are_one_finding(labels: Callable[[Array], Array], classes: int | None, said: str) -> None:
    x, y = splits_of("digits")["train"]
    (finding,) = inspect_data((x, labels(y)), classes=classes).findings
    assert finding.cause == "label_index_error"
    assert said in finding.summary


def test_a_split_with_labels_from_one_on_is_told_from_a_class_that_training_lacks() -> None:
    splits = splits_of("digits")
    x, y = splits["test"]
    splits["test"] = x, y + 1
    assert causes(inspect(splits)) == [("label_index_error", "test")]
    splits = splits_of("digits")
    x, y = splits["train"]
    splits["train"] = x[y < 9], y[y < 9]
    assert causes(inspect(splits)) == [("missing_class", "train")]


def test_classes_may_be_missing_from_any_split_or_from_all_that_were_declared() -> None:
    splits = splits_of("digits")
    x, y = splits["validation"]
    splits["validation"] = x[y != 4], y[y != 4]
    report = inspect(splits)
    assert causes(report) == [("missing_class", "validation")]
    assert report.findings[0].evidence["class"] == "4"
    assert report.classes.loc["4", "validation"] == 0
    (finding,) = inspect_data(splits_of("digits")["train"], classes=11).findings
    assert (finding.cause, finding.evidence["class"]) == ("missing_class", "10")


def test_a_few_test_samples_may_lack_a_class_by_chance() -> None:
    splits = splits_of("digits")
    x, y = splits["test"]
    splits["test"] = x[y != 4][:20], y[y != 4][:20]
    assert inspect(splits).clean


def test_imbalance_is_measured_but_not_that_of_a_handful() -> None:
    x, y = splits_of("digits")["train"]
    kept = (y != 3) | (np.cumsum(y == 3) <= 9)
    (finding,) = inspect_data((x[kept], y[kept])).findings
    assert finding.cause == "class_imbalance"
    assert finding.evidence["rarest"] == 9
    assert finding.evidence["majority"] == np.bincount(y[kept]).max() / kept.sum()
    few = np.repeat([0, 1], [20, 2])
    order = np.random.default_rng(0).permutation(22)
    assert inspect_data((np.random.default_rng(1).standard_normal((22, 3)), few[order])).clean


def test_a_loader_that_shuffles_sorted_data_is_not_accused_and_one_that_does_not_is() -> None:
    splits = splits_of("digits")
    sorted_order(splits, np.random.default_rng(0))
    dataset = TensorDataset(*map(torch.from_numpy, splits["train"]))
    assert causes(inspect_data(DataLoader(dataset, batch_size=32, shuffle=True))) == []
    assert causes(inspect_data(DataLoader(dataset, batch_size=32))) == [("no_shuffle", "train")]


def test_blocks_of_a_class_are_an_order_and_turns_are_none() -> None:
    x, y = splits_of("digits")["train"]
    by_class = [np.flatnonzero(y == label)[:110] for label in range(10)]
    turns = np.stack(by_class, axis=1).ravel()
    blocks = np.concatenate([rows[i : i + 10] for i in range(0, 110, 10) for rows in by_class])
    assert causes(inspect_data((x[turns], y[turns]))) == []
    assert causes(inspect_data((x[blocks], y[blocks]))) == [("no_shuffle", "train")]


def test_blank_samples_are_no_duplicates_of_one_another() -> None:
    splits = splits_of("digits")
    splits["train"][0][[5, 60, 700]] = -0.8
    splits["test"][0][9] = -0.8
    report = inspect(splits)
    assert causes(report) == [("constant_inputs", "train"), ("constant_inputs", "test")]
    assert report.findings[0].rows == (5, 60, 700)


def test_scales_far_from_one() -> None:
    x, y = splits_of("digits")["train"]
    bytes_ = np.round((x - x.min()) / (x.max() - x.min()) * 255).astype(np.uint8)
    assert causes(inspect_data((bytes_, y))) == [("inputs_not_normalised", "train")]
    assert causes(inspect_data((x / 100, y))) == [("inputs_not_normalised", "train")]
    assert causes(inspect_data((0.1 * x + 3, y))) == [("inputs_not_normalised", "train")]
    assert causes(inspect_data((x.astype(np.float64), y))) == []


def test_numbers_to_predict() -> None:
    data = load("line")
    x, y = data.train
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(y)))
    assert causes(inspect_data((x, y[order]))) == [("labels_misaligned", "train")]
    assert causes(inspect_data((x, 1000 * y))) == [("targets_not_scaled", "train")]
    rising = x[:, 0].argsort()
    assert causes(inspect_data((x[rising], y[rising]))) == [("no_shuffle", "train")]
    assert causes(inspect_data({"train": data.train, "test": (data.test.x, data.test.y.flip(0))})) == [
        ("labels_misaligned", "test")
    ]
    gone = y.clone()
    gone[17] = torch.nan
    (finding,) = inspect_data((x, gone)).findings
    assert (finding.cause, finding.rows) == ("nonfinite_input", (17,))
    report = inspect_data(data)
    assert report.clean
    assert report.classes.empty
    assert report.suspects.empty
    assert report.floors["linear"] == pytest.approx(np.corrcoef(x[:, 0], y[:, 0])[0, 1] ** 2, abs=0.01)
    assert report.floors["variance"] == pytest.approx(float(y.var(correction=0)), rel=1e-5)


def test_the_floors_are_those_of_scikit_learn() -> None:
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    x, y = splits_of("digits")["train"]
    floors = inspect_data((x, y)).floors
    flat = x.reshape(len(x), -1)
    blind = DummyClassifier(strategy="prior").fit(flat, y)
    assert floors["majority"] == pytest.approx(blind.score(flat, y))
    assert floors["entropy"] == pytest.approx(log_loss(y, blind.predict_proba(flat)))
    linear = cross_val_score(LogisticRegression(C=0.1, max_iter=1000), flat, y, cv=5).mean()
    assert floors["linear"] == pytest.approx(linear, abs=0.02)
    neighbours = cross_val_score(KNeighborsClassifier(10), flat, y, cv=20).mean()
    assert floors["neighbours"] == pytest.approx(neighbours, abs=0.02)
    assert floors["shuffled"] < 0.15


def test_too_few_samples_have_no_floors_and_no_findings() -> None:
    x, y = splits_of("digits")["train"]
    report = inspect_data((x[:12], y[:12] % 2))
    assert report.clean
    assert np.isnan(report.floors["linear"])
    assert report.to_dict()["floors"]["linear"] is None


def test_only_so_many_samples_are_probed() -> None:
    splits = splits_of("digits")
    wrong_labels(splits, np.random.default_rng(0))
    probed = [inspect_data(splits, samples=400, seed=seed).suspects["row"] for seed in (0, 0, 1)]
    assert probed[0].equals(probed[1])
    assert not probed[0].equals(probed[2])
    assert len(probed[0]) < len(inspect(splits).suspects)


def test_findings_come_in_the_order_of_the_causes_and_those_of_few_samples_last() -> None:
    splits = splits_of("digits")
    splits["train"][0][7] = splits["train"][0][8]  # a copy among 1,197 is not few
    sorted_order(splits, np.random.default_rng(0))
    assert [cause for cause, _ in causes(inspect(splits))] == ["no_shuffle", "duplicates"]
    few = Finding("train_test_leak", "test", "", {"share": 0.0005}, (1,), "")
    many = Finding("class_imbalance", "train", "", {}, (), "")
    assert gravest_first([few, many]) == (many, few)
    assert gravest_first([many, replace(few, evidence={"share": 0.01})])[0].cause == "train_test_leak"


def test_an_unknown_cause_is_refused() -> None:
    with pytest.raises(ValueError, match="cause must be one of nonfinite_input, "):
        Finding("gremlins", "train", "", {}, (), "")
