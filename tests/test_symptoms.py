"""The index of symptoms leads to every case file and every cause, and says what a reader would say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unstuck.doctor.names import CASES, CAUSES, case_file


@pytest.fixture(scope="module")
def index(root: Path) -> str:
    """Return the index of symptoms."""
    return (root / "book" / "symptoms.md").read_text(encoding="utf8")


def symptoms(index: str) -> str:
    """Return the sections by symptom, without the list of causes at the end."""
    return index.split("(symptom-number)=")[1].split("(symptom-causes)=")[0]


@pytest.mark.parametrize("cause", CASES)
def test_every_case_file_is_reached_from_a_symptom(index: str, cause: str) -> None:
    assert f"({case_file(cause)}.md)" in symptoms(index)


def test_every_cause_is_listed_once_with_where_it_is_treated(index: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", index, flags=re.MULTILINE)
    assert {cause: said for cause, said, _ in rows} == CAUSES
    assert len(rows) == len(CAUSES)
    for cause, _, where in rows:
        page = case_file(cause)
        assert where == f"[]({page}.md)" if page else re.search(r"\{ref\}`|\]\([\w.]+#", where)


@pytest.mark.parametrize(
    "seen",
    [
        "Flat from the first step",
        "Falls, and far too slowly",
        "NaN",
        "oscillates",
        "Training good, test bad",
        "Both stuck, and equal",
        "accuracy is that of a coin",
        "Fine in training mode, bad in evaluation mode",
        "Too good to be true",
        "below zero",
    ],
)
def test_symptoms_are_in_a_readers_words(index: str, seen: str) -> None:
    assert seen.lower() in symptoms(index).lower()


def test_every_symptom_is_asked_about_before_it_is_answered(index: str) -> None:
    entries = re.findall(r"^(\S.*)\n: (.+)\n  If so: (.+)\.$", symptoms(index), flags=re.MULTILINE)
    assert len(entries) >= 40
    assert [question for _, question, _ in entries if "?" not in question] == []
    assert all("](" in where or "{ref}" in where for _, _, where in entries)


def test_the_first_page_leads_to_the_index(root: Path) -> None:
    assert "(symptoms.md)" in (root / "book" / "index.md").read_text(encoding="utf8")
