"""What the site offers to take along: an archive of notebooks that run, a PDF and an ePub that are whole."""

from __future__ import annotations

import functools
import io
import os
import re
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import jupytext
import nbformat
import pypdfium2
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from pypdf import PdfReader

from along.archive import FOLDER
from along.assemble import parts
from along.offers import DOWNLOADS, FORMS

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
XHTML = "{http://www.w3.org/1999/xhtml}"
MATH = "{http://www.w3.org/1998/Math/MathML}math"
OPF = "{http://www.idpf.org/2007/opf}"
PAGES = [page for part in parts(ROOT / "_toc.yml") for page in part.pages]
SHORT = "book/cases/metric-wrong"


@functools.cache
def soup(page: str) -> BeautifulSoup:
    """Return a page of the site, parsed."""
    return BeautifulSoup((HTML / f"{page}.html").read_text(encoding="utf8"), "html.parser")


def title(page: str) -> str:
    """Return a page's title as the page shows it."""
    return " ".join(soup(page).select_one("article h1").text.rstrip("#").split())


def made(name: str) -> Path:
    """Return a file that was made; where it was not, fail on CI and skip elsewhere."""
    path = HTML / DOWNLOADS / name
    if not path.exists():
        message = f"{name} was not made: `make along` makes it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


# The page


def test_what_was_made_is_linked_and_nothing_else() -> None:
    links = {str(link["href"]) for link in soup("book/take_along").select("#unstuck-offers a")}
    assert links == {f"../{DOWNLOADS}/{name}" for name in FORMS if (HTML / DOWNLOADS / name).exists()}
    assert f"../{DOWNLOADS}/unstuck-notebooks.zip" in links


def test_every_page_leads_to_the_whole_book() -> None:
    assert soup("book/index").select('a[href="take_along.html"]')
    for page in PAGES:
        assert [link for link in soup(page).select(".dropdown-download-buttons a") if "take_along" in link["href"]]


# The archive


@pytest.fixture(scope="module")
def archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(HTML / DOWNLOADS / "unstuck-notebooks.zip")


def test_archive_has_every_chapter_without_outputs_and_its_code_unchanged(
    archive: zipfile.ZipFile, executed: str
) -> None:
    notebook = nbformat.reads(archive.read(f"{FOLDER}/{executed}.ipynb").decode(), as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    written = [cell.source for cell in jupytext.read(ROOT / f"{executed}.md").cells if cell.cell_type == "code"]
    assert [cell.source for cell in code] == written
    assert not any(cell.outputs for cell in code)


def test_archive_has_the_package_the_pins_and_three_lines_on_how(archive: zipfile.ZipFile) -> None:
    for name in ("constraints.txt", "environment.yml", "pyproject.toml", "LICENSE"):
        assert archive.read(f"{FOLDER}/{name}") == (ROOT / name).read_bytes()
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "src").rglob("*.py")}
    assert {f"{FOLDER}/{name}" for name in modules} <= set(archive.namelist())
    assert len(archive.read(f"{FOLDER}/README.md").decode().splitlines()) == 3


def test_a_notebook_of_the_archive_runs_with_the_package_that_is_in_it(
    archive: zipfile.ZipFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.extractall(tmp_path)
    folder = tmp_path / FOLDER
    monkeypatch.setenv("PYTHONPATH", str(folder / "src"))
    notebook = nbformat.read(folder / f"{SHORT}.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("import unstuck; print(unstuck.__file__)"))
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder / "book")}}).execute()
    assert str(folder) in notebook.cells[-1].outputs[0].text


# The PDF


