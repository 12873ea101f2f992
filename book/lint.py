"""Check the form of the book's pages: what no test of a built page can see, because it is about how they are written.

``python book/lint.py [PAGE ...]`` prints ``file:line: rule: what`` for each finding, and fails if there is one.

- *number*: a decimal or a percentage in prose that looks measured must come out of the code (``{eval}``, ``{glue}``).
  A setting that the page's code has as a literal, what the opening asks about, what stands in quotes and what a cited
  source reports may be typed; so may what a comment of the page accounts for, ``% typed: 0.095, the rate times 0.95``.
- *sentence*: one sentence a line, so that a change shows as what it is.
- *anatomy*: a chapter has its parts, in their order; so has a case file.
- *link*: a page or a heading that a link names exists.
- *word*: no hype, and nothing that calls a thing easy.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

BOOK = Path(__file__).resolve().parent

CHAPTER = (
    r"^\*You will learn", r"^\*You need", r"^\*Runs in", r"^## .*(from scratch|by hand)", r"^## .*goes? wrong",
    r"^## Exercises", r"^## Takeaways$", r"^## Further reading$",
)  # fmt: skip
CASE = (r"^## .*symptom", r"^## .*suspects", r"^## .*test", r"^## .*fix", r"^## .*doctor", r"^## .*wild")

# What follows from a definition cannot change: the loss of a guess, the floors of a wrong last activation, all of it.
DERIVED = frozenset({"0.5", "0.693", "1.46", "1.461", "2.3", "2.30", "2.303", "100"})

_CODE = re.compile(r"^(`{3,})\{code-cell\}.*?^\1\s*$", re.DOTALL | re.MULTILINE)
_NOT_PROSE = (
    re.compile(r"\A---\n.*?\n---\n", re.DOTALL),
    re.compile(r"^(`{3,})(?!\{(?:admonition|exercise|note|list-table|glossary)).*?^\1\s*$", re.DOTALL | re.MULTILINE),
    re.compile(r"\$\$.*?\$\$", re.DOTALL),
    re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL),
    re.compile(r"\$[^$\n]+\$"),
    re.compile(r"\{(?!cite)[\w:+-]+\}`[^`]*`"),
    re.compile(r"(?<!\})`[^`\n]+`"),
    re.compile(r"^:[\w-]+:.*$", re.MULTILINE),
    re.compile(r"^\([\w-]+\)=$|^%.*$|<!--.*?-->", re.DOTALL | re.MULTILINE),
    re.compile(r"\]\([^)\s]*\)"),
    re.compile(r"\"[^\"\n]*\""),
)
_NUMBER = re.compile(r"(?<![\w.])(\d+\.\d+|\d+(?:\.\d+)?(?=\s?%))(?!\w|\.\d)")
_ACCOUNTED = re.compile(r"^% typed: (\d+(?:\.\d+)?), \w", re.MULTILINE)
_ABBREVIATIONS = re.compile(r"\b(?:e\.g|i\.e|cf|vs|et al|Fig|Eq|no|St|Dr)\.$|\b[A-Z]\.$")
_END = re.compile(r"(?<!^\d)[.!?][\"*_)]*\s+(?=[A-Z*_\"(])")
_FILE = re.compile(r"\.(md|html|svg|png|ipynb)$")
_HYPE = re.compile(
    r"\b(simply|obviously|trivially|of course|amazing|powerful|cutting-edge|state-of-the-art|blazing|seamless\w*|"
    r"delve\w*|game.?changer|unleash\w*|leverag\w+)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Finding:
    """A line of a page that breaks a rule."""

    page: Path
    line: int
    rule: str
    what: str

    def __str__(self) -> str:
        """Return it as compilers do, which editors can open."""
        return f"{self.page}:{self.line}: {self.rule}: {self.what}"


def blanked(text: str, patterns: Sequence[re.Pattern[str]]) -> str:
    """Return a text of the same lines, with spaces where a pattern matches."""
    for pattern in patterns:
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    return text


def prose(text: str) -> str:
    """Return a page's prose, line by line where it stands."""
    return blanked(text, (_CODE, *_NOT_PROSE))


