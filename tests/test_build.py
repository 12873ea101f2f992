"""What turns a build or a replay red, shown on a tiny book with the real configuration and commands."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from importlib import metadata
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Chapter
"""

GOOD = """
```{code-cell} ipython3
import unstuck
from myst_nb import glue
glue("number", f"{unstuck.NUMBER}", display=False)
glue("third", unstuck.NUMBER / 3, display=False)
record = {"statement": "It holds", "measured": "1", "seeds": 0, "held": 0}
bundle = {"text/plain": "It holds. Measured: 1; no chance in it.", "application/vnd.unstuck.claim+json": record}
display(bundle, raw=True)
```

The number is {glue}`number`.
It runs in {runtime}.

```{code-cell} ipython3
---
mystnb:
  image:
    alt: The number is {number}, and a third of it {third:.2f}.
---
from IPython.display import SVG
SVG('<svg xmlns="http://www.w3.org/2000/svg" width="2"/>')
```
"""

RAISES = """
```{code-cell} ipython3
raise RuntimeError("the chapter fails")
```
"""

DIFFERS = """
```{code-cell} ipython3
import secrets
from myst_nb import glue
glue("luck", secrets.randbits(64), display=False)
```
"""

WARNS = """
```{code-cell} ipython3
import sys
print("beware", file=sys.stderr)
```

```{code-cell} ipython3
from IPython.display import SVG
SVG('<svg xmlns="http://www.w3.org/2000/svg"/>')
```

```{code-cell} ipython3
---
mystnb:
  image:
    alt: The value is {nowhere}.
---
SVG('<svg xmlns="http://www.w3.org/2000/svg" width="1"/>')
```

See {ref}`no-such-label`.
"""

SILENT = """
```{code-cell} ipython3
number = 1
```
"""


class Book:
    """A copy of the book's tools, with one chapter and a package of one number."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        for name in ("_config.yml", "Makefile", "pyproject.toml", "constraints.txt", "environment.yml"):
            shutil.copy(root / name, folder / name)
        for name in ("_ext", "_static"):
            shutil.copytree(root / "book" / name, folder / "book" / name)
        for name in ("build.py", "sanitise.cfg", "references.bib"):
            shutil.copy(root / "book" / name, folder / "book" / name)
        toc = "format: jb-book\nroot: book/index\nchapters:\n- file: book/chapter\n"
        (folder / "_toc.yml").write_text(toc)
        (folder / "book" / "index.md").write_text("# Index\n\n```{claims}\n```\n")
        for hidden in (".pytest_cache", ".venv/lib"):  # whatever is left lying about is no page of the book
            (folder / hidden).mkdir(parents=True)
            (folder / hidden / "README.md").write_text("# No page\n")
        (folder / "src" / "unstuck").mkdir(parents=True)
        self.set_number(1)
        self.write(GOOD)

    def write(self, chapter: str) -> None:
        (self.folder / "book" / "chapter.md").write_text(HEADER + chapter)

    def set_number(self, number: int) -> None:
        (self.folder / "src" / "unstuck" / "__init__.py").write_text(f"NUMBER = {number}\n")

    def make(self, target: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a target of the real Makefile in this test's own environment."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("UNSTUCK_")}
        environment |= {"PYTHONPATH": str(self.folder / "src"), **variables}
        return subprocess.run(
            ["make", "-o", f"{sys.prefix}/.installed", f"VENV={sys.prefix}", target],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def page(self) -> str:
        return (self.folder / "_build" / "html" / "book" / "chapter.html").read_text()


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Book:
    """Return the tiny book, built once from nothing."""
    tiny = Book(tmp_path_factory.mktemp("book"), root)
    built = tiny.make("cold")
    assert built.returncode == 0, built.stdout + built.stderr
    return tiny


def test_replay_of_a_chapter_that_repeats_itself_is_green(book: Book) -> None:
    replayed = book.make("replay")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert "2 passed" in replayed.stdout


def test_unchanged_book_is_not_executed_again(book: Book) -> None:
    built = book.make("book")
    assert built.returncode == 0, built.stdout + built.stderr
    assert "(from the cache)" in built.stdout
    assert "(executed)" not in built.stdout


def test_claims_are_listed_from_the_cache_as_well(book: Book) -> None:
    assert book.make("book").returncode == 0
    index = book.folder / "_build" / "html" / "book" / "index.html"
    assert "Measured: 1; no chance in it." in index.read_text()


def test_change_in_the_package_executes_the_chapters_and_address_brings_buttons(book: Book) -> None:
    assert "github.com" not in book.page
    assert "mybinder" not in book.page
    book.set_number(23)
    built = book.make("book", UNSTUCK_REPOSITORY="https://github.com/owner/name", UNSTUCK_BRANCH="trunk")
    assert "(executed)" in built.stdout, built.stdout + built.stderr
    assert 'The number is <span class="output text_plain">23</span>' in book.page
    assert 'alt="The number is 23, and a third of it 7.67."' in book.page
    assert re.search(r"It runs in \d+ s under the quick profile \(this build\)\.", book.page)
    assert "https://github.com/owner/name/edit/trunk/book/chapter.md" in book.page
    colab = "https://colab.research.google.com/github/owner/name/blob/gh-pages/"
    published = book.page.split(colab)[1].split('"')[0]
    notebook = json.loads((book.folder / "_build" / "html" / published).read_text())
    first = "".join(notebook["cells"][0]["source"])
    assert '"unstuck @ git+https://github.com/owner/name@trunk" myst-nb' in first  # what the chapters import
    binder = "https://mybinder.org/v2/gh/owner/name/gh-pages?labpath="
    assert unquote(book.page.split(binder)[1].split('"')[0]) == "_sources/book/chapter.ipynb"
    environment = (book.folder / "_build" / "html" / "binder" / "environment.yml").read_text()
    assert '"unstuck @ git+https://github.com/owner/name@trunk"' in environment
    issue = parse_qs(urlsplit(unescape(re.search(r'href="([^"]*/issues/new[^"]*)"', book.page)[1])).query)
    assert issue["title"] == ["Chapter: "]
    assert "book/chapter.html" in issue["body"][0]
    assert metadata.version("unstuck") in issue["body"][0]


def test_chapter_that_raises_is_red_and_stays_red(book: Book) -> None:
    book.write(RAISES)
    for _ in range(2):
        built = book.make("book")
        assert built.returncode != 0
        assert "Chapter book/chapter raised" in built.stderr
        assert "RuntimeError: the chapter fails" in built.stderr


def test_warnings_are_red_and_stay_red(book: Book) -> None:
    book.write(WARNS)
    for _ in range(2):
        built = book.make("book")
        assert built.returncode != 0
        assert "undefined label: 'no-such-label'" in built.stderr
        assert "stderr was found in the cell outputs of cell" in built.stderr
        assert "draws an image without alt text" in built.stderr
        assert "alt text names nowhere, which was never glued" in built.stderr


def test_chapter_whose_second_run_gives_another_number_is_red(book: Book) -> None:
    book.write(DIFFERS)
    built = book.make("book")
    assert built.returncode == 0, built.stdout + built.stderr
    replayed = book.make("replay")
    assert replayed.returncode != 0
    assert "1 failed" in replayed.stdout


def test_replay_that_would_compare_nothing_is_red(book: Book) -> None:
    book.write(SILENT)
    assert book.make("book").returncode == 0
    replayed = book.make("replay")
    assert replayed.returncode != 0
    assert "has no outputs" in replayed.stderr
