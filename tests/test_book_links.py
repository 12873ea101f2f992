"""Links that nobody writes: from code to the reference, from words to the glossary, from names to chapters."""

from __future__ import annotations

import html

import pytest
from bs4 import BeautifulSoup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from code_links import find, link
from glossary_terms import Terms
from public_names import PublicNames

MODULES = ("unstuck.losses", "unstuck.models", "unstuck.plots", "unstuck.sweeps")


@pytest.fixture(scope="module")
def names() -> PublicNames:
    return PublicNames(MODULES)


def linked(source: str, bound: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """Return the links that highlighted code receives: text and name."""
    highlighted = highlight(source, PythonLexer(), HtmlFormatter(nowrap=True))
    soup = BeautifulSoup(link(highlighted, {} if bound is None else bound, lambda name: name), "html.parser")
    assert soup.text == html.unescape(BeautifulSoup(highlighted, "html.parser").text)
    return [(a.text, a["href"]) for a in soup.find_all("a")]


# Names


@pytest.mark.parametrize(
    ("asked", "documented"),
    [
        ("unstuck.losses.mse", "unstuck.losses.mse"),
        ("unstuck.MLP", "unstuck.models.MLP"),
        ("unstuck.models.perceptrons.MLP", "unstuck.models.MLP"),
        ("unstuck.sweep", "unstuck.sweeps.sweep"),
        ("unstuck.plots.COLOURS.index", "unstuck.plots.COLOURS"),
        ("unstuck.losses.no_such_loss", None),
        ("unstuck.losses", None),
        ("torch.nn.Linear", None),
    ],
)
def test_a_name_is_found_wherever_it_is_asked_for(names: PublicNames, asked: str, documented: str | None) -> None:
    assert names.canonical(asked) == documented


def test_a_program_uses_what_it_imports_and_what_it_reaches_through_a_module(names: PublicNames) -> None:
    program = """
import unstuck
from unstuck import MLP, plots
from unstuck.losses import mse as squared
import torch
plots.band(axis, steps, values)
unstuck.sweep(MLP, data)
torch.plots.path(squared)
"""
    used = {"unstuck.models.MLP", "unstuck.losses.mse", "unstuck.plots.band", "unstuck.sweeps.sweep"}
    assert names.used_in(program) == used


# Code


def test_imported_names_are_linked_where_they_are_imported_and_used() -> None:
    source = "from unstuck import MLP, plots\nmodel = MLP(64)\nplots.band(axis, model)\n"
    places = [
        ("MLP", "unstuck.MLP"),
        ("plots", "unstuck.plots"),
        ("MLP", "unstuck.MLP"),
        ("plots.band", "unstuck.plots.band"),
    ]
    assert linked(source) == places


def test_a_cell_knows_what_an_earlier_one_imported() -> None:
    bound: dict[str, str] = {}
    find("from unstuck.losses import mse as squared", bound)
    assert linked("squared(x, y)", bound) == [("squared", "unstuck.losses.mse")]


@pytest.mark.parametrize(
    "source",
    [
        "from unstuck.optim import SGD\nSGD = 1\nprint(1)\n",
        "def f(MLP):\n    return MLP\n",
        "g = lambda MLP: MLP\n",
        "def f():\n    MLP = 1\n    return MLP\n",
        "f(MLP=1)\n",
        "other.MLP\n",
        "'MLP'  # MLP\n",
        "not python: MLP (\n",
    ],
)
def test_a_name_that_means_something_else_is_not_linked(source: str) -> None:
    assert [name for name in linked(source, {"MLP": "unstuck.MLP"}) if name != ("SGD", "unstuck.optim.SGD")] == []


def test_a_name_assigned_anew_is_not_linked_from_then_on() -> None:
    assert linked("mse(x)\nmse = 3\nmse + 1\n", {"mse": "unstuck.losses.mse"}) == [("mse", "unstuck.losses.mse")]


def test_columns_are_counted_in_characters_and_entities_are_one() -> None:
    bound = {"mse": "unstuck.losses.mse"}
    assert linked("'λ < η'; mse(x) < mse(y) & 1\n", bound) == [("mse", "unstuck.losses.mse")] * 2


# Words


@pytest.fixture(scope="module")
def terms() -> Terms:
    return Terms(["gradient", "gradient descent", "Adam", "epoch", "loss", "minibatch", "reach", "L1 penalty"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Gradient descent follows the gradient.", ["gradient descent", "gradient"]),
        ("gradient\ndescent", ["gradient descent"]),
        ("Losses of all epochs", ["loss", "epoch"]),
        ("minibatches", ["minibatch"]),
        ("Madam, adam and Adam", ["Adam"]),
        ("a loss-like, lossy closs", []),
        ("It reaches its end; they reach it.", []),
        ("The reach of a schedule", ["reach"]),
        ("the L1 penalty, not the l1 penalty", ["L1 penalty"]),
    ],
)
def test_terms_are_found_as_words(terms: Terms, text: str, found: list[str]) -> None:
    assert [use.term for use in terms.uses(text)] == found
    assert all(text[use.start : use.end].strip() == text[use.start : use.end] for use in terms.uses(text))
