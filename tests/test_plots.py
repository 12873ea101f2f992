"""The figures: what is drawn is what was measured, and drawn alike every time."""

import io
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from unstuck import plots
from unstuck.data import Quadratic, load
from unstuck.loop import fit
from unstuck.models import Linear
from unstuck.optim import SGD


@pytest.fixture(autouse=True)
def styled() -> None:
    with plt.rc_context():
        plots.style()
        yield
    plt.close("all")


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours."""

    def luminance(colour: str) -> float:
        channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", plots.COLOURS)
def test_every_colour_is_legible_on_white(colour: str) -> None:
    assert contrast(colour, "#ffffff") >= 4.5  # WCAG AA for text, as labels have their line's colour


def test_a_band_is_the_median_and_the_middle_of_the_runs() -> None:
    _, axis = plt.subplots()
    values = np.arange(11.0)[:, None] + np.array([0.0, 100.0])
    plots.band(axis, [1, 2], values, label="runs")
    (line,) = axis.get_lines()
    assert line.get_ydata().tolist() == [5, 105]
    edges = axis.collections[0].get_paths()[0].vertices
    assert {1.0, 9.0, 101.0, 109.0} <= set(edges[:, 1])


def test_a_band_leaves_out_what_a_run_lacks() -> None:
    _, axis = plt.subplots()
    plots.band(axis, [0], [[1.0], [np.nan], [3.0]])
    assert axis.get_lines()[0].get_ydata().tolist() == [2]


def test_curves_have_a_panel_a_column() -> None:
    data = load("digits")
    runs = [fit(Linear(), data, optimizer=partial(SGD, lr=0.1), epochs=2, device="cpu", seed=s) for s in range(2)]
    figure = plots.curves(runs, ["train_loss", "test_accuracy"])
    assert [axis.get_ylabel() for axis in figure.axes] == ["train loss", "test accuracy"]
    medians = figure.axes[1].get_lines()[0].get_ydata()
    np.testing.assert_allclose(medians, np.median([run.history["test_accuracy"] for run in runs], axis=0))


def test_contours_and_paths_share_the_plane() -> None:
    _, axis = plt.subplots()
    plots.contours(axis, Quadratic(torch.tensor([1.0, 4.0])), (-2, 2), (-1, 1), levels=[1.0])
    plots.path(axis, torch.tensor([[2.0, 0.0], [1.0, 0.5]]), label="walk")
    assert axis.get_xlim() == (-2, 2)
    walk, start = axis.get_lines()
    assert walk.get_xydata().tolist() == [[2, 0], [1, 0.5]]
    assert start.get_xydata().tolist() == [[2, 0]]
    level = axis.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose(0.5 * level[:, 0] ** 2 + 2 * level[:, 1] ** 2, 1, atol=0.02)


def test_lines_are_labelled_at_their_last_finite_point() -> None:
    _, axis = plt.subplots()
    axis.plot([0, 1, 2], [5, 6, np.nan], label="broken", color="#0067b8")
    axis.plot([0, 1], [1, 1])  # no label
    plots.label_lines(axis)
    (text,) = axis.texts
    assert (text.get_text(), text.xy, text.get_color()) == ("broken", (1, 6), "#0067b8")


def test_images_fill_a_grid() -> None:
    figure = plots.images(torch.rand(7, 1, 4, 4), titles=list("abcdefg"), columns=5)
    assert len(figure.axes) == 10
    assert [axis.get_title(loc="center") for axis in figure.axes[:7]] == list("abcdefg")
    assert sum(len(axis.images) for axis in figure.axes) == 7
    plots.images(torch.rand(2, 3, 4, 4), columns=2)


def test_the_same_figure_gives_the_same_bytes() -> None:
    def draw() -> bytes:
        figure, axis = plt.subplots()
        plots.band(axis, [1, 2, 3], np.arange(9.0).reshape(3, 3), label="runs")
        axis.legend()
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
        return file.getvalue()

    assert draw() == draw()
