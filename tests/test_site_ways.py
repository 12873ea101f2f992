"""Ways through the built site: from terms, names and causes to where they are explained, and back."""

from __future__ import annotations

import ast
import functools
import inspect
import re
from importlib import import_module, metadata
from pathlib import Path
from urllib.parse import urlsplit

import jupytext
import pytest
from bs4 import BeautifulSoup, Tag

from unstuck.doctor.names import CASES, CAUSES, case_file

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
FOLDED = ".dropdown, details"


@functools.cache
def soup(page: str) -> BeautifulSoup:
    """Return a page, parsed."""
    return BeautifulSoup((HTML / f"{page}.html").read_text(encoding="utf8"), "html.parser")


def leads_to(page: str, address: str) -> tuple[str, str]:
    """Return the page and the place on it that an address on a page leads to."""
    url = urlsplit(address)
    target = (HTML / page).parent / url.path if url.path else HTML / f"{page}.html"
    return target.resolve().relative_to(HTML.resolve()).with_suffix("").as_posix(), url.fragment


def documented_modules() -> list[str]:
    """Return the modules that have a place in the reference."""
    pages = sorted((ROOT / "book" / "api").glob("*.md"))
    return [name for page in pages for name in re.findall(r"automodule:: (\S+)", page.read_text(encoding="utf8"))]


def api_page(name: str) -> str:
    """Return the page of the reference that documents a name."""
    found = [path for path in (HTML / "book" / "api").glob("*.html") if soup(f"book/api/{path.stem}").find(id=name)]
    assert len(found) == 1, name
    return f"book/api/{found[0].stem}"


# The reference


@pytest.mark.parametrize("module", documented_modules())
def test_every_public_function_and_class_is_documented_with_its_docstring(module: str) -> None:
    public = import_module(module)
    told = {name: value for name in public.__all__ if callable(value := getattr(public, name)) and value.__doc__}
    told = {name: value for name, value in told.items() if inspect.isclass(value) or inspect.isfunction(value)}
    for name, value in told.items():
        entry = soup(api_page(f"{module}.{name}")).find(id=f"{module}.{name}").find_next_sibling("dd")
        sentence = re.findall(r"[A-Za-z]{4,}", re.sub(r":\w+:", "", inspect.getdoc(value).splitlines()[0]))
        assert sentence[0] in entry.text, name


def test_every_module_that_chapters_import_from_is_in_the_reference(all_executed: list[str]) -> None:
    imported = set()
    for page in all_executed:
        text = (ROOT / f"{page}.md").read_text(encoding="utf8")
        imported |= set(re.findall(r"^from (unstuck\.\w+)", text, flags=re.MULTILINE))
    assert imported - set(documented_modules()) == set()


def is_module(package: str, name: str) -> bool:
    found = getattr(import_module(package), name, None)
    return inspect.ismodule(import_module(f"{package}.{name}") if found is None else found)


def test_what_a_chapter_imports_is_linked_there_and_names_the_chapter_here(executed: str) -> None:
    cells = [cell.source for cell in jupytext.read(ROOT / f"{executed}.md").cells if cell.cell_type == "code"]
    statements = [node for cell in cells for node in ast.walk(ast.parse(re.sub(r"(?m)^[%!].*", "", cell)))]
    imported = {
        alias.name
        for node in statements
        if isinstance(node, ast.ImportFrom) and node.module in {"unstuck", *documented_modules()}
        for alias in node.names
        if not is_module(node.module, alias.name)
    }
    links = soup(executed).select(".highlight a.api")
    assert imported <= {link.text.split(".")[-1] for link in links}
    for link in links:
        target, name = leads_to(executed, str(link["href"]))
        assert name.split(".")[-1] == link.text.split(".")[-1] or name.split(".")[-1] in link.text
        used_in = soup(target).find(id=name).find_parent("dl").select_one(".unstuck-used-in")
        named = {leads_to(target, str(a["href"]))[0] for a in used_in.find_all("a")}
        assert executed in named or ("/cases/" in executed and "book/symptoms" in named)


def test_references_to_public_names_in_docstrings_are_links(all_executed: list[str]) -> None:
    public = {f"{module}.{name}" for module in documented_modules() for name in import_module(module).__all__}
    shown = [
        code
        for path in (HTML / "book" / "api").glob("*.html")
        for code in soup(f"book/api/{path.stem}").select("code.xref.py")
    ]
    linked = {code.text.removesuffix("()") for code in shown if code.find_parent("a")}
    assert {"sweep", "trajectory"} <= linked
    assert {
        code.text for code in shown if not code.find_parent("a") and code.text.removesuffix("()") in public
    } == set()


# The glossary


def test_a_term_is_linked_once_in_prose_and_the_text_is_untouched(executed: str) -> None:
    links = [link for link in soup(executed).select("article a") if "#term-" in str(link.get("href", ""))]
    made = [link for link in links if link.select_one("span.term")]
    assert made
    targets = [str(link["href"]) for link in made]
    assert len(targets) == len(set(targets))
    for link in made:
        assert link.find_parent("p")
        assert not link.find_parent(["h1", "h2", "h3", "h4", "figcaption", "code", "pre", "table", "strong", "em"])
        assert not link.find_parent(class_="dropdown")


