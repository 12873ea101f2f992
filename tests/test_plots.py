"""The figures: what is drawn is what was measured, and drawn alike every time."""

import io
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes

from unstuck import plots
from unstuck.data import Quadratic, load
from unstuck.history import History
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


def history(epochs: int, steps: int = 4, columns: tuple[str, ...] = (), loss: float = 1.0) -> History:
    """A history whose step losses fall from `loss`, with columns that do the same."""
    made = History()
    for epoch in range(epochs):
        for step in range(steps):
            made.record(torch.tensor(loss / (1 + epoch * steps + step)), samples=1, lr=0.1 * 0.5**epoch)
        made.close_epoch({name: (k + 1) / (10 * (epoch + 1)) for k, name in enumerate(columns)})
    return made


def lines(axis: Axes) -> dict[str, list[list[float]]]:
    return {str(line.get_label()): line.get_xydata().tolist() for line in axis.get_lines()}


COLUMNS = tuple(f"{split}_{metric}" for split in ("train", "validation", "test") for metric in ("loss", "accuracy"))


def test_the_picture_of_a_run_shows_what_its_history_holds() -> None:
    run = history(2, columns=COLUMNS)
    loss, accuracy, rate = plots.run_curves(run).axes
    assert [axis.get_ylabel() for axis in (loss, accuracy, rate)] == ["loss", "accuracy (%)", "learning\nrate"]
    assert rate.get_xlabel() == "epoch"
    for split in ("train", "validation", "test"):
        assert lines(loss)[split] == [[1, run[f"{split}_loss"][0]], [2, run[f"{split}_loss"][1]]]
        assert lines(accuracy)[split] == [[epoch + 1, 100 * run[f"{split}_accuracy"][epoch]] for epoch in range(2)]
    places = [step / 4 for step in range(1, 9)]
    assert lines(loss)["each step"] == [[x, y] for x, y in zip(places, run.steps["loss"], strict=True)]
    faint = next(line for line in loss.get_lines() if line.get_label() == "each step")
    assert faint.get_alpha() < 0.6
    assert faint.get_zorder() < min(line.get_zorder() for line in loss.get_lines() if line is not faint)
    assert rate.get_lines()[0].get_xydata().tolist() == [[x, y] for x, y in zip(places, run.steps["lr"], strict=True)]


@pytest.mark.parametrize(
    ("columns", "panels", "labels"),
    [
        (COLUMNS, 3, ["train", "validation", "test", "each step"]),
        ((), 2, ["mean of steps", "each step"]),
        (("test_loss",), 2, ["mean of steps", "test", "each step"]),
        (("test_accuracy",), 3, ["mean of steps", "each step", "test"]),
        (("held_out_loss", "ema_held_out_loss"), 2, ["mean of steps", "held out", "held out, averaged", "each step"]),
        (("gradient_norm",), 2, ["mean of steps", "each step"]),
    ],
)
@pytest.mark.parametrize("epochs", [1, 50])
def test_any_columns_of_any_number_of_epochs_make_a_picture(
    columns: tuple[str, ...], panels: int, labels: list[str], epochs: int
) -> None:
    figure = plots.run_curves(history(epochs, columns=columns))
    assert len(figure.axes) == panels
    assert [text.get_text() for text in figure.legends[0].get_texts()] == labels
    figure.canvas.draw()
    box = figure.legends[0].get_window_extent()
    assert box.x1 <= figure.bbox.width  # nothing is cut off
    assert box.y0 >= figure.axes[0].get_window_extent().y1


def test_a_split_has_one_colour_and_its_averaged_weights_dashes() -> None:
    names = ("test_loss", "test_accuracy", "ema_test_loss", "mine_loss", "mine_accuracy", "yours_loss")
    loss, accuracy, _ = plots.run_curves(history(2, columns=names)).axes
    looks = {line.get_label(): (line.get_color(), line.get_linestyle()) for line in loss.get_lines()}
    assert looks["test"] == (plots.COLOURS[2], "-")
    assert looks["test, averaged"] == (plots.COLOURS[2], "--")
    assert len({looks[name][0] for name in ("test", "mine", "yours", "each step")}) == 4
    for line in accuracy.get_lines():
        assert looks[line.get_label()][0] == line.get_color()


@pytest.mark.parametrize(("last", "scale"), [(0.051, "linear"), (0.05, "log"), (0.0, "linear"), (-1.0, "linear")])
def test_a_loss_that_spans_a_factor_of_20_is_drawn_on_a_logarithmic_axis(last: float, scale: str) -> None:
    run = History()
    for loss in (1.0, last):
        run.record(torch.tensor(loss, dtype=torch.float64), samples=1, lr=0.1)
    run.flush()
    loss, rate = plots.run_curves(run).axes
    assert loss.get_yscale() == scale
    assert rate.get_yscale() == "linear"
    low, high = loss.get_ylim()
    assert low <= last < 1 <= high
    assert rate.get_ylim()[0] == 0


def test_steps_before_the_first_epochs_end_are_drawn_by_their_number() -> None:
    run = history(0)
    for _ in range(3):
        run.record(torch.tensor(1.0), samples=1, lr=0.1)
    run.flush()
    figure = plots.run_curves(run)
    assert figure.axes[-1].get_xlabel() == "step"
    assert [x for x, _ in lines(figure.axes[0])["each step"]] == [1, 2, 3]
    assert "mean of steps" not in lines(figure.axes[0])


def test_the_steps_of_an_open_epoch_follow_at_the_pace_of_the_one_before() -> None:
    run = history(2, steps=4)
    for _ in range(2):
        run.record(torch.tensor(1.0), samples=1, lr=0.1)
    run.flush()
    assert [x for x, _ in lines(plots.run_curves(run).axes[0])["each step"]][-4:] == [1.75, 2.0, 2.25, 2.5]


def test_a_long_run_is_thinned_but_keeps_its_peaks() -> None:
    run = History()
    losses = 1 + torch.rand(50_000, generator=torch.Generator().manual_seed(0))
    losses[31_415], losses[27_182], losses[16_180] = 9.0, 0.5, torch.nan
    for loss in losses:
        run.record(loss, samples=1, lr=0.1)
    run.close_epoch()
    drawn = np.array(lines(plots.run_curves(run).axes[0])["each step"])
    assert 1000 <= len(drawn) <= 2000
    assert drawn[np.nanargmax(drawn[:, 1])].tolist() == pytest.approx([31_416 / 50_000, 9.0])
    assert drawn[np.nanargmin(drawn[:, 1])].tolist() == pytest.approx([27_183 / 50_000, 0.5])
    assert (np.diff(drawn[:, 0]) > 0).all()
    assert np.isfinite(drawn).all()


def test_what_is_not_finite_leaves_a_gap() -> None:
    run = History()
    for loss in (1.0, np.inf, np.nan):
        run.record(torch.tensor(loss), samples=1, lr=0.1)
        run.close_epoch({"test_loss": loss, "test_accuracy": 1.0})
    figure = plots.run_curves(run)
    figure.canvas.draw()
    np.testing.assert_array_equal([y for _, y in lines(figure.axes[0])["test"]], [1.0, np.nan, np.nan])
    assert figure.axes[1].get_ylim()[1] <= 101  # no axis of accuracies goes far beyond 100 %


def test_there_is_no_picture_of_a_run_without_a_step() -> None:
    with pytest.raises(ValueError, match="no step was measured"):
        plots.run_curves(History())
