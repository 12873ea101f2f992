"""What all exercises share: names, hints, and answers that are no answers."""

import re
from pathlib import Path
from typing import Any

import jupytext
import pytest
import torch

from unstuck import exercises
from unstuck.exercises.answers import AnswerError, call, expect_close

ROOT = Path(__file__).resolve().parent.parent


def test_an_unknown_exercise_is_answered_with_those_there_are() -> None:
    with pytest.raises(KeyError, match=r"there is no exercise 'losses\.nothing'; there are .*losses\."):
        exercises.check("losses.nothing", 1)


def test_a_right_answer_is_one_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(exercises._CHECKS, "made", lambda answer: expect_close(answer, 2, "no"))
    assert repr(exercises.check("made", 2.0)) == "made: right."
    with pytest.raises(AnswerError, match="no"):
        exercises.check("made", 3)


def test_a_known_mistake_is_named_and_an_unknown_one_gets_the_general_hint() -> None:
    mistakes = {"that is the square": 9.0}
    expect_close(torch.tensor(3.0), 3.0, "general", mistakes=mistakes)
    with pytest.raises(AnswerError, match="that is the square"):
        expect_close(9, 3.0, "general", mistakes=mistakes)
    with pytest.raises(AnswerError, match="general"):
        expect_close(float("nan"), 3.0, "general", mistakes=mistakes)


@pytest.mark.parametrize(
    ("got", "message"),
    [(None, "not None"), ("three", "not 'three'"), ([3.0], r"shape \(\) is asked for, got \(1,\)"), (print, "not ")],
)
def test_what_is_no_number_is_said_to_be_none(got: Any, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        expect_close(got, 3.0, "general")


def test_a_function_that_raises_is_shown_its_arguments() -> None:
    def broken(x: torch.Tensor, n: int) -> None:
        raise ZeroDivisionError("division by zero")

    with pytest.raises(AnswerError, match=r"raised ZeroDivisionError on \(\(2, 3\), 4\): division by zero"):
        call(broken, torch.zeros(2, 3), 4)
    with pytest.raises(AnswerError, match="hand over the function itself, not 3"):
        call(3)
    assert call(max, 1, 2) == 2


def test_a_notebook_shows_the_hint_and_no_traceback() -> None:
    assert AnswerError("look again")._render_traceback_() == ["Not yet: look again"]


def stubs(chapter: str) -> list[str]:
    """Return the cells of a chapter that are left to the reader."""
    cells = jupytext.read(ROOT / f"{chapter}.md", fmt="md:myst").cells
    return [cell.source for cell in cells if "exercise-stub" in cell.metadata.get("tags", [])]


STUBS = [pytest.param(stub, id=stub.split('"')[1]) for path in sorted((ROOT / "book").glob("*.md"))
         for stub in stubs(f"book/{path.stem}")]  # fmt: skip


def test_every_check_has_a_stub_in_its_chapter() -> None:
    asked = [name for stub in STUBS for name in re.findall(r'check\("([^"]+)"', stub.values[0])]
    assert sorted(asked) == sorted(exercises._CHECKS)


@pytest.mark.parametrize("stub", STUBS)
def test_a_stub_that_nobody_filled_in_is_told_so(stub: str) -> None:
    with pytest.raises(AnswerError, match=r"None|Ellipsis|\.\.\.|return two"):
        exec(stub, {"check": exercises.check})