def test_no_earlier_use_in_plain_view_was_passed_over(executed: str) -> None:
    paragraphs = [p for p in soup(executed).select("article p") if plain(p)]
    texts = [" ".join(own_text(p).split()) for p in paragraphs]
    places = {id(p): number for number, p in enumerate(paragraphs)}
    for link in soup(executed).select("article a:has(> span.term)"):
        term = " ".join(link.text.split())
        if " " not in term:  # a single word may be part of a longer term, or a verb
            continue
        word = re.compile(rf"(?<![\w-]){re.escape(term)}(?![\w-])")
        assert [text for text in texts[: places[id(link.find_parent("p"))]] if word.search(text)] == []


def plain(paragraph: Tag) -> bool:
    """Tell whether a paragraph is running text that a reader sees at once."""
    return not paragraph.find_parent(["figcaption", "table", "details"]) and not paragraph.find_parent(
        class_=["dropdown", "admonition-title", "claim", "caption", "rubric", "cell_output", "exercise-title"]
    )


def own_text(paragraph: Tag) -> str:
    """Return a paragraph's text without what is not prose."""
    copied = BeautifulSoup(str(paragraph), "html.parser")
    for element in copied.find_all(["a", "em", "strong", "code"]):
        element.replace_with(" | ")
    return copied.text


def test_every_entry_says_where_the_book_defines_or_first_uses_it(all_executed: list[str]) -> None:
    entries = soup("book/glossary").select("dl.glossary > dt")
    unplaced = []
    for entry in entries:
        places = [
            leads_to("book/glossary", str(link["href"])) for link in entry.find_next_sibling("dd").select("a[href]")
        ]
        chapters = [(page, section) for page, section in places if page in all_executed]
        assert all(soup(page).find(id=section) for page, section in chapters)
        if not chapters:
            unplaced.append(entry["id"])
    assert unplaced == []


# The index


def test_index_has_the_terms_the_public_names_and_the_causes() -> None:
    listed = soup("genindex")
    targets = {leads_to("genindex", str(link["href"])) for link in listed.select("table.genindextable a[href]")}
    terms = {entry["id"] for entry in soup("book/glossary").select("dl.glossary > dt")}
    assert {("book/glossary", term) for term in terms} <= targets
    for module in documented_modules():
        functions = [
            name for name in import_module(module).__all__ if inspect.isfunction(getattr(import_module(module), name))
        ]
        assert {(api_page(f"{module}.{name}"), f"{module}.{name}") for name in functions} <= targets
    assert {("book/api/doctor", f"cause-{slug.replace('_', '-')}") for slug in CAUSES} <= targets
    assert {f"book/{case_file(slug)}" for slug in CASES} <= {page for page, _ in targets}


def test_every_page_leads_to_the_index_and_to_the_one_before_and_after(all_executed: list[str]) -> None:
    for page in all_executed:
        assert soup(page).select('.bd-sidebar a[href$="genindex.html"]')
        assert soup(page).select_one("a.left-prev[href]")
        assert soup(page).select_one("a.right-next[href]")


# What was run


def test_page_of_runs_lists_every_chapter_with_when_and_how_long(all_executed: list[str]) -> None:
    rows = [[cell.text.strip() for cell in row.find_all("td")] for row in soup("book/runs").select("tbody tr")]
    titles = {" ".join(soup(page).h1.text.rstrip("#").split()) for page in all_executed}
    told = {row[0]: row for row in rows}
    assert titles <= set(told)
    for title in titles:
        _, when, took, other = told[title]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d\s\d\d:\d\d", when)
        assert re.fullmatch(r"\d+ (s|min)", took)
        assert re.fullmatch(r"\d+ (s|min)|not recorded", other)


def test_page_of_runs_names_the_versions_that_are_installed() -> None:
    rows = [[cell.text.strip() for cell in row.find_all("td")] for row in soup("book/runs").select("tbody tr")]
    told = {row[0]: row[1] for row in rows if len(row) == 2}
    assert {"unstuck", "torch", "numpy", "jupyter-book"} <= set(told)
    assert told == {name: metadata.version(name) for name in told}


# The claims


def test_page_of_claims_counts_them_and_names_their_chapters(all_executed: list[str]) -> None:
    page = soup("book/claims")
    listed = page.select(".claim")
    assert f"There are {len(listed)} claims" in page.select_one("article").text
    assert all(re.search(r"Measured: .+; (held for \d+ of \d+ seeds|no chance in it)\.", one.text) for one in listed)
    chapters = [leads_to("book/claims", str(link["href"]))[0] for link in page.select("p.rubric a")]
    made = [name for name in all_executed if soup(name).select(".cell_output .claim")]
    assert chapters == made
