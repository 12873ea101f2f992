"""Measure the doctor on the scripts with planted faults, their repaired twins and the healthy controls."""

from __future__ import annotations

import argparse
import os
import sys

from bed import HALVES, halves, read_cases


def main() -> int:
    """List a half of the bed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", choices=[*HALVES, "all"], required=True, help="print the cases of a half, and stop")
    given = parser.parse_args()
    cases = read_cases()
    half = halves(cases)
    for case in cases:
        if given.list in (half[case.key], "all"):
            print(f"{half[case.key]:4}  {os.path.relpath(case.script)}  {' '.join(case.causes) or '-'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
