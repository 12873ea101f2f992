"""Measure pages of the built site beside the same pages as the bare theme makes them.

The bare site is built here from the same chapters and the same executed cache, by Jupyter Book as it comes: its own
extensions, thebe among them, and its theme's scripts and styles. Both are served compressed from this machine and
opened by one browser, with an empty cache, its processor slowed down to a quarter.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
import vl_convert
import yaml
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

import common
import pages

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
BARE = BUILD / "bare"
CHAPTERS = ("book/losses", "book/gradient_descent")
SLOWDOWN = 4
HEAVIEST = 8  # drawings to compare as SVG and as WebP
PIXELS = 2  # of a WebP to one of the page


def build_bare() -> Path:
    """Build the bare site of a few chapters, and return its folder."""
    shutil.rmtree(BARE, ignore_errors=True)
    (BARE / "book").mkdir(parents=True)
    for name in ("index", *(Path(chapter).name for chapter in CHAPTERS)):
        shutil.copy(ROOT / "book" / f"{name}.md", BARE / "book")
    shutil.copy(ROOT / "book" / "references.bib", BARE / "book")
    own: dict[str, Any] = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
    config = {name: own[name] for name in ("title", "author", "only_build_toc_files", "parse", "bibtex_bibfiles")}
    config["execute"] = {"execute_notebooks": "cache", "cache": str(BUILD / ".jupyter_cache")}
    config["sphinx"] = {"extra_extensions": ["sphinx_exercise"], "config": {"numfig": True, "math_numfig": True}}
    contents = {"format": "jb-book", "root": "book/index", "chapters": [{"file": chapter} for chapter in CHAPTERS]}
    (BARE / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf8")
    (BARE / "_toc.yml").write_text(yaml.safe_dump(contents), encoding="utf8")
    jupyter_book = [sys.executable, "-W", "ignore", "-c", "from jupyter_book.cli.main import main; main()"]
    # It warns of directives and pages that are not its own: what it makes of the rest is what is measured.
    command = [*jupyter_book, "build", str(BARE), "-q"]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return BARE / "_build" / "html"


def compare(browser: Browser, bare: str, ours: str, page: str, rounds: int) -> dict[str, Any]:
    """Return what one page takes as the bare theme makes it and as the site has it."""
    views: dict[str, list[pages.View]] = {"bare": [], "ours": []}

    def paint(name: str, site: str) -> float:
        views[name].append(pages.visit(browser, site, page, slowdown=SLOWDOWN)[0])
        return views[name][-1].paint / 1000

    times = common.interleaved({"bare": lambda: paint("bare", bare), "ours": lambda: paint("ours", ours)}, rounds)
    whole = pages.visit(browser, ours, page)[1]
    row: dict[str, Any] = {"page": page, "ratio": statistics.median(times["ours"].ratios), "rounds": rounds}
    for name, seen in views.items():
        row[name] = {
            "largest_paint_s": statistics.median(view.paint for view in seen) / 1000,
            "requests": seen[-1].requests,
            "bytes": seen[-1].bytes,
            "shift": max(view.shift for view in seen),
            "complaints": len(seen[-1].complaints),
        }
    row["scrolled"] = {"requests": whole.requests, "bytes": whole.bytes, "shift": whole.text_shift}
    return row


def drawings() -> list[dict[str, int]]:
    """Return the heaviest drawings as they are sent, and as WebP."""
    sent = {path: len(gzip.compress(path.read_bytes(), 6)) for path in (BUILD / "html" / "_images").glob("*.svg")}
    rows = []
    for path in sorted(sent, key=lambda path: -sent[path])[:HEAVIEST]:
        drawn = Image.open(io.BytesIO(vl_convert.svg_to_png(path.read_text(encoding="utf8"), scale=PIXELS * 4 / 3)))
        written = io.BytesIO()
        drawn.save(written, "WEBP", quality=90)
        rows.append({"svg": sent[path], "webp": len(written.getvalue())})
    return rows


def main() -> None:
    """Measure, print a table and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    if not (BUILD / "html" / "index.html").exists():
        sys.exit("No site to measure: run `make book` first.")
    with sync_playwright() as playwright, pages.served(build_bare()) as bare, pages.served(BUILD / "html") as ours:
        browser = pages.launch(playwright)
        if browser is None:
            sys.exit("No Chromium found: install one, or name it in UNSTUCK_CHROMIUM.")
        rows = [compare(browser, bare, ours, f"{chapter}.html", arguments.rounds) for chapter in CHAPTERS]
        version = browser.version
        browser.close()
    record = {**common.about(torch.device("cpu")), "browser": version, "slowdown": SLOWDOWN, "pages": rows}
    record["drawings"] = drawings()
    common.write(record, arguments.out / "site.json")
    lines = [
        [
            row["page"],
            *(f"{row[name]['largest_paint_s']:.2f}" for name in ("bare", "ours")),
            f"{row['ratio']:.2f}",
            *(f"{row[name]['bytes'] / 1e6:.2f}" for name in ("bare", "ours")),
            *(str(row[name]["requests"]) for name in ("bare", "ours")),
            f"{row['ours']['shift']:.4f}",
            f"{row['scrolled']['bytes'] / 1e6:.2f}",
        ]
        for row in rows
    ]
    headings = [
        "page",
        "paint s, bare",
        "ours",
        "ratio",
        "MB, bare",
        "ours",
        "requests, bare",
        "ours",
        "shift",
        "MB, all",
    ]
    print(common.table(headings, lines))
    lighter = statistics.median(row["webp"] / row["svg"] for row in record["drawings"])
    print(f"The {HEAVIEST} heaviest drawings are {lighter:.1f} times as large in WebP as in SVG (median).")


if __name__ == "__main__":
    main()
