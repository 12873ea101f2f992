"""Which line of a script gives a setting its value."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from unstuck.doctor.sources import (
    line_beside,
    line_of_choice,
    line_of_condition,
    line_of_length,
    line_of_name,
    line_of_setting,
)
from unstuck.doctor.watch.sites import Site

NET = """
    from torch import nn

    class Net(nn.Module):
        def __init__(self, wide, hidden=4):
            super().__init__()
            self.layer = nn.Linear(wide, hidden)
"""


def site(folder: Path, text: str, line: str) -> Site:
    """Write a script, and return where a line stands in it."""
    text = dedent(text).strip() + "\n"
    path = folder / "train.py"
    path.write_text(text, encoding="utf8")
    return Site(str(path), [one.strip() for one in text.splitlines()].index(line) + 1)


def shown(found: Site | None) -> str:
    """Return the text of a line."""
    assert found is not None
    return Path(found.file).read_text(encoding="utf8").splitlines()[found.line - 1].strip()


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("    net = Net(20, hidden=4)", "net = Net(20, hidden=4)"),  # a call comes before the default
        ("    net = Net(20, 4)", "net = Net(20, 4)"),
        ("    net = Net(20)\n    batch = 4", "def __init__(self, wide, hidden=4):"),  # not any number that is equal
        ("    hidden = 4\n    net = Net(20, hidden)\n    four = 4", "hidden = 4"),
        ("    config = dict(hidden=4)\n    net = Net(20, **config)", "config = dict(hidden=4)"),
        ("    config = {'hidden': 4}\n    net = Net(20, **config)", "config = {'hidden': 4}"),
        ("    a = Net(20, 4)\n    b = Net(20, 4)", "self.layer = nn.Linear(wide, hidden)"),  # which of them, who knows
    ],
)
def test_a_name_is_followed_to_what_gives_it_the_number(tmp_path: Path, more: str, line: str) -> None:
    made = site(tmp_path, NET + "\n" + more, "self.layer = nn.Linear(wide, hidden)")
    assert shown(line_of_setting(made, (), 4)) == line


def test_a_number_in_the_call_itself_is_taken_first(tmp_path: Path) -> None:
    made = site(tmp_path, "rate = 0.1\nopt = SGD(net.parameters(), lr=0.1)", "opt = SGD(net.parameters(), lr=0.1)")
    assert line_of_setting(made, ("rate",), 0.1) == made


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            """
            named = list(net.named_parameters())
            flat = [p for name, p in named if name.endswith("bias")]
            opt = SGD([{"params": flat, "weight_decay": 0}])
            """,
            'flat = [p for name, p in named if name.endswith("bias")]',
        ),
        (
            """
            decay = []
            for p in net.parameters():
                if p.ndim == 2:
                    decay.append(p)
            groups = [{"params": decay}]
            opt = SGD(groups)
            """,
            "if p.ndim == 2:",
        ),
        ("held = list(net.parameters())\nopt = SGD(held)", None),
    ],
)
def test_a_list_is_followed_to_the_condition_by_which_it_was_filled(
    tmp_path: Path, text: str, line: str | None
) -> None:
    call = next(one.strip() for one in text.splitlines() if "opt = " in one)
    found = line_of_condition(site(tmp_path, text, call))
    assert (shown(found) if found else None) == line


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("net = stack([8, 8], nn.Sigmoid)", "net = stack([8, 8], nn.Sigmoid)"),
        ("net = stack([8, 8], act=nn.Sigmoid)", "net = stack([8, 8], act=nn.Sigmoid)"),
        ("net = stack([8, 8], nn.Tanh)", "layers += [nn.Linear(a, b), act()]"),
    ],
)
def test_a_class_that_is_handed_over_is_found_where_it_is_named(tmp_path: Path, call: str, line: str) -> None:
    text = f"""
        def stack(widths, act):
            layers = []
            for a, b in zip(widths[:-1], widths[1:]):
                layers += [nn.Linear(a, b), act()]
            return nn.Sequential(*layers)

        {call}
    """
    made = site(tmp_path, text, "layers += [nn.Linear(a, b), act()]")
    assert shown(line_of_choice(made, "Sigmoid")) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("epochs = 3\nfor epoch in range(epochs):\n    step()", "epochs = 3"),
        ("for epoch in range(3):\n    step()", "for epoch in range(3):"),
        ("CONFIG = dict(epochs=3)\nfor epoch in range(CONFIG['epochs']):\n    step()", "CONFIG = dict(epochs=3)"),
        ("def fit(epochs):\n    for epoch in range(epochs):\n        step()\nfit(3)", "fit(3)"),
        ("add('--epochs', default=3)\nfor epoch in range(args.epochs):\n    step()", "add('--epochs', default=3)"),
    ],
)
def test_a_loop_is_as_long_as_the_line_says_that_its_end_comes_from(tmp_path: Path, text: str, line: str) -> None:
    assert shown(line_of_length(site(tmp_path, text, "step()"))) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("def draw():\n    g = seed(1)\n    return x[g]\nseed(0)", "g = seed(1)"),
        ("def fit():\n    seed(0)\n    for step in range(9):\n        g = seed(1)\n        return x[g]", "g = seed(1)"),
        ("def fit():\n    seed(0)\n    for step in range(9):\n        return x[g]", None),  # not within the loop
        ("def draw():\n    seed(1)\n    seed(2)\n    return x[g]", None),
        ("seed(0)\nreturn x[g]", None),
    ],
)
def test_what_stands_beside_a_line_is_in_its_loop_or_function(tmp_path: Path, text: str, line: str | None) -> None:
    inside = site(tmp_path, text, "return x[g]")
    found = line_beside(inside, r"seed\(")
    assert (found and shown(found)) == line


def test_a_name_that_is_given_several_values_has_no_line(tmp_path: Path) -> None:
    inside = site(tmp_path, "long = 2 * len(loader)\nshort = 1\nshort = 2", "short = 1")
    assert shown(line_of_name(inside, "long")) == "long = 2 * len(loader)"
    assert line_of_name(inside, "short") is line_of_name(inside, "other") is line_of_name(None, "long") is None


def test_what_cannot_be_read_leaves_the_line_as_it_is(tmp_path: Path) -> None:
    made = Site(str(tmp_path / "gone.py"), 3)
    assert line_of_setting(made, (), 4) == made
    assert line_of_choice(made, "Sigmoid") == made
    assert line_of_setting(None, (), 4) is line_of_choice(None, "ReLU") is line_of_length(None) is None
