"""Interactive figures: every position of the controls shows the numbers that were computed for it, and nothing else."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup, Tag

from unstuck import plots
from unstuck.data import Quadratic
from unstuck.plots import marks
from unstuck.plots.controls import Control, typeset
from unstuck.plots.responsive import NARROW, WIDE, picture, responsive

ROWS = plots.slider("row", "row", [1, 2], start=0)
COLUMNS = plots.slider("column", "column", [1, 2, 3], start=0)


def drawn(figure: plots.Interactive, room: int = WIDE, **chosen: int) -> BeautifulSoup:
    """Return the picture of a figure with its controls set."""
    vega = responsive(figure.spec)
    for signal in vega["signals"]:
        signal |= {"value": chosen[signal["name"]]} if signal["name"] in chosen else {}
    return BeautifulSoup(picture(vega, room), "html.parser")


def sized(figure: plots.Interactive, room: int) -> tuple[float, float]:
    """Return the width and height of a figure's picture."""
    root = drawn(figure, room).svg
    return float(root["width"]), float(root["height"])


def paths(picture_: BeautifulSoup, kind: str) -> list[Tag]:
    """Return what is drawn of marks of a kind."""
    return picture_.select(f".mark-{kind}.role-mark path, .mark-{kind}.role-mark line, .mark-{kind}.role-mark text")


def place(mark: Tag) -> tuple[float, ...]:
    """Return where a mark is."""
    return tuple(map(float, re.findall(r"-?[\d.]+", mark["transform"])))


def one(*drawn_marks: marks.Mark, controls: list[Control], **axes: Any) -> plots.Interactive:
    """Return a figure of one panel from 0 to 10."""
    limits = {"x": "x", "y": "y", "xlim": (0, 10), "ylim": (0, 10), **axes}
    return plots.interactive([plots.panel(*drawn_marks, **limits)], controls)


def test_every_combination_of_the_controls_shows_its_own_numbers() -> None:
    heights = np.array([[1.0, 2.0, 3.0], [5.0, 7.0, 9.0]])  # (rows, columns)
    figure = one(marks.dots(5, heights[..., None], [ROWS, COLUMNS]), controls=[ROWS, COLUMNS])
    seen = {}
    for row in range(2):
        for column in range(3):
            (dot,) = paths(drawn(figure, row=row, column=column), "symbol")
            seen[row, column] = place(dot)[1]
    pixels = np.array([[seen[row, column] for column in range(3)] for row in range(2)])
    slope, offset = np.polyfit(heights.ravel(), pixels.ravel(), 1)
    assert slope < 0  # up is more
    np.testing.assert_allclose(pixels, slope * heights + offset, atol=1e-6)


def test_controls_that_do_not_matter_to_a_mark_leave_it_alone() -> None:
    figure = one(marks.dots(5, [[1.0], [9.0]], [ROWS]), controls=[COLUMNS, ROWS])
    assert str(drawn(figure, column=0).svg) == str(drawn(figure, column=2).svg)
    assert str(drawn(figure, row=0).svg) != str(drawn(figure, row=1).svg)


def test_a_line_goes_from_point_to_point_and_breaks_where_a_number_is_missing() -> None:
    figure = one(marks.line([1, 9, 5, 5, 2, 3], [1, 1, 9, np.nan, 4, 4]), controls=[ROWS])
    (path,) = paths(drawn(figure), "line")
    moves = re.findall(r"([ML])(-?[\d.]+)", path["d"])
    assert "".join(move for move, _ in moves) == "MLLML"
    across = [float(x) for _, x in moves]
    assert across[1] > across[2] > across[0]  # back to the middle, and not sorted from left to right


def test_a_control_can_let_a_line_grow_and_move_a_point_along_it() -> None:
    steps = plots.slider("step", "step", range(5))
    x = np.arange(5.0)
    figure = one(marks.line(x, x, until=steps), marks.dots(x, x, at=steps), controls=[steps])
    for step in (1, 4):
        seen = drawn(figure, step=step)
        (path,), (dot,) = paths(seen, "line"), paths(seen, "symbol")
        assert len(re.findall("[ML]", path["d"])) == step + 1
        assert path["d"].endswith(",".join(f"{part:g}" for part in place(dot)))


def test_rules_stand_at_their_number_and_words_say_those_of_the_state() -> None:
    upright = marks.rule(x=[2.0, 8.0], by=[ROWS])
    named = marks.words(5, 5, ["first", "second"], [ROWS])
    figure = one(upright, named, controls=[ROWS])
    places, texts = [], []
    for row in range(2):
        seen = drawn(figure, row=row)
        places.append(place(paths(seen, "rule")[0])[0])
        texts.append(paths(seen, "text")[0].text)
    assert places[1] / places[0] == pytest.approx(4, rel=0.01)
    assert texts == ["first", "second"]


