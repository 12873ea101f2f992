"""The linter of the book's pages finds what it is there to find, and the pages pass it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def lint() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lint", ROOT / "book" / "lint.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["lint"] = module
    spec.loader.exec_module(module)
    return module


Found = Callable[[str], list[tuple[int, str]]]


@pytest.fixture
def found(lint: ModuleType, tmp_path: Path) -> Found:
    def run(text: str) -> list[tuple[int, str]]:
        page = tmp_path / "page.md"
        page.write_text(text, encoding="utf8")
        return [(finding.line, finding.rule) for finding in lint.lint(page)]

    return run


CELL = "```{code-cell} ipython3\nlr = 0.03\n```\n"


def test_every_page_of_the_book_passes(lint: ModuleType) -> None:
    assert [str(finding) for page in lint.pages() for finding in lint.lint(page)] == []


@pytest.mark.parametrize(
    "line",
    [
        "It ends at 0.97, which is good.",
        "It ends at 97 %.",
        "The loss of 0.013 hardly moves.",
    ],
)
def test_a_number_that_looks_measured_is_found(found: Found, line: str) -> None:
    assert found(f"{CELL}\n{line}\n") == [(5, "number")]


@pytest.mark.parametrize(
    "line",
    [
        "At a rate of 0.03 it falls.",  # the code has it
        "It ends at {eval}`f'{accuracy:.2f}'`, and $0.97$ is a formula.",
        "Of ten runs three failed.",
        "They report 0.97 {cite}`somebody`.",
        'It prints "0.97".',
        "`0.97` is code.",
        "Python 3 has 12 of them.",
        "The floor is 1.461.",
    ],
)
def test_a_number_that_may_be_typed_is_not(found: Found, line: str) -> None:
    assert found(f"{CELL}\n{line}\n") == []


def test_the_question_of_a_page_may_name_numbers_and_a_comment_may_account_for_one(found: Found) -> None:
    assert found(f"*My loss is stuck at 0.018.*\n\n{CELL}\nWhat 0.018 says.\n") == []
    assert found(f"{CELL}\nThat is 0.21.\n\n% typed: 0.21, seven times 0.03\n") == []


def test_a_line_has_one_sentence(found: Found) -> None:
    assert found("One is here. Two is, too.\n") == [(1, "sentence")]
    assert found("Adam, i.e. A. Method et al. say so.\nAnother line.\n") == []
    assert found("| A cell. | Another cell. |\n\n1. *First*: what?\n") == []


def test_a_chapter_has_its_parts_in_their_order(lint: ModuleType, tmp_path: Path) -> None:
    text = (ROOT / "book" / "adam.md").read_text(encoding="utf8")
    page = tmp_path / "adam.md"
    for wrong in (text.replace("*You need*", "*You want*"), text.replace("## Exercises", "## Questions")):
        page.write_text(wrong, encoding="utf8")
        assert [finding.rule for finding in lint.anatomy(page, wrong)] == ["anatomy"]
    moved = text.replace("## Further reading", "## Later").replace("# Adam", "## Further reading\n\n# Adam", 1)
    assert [finding.what for finding in lint.anatomy(page, moved)] == ["'^## Further reading$' comes too late"]


def test_links_lead_to_pages_that_exist(found: Found) -> None:
    assert found("See [this](nowhere.md) and [that](http://example.org).\n") == [(1, "link"), (1, "link")]
    assert found("See [this](page.md#part) and [that](https://example.org/a.html).\n") == []


def test_praise_is_found(found: Found) -> None:
    assert found("This powerful trick simply works.\n") == [(1, "word"), (1, "word")]


def test_the_command_prints_where_and_fails(lint: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                            monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    page = tmp_path / "page.md"
    page.write_text("One. Two.\n", encoding="utf8")
    monkeypatch.setattr(sys, "argv", ["lint.py", str(page)])
    assert lint.main() == 1
    assert capsys.readouterr().out == f"{page}:1: sentence: a second sentence begins: 'Two.'\n"
