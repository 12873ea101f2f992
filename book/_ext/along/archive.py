"""The notebooks in one archive, with the package that they import and the pins that they were executed with."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import nbformat

FOLDER = "unstuck-notebooks"
WITH_THEM = (
    "LICENSE",
    "pyproject.toml",
    "constraints.txt",
    "environment.yml",
    "book/glossary.md",
    "book/references.bib",
)
ALWAYS = (1980, 1, 1, 0, 0, 0)  # the time in every archive: the same content is the same file
README = (
    "# Unstuck: the notebooks\n"
    'Install: `python -m venv .venv`, then `.venv/bin/pip install -c constraints.txt -e ".[book,lab]"`; '
    "or `conda env create -f environment.yml`, then `conda activate unstuck`.\n"
    "Open: `.venv/bin/jupyter lab book` (with conda `jupyter lab book`); each notebook runs by itself.\n"
)


def write_archive(root: Path, notebooks: Iterable[Path], base: Path, target: Path) -> int:
    """Write the archive and return how many notebooks are in it.

    Parameters
    ----------
    root
        The repository.
    notebooks
        Notebooks without outputs, below `base`.
    base
        The folder that their names in the archive are relative to.
    target
        The archive.
    """
    written = 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        add(archive, "README.md", README)
        for name in filter(lambda name: (root / name).exists(), WITH_THEM):
            add(archive, name, (root / name).read_text(encoding="utf8"))
        package = (path for path in (root / "src").rglob("*") if path.suffix == ".py" or path.name == "py.typed")
        records = (root / "benchmarks" / "results").glob("*.json")  # a chapter shows them
        for path in sorted([*package, *records]):
            add(archive, path.relative_to(root).as_posix(), path.read_text(encoding="utf8"))
        for path in sorted(notebooks):
            notebook = nbformat.read(path, as_version=4)
            # The package is in the archive: it is not to be fetched from the repository.
            notebook.cells = [cell for cell in notebook.cells if cell.get("id") != "install"]
            add(archive, path.relative_to(base).as_posix(), nbformat.writes(notebook) + "\n")
            written += 1
    return written


def add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    """Add a file to the archive."""
    archive.writestr(zipfile.ZipInfo(f"{FOLDER}/{name}", ALWAYS), text, zipfile.ZIP_DEFLATED)
