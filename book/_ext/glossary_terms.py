"""Where the words of the glossary stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Verbs as well as terms: they are the term only where a noun can stand, after one of these.
ALSO_VERBS = {"launch", "leak", "reach", "recall", "seed", "step"}
BEFORE_A_NOUN = {
    "a", "all", "an", "another", "any", "both", "by", "each", "eight", "every", "few", "first", "five", "four",
    "her", "his", "its", "last", "many", "more", "next", "no", "of", "one", "other", "our", "per", "same",
    "several", "single", "six", "ten", "that", "the", "their", "these", "this", "those", "three", "two", "with",
    "without", "your",
}  # fmt: skip


class Use(NamedTuple):
    """A term that stands at a place in a text."""

    start: int
    end: int
    term: str


class Terms:
    """The terms of the glossary, to be found in texts.

    Parameters
    ----------
    terms
        As the glossary writes them.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        self.terms = {spoken(term): term for term in terms}
        longest_first = sorted(self.terms, key=len, reverse=True)
        self.pattern = re.compile("|".join(f"(?:{pattern(self.terms[term])})" for term in longest_first) or r"(?!)")

    def named(self, text: str) -> str | None:
        """Return the term that a text is, in the singular or the plural."""
        said = spoken(text)
        return next(
            (self.terms[one] for one in (said, said.removesuffix("s"), said.removesuffix("es")) if one in self.terms),
            None,
        )

    def uses(self, text: str) -> Iterator[Use]:
        """Yield the terms in a text, the longest that fits at each place."""
        for match in self.pattern.finditer(text):
            term = self.named(match[0])
            if term and (term not in ALSO_VERBS or before_a_noun(text[: match.start()])):
                yield Use(match.start(), match.end(), term)


def spoken(text: str) -> str:
    """Return a text as it is compared: small letters, single spaces."""
    return " ".join(text.lower().split())


def pattern(term: str) -> str:
    """Return an expression for a term, in the plural too; what begins with a capital keeps it."""
    first = re.escape(term[0]) if term[0].isupper() else f"[{term[0]}{term[0].upper()}]"
    rest = r"\s+".join(map(re.escape, term[1:].split(" ")))
    return rf"(?<![\w-]){first}{rest}(?:s|es)?(?![\w-])"


def before_a_noun(text: str) -> bool:
    """Tell whether a text ends in a word that a noun follows."""
    words = text.split()
    return bool(words) and text[-1:].isspace() and words[-1].lower().strip("(*") in BEFORE_A_NOUN
