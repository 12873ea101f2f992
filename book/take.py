"""Make the book to take along from the site that was built: a PDF, an ePub, or both; and link them from it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from along.epub import write_epub  # noqa: E402
from along.offers import DOWNLOADS, refresh  # noqa: E402
from along.pdf import print_book  # noqa: E402
from along.whole import has_browser  # noqa: E402

SITE = ROOT / "_build" / "html"
WORK = ROOT / "_build" / "along"


def main() -> int:
    """Parse the command line and do what it asks."""
    parser = argparse.ArgumentParser(description="Make files of the built site in _build/html/downloads.")
    parser.add_argument("form", choices=["pdf", "epub"], nargs="+")
    parser.add_argument(
        "--where-possible", action="store_true", help="do without, where no Chromium is found, save on CI"
    )
    arguments = parser.parse_args()
    forms = arguments.form
    if not (SITE / "index.html").exists():
        print("No site in _build/html: run `make book` first.", file=sys.stderr)
        return 1
    if not has_browser():
        print("No Chromium found: install one, or name it in UNSTUCK_CHROMIUM. Nothing was made.", file=sys.stderr)
        return 0 if arguments.where_possible and not os.environ.get("CI") else 1
    folder = SITE / DOWNLOADS
    folder.mkdir(exist_ok=True)
    started = time.perf_counter()
    if "pdf" in forms:
        pages = print_book(SITE, ROOT / "_toc.yml", WORK, folder / "unstuck.pdf")
        print(f"  {folder / 'unstuck.pdf'}: {pages} pages")
    if "epub" in forms:
        chapters = write_epub(SITE, ROOT / "_toc.yml", WORK, folder / "unstuck.epub")
        print(f"  {folder / 'unstuck.epub'}: {chapters} chapters")
    refresh(SITE)
    print(f"  {time.perf_counter() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
