"""The parts that make the site light: what they leave out, and what they must not."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from PIL import Image

import unstuck_access
import unstuck_images
import unstuck_math
import unstuck_mathml
import unstuck_styles


@pytest.fixture(scope="module")
def typesetter() -> unstuck_math.Typesetter:
    return unstuck_math.Typesetter()


def test_a_formula_is_markup_with_letters_of_its_alphabets(typesetter: unstuck_math.Typesetter) -> None:
    formula = typesetter.mathml(r"\mathbb{E}\,x^2 \in \mathcal{L}", display=False)
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in formula
    assert "𝔼" in formula
    assert "ℒ" in formula
    assert "data-" not in formula


@pytest.mark.parametrize(("tex", "spaces"), [(r"\ln x", 1), (r"y \ln x", 2), (r"\ln(x)", 0), (r"-\ln x", 1), ("x", 0)])
def test_functions_stand_apart_as_in_tex(typesetter: unstuck_math.Typesetter, tex: str, spaces: int) -> None:
    assert typesetter.mathml(tex, display=False).count("<mspace") == spaces


def test_a_slash_stands_close_and_a_hat_is_an_accent(typesetter: unstuck_math.Typesetter) -> None:
    formula = typesetter.mathml(r"\hat m / n", display=False)
    assert re.search(r'<mo[^>]*lspace="0"[^>]*>/</mo>', formula)
    assert '<mover accent="true">' in formula


def test_mathematics_that_cannot_be_read_is_marked(typesetter: unstuck_math.Typesetter) -> None:
    assert "<merror" in typesetter.mathml(r"\frac{1}", display=False)
    assert "<merror" in typesetter.mathml(r"\nosuchcommand", display=False)


def test_an_unknown_letter_stays_as_it_is() -> None:
    assert unstuck_mathml.letter("+", "double-struck") == "+"
    assert unstuck_mathml.letter("R", "double-struck") == "ℝ"
    assert unstuck_mathml.letter("a", "bold") == "𝐚"


def test_lines_of_a_formula_are_aligned_only_where_there_are_some() -> None:
    assert unstuck_math.aligned("x = 1") == "x = 1"
    assert unstuck_math.aligned(r"x &= 1 \\ y &= 2") == r"\begin{split}x &= 1 \\ y &= 2\end{split}"
    assert unstuck_math.aligned("x\n\ny").startswith(r"\begin{aligned}x \\ y")


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".used { a: b }", True),
        (".unused { a: b }", False),
        (".used .unused { a: b }", False),
        (".used:not(.unused) { a: b }", True),
        ("p.used > a[href='.x']:hover { a: b }", True),
        ("@media print { .unused { a: b } }", False),
        ("@media print { .used { a: b } }", True),
        ("#name { a: b }", True),
        ("#other { a: b }", False),
        ("h1 { a: b }", True),
        (":root { --x: 1 }", True),
    ],
)
def test_a_rule_is_kept_where_some_element_may_match_it(css: str, kept: bool) -> None:
    words = unstuck_styles.words_of_pages(['<p class="used more" id="name">'])
    assert bool("".join(unstuck_styles.rules(css, words))) is kept


def test_of_many_selectors_the_useful_ones_are_kept() -> None:
    assert "".join(unstuck_styles.rules(".a, .b:is(.c, .d), .e { x: y }", {"b", "e"})) == ".b:is(.c, .d),.e{x: y}"


def test_a_style_says_where_its_files_are_and_what_it_imports(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "first.css").write_text("p { a: url(here.png) }")
    (tmp_path / "deep" / "second.css").write_text('@import "../first.css"; b { a: url("../up.png"); c: url(data:,x) }')
    whole = unstuck_styles.whole(tmp_path / "deep" / "second.css", tmp_path)
    assert "url(here.png)" in whole
    assert 'url("up.png")' in whole
    assert "url(data:,x)" in whole


def test_a_font_is_cut_to_the_glyphs_that_are_asked_for() -> None:
    path = unstuck_math.package_file("ziamath", "fonts/STIXTwoMath-Regular.ttf")
    cut = unstuck_styles.reduced(path, {0x41})
    assert len(cut) < path.stat().st_size / 50
    assert set(TTFont(io.BytesIO(cut)).getBestCmap()) == {0x41}


DRAWING = """<?xml version="1.0"?><!DOCTYPE svg><svg width="72pt" height="36pt" viewBox="0 0 72 36">
 <metadata>made by a program</metadata>
 <g transform="scale(0.015625)"><path d="M 1.23456 -2.00001
L 10 20 z
" style="fill: none"/><text>two  words</text></g></svg>"""


def test_a_drawing_loses_what_is_not_seen_and_nothing_else() -> None:
    assert unstuck_images.smaller(DRAWING) == (
        '<svg width="72pt" height="36pt" viewBox="0 0 72 36"><g transform="scale(0.015625)">'
        '<path d="M 1.23 -2 L 10 20 z" style="fill: none"/><text>two  words</text></g></svg>'
    )


def test_images_have_their_size_and_those_below_the_screen_wait(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(DRAWING)
    Image.new("RGB", (30, 20)).save(tmp_path / "b.png")
    page = tmp_path / "page.html"
    page.write_text(f'<article><img src="a.svg" alt="x">{"word " * 1000}<img src="b.png" alt="y"></article>')
    placed = unstuck_images.placed(page)
    assert '<img width="96" height="48" fetchpriority="high" src="a.svg" alt="x">' in placed
    assert '<img width="30" height="20" loading="lazy" decoding="async" src="b.png" alt="y">' in placed


def test_lines_of_a_signature_are_no_list_of_definitions() -> None:
    signature = '<dl>\n<dd><em class="sig-param">a</em>,</dd>\n<dd>b</dd>\n</dl>\n\n<span class="sig-paren">)</span>'
    assert "<dd>" not in unstuck_access.mended(signature)
    assert unstuck_access.mended("<dl><dt>a</dt><dd>b</dd></dl>") == "<dl><dt>a</dt><dd>b</dd></dl>"