@pytest.fixture(scope="module")
def pdf() -> PdfReader:
    return PdfReader(made("unstuck.pdf"))


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Return the text of every page of the PDF."""
    with pypdfium2.PdfDocument(made("unstuck.pdf")) as document:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


def squeezed(text: str) -> str:
    """Return a text without spaces, ligatures and hyphens, which a PDF does not keep as they were."""
    return re.sub(r"[\s\u00ad\u2010-]+", "", unicodedata.normalize("NFKC", text))


def test_pdf_has_a_bookmark_for_each_chapter_on_its_first_page(pdf: PdfReader, texts: list[str]) -> None:
    marks = [mark for mark in pdf.outline if not isinstance(mark, list)]
    assert [squeezed(mark.title) for mark in marks] == [squeezed(title(page)) for page in PAGES]
    for mark in marks:
        assert squeezed(mark.title) in squeezed(texts[pdf.get_destination_page_number(mark)])


def test_pdf_begins_with_contents_that_lead_to_the_right_page_and_name_its_number(
    pdf: PdfReader, texts: list[str]
) -> None:
    first = {
        squeezed(mark.title): pdf.get_destination_page_number(mark)
        for mark in pdf.outline
        if not isinstance(mark, list)
    }
    front = min(first.values())
    links = [annotation.get_object() for page in pdf.pages[:front] for annotation in page.get("/Annots", [])]
    targets = [pdf.get_page_number(link["/Dest"][0].get_object()) for link in links]
    assert targets == list(first.values())
    listed = squeezed("".join(texts[:front]))
    for name, page in first.items():
        assert f"{name}{page - front + 1}" in listed
        assert pdf.page_labels[page] == str(page - front + 1)
        assert texts[page].endswith(pdf.page_labels[page])


def test_pdf_has_every_figure_and_sets_the_mathematics(texts: list[str], executed: str) -> None:
    whole = squeezed("".join(texts))
    captions = soup(executed).select("figcaption .caption-number")
    assert captions
    for caption in captions:
        assert squeezed(caption.text) in whole
    assert not re.search(r"\\(frac|lambda|eta|sum|begin|mathbb|operatorname)\b", "".join(texts))


def test_pdf_names_no_place_that_is_not_there(pdf: PdfReader) -> None:
    addresses = {
        str(annotation.get_object().get("/A", {}).get("/URI", ""))
        for page in pdf.pages
        for annotation in page.get("/Annots", [])
    }
    assert {address for address in addresses if address.startswith("file:") or "page.invalid" in address} == set()


# The ePub


@pytest.fixture(scope="module")
def epub() -> zipfile.ZipFile:
    return zipfile.ZipFile(made("unstuck.epub"))


@pytest.fixture(scope="module")
def package(epub: zipfile.ZipFile) -> tuple[str, ET.Element]:
    """Return the folder of the package and its description, found as a reading system finds them."""
    container = ET.fromstring(epub.read("META-INF/container.xml"))
    path = next(element.get("full-path", "") for element in container.iter() if element.tag.endswith("rootfile"))
    return str(PurePosixPath(path).parent), ET.fromstring(epub.read(path))


@pytest.fixture(scope="module")
def documents(epub: zipfile.ZipFile, package: tuple[str, ET.Element]) -> dict[str, ET.Element]:
    """Return every text of the ePub, parsed as what it claims to be: XML."""
    folder, description = package
    names = [item.get("href", "") for item in description.iter(f"{OPF}item") if "xhtml" in item.get("media-type", "")]
    return {name: ET.parse(io.BytesIO(epub.read(f"{folder}/{name}"))).getroot() for name in names}


def test_epub_says_first_and_plainly_what_it_is(epub: zipfile.ZipFile) -> None:
    first = epub.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert epub.read("mimetype") == b"application/epub+zip"
    assert epub.testzip() is None


def test_epub_lists_all_that_it_holds_and_holds_all_that_it_lists(
    epub: zipfile.ZipFile, package: tuple[str, ET.Element]
) -> None:
    folder, description = package
    items = {item.get("id"): item for item in description.iter(f"{OPF}item")}
    listed = {f"{folder}/{item.get('href')}" for item in items.values()}
    assert listed == set(epub.namelist()) - {"mimetype", "META-INF/container.xml", f"{folder}/package.opf"}
    assert all(epub.getinfo(name).file_size for name in listed)
    spine = [reference.get("idref") for reference in description.iter(f"{OPF}itemref")]
    assert set(spine) <= set(items)
    assert len(spine) == len(PAGES) + 2
    assert sum(item.get("properties") == "nav" for item in items.values()) == 1


def test_epub_has_no_script_and_every_link_and_picture_leads_somewhere(
    epub: zipfile.ZipFile, package: tuple[str, ET.Element], documents: dict[str, ET.Element]
) -> None:
    folder, _ = package
    names = {
        name: [element.get("id") for element in root.iter() if element.get("id")] for name, root in documents.items()
    }
    for name, root in documents.items():
        assert not [element.tag for element in root.iter() if element.tag in {f"{XHTML}script", f"{XHTML}button"}]
        assert len(names[name]) == len(set(names[name])), name
        for element in root.iter(f"{XHTML}img"):
            assert f"{folder}/{element.get('src')}" in epub.namelist()
            assert element.get("alt")
        for link in root.iter(f"{XHTML}a"):
            url = urlsplit(link.get("href", ""))
            if not url.scheme:
                target = url.path or name
                assert target in documents
                assert not url.fragment or unquote(url.fragment) in names[target], (name, link.get("href"))


def test_epub_has_every_formula_as_mathml_and_every_figure(
    documents: dict[str, ET.Element], package: tuple[str, ET.Element], executed: str
) -> None:
    name = f"{executed.removeprefix('book/').replace('/', '-')}.xhtml"
    root = documents[name]
    formulas = soup(executed).select("article span.math, article div.math")
    hidden = [one for one in formulas if one.find_parent("details") and not one.find_parent(class_="dropdown")]
    assert len(list(root.iter(MATH))) == len(formulas) - len(hidden)
    item = next(item for item in package[1].iter(f"{OPF}item") if item.get("href") == name)
    assert ("mathml" in item.get("properties", "")) == bool(formulas)
    pictures = soup(executed).select("article figure img")
    assert len(list(root.iter(f"{XHTML}figure"))) >= len({picture.find_parent("figure")["id"] for picture in pictures})


def test_epub_contents_lead_to_every_chapter(documents: dict[str, ET.Element]) -> None:
    links = {link.get("href"): "".join(link.itertext()) for link in documents["nav.xhtml"].iter(f"{XHTML}a")}
    expected = {f"{page.removeprefix('book/').replace('/', '-')}.xhtml": title(page) for page in PAGES}
    assert links == expected
    assert list(links) == list(expected)
