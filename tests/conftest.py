"""What the tests of the tools and of the site share."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import jupytext
import pytest
import threadpoolctl
import torch
import yaml
from reading import browser, reader, served  # noqa: F401 - fixtures

# What tests train is small: on two threads it is slower than on one, and many times so where the cores are busy.
torch.set_num_threads(1)
threadpoolctl.threadpool_limits(limits=1)

ROOT = Path(__file__).resolve().parent.parent

collect_ignore_glob = ["faults/*"]  # scripts that train as soon as they are imported


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs an NVIDIA GPU where there is none."""
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("cuda"):
            item.add_marker(pytest.mark.skip(reason="needs an NVIDIA GPU"))


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def seconds(root: Path) -> dict[str, float]:
    """Return what each page took in the last build, had the machine been as fast as the one that set the limits.

    Shared cores are slower from one hour to the next by more than any limit leaves room for, so a cold build takes
    the time of the same imports before and after: 2.2 seconds on two cores of one's own. A faster machine
    gets no less time, and a build that took no such measure no more.
    """
    runs = json.loads((root / "_build" / "execution_times.json").read_text())
    assert all(run["succeeded"] for run in runs.values())
    measure = root / "_build" / "pace.json"
    pace = statistics.mean(json.loads(measure.read_text())) if measure.exists() else 0.0
    return {page: run["seconds"] / max(1.0, pace / 2.2) for page, run in runs.items()}


def notebook_names() -> list[str]:
    """Return the pages that hold code cells, as the table of contents lists them."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    pages = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [page for page in pages if "kernelspec:" in source(page)]


def chapter_names() -> list[str]:
    """Return the chapters: the notebooks that are neither a case file nor the index of these."""
    return [page for page in notebook_names() if page != "book/symptoms" and page not in case_names()]


def case_names() -> list[str]:
    """Return the case files."""
    return [page for page in notebook_names() if page.startswith("book/cases/")]


def source(page: str) -> str:
    """Return the text of a page of the book; empty where it is yet to be written."""
    path = ROOT / f"{page}.md"
    return path.read_text(encoding="utf8") if path.exists() else ""


@pytest.fixture(params=chapter_names())
def chapter(request: pytest.FixtureRequest) -> str:
    """Return the name of each chapter in turn."""
    return str(request.param)


@pytest.fixture
def notebook(chapter: str) -> Any:
    """Return a chapter as a notebook."""
    return jupytext.read(ROOT / f"{chapter}.md")


@pytest.fixture(params=case_names())
def case(request: pytest.FixtureRequest) -> str:
    """Return the name of each case file in turn."""
    return str(request.param)


@pytest.fixture
def case_notebook(case: str) -> Any:
    """Return a case file as a notebook."""
    return jupytext.read(ROOT / f"{case}.md")


@pytest.fixture(params=notebook_names())
def executed(request: pytest.FixtureRequest) -> str:
    """Return the name of each page that holds code cells in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def all_executed() -> list[str]:
    """Return the names of all pages that hold code cells."""
    return notebook_names()