def test_numbers_are_kept_to_so_many_digits_and_not_further_out_than_a_picture_reaches() -> None:
    values = np.array([1 / 3, np.nan, np.inf, -1e30, 12345678.0])
    (row,) = marks.line(range(5), values).within({"y": (-40.0, 50.0)}).rows(digits=3)
    assert row["y"] == [0.333, None, 50, -40, 50]
    assert row["x"] == [0, 1, 2, 3, 4]
    wild = one(marks.line(range(5), [1, 1e9, -1e18, 1e27, np.inf]), controls=[ROWS])
    assert max(map(len, re.findall(r"\d+", str(wild.spec["vconcat"])))) < 8


def test_level_lines_are_where_the_function_has_that_value() -> None:
    bowl = Quadratic(torch.tensor([1.0, 4.0]))
    lines = marks.contours(bowl, (-3, 3), (-3, 3), [0.5, 2.0])
    points = np.stack([lines.columns["x"][0], lines.columns["y"][0]], axis=1)
    there = torch.tensor(points[np.isfinite(points).all(1)])
    heights = bowl(there)
    assert len(there) > 100
    assert torch.minimum((heights - 0.5).abs(), (heights - 2).abs()).max() < 0.02


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: marks.line([0, 1], [[0, 1]] * 3, [ROWS]), "row"),
        (lambda: marks.rule(), "either x or y"),
        (lambda: marks.rule(x=1, y=1), "either x or y"),
        (lambda: plots.slider("a b", "a", [1, 2]), "identifier"),
        (lambda: plots.slider("a", "a", [1]), "two values"),
        (lambda: plots.choice("a", "a", ["x", "y"], start=2), "from 0 to 1"),
        (lambda: one(marks.line([0, 1], [[0, 1]] * 2, [ROWS]), controls=[COLUMNS]), "row"),
        (lambda: one(marks.line([0, 1], [0, 1]), controls=[ROWS, ROWS]), "names of their own"),
        (lambda: plots.panel(marks.line([0, 1], [1, 1]), x="x", y="y"), "ylim"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make: Callable[[], Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        make()


def test_axes_span_all_that_any_state_shows() -> None:
    growing = marks.line([1, 10], [[0.1, 1], [0.2, 2]], [ROWS])
    assert plots.panel(growing, x="x", y="y").ylim == (0.1, 2)
    assert plots.panel(growing, x="x", y="y", ylim=(0, 1)).ylim == (0, 1)


def test_panels_stand_side_by_side_where_there_is_room_and_else_below_each_other() -> None:
    line = marks.line([0, 1], [0, 1])
    half, wide = (plots.panel(line, x="x", y="y", wide=wide) for wide in (False, True))
    for panels in ([half], [wide], [half, half], [wide, half, half], [half, wide]):
        figure = plots.interactive(panels, [ROWS])
        for room in (WIDE, NARROW):
            assert 0.9 * room < sized(figure, room)[0] <= room
    beside = plots.interactive([half, half], [ROWS])
    assert sized(beside, NARROW)[1] > 1.8 * sized(beside, WIDE)[1]
    below = plots.interactive([wide, wide], [ROWS])
    assert sized(below, NARROW)[1] == sized(below, WIDE)[1]


def test_readings_are_those_of_their_controls_in_order() -> None:
    panel = plots.panel(marks.line([0, 1], [0, 1]), x="x", y="y")
    figure = plots.interactive([panel], [ROWS, COLUMNS], (lambda column, row: f"{row} {column}", [COLUMNS, ROWS]))
    (reading,) = figure.spec["usermeta"]["readings"]
    assert reading == {"by": ["column", "row"], "texts": ["0 0", "1 0", "0 1", "1 1", "0 2", "1 2"]}


def test_a_notebook_gets_a_chart_with_inputs_and_the_same_picture_every_time() -> None:
    figure = one(marks.line([0, 1], [[0, 1], [1, 0]], [ROWS]), controls=[ROWS])
    first, second = figure._repr_mimebundle_(), figure._repr_mimebundle_()
    assert first == second
    assert first["image/svg+xml"].startswith("<svg")
    (parameter,) = first["application/vnd.vegalite.v6+json"]["params"]
    assert parameter["bind"] == {"input": "range", "min": 0, "max": 1, "step": 1, "name": "row "}


def test_numbers_are_typeset() -> None:
    assert typeset("-0.5, 1.2e-05, 3e+10 and x-1, 2024-11") == "−0.5, 1.2 × 10⁻⁵, 3 × 10¹⁰ and x-1, 2024-11"


def test_the_package_is_imported_without_what_only_interactive_figures_need() -> None:
    program = "import sys; sys.modules |= dict.fromkeys(('altair', 'vl_convert')); import unstuck.plots"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_what_is_missing_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ModuleNotFoundError, match=r"altair: pip install 'unstuck\[charts\]'"):
        one(marks.line([0, 1], [0, 1]), controls=[ROWS])