def literals(text: str) -> set[float]:
    """Return the numbers that a page's code cells have as literals."""
    found: set[float] = set()
    for cell in _CODE.finditer(text):
        body = re.sub(r"^(---\n.*?\n---\n|(:\S.*\n)+)", "", cell.group().partition("\n")[2], flags=re.DOTALL)
        try:
            tree = ast.parse(body.rpartition("```")[0])
        except SyntaxError:  # a magic
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
                found.add(float(node.value))
    return found


def typed_numbers(page: Path, text: str) -> Iterator[Finding]:
    """Find numbers in prose that look measured."""
    whole, first = prose(text), _CODE.search(text)
    opening = blanked(text, _NOT_PROSE[:-1])[: first.start() if first else len(text)]  # with what it quotes
    asked = {float(number) for number in _NUMBER.findall(opening)}
    accounted = {float(number) for number in _ACCOUNTED.findall(text)}
    known = literals(text) | asked | accounted | {float(number) for number in DERIVED}
    for number, line in enumerate(whole.split("\n"), 1):
        if "{cite" in line:
            continue
        for typed in _NUMBER.findall(line):
            value = float(typed)
            if value not in known and value / 100 not in known and 1 - value not in known:
                yield Finding(page, number, "number", f"{typed} is typed: let the code say it, or cite who measured it")


def sentences(page: Path, text: str) -> Iterator[Finding]:
    """Find lines that hold more than one sentence."""
    for number, line in enumerate(prose(text).split("\n"), 1):
        if line.lstrip().startswith(("|", "#", ":::", "```")):
            continue
        for end in _END.finditer(line):
            if not _ABBREVIATIONS.search(line[: end.start() + 1]):
                yield Finding(page, number, "sentence", f"a second sentence begins: {line[end.end() :][:40].strip()!r}")
                break


def anatomy(page: Path, text: str) -> Iterator[Finding]:
    """Find parts that a chapter or a case file lacks, or has in another order."""
    kind = CASE if page.parent.name == "cases" else CHAPTER if re.search(r"^## Takeaways$", text, re.MULTILINE) else ()
    last = -1
    for part in kind:
        found = re.search(part, text, re.MULTILINE | re.IGNORECASE)
        if found is None:
            yield Finding(page, 1, "anatomy", f"there is no {part!r}")
        elif found.start() < last:
            yield Finding(page, text.count("\n", 0, found.start()) + 1, "anatomy", f"{part!r} comes too late")
        else:
            last = found.start()


def links(page: Path, text: str) -> Iterator[Finding]:
    """Find links to pages that do not exist, and addresses that are not encrypted."""
    for number, line in enumerate(blanked(text, (_CODE,)).split("\n"), 1):
        for address in re.findall(r"\]\(([^)\s]+)\)", line):
            target = address.partition("#")[0]
            if address.startswith("http://"):
                yield Finding(page, number, "link", f"{address} is not encrypted")
            elif _FILE.search(target) and "://" not in target and not (page.parent / target).exists():
                yield Finding(page, number, "link", f"{target} does not exist")


def hype(page: Path, text: str) -> Iterator[Finding]:
    """Find words that praise, or that call a thing easy."""
    for number, line in enumerate(prose(text).split("\n"), 1):
        for word in _HYPE.findall(line):
            yield Finding(page, number, "word", f"{word!r}")


RULES = (typed_numbers, sentences, anatomy, links, hype)


def pages() -> list[Path]:
    """Return the book's pages."""
    return sorted([*BOOK.glob("*.md"), *BOOK.glob("cases/*.md")])


def lint(page: Path) -> list[Finding]:
    """Return what breaks a rule on a page, in the order of its lines."""
    text = page.read_text(encoding="utf8")
    return sorted((found for rule in RULES for found in rule(page, text)), key=lambda found: found.line)


def main() -> int:
    """Print the findings; return whether there are any."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("pages", nargs="*", type=Path, help="pages of the book (all of them)")
    found = [finding for page in parser.parse_args().pages or pages() for finding in lint(page)]
    for finding in found:
        print(finding)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
